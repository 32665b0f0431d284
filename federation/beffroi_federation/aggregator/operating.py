# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the national operator does: `beffroi-aggregator init · towns · pull · worker · …`.

Each command reads the settings from the environment, does one thing, and exits 0 (done), 1 (it
could not be done, or evidence of a fault was found, and which is said) or 2 (wrong usage or
settings). `beffroi_federation.aggregator.cli` is the door.
"""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from importlib.util import find_spec

from flask import Flask
from sqlalchemy.exc import OperationalError

from beffroi_federation.aggregator import upgrading
from beffroi_federation.aggregator.config import BIND, AggregatorSettings, from_environ, our_version
from beffroi_federation.aggregator.exports import commands as exports
from beffroi_federation.aggregator.following import FOLLOWER, on_settled
from beffroi_federation.aggregator.intake import commands as intake
from beffroi_federation.aggregator.kernel.accounts import make_store
from beffroi_federation.aggregator.kernel.db import MIGRATIONS, unit_of_work
from beffroi_federation.aggregator.kernel.network import connector
from beffroi_federation.aggregator.kernel.runtime import now, without_pages
from beffroi_federation.aggregator.national import commands as national
from beffroi_federation.aggregator.towns import commands as towns
from beffroi_federation.aggregator.towns.adapters.dns import system_resolver
from beffroi_federation.aggregator.towns.queries import TownRow, all_towns
from beffroi_federation.aggregator.witness import commands as witness
from beffroi_federation.errors import ProtocolError
from beffroi_web import serving
from beffroi_web.clock import SystemClock
from beffroi_web.configuration import SettingsRefused
from beffroi_web.errors import Refusal
from beffroi_web.logs import write_lines
from beffroi_web.migrating import MigrationFailed, UnknownRevision, reason
from beffroi_web.upgrading import note_version

Command = Callable[[Flask, AggregatorSettings, argparse.Namespace], int]


def init(settings: AggregatorSettings) -> int:
    """Make the data directory, the tables and the nation's own keys; safe to run again."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    from beffroi_web.migrating import upgrade

    upgrade(MIGRATIONS, settings.database_url)
    note_version(settings.data_dir, our_version())
    print("database: at the newest schema")
    public = witness.init(settings.data_dir, settings.public_url)
    print(f"witness: {public.witness.vkey()}")
    print(f"log of checkpoints: {public.log.vkey()}")
    hints = witness.hints_key(settings.data_dir, settings.public_url)
    if hints is not None:
        print(f"hints: {hints.vkey()}")
    return 0


def _print_town(town: TownRow, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(town), default=str, ensure_ascii=False))
    else:
        print(f"{town.siren}  {town.state:<11} dns: {town.dns:<11} {town.name}  {town.url}")


def run_towns(app: Flask, settings: AggregatorSettings, args: argparse.Namespace) -> int:
    """Register, list, approve or suspend towns."""
    with app.app_context():
        match args.what:
            case "add":
                town = towns.add(args.url, connector(settings), system_resolver(), now=now())
                _print_town(town, args.json)
                if town.dns == "not-checked":
                    print(
                        "The domain was not asked. A person must compare its DNS entry, "
                        "then approve with --dns-checked.",
                        file=sys.stderr,
                    )
            case "approve":
                _print_town(_approved(args), args.json)
            case "suspend":
                town = towns.suspend(args.siren, by=args.by, reason=args.reason, now=now())
                _print_town(town, args.json)
            case _:
                for town in all_towns():
                    _print_town(town, args.json)
    return 0


def _approved(args: argparse.Namespace) -> TownRow:
    """Approve a town, its next epoch or its changed key; return the town."""
    who = {"by": args.by, "words": args.words, "now": now()}
    if args.epoch is not None:
        return intake.begin_epoch(args.siren, args.epoch, **who)
    if args.vkey:
        return towns.replace_key(args.siren, args.vkey, **who)
    return towns.approve(args.siren, dns_checked=args.dns_checked, **who)


def run_pull(app: Flask, settings: AggregatorSettings, args: argparse.Namespace) -> int:
    """Pull towns now; 1 if any was refused."""
    rhythm = intake.Rhythm(settings.pull_every, settings.recheck_every)
    done = intake.pull(
        app, connector(settings), rhythm, siren=args.siren, due_only=not (args.once or args.siren)
    )
    for one in done:
        if args.json:
            print(json.dumps(asdict(one), ensure_ascii=False))
        else:
            print(f"{one.siren}  {one.result:<11} {one.entries:>6} entries  {one.name}")
            if one.sentence:
                print(f"    {one.sentence}", file=sys.stderr)
    return 1 if any(one.result in {"refused", "failed"} for one in done) else 0


def run_worker(app: Flask, settings: AggregatorSettings, args: argparse.Namespace) -> int:
    """Pull what is due until told to stop; on PostgreSQL share it with the other workers."""
    write_lines()
    rhythm = intake.Rhythm(settings.pull_every, settings.recheck_every)
    store = make_store(settings)
    reach = connector(settings)
    if settings.database_url.startswith("postgresql") and find_spec("procrastinate"):
        # Imported here: one machine needs none of it, and the extra may not be installed.
        from beffroi_federation.aggregator.intake.adapters.cluster import Beat
        from beffroi_federation.aggregator.intake.commands.sharing import work_shared

        with exports.Beside(app):
            work_shared(app, reach, rhythm, tidy=store.purge, beat=Beat(look=args.every))
        return 0
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with exports.Beside(app):
        intake.work(app, reach, rhythm, stop, tidy=store.purge, pause=args.every)
    return 0


def run_verify(app: Flask, settings: AggregatorSettings, args: argparse.Namespace) -> int:
    """Verify everything that is stored against the accepted checkpoints; 1 if a fault is found."""
    with app.app_context():
        found = intake.verify_stored(args.siren)
    for one in found:
        print(f"{one.siren}  {one.size:>8} entries  {one.fault or 'sound'}  {one.name}")
    return 1 if any(one.fault for one in found) else 0


def run_rebuild(app: Flask, settings: AggregatorSettings, args: argparse.Namespace) -> int:
    """Drop what is derived and derive it again from the verified bytes."""
    with app.app_context():
        entries = national.rebuild()
        on_settled(None, now())
    print(f"rebuilt from {entries} entries")
    return 0


def run_export(app: Flask, settings: AggregatorSettings, args: argparse.Namespace) -> int:
    """Make the files of the whole that are due, or all of them."""
    with app.app_context():
        made = exports.make(now=now(), everything=args.all)
    print(f"{made} files made")
    return 0


def run_agents(app: Flask, settings: AggregatorSettings, args: argparse.Namespace) -> int:
    """Give and take the role of operator."""
    store = make_store(settings)
    with app.app_context():
        who = {"subject": getattr(args, "subject", None), "email": getattr(args, "email", None)}
        role = getattr(args, "role", "")
        if args.what == "add":
            with unit_of_work():
                store.grant(args.provider, role, **who, now=now())
        elif args.what == "remove":
            with unit_of_work():
                gone = store.revoke(args.provider, role, **who)
            print(f"{gone} grants removed")
        for grant in store.grants():
            print(f"{grant.provider}  {grant.subject or grant.email}  {grant.role}")
    return 0


COMMANDS: dict[str, Command] = {
    "towns": run_towns,
    "pull": run_pull,
    "worker": run_worker,
    "verify": run_verify,
    "rebuild": run_rebuild,
    "export": run_export,
    "agents": run_agents,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="beffroi-aggregator", description="The nation.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("init", help="check the settings, make the tables")
    serving.arguments(commands.add_parser("serve", help="answer on the web"), BIND)
    _towns_arguments(commands.add_parser("towns", help="register, approve, suspend towns"))
    pull = commands.add_parser("pull", help="pull the towns whose time has come, once")
    pull.add_argument("--once", action="store_true", help="every approved town, due or not")
    pull.add_argument("--siren", help="this town only, due or not")
    pull.add_argument("--json", action="store_true", help="one JSON object a pull")
    worker = commands.add_parser("worker", help="pull what is due, for ever")
    worker.add_argument("--every", type=float, default=30.0, help="seconds between two looks")
    verify = commands.add_parser("verify", help="verify what is stored, without the network")
    verify.add_argument("--siren", help="this town only")
    commands.add_parser("rebuild", help="derive everything again from the verified bytes")
    export = commands.add_parser("export", help="make the files of the whole that are due")
    export.add_argument("--all", action="store_true", help="all of them, due or not")
    _agents_arguments(commands.add_parser("agents", help="who signs in as an operator"))
    upgrading.arguments(
        commands.add_parser("upgrade-check", help="what an upgrade would do, and whether it may")
    )
    return parser


def _towns_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_subparsers(dest="what", required=True)
    add = what.add_parser("add", help="fetch a town's identity, check it, register it")
    add.add_argument("url", help="the town's public address")
    listing = what.add_parser("list", help="every town with its state")
    approve = what.add_parser("approve", help="let a town be pulled; ends a quarantine")
    suspend = what.add_parser("suspend", help="take nothing more from a town")
    for one in (approve, suspend):
        one.add_argument("siren")
    approve.add_argument("--by", required=True, help="the person who approves; public")
    approve.add_argument("--words", default="", help="a word about it; public")
    approve.add_argument(
        "--dns-checked", action="store_true", help="this person has checked the DNS entry"
    )
    changed = approve.add_mutually_exclusive_group()
    changed.add_argument("--epoch", type=int, help="let this new log take the place of the old")
    changed.add_argument("--vkey", default="", help="pin this key of the log from now on")
    suspend.add_argument("--by", default="", help="the person who suspends; public")
    suspend.add_argument("--reason", required=True, help="why; public")
    for one in (add, listing, approve, suspend):
        one.add_argument("--json", action="store_true", help="one JSON object a town")


def _agents_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("list", help="every grant")
    for name, words in (("add", "make somebody an operator"), ("remove", "take the role away")):
        one = what.add_parser(name, help=words)
        one.add_argument("role", choices=["operator"])
        one.add_argument("--provider", required=True, help="the key of the sign-in provider")
        who = one.add_mutually_exclusive_group(required=True)
        who.add_argument("--subject", help="the person's subject at the provider")
        who.add_argument("--email", help="the person's address, at a staff provider")


def _app(command: str, settings: AggregatorSettings) -> Flask:
    """Return what a command runs in; pulling loads no pages, which are half of the program."""
    if command in {"export", "pull", "worker", "verify", "rebuild"}:
        return without_pages(settings, settled=on_settled, follower=FOLLOWER)
    from beffroi_federation.aggregator.app import create_app

    return create_app(settings)


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run one command; return its exit code."""
    args = _parser().parse_args(argv)
    try:
        if args.command == "upgrade-check":
            return upgrading.check(args, environ, SystemClock().now())
        settings = from_environ(environ)
        if args.command == "init":
            return init(settings)
        return COMMANDS[args.command](_app(args.command, settings), settings, args)
    except SettingsRefused as error:
        print(f"beffroi-aggregator: {error}", file=sys.stderr)
        return 2
    except Refusal as error:
        print(f"beffroi-aggregator: {error}", file=sys.stderr)
        for name, sentences in error.errors.items():
            for sentence in sentences:
                print(f"  - {name}: {sentence}", file=sys.stderr)
        return 1
    except UnknownRevision:
        print(
            "beffroi-aggregator: a newer version made this database; this one does not touch it"
            " (beffroi-aggregator upgrade-check says more)",
            file=sys.stderr,
        )
        return 1
    except OperationalError as error:
        said = f"the database is away or held by others: {reason(error)}"
        print(f"beffroi-aggregator: {said}", file=sys.stderr)
        return 1
    except (MigrationFailed, ProtocolError, OSError) as error:
        said = error.diagnostics() if isinstance(error, ProtocolError) else str(error)
        print(f"beffroi-aggregator: {said}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
