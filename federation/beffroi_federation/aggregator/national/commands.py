# SPDX-License-Identifier: AGPL-3.0-or-later
"""The door of the national store for commands: deriving what waits, and everything anew."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from beffroi_federation.aggregator.kernel.db import NIGHTS, db, unit_of_work
from beffroi_federation.aggregator.kernel.runtime import runtime
from beffroi_federation.aggregator.national import queries, service
from beffroi_federation.aggregator.national.queries import sums
from beffroi_federation.aggregator.national.service import Examined, Kept, Open, Source
from beffroi_federation.aggregator.towns import service as towns
from beffroi_federation.aggregator.towns.queries import (
    all_towns,
    communes_of_towns,
    towns_of_logs,
)
from beffroi_web.rewriting import CannotRewrite, rewrite

BATCH = 250
"""Records examined and written at a time; the gate runs while no transaction is open."""
MANY_MOVES = 5_000
"""Moves at which the sums over all towns are folded in between, so that a round leaves no heap."""

REWRITE = "rewrite"
HOLD_CONTENTS = (
    "content", "record", "incident_cell", "set_aside", "topic_member", "topic_profile",
    "topic_mark", "hint",
)  # fmt: skip
"""Tables whose rows hold contents, salts, or what was derived from them."""

_log = logging.getLogger(__name__)

TOLD = frozenset({"held", "unreadable", "elsewhere"})


def sources_of(log_ids: Collection[int]) -> dict[int, Source]:
    """Return what deriving records needs to know of the town that each log belongs to."""
    found = towns_of_logs(log_ids)
    served = communes_of_towns([town.id for town in found.values()])
    return {
        log_id: Source(log_id, town.id, town.siren, frozenset(served.get(town.id, ())))
        for log_id, town in found.items()
    }


def fold_sums() -> int:
    """Add what moved to the sums over all towns, some at a time; return how many moves.

    It can be left undone: who reads the sums adds what is not folded yet. Nothing shown changes.
    """
    done = 0
    while sums.moves_waiting():
        with unit_of_work():
            folded = service.fold()
        done += folded
        if not folded:  # another process folds
            break
    db.session.rollback()
    return done


def settle_waiting(
    limit: int | None = None, *, log_ids: Collection[int] | None = None, now: datetime
) -> list[Kept]:
    """Derive what waits, of these logs or of all; return what the gate newly kept back.

    Stops after `limit` records or a little more; all by default. Each batch, of as many towns as
    it takes, is a transaction of its own, so that a process which dies leaves the rest waiting.
    Two processes that meet do the same work twice and write it once.
    """
    kept: list[Kept] = []
    settled = 0
    while limit is None or settled < limit:
        batch = _next_batch(log_ids)
        if not batch:
            break
        sources = sources_of({one.row.log_id for one in batch})
        db.session.rollback()
        for one in batch:
            one.found = [(sources[one.row.log_id], open_, _examined(open_)) for open_ in one.open]
        with unit_of_work():
            service.lock_logs(sorted(sources))
            mine = [one for one in batch if service.shorten(one.row, one.done)]
            fresh = service.settle([found for one in mine for found in one.found])
            _tell(sources, fresh, now)
        kept += fresh
        settled += sum(len(one.open) for one in batch)
        if sums.moves_waiting() >= MANY_MOVES:
            fold_sums()
    db.session.rollback()
    runtime().settled(log_ids, now)
    return kept


@dataclass(slots=True)
class _Part:
    """A waiting range, or its beginning up to `done`: its open versions, and what they are."""

    row: queries.WaitingRow
    done: int
    open: Sequence[Open]
    found: Sequence[tuple[Source, Open, Examined]] = ()


def _next_batch(log_ids: Collection[int] | None) -> list[_Part]:
    """Return waiting ranges that hold about `BATCH` records together."""
    parts: list[_Part] = []
    room = BATCH
    for row in queries.waiting(log_ids, BATCH):
        found = service.open_versions(row.log_id, row.begins, row.ends, room)
        done = found[-1].first + 1 if len(found) == room else row.ends
        parts.append(_Part(row, done, found))
        room -= max(len(found), 1)
        if room <= 0:
            break
    return parts


def _examined(version: Open) -> Examined:
    """Examine a content; one that our own reader dies of is not shown, and told to us."""
    try:
        return service.examine(version.content)
    except Exception as error:  # its words may quote the content
        _log.error("entry %d could not be examined: %s", version.position, type(error).__name__)
        return service.UNREADABLE


def _tell(sources: Mapping[int, Source], kept: Sequence[Kept], now: datetime) -> None:
    """Write into the towns' stories what was kept back; never what it says."""
    for one in kept:
        if one.why in TOLD:
            details = {"index": one.position, "found": " ".join(one.labels)}
            towns.note(sources[one.log_id].town_id, one.why, now=now, details=details)


def rebuild() -> int:
    """Derive everything again in one transaction; return how many entries were read.

    Raises ProtocolError if a stored leaf does not read, which a pull would have refused.
    """
    with unit_of_work():
        sources = sources_of([town.log_id for town in all_towns()])
        return service.rebuild(list(sources.values()))


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
