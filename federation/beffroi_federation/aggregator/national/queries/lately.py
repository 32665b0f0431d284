# SPDX-License-Identifier: AGPL-3.0-or-later
"""What came and went last: requests by when their newest version was seen, and withdrawals."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.national.models import HeldText, IncidentCell, Record, Tombstone
from beffroi_federation.aggregator.national.queries import (
    CellRow,
    RecordFilter,
    RecordRow,
    conditions,
)

_CELL = [getattr(IncidentCell, name) for name in CellRow.__dataclass_fields__]
_RECORD = [getattr(Record, name) for name in RecordRow.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class Gone:
    """A record that is shown no longer, and since when; `held` by a person here, else withdrawn."""

    id: int
    log_id: int
    at: datetime
    held: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Of which requests: a theme, a département, those that a query of ids gives; None for all."""

    theme: str = ""
    department: str = ""
    among: Any = None


def changed(
    part: Part, *, before: tuple[datetime, int] | None = None, limit: int
) -> list[RecordRow]:
    """Return up to `limit` requests, the one whose newest version was seen last first."""
    one = Record
    query: Select[Any] = select(*_RECORD).where(one.kind == "request")
    if part.theme:
        query = query.where(one.theme == part.theme)
    if part.department:
        query = query.where(one.department == part.department)
    if part.among is not None:
        query = query.where(one.id.in_(part.among))
    if before is not None:
        at, id = before
        query = query.where(one.seen_at <= at, or_(one.seen_at < at, one.id < id))
    query = query.order_by(one.seen_at.desc(), one.id.desc()).limit(limit)
    return [RecordRow(*row) for row in db.session.execute(query)]


def gone(
    *,
    log_ids: Any = None,
    after: datetime,
    until: datetime | None = None,
    limit: int,
) -> list[Gone]:
    """Return up to `limit` records that went after a moment, until another, the newest first.

    Of all logs, or of those that a query of ids gives. A record that is shown is none that went.
    """
    found: list[Gone] = []
    for table in (Tombstone, HeldText):
        held = table is HeldText
        conditions: list[ColumnElement[bool]] = [table.at > after, Record.id.is_(None)]
        if until is not None:
            conditions.append(table.at <= until)
        if log_ids is not None:
            conditions.append(table.log_id.in_(log_ids))
        query = select(table.id, table.log_id, table.at).outerjoin(Record, Record.id == table.id)
        query = query.where(and_(*conditions)).order_by(table.at.desc(), table.id.desc())
        found += [Gone(*row, held) for row in db.session.execute(query.limit(limit))]
    newest = {one.id: one for one in sorted(found, key=lambda one: one.at)}
    return sorted(newest.values(), key=lambda one: (one.at, one.id), reverse=True)[:limit]


def records_since(
    wanted: RecordFilter, *, since: datetime, after: tuple[datetime, int] | None, limit: int
) -> list[RecordRow]:
    """Return up to `limit` records whose newest version was seen from a moment on, oldest first."""
    query = select(*_RECORD).where(*conditions(wanted))
    rows = db.session.execute(_forth(query, Record, since, after).limit(limit))
    return [RecordRow(*row) for row in rows]


def cells_since(
    *, area: str, department: str, town_id: int | None, since: datetime,
    after: tuple[datetime, int] | None, limit: int,
) -> list[CellRow]:  # fmt: skip
    """Return up to `limit` cells of counts that were seen from a moment on, oldest first."""
    one = IncidentCell
    query: Select[Any] = select(*_CELL)
    for column, value in ((one.area, area), (one.department, department), (one.town_id, town_id)):
        if value not in {"", None}:
            query = query.where(column == value)
    rows = db.session.execute(_forth(query, one, since, after).limit(limit))
    return [CellRow(*row) for row in rows]


def _forth(
    query: Select[Any],
    table: type[Record] | type[IncidentCell],
    since: datetime,
    after: tuple[datetime, int] | None,
) -> Select[Any]:
    """Narrow a query to what was seen from a moment on, after a place, in that order."""
    query = query.where(table.seen_at >= since)
    if after is not None:
        at, id = after
        query = query.where(table.seen_at >= at, or_(table.seen_at > at, table.id > id))
    return query.order_by(table.seen_at, table.id)


@dataclass(frozen=True, slots=True)
class Held:
    """A record that a person holds back: who, why, since when."""

    id: int
    log_id: int
    by: str
    reason: str
    at: datetime


def held(limit: int) -> list[Held]:
    """Return up to `limit` records that persons hold back, the newest first."""
    names = [getattr(HeldText, name) for name in Held.__dataclass_fields__]
    rows = db.session.execute(select(*names).order_by(HeldText.at.desc()).limit(limit))
    return [Held(*row) for row in rows]
