# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the worker does for people's rights: the file with everything, and the end of every keeping.

`make_archive` may run twice: the second time it finds the file made. The nightly keeping takes one
rule after the other, a unit of work at a time, and each is safe to be run again from its beginning.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import force_locale, format_date
from sqlalchemy.exc import SQLAlchemyError

from beffroi.config import Settings
from beffroi.kernel.clock import local_day
from beffroi.kernel.db import db, unit_of_work
from beffroi.kernel.extension import Extension
from beffroi.kernel.nightly import NIGHTS, RETENTION
from beffroi.notifications import service as notifications
from beffroi.rights import queries, rules, service
from beffroi.rights.schemas import packed, readable
from beffroi.rights.service import keeping
from beffroi.rights.service.archive import everything

log = logging.getLogger(__name__)


def _extension() -> Extension:
    carried: Extension = current_app.extensions["beffroi"]
    return carried


def pack_for(account_id: int, lang: str, now: datetime) -> bytes:
    """Return the archive of everything about an account's person; reads."""
    carried = _extension()
    settings = carried.settings
    found = everything(
        queries.person(account_id),
        town=settings.name,
        siren=settings.siren,
        receipt=carried.receipt,
        now=now,
    )
    with force_locale(lang):
        page = readable(found, lang)
    return packed(found, page, carried.files.get if carried.files else None)


def make_archive(args: dict[str, Any], now: datetime) -> None:
    """Make a file that was too large for the page, and send its link."""
    carried = _extension()
    asked = queries.archive_by_id(int(args["archive"]))
    if asked is None or asked.stored_name is not None or carried.archives is None:
        return  # erased meanwhile, or made before
    data = pack_for(asked.account_id, asked.lang, now)
    email = queries.person(asked.account_id).email
    db.session.rollback()
    name = carried.chance(16).hex()
    carried.archives.put(name, data)
    with unit_of_work():
        service.archive_is_there(asked.id, name, len(data))
        if email:
            notifications.owe_letter(_ready(asked, email, str(args["token"])), now=now)


def _ready(asked: queries.Waiting, email: str, token: str) -> notifications.Letter:
    zone = _extension().settings.time_zone
    with force_locale(asked.lang):
        day = format_date(local_day(asked.ends_at, zone), "long")
    return notifications.Letter(
        "archive-ready",
        email,
        asked.lang,
        key=str(asked.id),
        path=f"/account/archive/{token}",
        values={"day": day},
    )


HANDLERS = {rules.MAKE_ARCHIVE: make_archive}


def keep_for_the_night(settings: Settings, *, now: datetime) -> Mapping[str, int] | None:
    """Once a night, erase what has been kept for long enough; return how much of each, or None.

    None: it is not night, it was done, or another worker is at it. A rule that fails keeps none of
    the others from their work; the night is then not done, and is tried again.
    """
    night = NIGHTS.claim(RETENTION, now=now, zone=settings.time_zone)
    if night is None:
        return None
    carried = _extension()
    done, faults = {}, []
    for rule in keeping.RULES:
        try:
            done[rule.name] = _to_its_end(rule, settings, carried, now=now)
        except SQLAlchemyError as error:
            db.session.rollback()
            log.exception("what is kept for long enough was not erased: %s", rule.name)
            faults.append(f"{rule.name}: {type(error).__name__}")
    drop_files(carried, now=now)
    if faults:
        NIGHTS.failed(RETENTION, ", ".join(faults))
    else:
        NIGHTS.done(RETENTION, night, now=now, locked_ms=0)
    return done


def _to_its_end(
    rule: keeping.Rule, settings: Settings, carried: Extension, *, now: datetime
) -> int:
    """Apply one rule until it finds nothing more, a unit of work for each portion."""
    total = 0
    at = keeping.Moment(settings, now, local_day(now, settings.time_zone))
    while True:
        with unit_of_work():
            portion = rule.apply(at, carried.sign_in)
        total += portion
        if not portion:
            return total


def drop_files(carried: Extension, *, now: datetime) -> None:
    """Delete files with everything about somebody whose time is over, row first."""
    if carried.archives is None:
        return
    over = queries.expired_archives(now)
    with unit_of_work():
        for one in over:
            service.drop_archive(one.id)
    for one in over:
        if one.stored_name:
            carried.archives.drop(one.stored_name)
