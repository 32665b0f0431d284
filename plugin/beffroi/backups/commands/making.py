# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi backup`: one new file, encrypted where the settings name keys; or the folder's next one.

The order of effects in a folder of backups: the new one is written and put in place whole; it is
tried, where that is wanted; it is noted as good; the lasting copy of the public log grows; only
then are older ones deleted. What fails keeps all that was there.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from flask_babel import force_locale, gettext, ngettext

from beffroi import __version__
from beffroi.backups import queries, rules
from beffroi.backups.adapters import ledger, newest, sealed
from beffroi.backups.adapters.archive import Writer
from beffroi.backups.adapters.folder import rotate
from beffroi.backups.adapters.lasting import keep_log
from beffroi.backups.commands.keys import show_new_key
from beffroi.backups.commands.opening import room
from beffroi.backups.commands.verifying import told, verify
from beffroi.backups.rules import Log, Manifest, Member
from beffroi.backups.rules.rotation import Plan, file_name
from beffroi.cases.adapters.files import FolderStore
from beffroi.cases.queries import stored_names
from beffroi.config import Settings
from beffroi.feed import commands as feed
from beffroi.kernel.db import MIGRATIONS, db
from beffroi.kernel.errors import Conflict, Refusal
from beffroi_web.migrating import current_and_head
from beffroi_web.words import N_


def backup(settings: Settings, file: Path, *, now: datetime, also: Sequence[str] = ()) -> Manifest:
    """Write everything a town cannot make again into a new file; web and worker may go on.

    It is encrypted to the keys that the settings name and to `also`. FileExistsError if there is
    such a file; Conflict if the schema is not the newest or the disk is full.
    """
    revision, head = current_and_head(MIGRATIONS, settings.database_url)
    if revision is None or revision != head:
        raise Conflict(N_("The database is not at the newest schema. Run `beffroi init` first."))
    if file.exists():
        raise FileExistsError(f"{file} exists; a backup takes nobody's place")
    db.session.rollback()
    recipients = (*settings.backup_recipients, *also)
    with (
        room(file.parent),
        Writer(file, recipients) as archive,
        queries.one_moment(db.engine) as moment,
    ):
        inside = feed.log_inside(settings, moment)
        tables = {}
        for table in queries.tables():
            counted = _Counted(queries.lines(moment, table))
            digest = archive.add(rules.table_path(table.name), counted)
            tables[table.name] = Member(digest, counted.lines - 1)
        manifest = Manifest(
            made_at=now.isoformat(timespec="seconds"),
            version=__version__,
            revision=revision,
            siren=settings.siren,
            name=settings.name,
            log=Log(inside.origin, inside.epoch, inside.vkeys, inside.size, inside.root),
            tables=tables,
            files=dict(_files(archive, settings, stored_names(moment))),
        )
        archive.finish(manifest)
    return manifest


def _files(archive: Writer, settings: Settings, names: set[str]) -> Iterator[tuple[str, Member]]:
    store = FolderStore(settings.data_dir / "files")
    for name in sorted(names):
        with suppress(FileNotFoundError):  # erased since its name was read
            yield name, Member(archive.add(rules.file_path(name), [store.get(name)]))


class _Counted:
    """Lines that are counted as they pass."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self.lines = 0

    def __iter__(self) -> Iterator[bytes]:
        for line in self._lines:
            self.lines += 1
            yield line


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `beffroi backup`."""
    parser.add_argument(
        "file", type=Path, nargs="?", help="a new file, or a folder; without one, BACKUP_DIR"
    )
    parser.add_argument(
        "--verify", action="store_true", help="restore it on trial before it counts as good"
    )
    parser.add_argument(
        "--new-key",
        nargs="?",
        const="-",
        metavar="FILE",
        help="make no backup but a pair of keys, shown once or written to a new file",
    )


def run(args: argparse.Namespace, settings: Settings, *, now: datetime) -> int:
    """Carry out `beffroi backup`."""
    with force_locale(settings.languages[0]):
        try:
            if args.new_key is not None:
                return show_new_key(args.new_key)
            if args.file is not None:
                _made(settings, _named(settings, args.file, now), now=now, tried=args.verify)
                newest.note(settings.data_dir, now)
                return 0
            if settings.backup_dir is None:
                sentence = gettext("Name a new file, or set BEFFROI_BACKUP_DIR.")
                print(f"beffroi: {sentence}", file=sys.stderr)
                return 2
            return _next(settings, settings.backup_dir, now=now, tried=args.verify)
        except Refusal as refusal:
            print(f"beffroi: {gettext(refusal.sentence) % refusal.values}", file=sys.stderr)
            return 1


def _named(settings: Settings, place: Path, now: datetime) -> Path:
    """Return the new file that is meant; in a folder it is named by body and moment."""
    if not place.is_dir():
        return place
    return place / file_name(settings.siren, now, sealed=bool(settings.backup_recipients))


def _next(settings: Settings, folder: Path, *, now: datetime, tried: bool) -> int:
    """Write the next backup of a folder, and delete those that it makes superfluous."""
    if not folder.is_dir():  # a disk that is not mounted must not be mistaken for an empty one
        raise Conflict(
            N_("There is no folder %(folder)s: mount it or make it. Nothing was written."),
            folder=folder,
        )
    file = _named(settings, folder, now)
    _made(settings, file, now=now, tried=tried)
    ledger.wrote(settings.data_dir, file)
    newest.note(settings.data_dir, now)
    with room(folder):
        keep_log(settings, folder)
    plan = Plan(
        settings.backup_daily, settings.backup_weekly, settings.backup_monthly, settings.backup_days
    )
    for gone in rotate(folder, plan, siren=settings.siren, data_dir=settings.data_dir, now=now):
        print(gettext("Deleted, as it is kept no longer: %(name)s", name=gone))
    return 0


def _made(settings: Settings, file: Path, *, now: datetime, tried: bool) -> None:
    """Write a backup and say so; with `tried` restore it on trial too.

    The town does not have the secret key. What it has just written it can open all the same: with
    a key that is drawn for this one file, never written down, and forgotten with this process.
    """
    own = sealed.new_key() if tried and settings.backup_recipients else None
    also = () if own is None else (str(own.to_public()),)
    _say(settings, file, backup(settings, file, now=now, also=also))
    if tried:
        try:
            found = verify(settings, file, keys=lambda: [own] if own else [], now=now)
        except Refusal:
            print(
                gettext("%(file)s cannot be restored: keep it for looking at, trust an older one.",
                        file=file),
                file=sys.stderr,
            )  # fmt: skip
            raise
        for line in told(found):
            print(line)


def _say(settings: Settings, file: Path, manifest: Manifest) -> None:
    print(
        gettext(
            "%(file)s: %(cases)d cases, %(rows)d rows, %(files)d files, %(size)d entries of"
            " the log. It holds personal data: keep it as you keep the database, and not"
            " longer than 35 days. The log’s key is not in it; its words are in the safe.",
            file=file,
            cases=manifest.cases,
            rows=manifest.rows,
            files=len(manifest.files),
            size=manifest.log.size,
        )
    )
    if count := len(settings.backup_recipients):
        print(
            ngettext(
                "It is encrypted for one key; only its secret half opens it.",
                "It is encrypted for %(num)d keys; the secret half of any of them opens it.",
                count,
            )
        )
    else:
        print(gettext("It is not encrypted: BEFFROI_BACKUP_RECIPIENTS names no key."))
