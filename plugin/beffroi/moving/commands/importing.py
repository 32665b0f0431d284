# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi import beffroi-export FOLDER`: an export back into a town that holds nothing yet.

It is put back as a backup is (`beffroi.backups.commands`): built beside the database, checked, put
in place at one stroke, with the log shut until it has caught up with its signer.
"""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from flask_babel import force_locale
from sqlalchemy import select

from beffroi.backups import commands as backups
from beffroi.backups.rules import Manifest
from beffroi.config import Settings
from beffroi.kernel.db import Base, db
from beffroi.kernel.errors import Conflict
from beffroi.moving.adapters.folder import FolderReader
from beffroi_web.words import N_

KIND = "beffroi-export"
NOTHING_IN = ("case", "party", "account", "log_tail", "log_bundle", "log_fact")
"""Tables without a row in a town that holds nothing yet."""


def run(
    folder: Path,
    settings: Settings,
    *,
    now: datetime,
    today: date,
    say: Callable[[str], None] = print,
) -> int:
    """Carry out the import; 0 only if the log may go on afterwards."""
    with force_locale(settings.languages[0]):
        bring_in(settings, folder, now=now, say=say)
        return 0 if backups.catch_up(settings, now=now, today=today) else 1


def bring_in(
    settings: Settings, folder: Path, *, now: datetime, say: Callable[[str], None]
) -> Manifest:
    """Put an export in the place of an empty town's database; return what it holds.

    Raises Invalid for a folder that is no export, is damaged or of another body, Conflict where the
    town is not empty or somebody holds its database: then nothing changed.
    """
    archive = FolderReader(folder)
    for name in NOTHING_IN:
        if db.session.execute(select(Base.metadata.tables[name]).limit(1)).first() is not None:
            raise Conflict(N_("There is a town in that database already. Nothing changed."))
    db.session.rollback()
    return backups.put_back(settings, archive, now=now, confirm=lambda _question: True, say=say)
