# SPDX-License-Identifier: AGPL-3.0-or-later
"""Public lists of cases, read through the driver: one statement a page, at any depth.

Public text only: words are chosen by their state inside the statement. A page begins where its
cursor says, by the index of the order, and no total is counted. Each row carries the version of the
data that it was read from. What a kind of case has beyond others is its `Listing`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from msgspec import Raw, json

from beffroi.cases import queries as cases
from beffroi.kernel import driver, search
from beffroi.kernel.db import db
from beffroi.kernel.errors import Invalid
from beffroi.kernel.versions import reader, token
from beffroi_web.paging import decode_cursor, encode_cursor
from beffroi_web.words import N_

AT_ONCE = 400
"""Hits of a search that are looked up at once where a list is narrowed besides."""
MOST_WALKED = 5_000
"""Hits that are looked up one after the other; then all of them are sought at once."""

_HEAD = (
    "c.id", "c.ref", "c.supports", "c.received_at",
    "(SELECT token FROM data_version WHERE name = 'cases')",
)  # fmt: skip
_REF, _SUPPORTS, _AT, _VERSION = 1, 2, 3, 4
_CODES = ("c.status", "c.open", "c.commune", "c.received_on", "c.due_on", "c.closed_on")
OWN = len(_HEAD) + len(_CODES)
"""Where the columns of a kind's own begin on a card."""
ANSWER = "CASE WHEN a.state = 'released' THEN a.public END"
"""The words of the newest official answer, once they are released."""
_ANSWERS = (
    " LEFT JOIN official_answer o"
    " ON o.id = (SELECT max(id) FROM official_answer WHERE case_id = c.id)"
    " LEFT JOIN case_text a ON a.id = o.text_id"
)
_KEYS = {"newest": "received_at", "oldest": "received_at", "supported": "supports"}

# coalesce: SQLite would else read every released text of the town by the index on states.


def shown(*roles: str) -> str:
    """Return the expression of the first text of some roles that everybody sees on the town's own
    pages; of several roles the one that is last in the alphabet comes first."""
    named = ", ".join(f"'{role}'" for role in roles)
    return (
        f"(SELECT t.public FROM case_text t WHERE t.case_id = c.id AND t.role IN ({named})"
        " AND coalesce(t.state, '') IN ('released', 'shown')"
        " ORDER BY t.role DESC, t.id LIMIT 1)"
    )


def released(role: str) -> str:
    """Return the expression of the newest text of a role that an agent released."""
    return (
        f"(SELECT t.public FROM case_text t WHERE t.case_id = c.id AND t.role = '{role}'"
        " AND coalesce(t.state, '') = 'released' AND t.public IS NOT NULL"
        " ORDER BY t.id DESC LIMIT 1)"
    )


@dataclass(frozen=True)
class Listing:
    """One kind of case in its lists: `table` is joined as `d`, by its `case_id`.

    `card` are the expressions of a page's card; `item` are the members of the API's item and their
    expressions, which may name the newest official answer `o` and its text `a`. `narrowed_by` are
    filters that are columns of `d`.
    """

    kind: str
    table: str
    card: tuple[str, ...]
    item: tuple[tuple[str, str], ...]
    narrowed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A case of a list as its card shows it: `title` is shown to everybody, or None."""

    id: int
    ref: str
    status: str
    open: bool
    commune: str | None
    received_on: date
    due_on: date | None
    closed_on: date | None
    supports: int
    title: str | None


def common(row: Sequence[Any]) -> tuple[Any, ...]:
    """Return what a row of the driver says for the fields of `Row` before its title."""
    id_, ref, supports, _, _, status, is_open, commune, received_on, due_on, closed_on = row[:OWN]
    days = day_of(received_on), day_of(due_on), day_of(closed_on)
    return id_, ref, status, bool(is_open), commune, *days, supports


def day_of(value: Any) -> Any:
    """Return a day; SQLite keeps it as text."""
    return date.fromisoformat(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Found:
    """Rows as the driver gives them, the cursor of the next page, the version of the data."""

    rows: Sequence[Any]
    next_cursor: str | None
    version: str | None


Conditions = Mapping[str, Sequence[Any]]
"""Conditions of a statement, each with its values."""


@dataclass(frozen=True)
class _Wanted:
    """Which list, in which order, and what narrows it; with `address` as items, else as cards."""

    listing: Listing
    address: str | None
    sort: str
    narrowed: Conditions
    by_id: bool


def items(
    listing: Listing, filters: Mapping[str, Any], address: str, within: Conditions | None = None, *,
    by_id: bool = False,
) -> Found:  # fmt: skip
    """Return one page as the API gives it, each row one object of JSON that the database has put
    together; `address` is that of the list. The rest as with `found`."""
    page = found(listing, filters, within, by_id=by_id, address=address)
    return Found([row[-1] for row in page.rows], page.next_cursor, page.version)


def found(
    listing: Listing, filters: Mapping[str, Any], within: Conditions | None = None, *,
    by_id: bool = False, address: str | None = None,
) -> Found:  # fmt: skip
    """Return one page: filters are `q status sort cursor limit` and those of the kind.

    `within` narrows further; what it holds was read before, so the version is read first, which is
    the caller's part. `by_id` says that it names the cases.
    """
    sort, limit = filters.get("sort") or "newest", filters.get("limit") or 20
    cursor = decode_cursor(filters["cursor"]) if filters.get("cursor") else None
    asked = search.Asked.of(filters.get("q") or "")
    if sort == "relevance" and asked is None:
        sort = "newest"
    narrowed = {**_narrowed(listing, filters), **(within or {})}
    wanted = _Wanted(listing, address, sort, narrowed, by_id)
    if asked is None:
        rows = _by_order(wanted, cursor, limit + 1)
        return _page(sort, rows, limit, rows[0][_VERSION] if rows else None)
    # A search reads twice, hits and rows: the version is read before both.
    version = current()
    if sort == "relevance":
        ranked, following = _by_relevance(asked, wanted, cursor, limit)
        return Found(ranked, following, version)
    if sort == "supported" or by_id:
        rows = _by_order(wanted, cursor, limit + 1, asked)
    else:
        rows = _by_hits(asked, wanted, cursor, limit + 1)
    return _page(sort, rows, limit, version)


def current() -> str:
    """Return the version of the data that stands now."""
    return token(reader())


def _page(sort: str, rows: Sequence[Any], limit: int, version: str | None) -> Found:
    first = rows[:limit]
    following = None
    if len(rows) > limit:
        last = first[-1]
        following = cursor_of(sort, last[_REF], last[_SUPPORTS if sort == "supported" else _AT])
    return Found(first, following, version)


def cursor_of(sort: str, ref: str, value: Any) -> str:
    """Return the cursor after a case: the value of the order and its reference, never an id.

    A moment is as the driver gives it: SQLite has it as text.
    """
    if isinstance(value, str):
        return encode_cursor([f"{value.replace(' ', 'T')}+00:00", ref])
    said = value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
    return encode_cursor([said, ref])


def _narrowed(listing: Listing, filters: Mapping[str, Any]) -> dict[str, Sequence[Any]]:
    """Return the conditions of a list's filters, each with its values."""
    narrowed: dict[str, Sequence[Any]] = {}
    status = filters.get("status")
    if status == "any_open":
        narrowed["c.open = ?"] = (True,)
    elif status:
        narrowed["c.status = ?"] = (status,)
    for name in listing.narrowed_by:
        if filters.get(name):
            narrowed[f"d.{name} = ?"] = (filters[name],)
    return narrowed


def these(ids: Sequence[int]) -> Conditions:
    """Return the condition that a case is one of some, by their ids."""
    if _sqlite():
        return {"c.id IN (SELECT value FROM json_each(?))": (json.encode(ids).decode(),)}
    return {"c.id = ANY(?)": (list(ids),)}


def _values(narrowed: Conditions) -> list[Any]:
    return [value for values in narrowed.values() for value in values]


def _by_order(
    wanted: _Wanted, cursor: Sequence[Any] | None, most: int, asked: search.Asked | None = None
) -> Sequence[Any]:
    """Return rows along an index; of a search, those among its hits."""
    narrowed = wanted.narrowed
    if asked is not None:
        expression = asked.exact if asked.is_known() else asked.begun
        narrowed = {**narrowed, f"c.id IN ({search.ids_that_match()})": (expression,)}
    place: tuple[Any, ...] = ()
    if cursor is not None:
        key, last = cases.place(wanted.sort, cursor)
        place = (stored(key) if isinstance(key, datetime) else key, last)
    statement = _statement(_sqlite(), _form(wanted), tuple(narrowed), wanted.sort, bool(place))
    return _read(statement, wanted, (*_values(narrowed), *place, most))


_Form = tuple[Listing, bool, bool]
"""Of which list a statement is, whether as items, whether the cases are named by their ids."""


def _form(wanted: _Wanted) -> _Form:
    return wanted.listing, wanted.address is not None, wanted.by_id


def _read(statement: str, wanted: _Wanted, values: Sequence[Any]) -> Sequence[Any]:
    """Return the rows of a statement of `_selected`, which SQLite gives as one text of JSON.

    Its driver lets other threads in between any two rows; with several at work that costs more
    than the reading. An item is made by the database, and goes out as it is.
    """
    if wanted.address is not None:
        values = (*values, f"{wanted.address}/")
    whole = _whole(statement, wanted.listing, wanted.address is not None, _sqlite())
    rows = driver.read(whole, *values)
    if not _sqlite():
        return rows if wanted.address is None else [(*row[:-1], Raw(row[-1])) for row in rows]
    rows = json.decode(rows[0][0], type=_CARDS if wanted.address is None else _ITEMS)
    return rows


_CARDS = list[list[Any]]
_ITEMS = list[tuple[int, str, int, str, str | None, Raw]]


@lru_cache(maxsize=512)
def _whole(statement: str, listing: Listing, as_items: bool, sqlite: bool) -> str:
    own = [expression for _, expression in listing.item] if as_items else listing.card
    count = len(_HEAD) + len(own) if as_items else OWN + len(own)
    names = [f"c{at}" for at in range(count)]
    given = ", ".join(names)
    if as_items:
        head = names[: len(_HEAD)]
        members = zip((name for name, _ in listing.item), names[len(_HEAD) :], strict=True)
        spelt = ", ".join(f"'{name}', {column}" for name, column in members)
        made = f"json_object({spelt}, 'url', ? || c{_REF})"
        if not sqlite:
            made = f"CAST(json_build_object({spelt}, 'url', ? || c{_REF}) AS text)"
        given = ", ".join((*head, made))
    elif not sqlite:
        return statement
    if sqlite:
        given = f"json_group_array(json_array({given}))"
    return f"WITH page({', '.join(names)}) AS ({statement}) SELECT {given} FROM page"


def stored(moment: datetime) -> Any:
    """Return a moment as the database compares it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if _sqlite() else moment


def _sqlite() -> bool:
    return bool(db.engine.dialect.name == "sqlite")


@lru_cache(maxsize=512)
def _statement(
    sqlite: bool, form: _Form, conditions: tuple[str, ...], sort: str, after: bool
) -> str:
    """Return the statement of a page; on SQLite the order of tables is the one that is written."""
    key = _KEYS[sort]
    beyond, way = (">", "ASC") if sort == "oldest" else ("<", "DESC")
    place = (f"(c.{key}, c.id) {beyond} (?, ?)",) if after else ()
    where = "".join(f" AND {condition}" for condition in (*conditions, *place))
    return f"{_selected(sqlite, form)}{where} ORDER BY c.{key} {way}, c.id {way} LIMIT ?"


@lru_cache(maxsize=16)
def _selected(sqlite: bool, form: _Form) -> str:
    """Return a statement without an order; SQLite takes no index but that of ids, if so named."""
    listing, as_items, by_id = form
    own = [expression for _, expression in listing.item] if as_items else (*_CODES, *listing.card)
    join = f"{'CROSS ' if sqlite else ''}JOIN {listing.table} d ON d.case_id = c.id"
    unless = "+" if sqlite and by_id else ""
    return (
        f"SELECT {', '.join((*_HEAD, *own))}"
        f' FROM "case" c {join}{_ANSWERS if as_items else ""}'
        f" WHERE {unless}c.kind = '{listing.kind}' AND {unless}c.visibility = 'public'"
    )


def _by_hits(
    asked: search.Asked, wanted: _Wanted, cursor: Sequence[Any] | None, most: int
) -> Sequence[Any]:
    """Return rows in the order of the index of words: as many hits as the page needs, and no more.

    Where filters leave some out, or hits are cases of another kind, further ones are taken until
    the page is full; where so many are left out that this would walk through the town, all hits
    are sought at once.
    """
    walk = search.oldest if wanted.sort == "oldest" else search.newest
    key = search.key_of(*cases.place(wanted.sort, cursor)) if cursor is not None else None
    rows: list[Any] = []
    size, walked = AT_ONCE if wanted.narrowed else most, 0
    while True:
        hits = walk(asked, key, size)
        rows += _of_ids(wanted, [one & search.IDS for one in hits])
        if len(rows) >= most or len(hits) < size:
            return rows[:most]
        walked += len(hits)
        if walked > MOST_WALKED:
            return _by_order(wanted, cursor, most, asked)
        key, size = hits[-1], min(4 * size, search.MOST_RANKED)


def of_ids(listing: Listing, ids: Sequence[int]) -> list[Any]:
    """Return the rows of the public ones of some cases as cards, in the order of the ids."""
    return _of_ids(_Wanted(listing, None, "newest", {}, True), ids)


def _of_ids(wanted: _Wanted, ids: Sequence[int]) -> list[Any]:
    """Return the rows of some cases that the filters leave, in the order of the ids."""
    if not ids:
        return []
    narrowed = {**wanted.narrowed, **these(ids)}
    where = "".join(f" AND {condition}" for condition in narrowed)
    form = (wanted.listing, wanted.address is not None, True)
    statement = f"{_selected(_sqlite(), form)}{where}"
    by_id = {row[0]: row for row in _read(statement, wanted, _values(narrowed))}
    return [by_id[one] for one in ids if one in by_id]


def _by_relevance(
    asked: search.Asked, wanted: _Wanted, cursor: Sequence[Any] | None, limit: int
) -> tuple[Sequence[Any], str | None]:
    """Return a page of the newest hits, those that fit best first; the cursor is a place in it."""
    first = 0
    if cursor is not None:
        if len(cursor) != 1 or not isinstance(cursor[0], int) or cursor[0] < 0:
            raise Invalid(N_("This page address is not one of ours; start from the list."))
        first = cursor[0]
    ranked = search.ranked(asked)
    rows: list[Any] = []
    size = AT_ONCE if wanted.narrowed else limit + 1
    while len(rows) <= limit and first < len(ranked):
        block = ranked[first : first + size]
        places = {key & search.IDS: first + at for at, key in enumerate(block)}
        rows += _of_ids(wanted, [key & search.IDS for key in block])
        first += len(block)
        if len(rows) > limit:
            following = encode_cursor([places.get(rows[limit][0], first)])
            return rows[:limit], following
    return rows, None
