# SPDX-License-Identifier: AGPL-3.0-or-later
"""The door for the operator: `beffroi init · serve · worker · publish · agents · import`.

Each command reads the settings from the environment, does one thing, and exits 0 (done), 1 (it
could not be done, and why is said) or 2 (wrong usage or settings).
"""

import argparse
import os
import secrets
import sys
from collections.abc import Sequence

from flask import Flask

from beffroi.accounts import commands as agents
from beffroi.app import create_app
from beffroi.config import Settings, SettingsRefused, from_environ
from beffroi.feed import commands as feed
from beffroi.kernel.db import MIGRATIONS
from beffroi.worker import Worker
from beffroi_web.clock import SystemClock
from beffroi_web.errors import Refusal
from beffroi_web.migrating import upgrade


def init(settings: Settings) -> int:
    """Make the data directory, the signer's files and the tables; safe to run again."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        feed.create_signer(settings, secrets.token_bytes(32))
        print("signer: a new key was made")
    except FileExistsError:
        print("signer: the key that is there was kept")
    upgrade(MIGRATIONS, settings.database_url)
    print(f"database: at the newest schema\norigin: {settings.origin}")
    return 0


def serve(args: argparse.Namespace) -> int:
    """Replace this process by gunicorn, with settings that fit two cores."""
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "beffroi.wsgi:app",
        "--bind",
        args.bind,
        "--workers",
        str(args.workers),
        "--threads",
        str(args.threads),
        "--worker-class",
        "gthread",
        "--timeout",
        "30",
        "--graceful-timeout",
        "20",
        "--max-requests",
        "20000",
        "--max-requests-jitter",
        "2000",
        "--umask",
        "007",
        "--no-control-socket",
    ]
    os.execv(sys.executable, command)  # noqa: S606  our own command line, no shell


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="beffroi", description="One town.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("init", help="make keys, tables and folders")
    server = commands.add_parser("serve", help="answer on the web")
    server.add_argument("--bind", default="127.0.0.1:8000", help="HOST:PORT or unix:FILE")
    server.add_argument("--workers", type=int, default=2)
    server.add_argument("--threads", type=int, default=4)
    worker = commands.add_parser("worker", help="send mail, publish, tidy up")
    worker.add_argument("--once", action="store_true", help="do what is due now and stop")
    worker.add_argument("--every", type=float, default=2.0, help="seconds between two looks")
    commands.add_parser("publish", help="publish what waits, now")
    agents.arguments(commands.add_parser("agents", help="give and take roles"))
    return parser


def _run(args: argparse.Namespace, settings: Settings) -> int:
    if args.command == "init":
        return init(settings)
    if args.command == "serve":
        return serve(args)
    app: Flask = create_app(settings)
    clock = SystemClock()
    with app.app_context():
        if args.command == "agents":
            return agents.run(args, app.extensions["beffroi"].sign_in, now=clock.now())
        worker = Worker(app, settings, clock)
        if args.command == "publish":
            print(f"{worker.publish()} entries published")
            return 0
        if args.once:
            worker.turn()
            return 0
        worker.forever(args.every)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the console script `beffroi`."""
    args = _parser().parse_args(argv)
    try:
        return _run(args, from_environ(os.environ))
    except SettingsRefused as error:
        print(f"beffroi: {error}", file=sys.stderr)
        return 2
    except (Refusal, feed.ProtocolError, OSError) as error:
        print(f"beffroi: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
