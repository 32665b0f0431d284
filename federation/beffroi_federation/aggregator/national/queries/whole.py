# SPDX-License-Identifier: AGPL-3.0-or-later
"""All that may be shown, in blocks, for whoever writes it into files.

Each block is a read of its own, so that nothing waits for whoever takes them; what comes or goes
meanwhile may or may not be in a later block.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, Text, cast, func, select

from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.national.models import IncidentCell, Record

BLOCK = 16_384
"""Rows of a block."""

_HEAD = ("id", "log_id", "first", "position", "department")
CELL_MEMBERS = (
    "family", "category", "area", "period", "state", "count", "closed", "delay",
)  # fmt: skip


def record_blocks(kind: str, size: int = BLOCK) -> Iterator[Sequence[Any]]:
    """Yield blocks of records of a kind: id, log, first, position, département, members as JSON."""
    query = select(*(getattr(Record, name) for name in _HEAD), cast(Record.known, Text))
    # Of a plain comparison a planner would take an index of kinds, and sort all rows each time.
    yield from _blocks(query.where(func.coalesce(Record.kind, "") == kind), Record, size)


def cell_blocks(size: int = BLOCK) -> Iterator[Sequence[Any]]:
    """Yield blocks of cells of counts: id, log, first, position, département, `CELL_MEMBERS`."""
    query = select(*(getattr(IncidentCell, name) for name in (*_HEAD, *CELL_MEMBERS)))
    yield from _blocks(query, IncidentCell, size)


def _blocks(
    query: Select[Any], table: type[Record] | type[IncidentCell], size: int
) -> Iterator[Sequence[Any]]:
    """Yield a query's rows as the driver has them: of millions, nothing is made but what is."""
    last = -1
    while True:
        page = query.where(table.id > last).order_by(table.id).limit(size)
        with db.session.connection().execute(page) as result:
            rows: Sequence[Any] = result.cursor.fetchall() if result.cursor else ()
        db.session.rollback()
        if not rows:
            return
        last = rows[-1][0]
        yield rows


def kinds_and_years(ids: Sequence[int]) -> set[tuple[str, str]]:
    """Return (kind, year of the period) of those of these records that are here."""
    found: set[tuple[str, str]] = set()
    for some in bulk.batches(ids, bulk.AT_ONCE):
        records = select(Record.kind, Record.period).where(Record.id.in_(some))
        found.update((kind, period[:4]) for kind, period in db.session.execute(records))
        cells = select(IncidentCell.period).where(IncidentCell.id.in_(some))
        found.update(("incident_summary", one[:4]) for one in db.session.scalars(cells))
    return found
