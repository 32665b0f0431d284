# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public list of requests, read through the driver: one statement a page, at any depth.

Public text only: a title or an answer is chosen by its state inside the statement. A page begins
where its cursor says, by the index of the order, and no total is counted. Each row carries the
version of the data that it was read from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from msgspec import json

from beffroi.cases import queries as cases
from beffroi.cases.rules import DATA_REQUEST
from beffroi.kernel import driver, search
from beffroi.kernel.db import db
from beffroi.kernel.errors import Invalid
from beffroi.kernel.versions import reader, token
from beffroi_web.paging import decode_cursor, encode_cursor
from beffroi_web.words import N_

SORTS = (*cases.SORTS, "relevance")
AT_ONCE = 400
"""Hits of a search that are looked up at once where a list is narrowed besides."""

_CODES = (
    "c.id, c.ref, d.object, d.theme, c.status, c.open, c.commune, c.received_on, c.due_on,"
    " c.closed_on, c.supports, c.received_at,"
    " (SELECT token FROM data_version WHERE name = 'cases')"
)
# coalesce: SQLite would else read every released text of the town by the index on states.
_TITLE = (
    "(SELECT t.public FROM case_text t WHERE t.case_id = c.id AND t.role = 'title'"
    " AND coalesce(t.state, '') IN ('released', 'shown') ORDER BY t.id LIMIT 1)"
)
_REUSES = (
    "(SELECT count(*) FROM case_text r WHERE r.case_id = c.id AND r.role = 'reuse'"
    " AND coalesce(r.state, '') = 'released' AND r.public <> '')"
)
_RELEASED = (
    "(SELECT t.public FROM case_text t WHERE t.case_id = c.id AND t.role = '{role}'"
    " AND coalesce(t.state, '') = 'released' AND t.public IS NOT NULL ORDER BY t.id DESC LIMIT 1)"
)
_WORDS = ", ".join(
    (
        _RELEASED.format(role="title"),
        _RELEASED.format(role="wanted"),
        "o.outcome",
        "CASE WHEN a.state = 'released' THEN a.public END",
        "o.licence",
        "o.swhid",
        "CASE WHEN a.state = 'released' AND a.public IS NOT NULL THEN o.redirected_to END",
        _RELEASED.format(role="software"),
        _RELEASED.format(role="decision"),
    )
)
_ANSWERS = (
    " LEFT JOIN official_answer o"
    " ON o.id = (SELECT max(id) FROM official_answer WHERE case_id = c.id)"
    " LEFT JOIN case_text a ON a.id = o.text_id"
)
_KEYS = {"newest": "received_at", "oldest": "received_at", "supported": "supports"}


@dataclass(frozen=True, slots=True)
class Row:
    """A request of a list, as its card shows it: `title` is shown to everybody, or None."""

    id: int
    ref: str
    object: str
    theme: str | None
    status: str
    open: bool
    commune: str | None
    received_on: date
    due_on: date | None
    closed_on: date | None
    supports: int
    title: str | None
    reuses: int
    kind: str = DATA_REQUEST


@dataclass(frozen=True, slots=True)
class Found:
    """Rows as the driver gives them, the cursor of the next page, the version of the data."""

    rows: Sequence[Any]
    next_cursor: str | None
    version: str | None


def cards(filters: Mapping[str, Any]) -> tuple[cases.Page, str | None]:
    """Return one page of the list for people, and the version of the data, None of no rows.

    `filters` are `q status object theme sort cursor limit`.
    """
    found = _found(filters, words=False)
    return cases.Page([_row(row) for row in found.rows], found.next_cursor), found.version


def of_ids(ids: Sequence[int]) -> list[Row]:
    """Return the public ones of some requests, in the order of the ids that are given."""
    return [_row(row) for row in _of_ids(ids, {}, words=False)]


def _row(row: Sequence[Any]) -> Row:
    id_, ref, wanted_object, theme, status, is_open, commune, received_on, due_on, closed_on = row[
        :10
    ]
    return Row(
        id=id_, ref=ref, object=wanted_object, theme=theme, status=status, open=bool(is_open),
        commune=commune, received_on=_day(received_on), due_on=_day(due_on),
        closed_on=_day(closed_on), supports=row[10], title=row[14], reuses=row[13],
    )  # fmt: skip


def items(filters: Mapping[str, Any], address: str) -> tuple[cases.Page, str | None]:
    """Return one page of the list as the API gives it: released words only, days as the driver has
    them (ISO 8601 in JSON either way). `address` is that of the list of requests."""
    found = _found(filters, words=True)
    rows = [
        {
            "ref": ref,
            "object": wanted_object,
            "theme": theme,
            "status": status,
            "title": title,
            "wanted": wanted,
            "commune": commune,
            "received_on": received_on,
            "due_on": due_on,
            "closed_on": closed_on,
            "supports": supports,
            "outcome": outcome,
            "answer": answer,
            "licence": licence,
            "swhid": swhid,
            "redirected_to": redirected_to,
            "software": software,
            "decision": decision,
            "reuses": reuses,
            "url": f"{address}/{ref}",
        }
        for (
            _, ref, wanted_object, theme, status, _, commune, received_on, due_on, closed_on,
            supports, _, _, reuses, title, wanted, outcome, answer, licence, swhid, redirected_to,
            software, decision,
        ) in found.rows
    ]  # fmt: skip
    return cases.Page(rows, found.next_cursor), found.version


def _day(value: Any) -> Any:
    """Return a day; SQLite keeps it as text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _found(filters: Mapping[str, Any], *, words: bool) -> Found:
    sort, limit = filters.get("sort") or "newest", filters.get("limit") or 20
    cursor = decode_cursor(filters["cursor"]) if filters.get("cursor") else None
    asked = search.Asked.of(filters.get("q") or "")
    # A search reads twice, hits and rows: the version is read before both.
    version = token(reader()) if asked is not None else None
    if asked is None:
        sort = "newest" if sort == "relevance" else sort
        rows = _by_order(filters, sort, cursor, limit + 1, words=words)
    elif sort == "relevance":
        shown, following = _by_relevance(asked, filters, cursor, limit, words=words)
        return Found(shown, following, version)
    elif sort == "supported":
        rows = _by_order(filters, sort, cursor, limit + 1, words=words, asked=asked)
    else:
        rows = _by_hits(asked, filters, sort, cursor, limit + 1, words=words)
    shown = rows[:limit]
    more = len(rows) > limit
    if version is None and rows:
        version = rows[0][12]
    return Found(shown, _cursor(sort, shown[-1]) if more else None, version)


def _cursor(sort: str, row: Any) -> str:
    return cursor_of(sort, row[1], row[10] if sort == "supported" else row[11])


def cursor_of(sort: str, ref: str, value: Any) -> str:
    """Return the cursor after a request: the value of the order and its reference, never an id.

    A moment is as the driver gives it: SQLite has it as text.
    """
    if isinstance(value, str):
        return encode_cursor([f"{value.replace(' ', 'T')}+00:00", ref])
    said = value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
    return encode_cursor([said, ref])


def _narrowed(filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the conditions of a list's filters, each with its value."""
    narrowed: dict[str, Any] = {}
    status = filters.get("status")
    if status == "any_open":
        narrowed["c.open = ?"] = True
    elif status:
        narrowed["c.status = ?"] = status
    for name in ("object", "theme"):
        if filters.get(name):
            narrowed[f"d.{name} = ?"] = filters[name]
    return narrowed


def _by_order(
    filters: Mapping[str, Any], sort: str, cursor: Sequence[Any] | None, most: int, *, words: bool,
    asked: search.Asked | None = None,
) -> Sequence[Any]:  # fmt: skip
    """Return rows along an index; of a search, those among its hits."""
    narrowed = _narrowed(filters)
    if asked is not None:
        expression = asked.exact if asked.is_known() else asked.begun
        narrowed[f"c.id IN ({search.ids_that_match()})"] = expression
    place: tuple[Any, ...] = ()
    if cursor is not None:
        key, last = cases.place(sort, cursor)
        place = (_stored(key) if isinstance(key, datetime) else key, last)
    statement = _statement(_sqlite(), tuple(narrowed), sort, bool(place), words)
    return _read(statement, (*narrowed.values(), *place, most), words=words)


def _read(statement: str, values: Sequence[Any], *, words: bool) -> Sequence[Any]:
    """Return the rows of a statement of `_selected`, which SQLite gives as one text of JSON.

    Its driver lets other threads in between any two rows; with several at work that costs more
    than the reading.
    """
    if not _sqlite():
        return driver.read(statement, *values)
    found: list[Any] = json.decode(driver.read(_as_one(statement, words), *values)[0][0])
    return found


@lru_cache(maxsize=512)
def _as_one(statement: str, words: bool) -> str:
    names = ", ".join(f"c{at}" for at in range(23 if words else 15))
    return (
        f"WITH page({names}) AS ({statement})"
        f" SELECT json_group_array(json_array({names})) FROM page"
    )


def _stored(moment: datetime) -> Any:
    """Return a moment as the database compares it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if _sqlite() else moment


def _sqlite() -> bool:
    return bool(db.engine.dialect.name == "sqlite")


@lru_cache(maxsize=512)
def _statement(
    sqlite: bool, conditions: tuple[str, ...], sort: str, after: bool, words: bool
) -> str:
    """Return the statement of a page; on SQLite the order of tables is the one that is written."""
    key = _KEYS[sort]
    beyond, order = (">", "ASC") if sort == "oldest" else ("<", "DESC")
    place = (f"(c.{key}, c.id) {beyond} (?, ?)",) if after else ()
    where = "".join(f" AND {condition}" for condition in (*conditions, *place))
    return f"{_selected(sqlite, words)}{where} ORDER BY c.{key} {order}, c.id {order} LIMIT ?"


@lru_cache(maxsize=8)
def _selected(sqlite: bool, words: bool, by_id: bool = False) -> str:
    """Return a statement without an order; `by_id`: SQLite is to take no index but that of ids."""
    tables = f'"case" c {"CROSS " if sqlite else ""}JOIN data_request d ON d.case_id = c.id'
    more = _ANSWERS if words else ""
    unless = "+" if sqlite and by_id else ""
    return (
        f"SELECT {_CODES}, {_REUSES}, {_WORDS if words else _TITLE} FROM {tables}{more}"
        f" WHERE {unless}c.kind = '{DATA_REQUEST}' AND {unless}c.visibility = 'public'"
    )


def _by_hits(
    asked: search.Asked, filters: Mapping[str, Any], sort: str, cursor: Sequence[Any] | None,
    most: int, *, words: bool,
) -> list[Any]:  # fmt: skip
    """Return rows in the order of the index of words: as many hits as the page needs, and no more.

    Where filters leave some out, further hits are taken until the page is full.
    """
    walk = search.oldest if sort == "oldest" else search.newest
    key = search.key_of(*cases.place(sort, cursor)) if cursor is not None else None
    narrowed = _narrowed(filters)
    rows: list[Any] = []
    size = AT_ONCE if narrowed else most
    while True:
        hits = walk(asked, key, size)
        rows += _in_this_order(hits, narrowed, words=words)
        if len(rows) >= most or len(hits) < size:
            return rows[:most]
        key, size = hits[-1], min(4 * size, search.MOST_RANKED)


def _in_this_order(
    keys: Sequence[int], narrowed: Mapping[str, Any], *, words: bool
) -> list[Any]:  # fmt: skip
    """Return the rows of some hits that the filters leave, in the order of the hits."""
    return _of_ids([key & search.IDS for key in keys], narrowed, words=words)


def _of_ids(ids: Sequence[int], narrowed: Mapping[str, Any], *, words: bool) -> list[Any]:
    if not ids:
        return []
    these = "c.id IN (SELECT value FROM json_each(?))" if _sqlite() else "c.id = ANY(?)"
    where = " AND ".join((*narrowed, these))
    given = json.encode(ids).decode() if _sqlite() else list(ids)
    statement = f"{_selected(_sqlite(), words, True)} AND {where}"
    found = _read(statement, (*narrowed.values(), given), words=words)
    by_id = {row[0]: row for row in found}
    return [by_id[one] for one in ids if one in by_id]


def _by_relevance(
    asked: search.Asked, filters: Mapping[str, Any], cursor: Sequence[Any] | None, limit: int, *,
    words: bool,
) -> tuple[Sequence[Any], str | None]:  # fmt: skip
    """Return a page of the newest hits, those that fit best first; the cursor is a place in it."""
    first = 0
    if cursor is not None:
        if len(cursor) != 1 or not isinstance(cursor[0], int) or cursor[0] < 0:
            raise Invalid(N_("This page address is not one of ours; start from the list."))
        first = cursor[0]
    ranked = search.ranked(asked)
    narrowed = _narrowed(filters)
    rows: list[Any] = []
    size = AT_ONCE if narrowed else limit + 1
    while len(rows) <= limit and first < len(ranked):
        block = ranked[first : first + size]
        places = {key & search.IDS: first + at for at, key in enumerate(block)}
        rows += _in_this_order(block, narrowed, words=words)
        first += len(block)
        if len(rows) > limit:
            following = encode_cursor([places.get(rows[limit][0], first)])
            return rows[:limit], following
    return rows, None
