# SPDX-License-Identifier: AGPL-3.0-or-later
"""The queue of street reports: each order is that of an index, any page costs what the first does.

The page is found in `street_report` alone; only its rows are then read from the case tables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select, tuple_

from beffroi.cases import queries as cases
from beffroi.incidents.queries import exchange
from beffroi.kernel import driver, search
from beffroi.kernel.db import db
from beffroi.kernel.errors import Invalid
from beffroi.street.models import StreetReport as Row
from beffroi_web.paging import decode_cursor, encode_cursor
from beffroi_web.words import N_

PAGE = 50
MOST_COUNTED = 1000
"""A count goes no further: "1,000 and more" says enough, and costs the same in every town."""
MOST_POINTS = 500

_KEYS: Mapping[str, tuple[Any, ...]] = {
    "due": (Row.due_on, Row.case_id),
    "department": (Row.department, Row.due_on, Row.case_id),
    "category": (Row.category, Row.due_on, Row.case_id),
    "newest": (Row.case_id,),
}


@dataclass(frozen=True, slots=True)
class Who:
    """Who looks, and on which day."""

    account_id: int | None
    today: date


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the queue; rows are those of `cases.desk_select` with codes of the queue."""

    items: Sequence[Any]
    next_cursor: str | None


def _conditions(filters: Mapping[str, Any], who: Who) -> list[ColumnElement[bool]]:
    state = filters.get("state") or "open"
    found: list[ColumnElement[bool]] = [Row.open.is_(state != "closed")]
    if state == "late":
        found.append(Row.due_on < who.today)
    if state == "silent":
        found.append(Row.remind_on <= who.today)
    if state == "unrouted":
        found.append(Row.department == 0)
    for name, column in (("category", Row.category), ("status", Row.status),
                         ("commune", Row.commune)):  # fmt: skip
        if filters.get(name):
            found.append(column == filters[name])
    if filters.get("department"):
        found.append(Row.department == int(filters["department"]))
    if filters.get("mine"):
        found.append(Row.assigned_to == who.account_id)
    return found


def page(filters: Mapping[str, Any], who: Who, *, most: int = PAGE) -> Page:
    """Return one page of the queue: filters are those of `rules.filters`, with a cursor."""
    sort = filters.get("sort") or "due"
    state = filters.get("state") or "open"
    if state == "closed" and sort == "due":
        sort = "newest"
    keys = _KEYS[sort]
    statement = select(*keys).where(*_conditions(filters, who))
    q = str(filters.get("q") or "").strip()
    if q:
        words = search.matches(q)
        named = _by_ref(q)
        if named:
            statement = statement.where(Row.case_id == named)
        elif words is not None:
            statement = statement.where(words(Row.case_id))
    falling = sort == "newest"
    if filters.get("cursor"):
        after = _place(sort, str(filters["cursor"]))
        here = tuple_(*keys)
        statement = statement.where(here < after if falling else here > after)
    order = [key.desc() if falling else key.asc() for key in keys]
    found = db.session.execute(statement.order_by(*order).limit(most + 1)).all()
    more = None
    if len(found) > most:
        last = found[most - 1]
        more = encode_cursor([v.isoformat() if isinstance(v, date) else v for v in last])
    return Page(rows_of([row[-1] for row in found[:most]]), more)


def _by_ref(q: str) -> int | None:
    found = driver.read('SELECT id FROM "case" WHERE ref = ?', q)
    return int(found[0][0]) if found else None


def _place(sort: str, cursor: str) -> tuple[Any, ...]:
    """Return where a cursor stands. It holds ids: only agents, who see every case, are given it."""
    values = decode_cursor(cursor)
    try:
        if len(values) != len(_KEYS[sort]):
            raise ValueError
        read = [
            date.fromisoformat(str(v)) if key is Row.due_on else v
            for key, v in zip(_KEYS[sort], values, strict=True)
        ]
        wanted = [str if key is Row.category else (date if key is Row.due_on else int)
                  for key in _KEYS[sort]]  # fmt: skip
        if not all(isinstance(v, kind) for v, kind in zip(read, wanted, strict=True)):
            raise ValueError
    except ValueError as error:
        raise Invalid(N_("This page address is not one of ours; start from the list.")) from error
    return tuple(read)


@dataclass(frozen=True, slots=True)
class Line:
    """One report of the queue: its head as the desk lists it, and its category."""

    head: Any
    category: str
    due_on: date
    remind_on: date | None


def rows_of(ids: Sequence[int]) -> list[Line]:
    """Return some reports of the queue in the order of their ids as given."""
    if not ids:
        return []
    codes = {
        row.case_id: row
        for row in db.session.execute(
            select(Row.case_id, Row.category, Row.due_on, Row.remind_on).where(Row.case_id.in_(ids))
        )
    }
    heads = {row.id: row for row in db.session.execute(cases.by_ids(cases.desk_select(), ids))}
    return [
        Line(heads[i], codes[i].category, codes[i].due_on, codes[i].remind_on)
        for i in ids
        if i in heads and i in codes
    ]


def by_refs(refs: Sequence[str]) -> list[Line]:
    """Return the reports of some references, in their order; what is no report is missing."""
    ids = [one for ref in refs if (one := _by_ref(ref)) is not None]
    return rows_of(ids)


def counts(filters: Mapping[str, Any], who: Who, states: Sequence[str]) -> dict[str, int]:
    """Return how many reports stand on each shelf, counted up to `MOST_COUNTED`."""
    found = {}
    for state in states:
        narrowed = select(Row.case_id).where(*_conditions({**filters, "state": state}, who))
        limited = narrowed.limit(MOST_COUNTED).subquery()
        found[state] = int(db.session.scalar(select(func.count()).select_from(limited)) or 0)
    return found


def points(filters: Mapping[str, Any], who: Who) -> list[tuple[Line, tuple[float, float]]]:
    """Return the first reports of the queue that have a position, for the map of the desk.

    Positions are as they were received (degrees, WGS 84): nobody but agents is given them.
    """
    first = page({**filters, "cursor": ""}, who, most=MOST_POINTS)
    places = exchange.positions([line.head.id for line in first.items])
    return [(line, places[line.head.id]) for line in first.items if line.head.id in places]
