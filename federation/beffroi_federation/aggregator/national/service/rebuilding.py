# SPDX-License-Identifier: AGPL-3.0-or-later
"""Deriving everything anew from the verified bytes, and letting a whole log go."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from beffroi_federation.aggregator.kernel import bulk, search
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.kernel.runtime import runtime
from beffroi_federation.aggregator.national.models import (
    CellTally,
    Content,
    IncidentCell,
    Item,
    NationMove,
    NationTally,
    RawEntry,
    Received,
    Record,
    SetAside,
    Tombstone,
    TownTally,
    Waiting,
)
from beffroi_federation.aggregator.national.service.deriving import (
    Source,
    examine,
    open_versions,
    settle,
)
from beffroi_federation.aggregator.national.service.taking import (
    changes_of,
    lock_logs,
    write_versions,
)
from beffroi_federation.aggregator.national.service.tallying import hold_sums, uncount
from beffroi_federation.verify import read_entries

REBUILD_BATCH = 2_000
SETTLE_BATCH = 250


def rebuild(sources: Sequence[Source]) -> int:
    """Drop everything derived and derive it again from the raw tables; return how many leaves.

    Raises ProtocolError if a stored leaf does not read, which a pull would have refused.
    """
    lock_logs([source.log_id for source in sources])
    hold_sums()
    search.clear()
    runtime().follower.dropped()
    for table in (
        Record, IncidentCell, SetAside, Item, Received, Tombstone, Waiting, TownTally, CellTally,
        NationTally, NationMove,
    ):  # fmt: skip
        db.session.execute(delete(table))
    return sum(_rebuild_one(source) for source in sources)


def _rebuild_one(source: Source) -> int:
    """Follow all entries first, then settle: what is replaced later is never derived."""
    start = 0
    while True:
        rows = db.session.execute(
            select(RawEntry.leaf, RawEntry.seen_at)
            .where(RawEntry.log_id == source.log_id, RawEntry.position >= start)
            .order_by(RawEntry.position)
            .limit(REBUILD_BATCH)
        ).all()
        if not rows:
            break
        leaves = [bytes(row.leaf) for row in rows]
        entries = read_entries(start, leaves)
        seen = [row.seen_at for row in rows]
        write_versions([changes_of(source.log_id, start, leaves, entries, seen=seen)])
        start += len(rows)
    begins = 0
    while versions := open_versions(source.log_id, begins, start, SETTLE_BATCH):
        ends = versions[-1].first + 1
        settle([(source, one, examine(one.content)) for one in versions])
        begins = ends
    return start


def forget_log(log_id: int) -> None:
    """Delete every content of a log that has ended and all that was derived from it.

    Its leaves stay, as proof of what was once committed to; what is still true stands in the
    town's new log.
    """
    lock_logs([log_id])
    shown = db.session.scalars(select(Record.id).where(Record.log_id == log_id)).all()
    for some in bulk.batches(shown, REBUILD_BATCH):
        search.remove(some)
        uncount(some)
        runtime().follower.unshown(some)
    cells = db.session.scalars(select(IncidentCell.id).where(IncidentCell.log_id == log_id)).all()
    for some in bulk.batches(cells, REBUILD_BATCH):
        uncount(some)
    for table in (Record, IncidentCell, SetAside, Item, Received, Content, Waiting):
        db.session.execute(delete(table).where(table.log_id == log_id))
