# SPDX-License-Identifier: AGPL-3.0-or-later
"""Statements straight through the database's driver, inside the transaction that is open.

For rows by the hundred and reads by the thousand, where neither objects nor statement building are
wanted. Values are bound as the driver takes them; a statement is written once, with `?` for each.
What the session holds is written first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import SessionTransaction

from beffroi.kernel.db import db
from beffroi.kernel.versions import note, reader
from beffroi_web.database import open_unit


def execute(statement: str, *values: object) -> int:
    """Run one statement and return how many rows it changed."""
    note(statement)
    cursor, spelt = _cursor(statement)
    cursor.execute(spelt, values)
    return int(cursor.rowcount)


def one(statement: str, *values: object) -> Any:
    """Return the first row that a statement finds, or None; it finds few."""
    found = rows(
        statement, *values
    )  # all of them: a cursor that waits would hold SQLite's snapshot
    return found[0] if found else None


def rows(statement: str, *values: object) -> Sequence[Any]:
    """Return every row that a statement finds; its limits are the caller's."""
    cursor, spelt = _cursor(statement)
    found: Sequence[Any] = cursor.execute(spelt, values).fetchall()
    return found


def rows_of(statement: str, keys: Sequence[object]) -> Sequence[Any]:
    """Return every row that a statement finds for some keys, which stand in it as `IN (?)`."""
    if not keys:
        return []
    return rows(statement.replace("IN (?)", f"IN ({', '.join('?' * len(keys))})"), *keys)


def read(statement: str, *values: object) -> Sequence[Any]:
    """Return every row that a statement finds: in the unit of work that is open, or on its own.

    On its own it needs no transaction: for one statement, or several that need not agree.
    """
    if open_unit(db) is not None:
        return rows(statement, *values)
    return reader().rows(statement, values)


def execute_many(statement: str, rows: Iterable[Sequence[object]]) -> None:
    """Run one statement for each row."""
    note(statement)
    cursor, spelt = _cursor(statement)
    cursor.executemany(spelt, rows)


def _cursor(statement: str) -> tuple[Any, str]:
    """Return the driver's cursor, and a statement with the marks that this driver knows.

    It is that of the unit of work, or of the session's read transaction where no unit is open; then
    it is kept for as long as the transaction is the same: finding it anew costs as much as a short
    read.
    """
    unit = open_unit(db)
    if unit is not None:
        return unit.cursor(), statement if unit.marked else _for_postgresql(statement)
    session = db.session()
    session.flush()
    kept = session.info.get(_KEPT)
    if kept is None or kept.transaction is not session.get_transaction():
        connection = session.connection()
        marked = connection.dialect.paramstyle == "qmark"
        cursor = connection.connection.cursor()
        kept = session.info[_KEPT] = _Kept(session.get_transaction(), cursor, marked)
    return kept.cursor, statement if kept.marked else _for_postgresql(statement)


_KEPT = "beffroi.kernel.driver"


@dataclass(frozen=True, slots=True)
class _Kept:
    """A cursor, and the transaction that it belongs to."""

    transaction: SessionTransaction | None
    cursor: Any
    marked: bool


@lru_cache(maxsize=64)
def _for_postgresql(statement: str) -> str:
    return statement.replace("?", "%s")
