# SPDX-License-Identifier: AGPL-3.0-or-later
"""The command `serve`, the same for town and nation: gunicorn in the place of this process."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from beffroi_web.configuration import SettingsRefused


def arguments(parser: argparse.ArgumentParser, bind: str) -> None:
    """Describe the command's options; `bind` is where it answers if nothing else is said."""
    parser.add_argument("--bind", default=bind, help="HOST:PORT or unix:FILE")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4)


def serve(
    argv: Sequence[str], *, program: str, application: str, bind: str, check: Callable[[], object]
) -> int:
    """Become the web server of an application, with settings that fit two cores.

    `check` reads the settings; 2 if they are refused, for a server that cannot start says nothing.
    """
    parser = argparse.ArgumentParser(prog=f"{program} serve", description="Answer on the web.")
    arguments(parser, bind)
    args = parser.parse_args(argv)
    try:
        check()
    except SettingsRefused as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 2
    options = {
        "--bind": args.bind,
        "--workers": args.workers,
        "--threads": args.threads,
        "--worker-class": "gthread",
        "--worker-connections": 32,
        "--backlog": 64,
        "--timeout": 30,
        "--graceful-timeout": 20,
        "--max-requests": 20_000,
        "--max-requests-jitter": 2_000,
        "--umask": "007",
    }
    words = [str(part) for option in options.items() for part in option]
    # several instances of one user would share the control socket's place
    command = [sys.executable, "-m", "gunicorn", application, *words, "--no-control-socket"]
    os.execv(sys.executable, command)  # noqa: S606  our own command line, no shell
