# SPDX-License-Identifier: AGPL-3.0-or-later
"""Public lists of cases, read through the driver: one statement a page, at any depth, and one more
where an item is not kept.

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
from beffroi.cases.queries.listing import Listing, item
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

_ID, _REF, _KEY, _VERSION, _ITEM = range(5)
"""A row's first columns: id, reference, value of the order, version of the data; then its own."""
_TOKEN = "(SELECT token FROM data_version WHERE name = 'cases')"  # noqa: S105
_CODES = (
    "c.status", "c.open", "c.commune", "c.received_on", "c.due_on", "c.closed_on", "c.supports",
)  # fmt: skip
OWN = _ITEM + len(_CODES)
"""Where the columns of a kind's own begin on a card."""
_KEYS = {"newest": "received_at", "oldest": "received_at", "supported": "supports"}


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
    id_, ref, _, _, status, is_open, commune, received_on, due_on, closed_on, supports = row[:OWN]
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
    """Return one page as the API gives it, each row one object of JSON: as it was kept, or put
    together by the database where it changed since. `address` is that of the list. The rest as
    with `found`."""
    page = found(listing, filters, within, by_id=by_id, address=address)
    given = [row[_ITEM] for row in page.rows if row[_ITEM] is not None]
    return Found(given, page.next_cursor, page.version)


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
        following = cursor_of(sort, last[_REF], last[_KEY])
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
    form = _form(wanted, narrowed, by_id=wanted.by_id)
    statement = _statement(_sqlite(), form, tuple(narrowed), wanted.sort, bool(place))
    return _read(statement, wanted, (*_values(narrowed), *place, most))


@dataclass(frozen=True)
class _Form:
    """Of which list a statement is, by which key its order; as items or as cards; whether the
    cases are named by their ids; whether some condition asks for a column of the kind's own."""

    listing: Listing
    key: str
    as_items: bool
    by_id: bool
    own: bool


def _form(wanted: _Wanted, conditions: Conditions, *, by_id: bool) -> _Form:
    key = _KEYS.get(wanted.sort, _KEYS["newest"])
    own = any(condition.startswith("d.") for condition in conditions)
    return _Form(wanted.listing, key, wanted.address is not None, by_id, own)


def _read(statement: str, wanted: _Wanted, values: Sequence[Any]) -> Sequence[Any]:
    """Return the rows of a statement of `_selected`, which SQLite gives as one text.

    Its driver lets other threads in between any two rows; with several at work that costs more
    than the reading.
    """
    if wanted.address is not None:
        return _with_items(_heads(statement, wanted, values), wanted)
    if not _sqlite():
        return driver.read(statement, *values)
    whole = _as_one_text(statement, OWN + len(wanted.listing.card))
    rows: list[list[Any]] = json.decode(driver.read(whole, *values)[0][0])
    return rows


def _heads(statement: str, wanted: _Wanted, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
    """Return the rows of a statement for items: of what is not kept the item is empty."""
    if not _sqlite():
        return driver.read(statement, *values)
    text = driver.read(_ITEMS_AS_ONE_TEXT.replace("{}", statement), *values)[0][0]
    number = int if wanted.sort == "supported" else str
    rows = [row.split(_UNIT) for row in (text.split(_RECORD) if text else ())]
    return [(int(id_), ref, number(key), token or None, one) for id_, ref, key, token, one in rows]


def _with_items(rows: Sequence[Sequence[Any]], wanted: _Wanted) -> list[Sequence[Any]]:
    """Return rows with their items as they go out: an object of JSON that begins with its address.

    What is not kept is put together by the database; that of a case that left the list meanwhile
    is None, so that the page still ends where it ended.
    """
    due = [row[_ID] for row in rows if not row[_ITEM]]
    made = _put_together(wanted.listing, due) if due else {}
    start = f'{{"url":{json.encode(f"{wanted.address}/").decode()[:-1]}'
    items = [row[_ITEM] or made.get(row[_ID]) for row in rows]
    return [
        (*row[:_ITEM], Raw(f'{start}{row[_REF]}",{one[1:]}') if one else None)
        for row, one in zip(rows, items, strict=True)
    ]


def _put_together(listing: Listing, ids: Sequence[int]) -> dict[int, str]:
    narrowed = these(ids)
    statement = (
        f'SELECT c.id, {item(listing, sqlite=_sqlite())} FROM "case" c'
        f" WHERE {next(iter(narrowed))} AND {'+' if _sqlite() else ''}c.visibility = 'public'"
    )
    return dict(map(tuple, driver.read(statement, *_values(narrowed))))


_UNIT, _RECORD = "\x1f", "\x1e"
"""Part columns and rows: JSON has them escaped, and nothing else here holds any."""
_ITEMS_AS_ONE_TEXT = (
    "SELECT group_concat(c0 || char(31) || c1 || char(31) || c2 || char(31) || coalesce(c3, '')"
    " || char(31) || c4, char(30)) FROM ({})"
)


@lru_cache(maxsize=512)
def _as_one_text(statement: str, count: int) -> str:
    names = ", ".join(f"c{at}" for at in range(count))
    return (
        f"WITH page({names}) AS ({statement})"
        f" SELECT json_group_array(json_array({names})) FROM page"
    )


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
    key = form.key
    beyond, way = (">", "ASC") if sort == "oldest" else ("<", "DESC")
    place = (f"(c.{key}, c.id) {beyond} (?, ?)",) if after else ()
    where = "".join(f" AND {condition}" for condition in (*conditions, *place))
    return f"{_selected(sqlite, form)}{where} ORDER BY c.{key} {way}, c.id {way} LIMIT ?"


@lru_cache(maxsize=64)
def _selected(sqlite: bool, form: _Form) -> str:
    """Return a statement without an order; SQLite takes no index but that of ids, if so named.

    Of items it touches no table but that of kept items where the case's index and its kept item
    say everything.
    """
    listing = form.listing
    own = f" {'CROSS ' if sqlite else ''}JOIN {listing.table} d ON d.case_id = c.id"
    unless = "+" if sqlite and form.by_id else ""
    where = f" WHERE {unless}c.kind = '{listing.kind}' AND {unless}c.visibility = 'public'"
    if not form.as_items:
        columns = ("c.id", "c.ref", f"c.{form.key}", _TOKEN, *_CODES, *listing.card)
        return f'SELECT {", ".join(columns)} FROM "case" c{own}{where}'
    columns = ("c.id", "coalesce(k.ref, c.ref)", f"c.{form.key}", _TOKEN, "coalesce(k.item, '')")
    named = ", ".join(f"{column} AS c{at}" for at, column in enumerate(columns))
    kept = " LEFT JOIN case_item k ON k.case_id = c.id"
    return f'SELECT {named} FROM "case" c{own if form.own else ""}{kept}{where}'


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
    statement = f"{_selected(_sqlite(), _form(wanted, narrowed, by_id=True))}{where}"
    by_id = {row[_ID]: row for row in _read(statement, wanted, _values(narrowed))}
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
            following = encode_cursor([places.get(rows[limit][_ID], first)])
            return rows[:limit], following
    return rows, None
