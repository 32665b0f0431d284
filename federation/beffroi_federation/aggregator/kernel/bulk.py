# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many rows at once, straight through the driver: `executemany` on SQLite, COPY on PostgreSQL.

A pull writes thousands of rows that nobody needs as objects. These functions run inside the
transaction that is open, take tuples in the order of the named columns, and convert nothing: a
moment goes in as `moment()` gives it, JSON as text.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import chain, islice
from typing import Any
from weakref import WeakKeyDictionary

from flask import Flask, current_app
from sqlalchemy import BigInteger, Integer, LargeBinary, String, Table, Text

from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.kernel.versions import note
from beffroi_web.database import UtcDateTime

Row = Sequence[Any]
_sqlite: WeakKeyDictionary[Flask, bool] = WeakKeyDictionary()
AT_ONCE = 500
"""Values in one `IN`, far below what either database allows."""


def _on_sqlite() -> bool:
    """Say whether the open database is SQLite; looked up once an application."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    known = _sqlite.get(app)
    if known is None:
        known = _sqlite[app] = db.engine.dialect.name == "sqlite"
    return known


def moment(when: datetime) -> Any:
    """Return a moment as the driver of the open database stores it."""
    return _as_text(when) if _on_sqlite() else when


def moments() -> Callable[[datetime], Any]:
    """Return `moment` for the open database, for whoever stores thousands."""
    return _as_text if _on_sqlite() else _as_it_is


@lru_cache(1_024)
def _as_text(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(" ", "microseconds")[:26]


def _as_it_is(when: datetime) -> datetime:
    return when


def moment_of(stored: Any) -> datetime | None:
    """Return the moment that the driver of the open database gives: text on SQLite."""
    if isinstance(stored, str):
        return datetime.fromisoformat(stored).replace(tzinfo=UTC)
    return None if stored is None else stored.astimezone(UTC)


def day(when: date) -> Any:
    """Return a day as the driver of the open database stores it."""
    return when.isoformat() if _on_sqlite() else when


def insert(table: Any, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Add rows to a mapped table; they are consumed one by one."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    target: Table = table.__table__
    names = ", ".join(f'"{name}"' for name in columns)
    rows = chain((first,), rows)
    note(f'INSERT INTO "{target.name}"')
    if _on_sqlite():
        marks = ", ".join("?" * len(columns))
        statement = f'INSERT INTO "{target.name}" ({names}) VALUES ({marks})'  # noqa: S608  fixed names
        _cursor().executemany(statement, rows)
    else:
        _copy(target, names, columns, rows)


def _copy(target: Table, names: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
    from psycopg.types.string import BytesBinaryDumper  # not there with SQLite alone

    types = [_TYPES.get(type(target.c[name].type), "") for name in columns]
    binary = all(types)
    how = " (FORMAT BINARY)" if binary else ""
    cursor = _cursor()
    # By type `bytea` the driver would choose its DBAPI wrapper, in Python, twice as slow.
    cursor.adapters.register_dumper(bytes, BytesBinaryDumper)
    with cursor.copy(f'COPY "{target.name}" ({names}) FROM STDIN{how}') as copy:
        if binary:
            copy.set_types(types)
        write = copy.write_row
        for row in rows:
            write(row)


_TYPES = {
    BigInteger: "int8",
    Integer: "int4",
    LargeBinary: "bytea",
    String: "text",
    Text: "text",
    UtcDateTime: "timestamptz",
}


def run(statement: str, rows: Sequence[Row]) -> None:
    """Run a statement of fixed text, with `?` for each value, once for each row."""
    if rows:
        note(statement)
    if len(rows) == 1:  # for which a pipeline costs more than it saves
        _cursor().execute(_spelt(statement), rows[0])
    elif rows:
        _cursor().executemany(_spelt(statement), rows)


def rows_of(head: str, column: str, values: Sequence[Any], tail: str = "") -> list[Row]:
    """Return the rows of a query of fixed text whose column is among values, as the driver has it.

    `head` ends with WHERE or AND; `tail` follows the condition.
    """
    cursor = _cursor()
    if db.engine.dialect.name != "sqlite":
        cursor.execute(f'{head} "{column}" = ANY(%s) {tail}', (list(values),))
        return list(cursor.fetchall())
    found: list[Row] = []
    for some in batches(values, AT_ONCE):
        marks = ", ".join("?" * len(some))
        found += cursor.execute(f'{head} "{column}" IN ({marks}) {tail}', some).fetchall()
    return found


def delete_in(table: str, where: str, column: str, fixed: Row, values: Sequence[int]) -> None:
    """Delete the rows where a column is among values, and `where` holds (`?` for each `fixed`)."""
    head = f'DELETE FROM "{table}" WHERE {where}{" AND " if where else ""}"{column}"'  # noqa: S608  fixed names
    if values:
        note(head)
    cursor = _cursor()
    if _on_sqlite():
        for some in batches(values, AT_ONCE):
            cursor.execute(f"{head} IN ({', '.join('?' * len(some))})", (*fixed, *some))
    elif values:
        cursor.execute(_spelt(f"{head} = ANY(?)"), (*fixed, list(values)))


def batches(values: Sequence[Any], size: int) -> Iterator[list[Any]]:
    """Yield the values in lists of at most `size`."""
    iterator = iter(values)
    while some := list(islice(iterator, size)):
        yield some


def _spelt(statement: str) -> str:
    return statement if _on_sqlite() else statement.replace("?", "%s")


def _cursor() -> Any:
    """Return the driver's cursor in the transaction that is open."""
    return db.session.connection().connection.cursor()
