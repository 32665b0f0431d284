# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi backup` and `beffroi restore`: what the operator does, said in plain words.

The order of effects of a restore, and what a crash between two of them leaves:

1. the archive is read to its end and every hash compared; nothing was changed;
2. uploaded files are put back under their own names, none in another's place;
3. the new database is built beside the old one, checked (rows, root of the log) and brought to the
   newest schema; its log is marked as one that has to catch up. What a crash leaves of it is
   deleted by the next attempt;
4. the two are exchanged at one stroke; the old one keeps a name of its own;
5. the index of words is made, and the log catches up. Both can be done again (`beffroi restore`).
"""

import argparse
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from flask_babel import force_locale, gettext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from beffroi import __version__
from beffroi.backups import queries, rules, service
from beffroi.backups.adapters import newest
from beffroi.backups.adapters.archive import Reader, Writer
from beffroi.backups.adapters.databases import exchange_for
from beffroi.backups.rules import Log, Manifest, Member
from beffroi.cases import commands as cases
from beffroi.cases.adapters.files import FolderStore
from beffroi.cases.queries import stored_names
from beffroi.catalogue import commands as catalogue
from beffroi.config import Settings
from beffroi.feed import commands as feed
from beffroi.feed.commands import epochs
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import MIGRATIONS, db
from beffroi.kernel.errors import Conflict, Refusal
from beffroi_web.database import engine_options, tune
from beffroi_web.migrating import UnknownRevision, current_and_head, upgrade
from beffroi_web.words import N_

Say = Callable[[str], None]
Confirm = Callable[[str], bool]
"""Asks a question to which only a yes is a yes."""


class Archive(Protocol):
    """What a town can be put back from: a file of `beffroi backup`, or a folder of an export."""

    @property
    def manifest(self) -> Manifest:
        """What the archive says that it holds."""

    def check(self) -> None:
        """Return if it holds what it says, and nothing else; Invalid otherwise."""

    def lines(self, table: str) -> Iterator[bytes]:
        """Yield the lines of a table, the line of its columns first."""

    def file(self, name: str) -> bytes:
        """Return an uploaded file."""


def backup(settings: Settings, file: Path, *, now: datetime) -> Manifest:
    """Write everything a town cannot make again into a new file; web and worker may go on.

    FileExistsError if there is such a file; Conflict if the schema is not the newest.
    """
    revision, head = current_and_head(MIGRATIONS, settings.database_url)
    if revision is None or revision != head:
        raise Conflict(N_("The database is not at the newest schema. Run `beffroi init` first."))
    if file.exists():
        raise FileExistsError(f"{file} exists; a backup takes nobody's place")
    names = stored_names()
    db.session.rollback()
    store = FolderStore(settings.data_dir / "files")
    with Writer(file) as archive, queries.one_moment(db.engine) as moment:
        inside = feed.log_inside(settings, moment)
        tables = {}
        for table in queries.tables():
            counted = _Counted(queries.lines(moment, table))
            digest = archive.add(rules.table_path(table.name), counted)
            tables[table.name] = Member(digest, counted.lines - 1)
        files = {}
        for name in sorted(names):
            with suppress(FileNotFoundError):  # erased since its name was read
                data = store.get(name)
                files[name] = Member(archive.add(rules.file_path(name), [data]))
        manifest = Manifest(
            made_at=now.isoformat(timespec="seconds"),
            version=__version__,
            revision=revision,
            siren=settings.siren,
            name=settings.name,
            log=Log(inside.origin, inside.epoch, inside.vkeys, inside.size, inside.root),
            tables=tables,
            files=files,
        )
        archive.finish(manifest)
    return manifest


class _Counted:
    """Lines that are counted as they pass."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self.lines = 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.lines += 1
            yield line


def restore(
    settings: Settings, file: Path, *, now: datetime, confirm: Confirm, say: Say
) -> Manifest:
    """Put what an archive holds in the place of what is here; the old database is kept.

    Raises Invalid for an archive that is damaged, half or of another body, Conflict where somebody
    holds the database or where the question was not answered with a yes: then nothing changed.
    """
    with Reader(file) as archive:
        return put_back(settings, archive, now=now, confirm=confirm, say=say)


def put_back(
    settings: Settings, archive: Archive, *, now: datetime, confirm: Confirm, say: Say
) -> Manifest:
    """Do what `restore` does, with an archive that is open."""
    manifest = archive.manifest
    rules.check_ours(manifest, siren=settings.siren)
    say(
        gettext(
            "Backup of %(name)s, made %(at)s: %(cases)d cases, %(size)d entries of the log.",
            name=manifest.name,
            at=manifest.made_at,
            cases=manifest.cases,
            size=manifest.log.size,
        )
    )
    archive.check()
    kept = _exchanged(settings, archive, now=now, confirm=confirm)
    cases.index_again()
    catalogue.index_again()
    db.session.rollback()
    say(
        gettext(
            "Restored: %(rows)d rows, %(files)d files.",
            rows=manifest.rows,
            files=len(manifest.files),
        )
    )
    if kept:
        say(
            gettext(
                "The database that was here is kept as %(kept)s. It holds personal data: delete it"
                " once you have looked, within 35 days at the latest.",
                kept=kept,
            )
        )
    return manifest


def _exchanged(settings: Settings, archive: Archive, *, now: datetime, confirm: Confirm) -> str:
    """Build the archive's database and put it in place; return the name of the one before."""
    exchange = exchange_for(settings.database_url)
    db.session.remove()
    db.engine.dispose()
    gc.collect()  # a cursor that nobody uses any more keeps a closed SQLite connection open
    exchange.require_free()
    replaces = not exchange.is_empty()
    if replaces and not confirm(gettext("It takes the place of the database that is here.")):
        raise Conflict(N_("Nothing was restored: this needs a yes, or --yes."))
    _put_files(settings, archive)
    exchange.prepare()
    log = archive.manifest.log
    try:
        _build(exchange.new_url, archive)
        epoch = feed.take_facts(settings, origin=log.origin, vkeys=log.vkeys, epoch=log.epoch)
        _shut(exchange.new_url, epoch, now=now)
        return exchange.swap(now.strftime("%Y%m%dT%H%M%SZ"))
    finally:
        exchange.discard()


def _put_files(settings: Settings, archive: Archive) -> None:
    store = FolderStore(settings.data_dir / "files")
    for name in archive.manifest.files:
        with suppress(FileExistsError):
            store.put(name, archive.file(name))


def _build(url: str, archive: Archive) -> None:
    """Make the archive's database and bring it to the newest schema; Invalid if it is not sound."""
    manifest = archive.manifest
    try:
        upgrade(MIGRATIONS, url, manifest.revision)
    except UnknownRevision as error:
        raise Conflict(
            N_(
                "This backup was made by a newer version of Beffroi (%(version)s). Nothing changed."
            ),
            version=manifest.version,
        ) from error
    engine = create_engine(url, poolclass=NullPool, **_connect(url))
    tune(engine)
    try:
        service.load(engine, manifest, archive.lines)
        upgrade(MIGRATIONS, url)
        with engine.connect() as connection:
            if not feed.is_sound(connection, size=manifest.log.size, root=manifest.log.root):
                raise rules.damaged("log")
    finally:
        engine.dispose()


def _shut(url: str, epoch: int, *, now: datetime) -> None:
    """Mark the new database's log as one that has to catch up before anything of it is served."""
    engine = create_engine(url, poolclass=NullPool, **_connect(url))
    tune(engine)
    with engine.begin() as connection:
        feed.shut(connection, epoch, now=now)
    engine.dispose()


def _connect(url: str) -> dict[str, object]:
    return {"connect_args": engine_options(url).get("connect_args", {})}


def arguments_of_backup(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `beffroi backup`."""
    parser.add_argument("file", type=Path, help="a new file")


def arguments_of_restore(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `beffroi restore`."""
    parser.add_argument(
        "file", type=Path, nargs="?", help="a backup; without one the log catches up"
    )
    parser.add_argument(
        "--new-epoch", action="store_true", help="begin the log anew, under a new key"
    )
    parser.add_argument("--yes", action="store_true", help="ask nothing")


def run_backup(args: argparse.Namespace, settings: Settings, *, now: datetime) -> int:
    """Carry out `beffroi backup`."""
    with force_locale(settings.languages[0]):
        manifest = backup(settings, args.file, now=now)
        newest.note(settings.data_dir, now)
        print(
            gettext(
                "%(file)s: %(cases)d cases, %(rows)d rows, %(files)d files, %(size)d entries of"
                " the log. It holds personal data: keep it as you keep the database, and not"
                " longer than 35 days. The log’s key is not in it; its words are in the safe.",
                file=args.file,
                cases=manifest.cases,
                rows=manifest.rows,
                files=len(manifest.files),
                size=manifest.log.size,
            )
        )
    return 0


def run_restore(
    args: argparse.Namespace,
    settings: Settings,
    *,
    now: datetime,
    today: date,
    chance: Chance,
) -> int:
    """Carry out `beffroi restore`; 0 only if the log may go on afterwards."""
    confirm: Confirm = (lambda _question: True) if args.yes else _ask
    with force_locale(settings.languages[0]):
        try:
            if args.file is not None:
                restore(settings, args.file, now=now, confirm=confirm, say=print)
            caught_up = catch_up(settings, now=now, today=today, quiet=args.new_epoch)
            if not args.new_epoch:
                return 0 if caught_up else 1
            if not confirm(
                gettext("A new epoch ends the log for good and begins another under a new key.")
            ):
                raise Conflict(N_("No new epoch was begun: this needs a yes, or --yes."))
            terminal = sys.stdout if sys.stdout.isatty() else None
            for line in epochs.begin_epoch(
                settings, now=now, today=today, chance=chance, terminal=terminal
            ):
                print(line)
        except Refusal as refusal:
            print(f"beffroi: {gettext(refusal.sentence) % refusal.values}", file=sys.stderr)
            return 1
    return 0


def catch_up(settings: Settings, *, now: datetime, today: date, quiet: bool = False) -> bool:
    """Let the log catch up, and say how it went; return whether it may go on."""
    signer = feed.signer_for(settings)
    try:
        report = feed.recover(settings, signer, now=now, today=today)
    except feed.ProtocolError as error:
        db.session.rollback()
        lines = feed.told_of(error, settings, new_epoch=quiet)
        for line in lines:
            print(line)
        return False
    for line in feed.told(report, settings):
        print(line)
    return report.unlocked


def _ask(question: str) -> bool:
    """Ask at the terminal; no terminal is a no."""
    if not sys.stdin.isatty():
        return False
    print(question)
    return input(gettext("Type yes: ")).strip().lower() in {"yes", "oui", gettext("yes")}
