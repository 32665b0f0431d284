# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi restore`: what the operator does, said in plain words.

The order of effects of a restore, and what a crash between two of them leaves:

1. an encrypted archive is opened into a file without a name, which no crash can leave behind;
2. the archive is read to its end and every hash compared; nothing was changed;
3. uploaded files are put back under their own names, none in another's place; what a crash leaves
   of them the worker sweeps;
4. the new database is built beside the old one, checked (rows, root of the log) and brought to the
   newest schema; its log is marked as one that has to catch up. What a crash leaves of it is
   deleted by the next attempt;
5. the two are exchanged at one stroke; the old one keeps a name of its own;
6. the index of words is made, and the log catches up. Both can be done again (`beffroi restore`).
"""

import argparse
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path

from flask_babel import force_locale, gettext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from beffroi.backups import rules, service
from beffroi.backups.adapters.databases import exchange_for
from beffroi.backups.commands.keys import Keys, keys_from, no_keys
from beffroi.backups.commands.opening import Archive, opened, room
from beffroi.backups.rules import Manifest
from beffroi.cases import commands as cases
from beffroi.cases.adapters.files import FolderStore
from beffroi.catalogue import commands as catalogue
from beffroi.config import Settings
from beffroi.feed import commands as feed
from beffroi.feed.commands import epochs
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import MIGRATIONS, db
from beffroi.kernel.errors import Conflict, Refusal
from beffroi_web.database import engine_options, tune
from beffroi_web.migrating import UnknownRevision, upgrade
from beffroi_web.words import N_

Say = Callable[[str], None]
Confirm = Callable[[str], bool]
"""Asks a question to which only a yes is a yes."""


def restore(
    settings: Settings,
    file: Path,
    *,
    now: datetime,
    confirm: Confirm,
    say: Say,
    keys: Keys = no_keys,
) -> Manifest:
    """Put what an archive holds in the place of what is here; the old database is kept.

    Raises Invalid for an archive that is damaged, half or of another body, Conflict where somebody
    holds the database or where the question was not answered with a yes: then nothing changed.
    `keys` is asked where the archive is encrypted.
    """
    with opened(file, keys, settings.data_dir) as archive:
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
    with room(settings.data_dir):
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
    exchange.prepare()
    log = archive.manifest.log
    try:
        with _files_put(settings, archive):
            build(exchange.new_url, archive)
            epoch = feed.take_facts(settings, origin=log.origin, vkeys=log.vkeys, epoch=log.epoch)
            _shut(exchange.new_url, epoch, now=now)
            return exchange.swap(now.strftime("%Y%m%dT%H%M%SZ"))
    finally:
        exchange.discard()


@contextmanager
def _files_put(settings: Settings, archive: Archive) -> Iterator[None]:
    """Put the uploaded files back; take those away again if what is done meanwhile fails."""
    store = FolderStore(settings.data_dir / "files")
    put = []
    try:
        for name in archive.manifest.files:
            with suppress(FileExistsError):
                store.put(name, archive.file(name))
                put.append(name)
        yield
    except BaseException:
        for name in put:
            store.drop(name)
        raise


def build(url: str, archive: Archive) -> None:
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


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `beffroi restore`."""
    parser.add_argument(
        "file", type=Path, nargs="?", help="a backup; without one the log catches up"
    )
    parser.add_argument(
        "--new-epoch", action="store_true", help="begin the log anew, under a new key"
    )
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    parser.add_argument(
        "--identity", metavar="FILE", help="the file with the secret key of an encrypted backup; -"
    )


def run(
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
                keys = keys_from(args.identity)
                restore(settings, args.file, now=now, confirm=confirm, say=print, keys=keys)
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
