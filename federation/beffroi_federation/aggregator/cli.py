# SPDX-License-Identifier: AGPL-3.0-or-later
"""The console script `beffroi-aggregator`: loads what the command that is named needs.

`serve` is replaced by the web server at once; every other command is `operating`'s.
"""

import os
import sys
from collections.abc import Mapping, Sequence


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run one command; return the exit code that its own module gives."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["serve"]:
        from beffroi_federation.aggregator.config import BIND, from_environ
        from beffroi_web.serving import serve

        return serve(
            words[1:],
            program="beffroi-aggregator",
            application="beffroi_federation.aggregator.wsgi:app",
            bind=BIND,
            check=lambda: from_environ(environ),
        )
    from beffroi_web.loading import loading

    with loading():
        from beffroi_federation.aggregator import operating
    return operating.main(words, environ)


if __name__ == "__main__":
    sys.exit(main())
