# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the operator does: `beffroi init · worker · publish · import · backup · restore · agents`.

Each command reads the settings from the environment, does one thing, and exits 0 (done), 1 (it
could not be done, and why is said) or 2 (wrong usage or settings). `beffroi.cli` is the door; it
answers `serve` and `signer` without loading this.
"""

import argparse
import csv
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from flask import Flask
from rich.console import Console
from rich.progress import Progress
from sqlalchemy.exc import OperationalError

from beffroi import __version__, doctor, upgrading
from beffroi.accounts import commands as agents
from beffroi.app import create_app, site_of
from beffroi.backups import commands as backups
from beffroi.cases import commands as cases
from beffroi.catalogue import commands as catalogue
from beffroi.config import BIND, Settings, from_environ
from beffroi.cyber import commands as cyber
from beffroi.cyber.adapters import own_key
from beffroi.data_requests import commands as data_requests
from beffroi.feed import commands as feed
from beffroi.feed.commands import appealing, verifying
from beffroi.incidents import commands as incidents
from beffroi.journal.service import write_command
from beffroi.kernel.chance import system_chance
from beffroi.kernel.clock import local_day
from beffroi.kernel.db import MIGRATIONS, db
from beffroi.moving.commands import databases, exporting, importing, resealing
from beffroi.places import commands as places
from beffroi.signer import commands as keeping
from beffroi.worker import Worker
from beffroi_web import serving
from beffroi_web.clock import SystemClock
from beffroi_web.configuration import SettingsRefused
from beffroi_web.errors import Refusal
from beffroi_web.fetching import NotFetched
from beffroi_web.logs import write_lines
from beffroi_web.migrating import MigrationFailed, UnknownRevision, reason, upgrade
from beffroi_web.upgrading import note_version

READERS: dict[str, Any] = {**incidents.READERS, **data_requests.READERS}
"""What `beffroi import KIND FILE` can read, by kind."""


def init(
    settings: Settings,
    *,
    say: Callable[[str], None] = print,
    terminal: TextIO | None = None,
) -> int:
    """Make the data directory, the signer's files and the tables; safe to run again.

    The words of a new key are shown on `terminal`, if that is given.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    keeping.init_signer(settings, say=say, terminal=terminal)
    upgrade(MIGRATIONS, settings.database_url)
    if own_key.make(settings.data_dir, own_key.owner(settings)):
        say("openpgp: a key was made, to sign what goes to the CERT: `beffroi openpgp show`")
    note_version(settings.data_dir, __version__)
    say(f"database: at the newest schema; origin: {feed.origin_of(settings)}")
    return 0


def import_file(args: argparse.Namespace, settings: Settings, now: datetime) -> int:
    """Import a file with a progress bar; say what was added, known, changed, refused and why."""
    if wrong := _wrong_import(args):
        print(f"beffroi: {wrong}", file=sys.stderr)
        return 2
    if args.kind == places.KIND:
        return _import_addresses(args, settings, now)
    try:
        with _report_file(args.report) as kept, _at_hand(args, settings):
            report = _imported(args, settings, now)
            if kept is not None:
                _write_report(kept, report)
    except data_requests.MappingRefused as error:
        print(f"beffroi: {error}", file=sys.stderr)
        return 2
    except NotFetched as error:
        print(f"beffroi: {error}", file=sys.stderr)
        return 1
    _say(args, report)
    return 1 if report.stopped else 0


def _import_addresses(args: argparse.Namespace, settings: Settings, now: datetime) -> int:
    """Put the addresses of a file in the place of older ones, and say what that changed."""
    with _report_file(args.report) as kept, _at_hand(args, settings), _bar(args.file) as progress:
        report = places.import_file(
            args.file,
            communes=settings.communes,
            now=now,
            progress=progress,
            dry_run=args.dry_run,
        )
        as_rows = data_requests.Report(refused=report.refused, stopped=report.stopped)
        if kept is not None:
            _write_report(kept, as_rows)
    print(f"{args.file.name}: {report.sentence(args.dry_run)}")
    _say_each(args, as_rows)
    return 1 if report.stopped else 0


@contextmanager
def _bar(file: Path) -> Iterator[Callable[[int], None]]:
    """Show how many rows of a file were read, on a terminal."""
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(file.name, total=None)
        yield lambda rows: bar.update(task, advance=rows)


def _wrong_import(args: argparse.Namespace) -> str:
    """Return what does not go together in an import, or nothing."""
    if args.mapping is not None and args.kind not in data_requests.MAPPED:
        return f"--mapping is for {', '.join(data_requests.MAPPED)}"
    if args.newest_yesterday and args.kind == places.KIND:
        return "--newest-yesterday is for cases"
    if (args.kind in incidents.READERS or args.kind == places.KIND) and args.language != "fr":
        return "--language is for requests"
    if _is_address(args.file) and args.kind != "open311":
        return "an address can be given for open311 only; give a file"
    if not re.fullmatch("[a-z]{2}", args.language):
        return "--language takes two small letters, such as fr"
    return ""


def _is_address(file: str | Path) -> bool:
    return isinstance(file, str)


def _file(said: str) -> str | Path:
    """Return the address or the file that is meant."""
    return said if said.startswith(("https://", "http://")) else Path(said)


@contextmanager
def _at_hand(args: argparse.Namespace, settings: Settings) -> Iterator[None]:
    """Have the file of an import here while it runs; an address is fetched.

    A file that cannot be read is an error, not a bad row of it.
    """
    if _is_address(args.file):
        with incidents.fetched(args.file, public_url=settings.public_url) as path:
            args.file = path
            yield
        return
    args.file.open("rb").close()
    yield


def _imported(args: argparse.Namespace, settings: Settings, now: datetime) -> data_requests.Report:
    reader, shift = READERS[args.kind], timedelta()
    how = data_requests.How(mapping=args.mapping, language=args.language)
    more = {} if args.kind in incidents.READERS else {"how": how}
    if args.newest_yesterday:
        shift = whole_weeks(reader.newest(args.file, until=now, **more), now)
    with _bar(args.file) as progress:
        if args.kind in incidents.READERS:
            added, known, refused = incidents.import_file(
                args.kind,
                args.file,
                communes=settings.communes,
                shift=shift,
                now=now,
                progress=progress,
                dry_run=args.dry_run,
            )
            return data_requests.Report(added, known, refused=refused)
        return data_requests.import_file(
            args.kind,
            args.file,
            how=how,
            shift=shift,
            now=now,
            progress=progress,
            dry_run=args.dry_run,
        )


@contextmanager
def _report_file(path: Path | None) -> Iterator[TextIO | None]:
    """Open a new file for the report, for its owner only; one that is there is never replaced."""
    if path is None:
        yield None
        return
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            yield file
    except BaseException:
        path.unlink()  # half a report would stand in the way of the next
        raise


def _printable(sentence: str) -> str:
    """Return a sentence in which nothing of a file can speak to a terminal or a spreadsheet."""
    return "".join(c if c.isprintable() else "�" for c in sentence)[:500]


def _write_report(file: TextIO, report: data_requests.Report) -> None:
    table = csv.writer(file)
    table.writerow(("what", "why"))
    table.writerows(("refused", _printable(s)) for s in report.refused)
    table.writerows(("changed", _printable(s)) for s in report.changed)
    if report.stopped:
        table.writerow(("stopped", _printable(report.stopped)))


def _say(args: argparse.Namespace, report: data_requests.Report) -> None:
    would = "would be added" if args.dry_run else "added"
    changed = f", {len(report.changed)} of them changed" if report.changed else ""
    print(
        f"{args.file.name}: {report.added} {would}, {report.known} known already{changed},"
        f" {len(report.refused)} refused"
    )
    if args.dry_run:
        if args.kind in incidents.READERS:
            print("  nothing was written")
        else:
            print(f"  {report.waiting} have words that will wait for an agent; nothing was written")
    _say_each(args, report)


def _say_each(args: argparse.Namespace, report: data_requests.Report) -> None:
    """Say what is wrong with some rows, and why a file was not read to its end."""
    for sentences in (report.refused, report.changed):
        for sentence in sentences[:20]:
            print(f"  {_printable(sentence)}")
        if len(sentences) > 20:
            where = args.report or "--report FILE.csv writes them all"
            print(f"  … and {len(sentences) - 20} more ({where})")
    if report.stopped:
        print(f"  stopped: {_printable(report.stopped)}")


def whole_weeks(newest: datetime | None, now: datetime) -> timedelta:
    """Return the whole weeks by which dates move so that the newest is not after yesterday."""
    if newest is None:
        return timedelta()
    return timedelta(weeks=(now - timedelta(days=1) - newest).days // 7)


def index_again(settings: Settings, url: str) -> None:
    """Make the indexes of words of the database at `url`, whatever the settings say."""
    with create_app(replace(settings, database_url=url)).app_context():
        cases.index_again()
        catalogue.index_again()
        db.session.remove()
        db.engine.dispose()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="beffroi", description="One town.")
    commands = parser.add_subparsers(dest="command", required=True)
    first = commands.add_parser("init", help="make settings, keys, tables and folders")
    first.add_argument(
        "--answers", metavar="FILE.toml", help="where there are no settings: take them from a file"
    )
    first.add_argument("--settings", action="store_true", help="make them, and nothing else")
    serving.arguments(commands.add_parser("serve", help="answer on the web"), BIND)
    worker = commands.add_parser("worker", help="send mail, publish, tidy up")
    worker.add_argument("--once", action="store_true", help="do what is due now and stop")
    worker.add_argument("--every", type=float, default=2.0, help="seconds between two looks")
    commands.add_parser("publish", help="publish what waits, now")
    verifying.arguments(commands.add_parser("verify", help="audit the town's own log"))
    importer = commands.add_parser("import", help="bring cases in from a file")
    importer.add_argument("kind", choices=[importing.KIND, places.KIND, *sorted(READERS)])
    importer.add_argument("file", type=_file, help="a file; for open311 also an address")
    importer.add_argument(
        "--newest-yesterday",
        action="store_true",
        help="move all dates by whole weeks so that the newest is at most a week before yesterday",
    )
    importer.add_argument(
        "--dry-run", action="store_true", help="read and check everything, write nothing"
    )
    importer.add_argument(
        "--mapping", type=Path, metavar="FILE.toml", help="which column of requests-csv is what"
    )
    importer.add_argument(
        "--report",
        type=Path,
        metavar="FILE.csv",
        help="a new file for all that was refused, and why",
    )
    importer.add_argument(
        "--language", default="fr", help="the language of a file that does not say it (fr)"
    )
    keeping.arguments(commands.add_parser("signer", help="hold the log's key, and sign"))
    backups.arguments_of_backup(commands.add_parser("backup", help="write everything to a file"))
    backups.arguments_of_verify(
        commands.add_parser("backup-verify", help="restore a backup on trial, beside the town")
    )
    backups.arguments_of_restore(
        commands.add_parser("restore", help="go back to a backup, and let the log catch up")
    )
    exporting.arguments(
        commands.add_parser("export", help="write everything to a folder, in open formats")
    )
    databases.arguments(
        commands.add_parser("migrate-database", help="copy everything to another database")
    )
    catalogue.arguments(commands.add_parser("catalogue", help="datasets already published"))
    agents.arguments(commands.add_parser("agents", help="give and take roles"))
    appealing.arguments(commands.add_parser("appeal", help="appeal to the aggregator, signed"))
    commands.add_parser("reseal", help="seal what is sealed anew, under a new secret")
    cyber.arguments(commands.add_parser("openpgp", help="the key that signs mail to the CERT"))
    doctor.arguments(commands.add_parser("doctor", help="what is not well, and what to do"))
    upgrading.arguments(
        commands.add_parser("upgrade-check", help="what an upgrade would do, and whether it may")
    )
    return parser


def _run(args: argparse.Namespace, settings: Settings) -> int:
    if args.command == "init":
        return init(settings, terminal=sys.stdout if sys.stdout.isatty() else None)
    app: Flask = create_app(settings)
    clock = SystemClock()
    with app.app_context():
        if args.command == "agents":
            store, now = app.extensions["beffroi"].sign_in, clock.now()
            return agents.run(args, store, told=partial(write_command, now=now), now=now)
        if args.command == "verify":
            return verifying.run(args, app, settings, now=clock.now())
        if args.command == "reseal":
            store, told = app.extensions["beffroi"].sign_in, partial(write_command, now=clock.now())
            return resealing.run(settings, store, told=told, now=clock.now())
        if args.command == "appeal":
            told = partial(write_command, now=clock.now())
            return appealing.run(args, settings, told=told, now=clock.now())
        if args.command == "openpgp":
            return cyber.run(args, settings, told=partial(write_command, now=clock.now()))
        if args.command == "doctor":
            return doctor.run(args, doctor.Examined(settings, site_of(settings), clock.now()))
        if args.command == "catalogue":
            return catalogue.run(args, settings, now=clock.now())
        if args.command == "export":
            return exporting.run(args, settings, now=clock.now())
        if args.command == "import" and args.kind == importing.KIND:
            today = local_day(clock.now(), settings.time_zone)
            return importing.run(Path(args.file), settings, now=clock.now(), today=today)
        if args.command == "import":
            return import_file(args, settings, clock.now())
        if args.command == "backup":
            return backups.run_backup(args, settings, now=clock.now())
        if args.command == "backup-verify":
            return backups.run_verify(args, settings, now=clock.now())
        if args.command == "migrate-database":
            return databases.run(
                args, settings, now=clock.now(), index=lambda url: index_again(settings, url)
            )
        if args.command == "restore":
            today = local_day(clock.now(), settings.time_zone)
            return backups.run_restore(
                args, settings, now=clock.now(), today=today, chance=system_chance
            )
        if args.command == "worker":
            write_lines()
        worker = Worker(app, settings, clock)
        if args.command == "publish":
            entries = worker.publish() + feed.publish_key(feed.signer_for(settings))
            print(f"{entries} entries published")
            return 0
        if args.once:
            worker.turn()
            return 1 if worker.trouble else 0
        worker.forever(args.every)
    return 0


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run one command; return its exit code."""
    args = _parser().parse_args(argv)
    try:
        if args.command == "upgrade-check":
            return upgrading.check(args, environ, SystemClock().now())
        return _run(args, from_environ(environ))
    except SettingsRefused as error:
        print(f"beffroi: {error}", file=sys.stderr)
        return 2
    except UnknownRevision:
        print(
            "beffroi: a newer version made this database; this one does not touch it"
            " (beffroi upgrade-check says more)",
            file=sys.stderr,
        )
        return 1
    except OperationalError as error:
        print(f"beffroi: the database is away or held by others: {reason(error)}", file=sys.stderr)
        return 1
    except (MigrationFailed, Refusal, feed.ProtocolError, OSError) as error:
        print(f"beffroi: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
