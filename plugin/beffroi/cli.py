# SPDX-License-Identifier: AGPL-3.0-or-later
"""The console script `beffroi`: looks at the first word, and loads what that command needs.

The signer holds the key of the log and runs for months: it loads neither web nor database. `serve`
is replaced by the web server at once. Every other command is `beffroi.operating`'s.
"""

import os
import sys
from collections.abc import Mapping, Sequence


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run one command; return the exit code that its own module gives."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["signer"]:
        from beffroi.signer import commands as signer

        return signer.main(words[1:], environ)
    if words[:1] == ["serve"]:
        from beffroi.config import BIND, from_environ
        from beffroi_web.serving import serve

        return serve(
            words[1:],
            program="beffroi",
            application="beffroi.wsgi:app",
            bind=BIND,
            check=lambda: from_environ(environ),
        )
    if words[:1] == ["init"]:
        code, environ = _first_settings(words[1:], environ)
        if code is not None:
            return code
        words = words[:1] if words[1:2] == ["--answers"] else words
    from beffroi_web.loading import loading

    with loading():
        from beffroi import operating
    return operating.main(words, environ)


def _first_settings(
    words: Sequence[str], environ: Mapping[str, str]
) -> tuple[int | None, Mapping[str, str]]:
    """Make the settings where there are none; return an exit code, or None to go on with them.

    `--settings`: nothing more is done, nor said of what comes next; the package's command does it.
    """
    from beffroi.first_settings import commands as first

    alone, words = words[:1] == ["--settings"], [w for w in words if w != "--settings"]
    if words[:1] != ["--answers"] and (words or not first.are_missing(environ)):
        return None, environ
    from getpass import getpass

    from beffroi.kernel.chance import system_chance

    lang = "en" if environ.get("LANG", "").startswith("en") else "fr"
    terminal = first.Terminal(input, getpass, print, lang) if sys.stdin.isatty() else None
    code, told = first.run(words, environ, terminal, chance=system_chance)
    if code == 0 and first.hand_over(first.place(told), (lambda _: None) if alone else print):
        return 0, told
    return code or None, told


if __name__ == "__main__":
    sys.exit(main())
