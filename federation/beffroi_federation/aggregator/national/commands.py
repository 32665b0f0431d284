# SPDX-License-Identifier: AGPL-3.0-or-later
"""The door of the national store for commands: deriving what waits, and everything anew."""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime

from beffroi_federation.aggregator.kernel.db import NIGHTS, db, unit_of_work
from beffroi_federation.aggregator.national import queries, service
from beffroi_federation.aggregator.national.service import Kept, Source
from beffroi_federation.aggregator.towns import service as towns
from beffroi_federation.aggregator.towns.queries import all_towns, communes_of, towns_of_logs
from beffroi_web.rewriting import CannotRewrite, rewrite

BATCH = 250
"""Records examined and written at a time; the gate runs while no transaction is open."""

REWRITE = "rewrite"
HOLD_CONTENTS = ("content", "record", "incident_cell", "set_aside")
"""Tables whose rows hold contents, salts, or what was derived from them."""

_log = logging.getLogger(__name__)

TOLD = frozenset({"held", "unreadable", "elsewhere"})


def source_of(log_id: int) -> Source:
    """Return what deriving records needs to know of the town that a log belongs to."""
    town = towns_of_logs([log_id])[log_id]
    return Source(log_id, town.id, town.siren, frozenset(communes_of(town.id)))


def settle_waiting(
    limit: int | None = None, *, log_ids: Collection[int] | None = None, now: datetime
) -> list[Kept]:
    """Derive what waits, of these logs or of all; return what the gate newly kept back.

    Stops after `limit` records or a little more; all by default. Each batch is a transaction of
    its own, so that a process which dies leaves the rest waiting. Two processes that meet do the
    same work twice and write it once.
    """
    kept: list[Kept] = []
    settled = 0
    while limit is None or settled < limit:
        row = queries.next_waiting(log_ids)
        if row is None:
            break
        source = source_of(row.log_id)
        versions = service.open_versions(row.log_id, row.begins, row.ends, BATCH)
        done = versions[-1].first + 1 if len(versions) == BATCH else row.ends
        db.session.rollback()
        found = [(one, service.examine(one.content)) for one in versions]
        with unit_of_work():
            service.lock_logs([row.log_id])
            if service.shorten(row.id, row.begins, done, row.ends):
                fresh = service.settle(source, found)
                _tell(source, fresh, now)
                kept += fresh
        settled += len(versions)
    db.session.rollback()
    return kept


def _tell(source: Source, kept: Sequence[Kept], now: datetime) -> None:
    """Write into the town's story what was kept back; never what it says."""
    for one in kept:
        if one.why in TOLD:
            details = {"index": one.position, "found": " ".join(one.labels)}
            towns.note(source.town_id, one.why, now=now, details=details)


def rebuild() -> int:
    """Derive everything again in one transaction; return how many entries were read.

    Raises ProtocolError if a stored leaf does not read, which a pull would have refused.
    """
    with unit_of_work():
        return service.rebuild([source_of(town.log_id) for town in all_towns()])


def rewrite_files(*, now: datetime, zone: str) -> bool:
    """Write the database's files anew once a night, without what was deleted; say if it was done.

    `zone` is whose nights count. What stands in the way is noted, and it is tried again later.
    """
    night = NIGHTS.claim(REWRITE, now=now, zone=zone)
    if night is None:
        return False
    try:
        done = rewrite(db.engine, tables=HOLD_CONTENTS, indexes=("record_search",))
    except CannotRewrite as fault:
        NIGHTS.failed(REWRITE, str(fault))
        _log.warning("the files were not rewritten tonight, and will be: %s", fault)
        return False
    NIGHTS.done(REWRITE, night, now=now, locked_ms=done.locked_ms)
    return True
