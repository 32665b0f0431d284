# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi backup-verify`: a backup is restored into a scratch place, and looked at there.

The scratch place is a SQLite file in a folder of its own inside the data folder, also where the
town is on PostgreSQL: an archive's rows are of no database in particular, and a file needs no
rights on a server. The running town is neither read nor written.
"""

import argparse
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flask_babel import force_locale, gettext, ngettext
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

from beffroi.backups import rules
from beffroi.backups.adapters import ledger
from beffroi.backups.adapters.scratch import scratch
from beffroi.backups.commands.keys import Keys, keys_from
from beffroi.backups.commands.opening import Archive, opened, room
from beffroi.backups.commands.restoring import build
from beffroi.backups.rules import Manifest
from beffroi.cases.queries import stored_names
from beffroi.config import Settings
from beffroi.feed import commands as feed
from beffroi.kernel.errors import Refusal


@dataclass(frozen=True, slots=True)
class Verified:
    """What a test restore found: what the archive holds, and how many named files it has not."""

    manifest: Manifest
    missing: int


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `beffroi backup-verify`."""
    parser.add_argument("file", type=Path, help="a backup")
    parser.add_argument(
        "--identity", metavar="FILE", help="the file with the secret key of an encrypted backup; -"
    )


def run(args: argparse.Namespace, settings: Settings, *, now: datetime) -> int:
    """Carry out `beffroi backup-verify`; 0 only if the backup could be restored."""
    with force_locale(settings.languages[0]):
        try:
            found = verify(settings, args.file, keys=keys_from(args.identity), now=now)
        except Refusal as refusal:
            print(f"beffroi: {gettext(refusal.sentence) % refusal.values}", file=sys.stderr)
            return 1
        for line in told(found):
            print(line)
    return 0


def verify(settings: Settings, file: Path, *, keys: Keys, now: datetime) -> Verified:
    """Restore a backup on trial, and note that it was found whole; Invalid or Conflict if not."""
    with scratch(settings.data_dir) as folder, opened(file, keys, folder) as archive:
        rules.check_ours(archive.manifest, siren=settings.siren)
        with room(folder):
            archive.check()
            missing = _tried(archive, f"sqlite:///{folder / 'town.sqlite3'}")
    manifest = archive.manifest
    made_at = datetime.fromisoformat(manifest.made_at)
    ledger.verified(settings.data_dir, made_at=made_at, now=now)
    return Verified(manifest, missing)


def _tried(archive: Archive, url: str) -> int:
    """Build the archive's database; return how many files its rows name that it does not hold."""
    build(url, archive)
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            _require_whole(connection)
            log = archive.manifest.log
            if log.size and not feed.is_signed(connection, origin=log.origin, vkeys=log.vkeys):
                raise rules.damaged("log: checkpoint")
            return len(stored_names(connection) - archive.manifest.files.keys())
    finally:
        engine.dispose()


def _require_whole(connection: Connection) -> None:
    """Return if SQLite finds every page and index sound, and every row that another points to."""
    if connection.execute(text("PRAGMA quick_check(1)")).scalar() != "ok":
        raise rules.damaged("database")
    if broken := connection.execute(text("PRAGMA foreign_key_check")).first():
        raise rules.damaged(str(broken[0]))


def told(found: Verified) -> list[str]:
    """Return in sentences what a test restore found."""
    manifest = found.manifest
    lines = [
        gettext(
            "This backup can be restored: %(name)s, made %(at)s. Restored on trial and compared:"
            " %(cases)d cases, %(rows)d rows in %(tables)d tables, %(files)d files. The running"
            " town was not touched.",
            name=manifest.name,
            at=manifest.made_at,
            cases=manifest.cases,
            rows=manifest.rows,
            tables=len(manifest.tables),
            files=len(manifest.files),
        ),
        ngettext(
            "The only entry of the log is the one that its signed checkpoint is about.",
            "The %(num)d entries of the log lead to its signed checkpoint.",
            manifest.log.size,
        )
        if manifest.log.size
        else gettext("Nothing had been signed in the log yet."),
    ]
    if found.missing:
        lines.append(
            gettext(
                "%(missing)d files that its rows name are not in it: they were gone from the town"
                " already, or were erased while it was made.",
                missing=found.missing,
            )
        )
    return lines
