# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the national store. Whatever is shown is read from the derived tables only."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select

from beffroi_federation.aggregator.kernel import bulk, search
from beffroi_federation.aggregator.kernel.db import db, one_of, rows_of
from beffroi_federation.aggregator.national.models import (
    Content,
    IncidentCell,
    Item,
    RawEntry,
    Received,
    Record,
    SetAside,
    Waiting,
)
from beffroi_federation.aggregator.national.rules import ANSWERED, OPEN, place


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record that may be shown, with its place in its log; `known` are its members."""

    id: int
    log_id: int
    town_id: int
    first: int
    position: int
    kind: str
    period: str
    department: str | None
    seen_at: datetime
    known: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CellRow:
    """A cell of incident counts; figures are None when it is suppressed or not told."""

    id: int
    log_id: int
    town_id: int
    first: int
    position: int
    family: str
    category: str
    area: str
    period: str
    until: str
    state: str
    count: int | None
    closed: int | None
    delay: str | None
    department: str | None
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """What a list of records is narrowed to; empty values do not narrow."""

    kind: str = "request"
    status: str = ""
    theme: str = ""
    commune: str = ""
    town_id: int | None = None
    words: str = ""
    among: Select[Any] | None = None  # of the ids of towns
    department: str = ""


_RECORD = [getattr(Record, name) for name in RecordRow.__dataclass_fields__]
_CELL = [getattr(IncidentCell, name) for name in CellRow.__dataclass_fields__]


@cache
def _records() -> Select[Any]:
    return select(*_RECORD)


@cache
def _cells() -> Select[Any]:
    return select(*_CELL)


@dataclass(frozen=True, slots=True)
class Version:
    """A published version: the first version of its record, the one after it, its withdrawal."""

    first: int
    next: int | None
    withdrawn: str | None


def versions_at(log_id: int, positions: Sequence[int]) -> dict[int, Version]:
    """Return the published versions among these positions."""
    found = {}
    for some in bulk.batches(positions, bulk.AT_ONCE):
        for row in db.session.execute(
            select(Item.position, Item.first, Item.next, Item.withdrawn).where(
                Item.log_id == log_id, Item.position.in_(some)
            )
        ):
            found[row.position] = Version(row.first, row.next, row.withdrawn)
    return found


def versions_in(log_id: int, start: int, end: int) -> dict[int, Version]:
    """Return the published versions from `start` to `end`."""
    rows = db.session.execute(
        select(Item.position, Item.first, Item.next, Item.withdrawn).where(
            Item.log_id == log_id, Item.position >= start, Item.position < end
        )
    )
    return {row.position: Version(row.first, row.next, row.withdrawn) for row in rows}


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A range of records of one log that are to be derived; `ends` is left out."""

    id: int
    log_id: int
    begins: int
    ends: int


def waiting(log_ids: Collection[int] | None, limit: int) -> list[WaitingRow]:
    """Return up to `limit` ranges that are to be derived, of these logs or of any.

    The narrowest come first: a narrow range is a record that was shown before and was touched; a
    wide one is somebody's whole history, which can wait for the others.
    """
    query = select(Waiting.id, Waiting.log_id, Waiting.begins, Waiting.ends)
    if log_ids is not None:
        query = query.where(Waiting.log_id.in_(log_ids))
    query = query.order_by(Waiting.ends - Waiting.begins, Waiting.id).limit(limit)
    return [WaitingRow(*row) for row in rows_of(query)]


def leaves(log_id: int, start: int, end: int) -> list[bytes]:
    """Return the stored leaves from `start` to `end`."""
    rows = db.session.scalars(
        select(RawEntry.leaf)
        .where(RawEntry.log_id == log_id, RawEntry.position >= start, RawEntry.position < end)
        .order_by(RawEntry.position)
    )
    return [bytes(leaf) for leaf in rows]


def stored_size(log_id: int) -> int:
    """Return how many leaves of a log are stored: all of them verified, without a gap."""
    last = db.session.scalar(select(func.max(RawEntry.position)).where(RawEntry.log_id == log_id))
    return 0 if last is None else last + 1


def contents(log_id: int, start: int, end: int) -> list[tuple[int, bytes, bytes]]:
    """Return (position, salt, content) of what is stored from `start` to `end`."""
    rows = db.session.execute(
        select(Content.position, Content.salt, Content.content)
        .where(Content.log_id == log_id, Content.position >= start, Content.position < end)
        .order_by(Content.position)
    )
    return [(row.position, bytes(row.salt), bytes(row.content)) for row in rows]


def held_contents(log_id: int, start: int, end: int) -> frozenset[int]:
    """Return the positions from `start` to `end` whose content is stored here."""
    return frozenset(
        db.session.scalars(
            select(Content.position).where(
                Content.log_id == log_id, Content.position >= start, Content.position < end
            )
        )
    )


def conditions(wanted: RecordFilter) -> list[ColumnElement[bool]]:
    """Return what a list of records is narrowed to, as conditions of a query."""
    found: list[ColumnElement[bool]] = [Record.kind == wanted.kind]
    for column, value in (
        (Record.status, wanted.status),
        (Record.theme, wanted.theme),
        (Record.commune, wanted.commune),
        (Record.department, wanted.department),
    ):
        if value:
            found.append(column == value)
    if wanted.town_id is not None:
        found.append(Record.town_id == wanted.town_id)
    if wanted.among is not None:
        found.append(Record.town_id.in_(wanted.among))
    if wanted.words:
        match = search.matches(wanted.words)
        if match is not None:
            found.append(match(Record.id.expression))
    return found


def records(
    wanted: RecordFilter, *, after: tuple[str, int] | None = None, limit: int
) -> list[RecordRow]:
    """Return up to `limit` records, newest period first, after (period, id)."""
    query = _records().where(*conditions(wanted))
    if after is not None:
        query = query.where(_before(Record.period, Record.id, after))
    query = query.order_by(Record.period.desc(), Record.id.desc()).limit(limit)
    return [RecordRow(*row) for row in rows_of(query)]


def _before(period: Any, key: Any, after: tuple[str, int]) -> ColumnElement[bool]:
    return or_(period < after[0], and_(period == after[0], key < after[1]))


def requests_by_id(ids: Collection[int]) -> list[RecordRow]:
    """Return the requests among some records that may be shown."""
    rows = (RecordRow(*row) for row in rows_of(_records().where(Record.id.in_(ids))))
    return [row for row in rows if row.kind == "request"]  # in SQL it would lead off the ids


def titles_by_id(ids: Collection[int]) -> dict[int, str]:
    """Return the titles of those of some records that may be shown."""
    found: dict[int, str] = {}
    for some in bulk.batches(sorted(ids), bulk.AT_ONCE):
        query = select(Record.id, Record.title).where(Record.id.in_(some))
        found.update((id, str(title)) for id, title in rows_of(query))
    return found


def record(log_id: int, first: int) -> RecordRow | None:
    """Return the record whose first version is at `first`, if it may be shown."""
    row = db.session.execute(_records().where(Record.id == place(log_id, first))).first()
    return RecordRow(*row) if row else None


def latest_answers(limit: int) -> list[RecordRow]:
    """Return the requests answered last, newest week first."""
    query = (
        _records()
        .where(Record.kind == "request", Record.answered.is_not(None))
        .order_by(Record.answered.desc(), Record.id.desc())
        .limit(limit)
    )
    return [RecordRow(*row) for row in rows_of(query)]


def most_wanted(limit: int) -> list[RecordRow]:
    """Return open requests with the most supports: the top of unmet demand."""
    query = (
        _records()
        .where(Record.kind == "request", Record.status.in_(sorted(OPEN)))
        .order_by(Record.demand.desc(), Record.period.desc(), Record.id.desc())
        .limit(limit)
    )
    return [RecordRow(*row) for row in rows_of(query)]


def cells(
    *, area: str = "", town_id: int | None = None, family: str = "", shown_only: bool = False,
    department: str = "", after: tuple[str, int] | None = None, limit: int,
) -> list[CellRow]:  # fmt: skip
    """Return up to `limit` cells of incident counts, newest period first, after (until, id).

    `shown_only` leaves the protected ones aside; `protected_cells` says how many those are.
    """
    query: Select[Any] = _cells()
    if shown_only:
        query = query.where(IncidentCell.state == "shown")
    one = IncidentCell
    for column, value in ((one.area, area), (one.department, department), (one.family, family)):
        if value:
            query = query.where(column == value)
    if town_id is not None:
        query = query.where(IncidentCell.town_id == town_id)
    if after is not None:
        query = query.where(_before(IncidentCell.until, IncidentCell.id, after))
    query = query.order_by(IncidentCell.until.desc(), IncidentCell.id.desc()).limit(limit)
    return [CellRow(*row) for row in rows_of(query)]


def protected_cells(*, area: str = "", town_id: int | None = None, family: str = "") -> int:
    """Return how many cells are published without figures."""
    query = select(func.count()).select_from(IncidentCell).where(IncidentCell.state != "shown")
    if area:
        query = query.where(IncidentCell.area == area)
    if family:
        query = query.where(IncidentCell.family == family)
    if town_id is not None:
        query = query.where(IncidentCell.town_id == town_id)
    return int(db.session.scalar(query) or 0)


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """How many requests there are, how many wait for an answer, how many were answered."""

    total: int
    open: int
    answered: int


def request_counts(*, town_id: int | None = None, commune: str = "") -> RequestCounts:
    """Return the counts of requests of everybody, of one town, or about one commune."""
    query = select(Record.status, func.count()).where(Record.kind == "request")
    if town_id is not None:
        query = query.where(Record.town_id == town_id)
    if commune:
        query = query.where(Record.commune == commune)
    by_status = {status: count for status, count in rows_of(query.group_by(Record.status))}
    return RequestCounts(
        total=sum(by_status.values()),
        open=sum(by_status.get(status, 0) for status in OPEN),
        answered=sum(by_status.get(status, 0) for status in ANSWERED),
    )


def by_theme(limit: int) -> list[tuple[str, int]]:
    """Return the themes with the most requests, and how many."""
    query = (
        select(Record.theme, func.count())
        .where(Record.kind == "request")
        .group_by(Record.theme)
        .order_by(func.count().desc(), Record.theme)
        .limit(limit)
    )
    return [(str(theme), count) for theme, count in rows_of(query)]


def count_records(town_id: int | None = None) -> int:
    """Return how many current open records may be shown, cells of counts included."""
    total = 0
    for table in (Record, IncidentCell):
        query = select(func.count()).select_from(table)
        if town_id is not None:
            query = query.where(table.town_id == town_id)
        total += db.session.scalar(query) or 0
    return total


def set_aside(town_id: int | None = None) -> dict[str, int]:
    """Return how many verified contents are not shown, by why."""
    query = select(SetAside.why, func.count()).group_by(SetAside.why)
    if town_id is not None:
        query = query.where(SetAside.town_id == town_id)
    return {why: count for why, count in rows_of(query)}


def unreleased(before: datetime, log_ids: Collection[int]) -> dict[int, int]:
    """Return, by log, how many requests were received before a moment and have no record yet."""
    rows = rows_of(_unreleased(), ids=list(log_ids), before=before)
    return {log_id: count for log_id, count in rows}


@cache
def _unreleased() -> Any:
    return (
        select(Received.log_id, func.count())
        .where(Received.log_id.in_(one_of("ids")))
        .where(Received.released.is_(None), Received.seen_at < bindparam("before"))
        .group_by(Received.log_id)
    )


def unreleased_everywhere(before: datetime) -> int:
    """Return how many requests received before a moment have no record yet, in all towns."""
    query = (
        select(func.count())
        .select_from(Received)
        .where(Received.released.is_(None), Received.seen_at < before)
    )
    return int(db.session.scalar(query) or 0)


def withdrawn_by_reason(log_id: int) -> dict[str, int]:
    """Return how many published versions of a log were withdrawn, by the reason's code."""
    query = (
        select(Item.withdrawn, func.count())
        .where(Item.log_id == log_id, Item.withdrawn.is_not(None))
        .group_by(Item.withdrawn)
        .order_by(Item.withdrawn)
    )
    return {str(reason): count for reason, count in rows_of(query)}


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a record that is not shown: `withdrawn` with its reason, `pending`, `aside`.

    `pending` has no content and no withdrawal; `aside` is here and kept from being shown.
    """

    state: str
    position: int
    reason: str = ""


def fate(log_id: int, first: int) -> Fate | None:
    """Return what became of a record by its first version, None if there never was one."""
    row = db.session.execute(
        select(Item.position, Item.withdrawn)
        .where(Item.log_id == log_id, Item.first == first)
        .order_by(Item.position.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    if row.withdrawn is not None:
        return Fate("withdrawn", row.position, row.withdrawn)
    here = held_contents(log_id, row.position, row.position + 1)
    return Fate("aside" if here else "pending", row.position)
