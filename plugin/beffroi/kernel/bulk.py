# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many rows into a table by one statement, as an import needs it: by the driver, column by column.

SQLAlchemy asks each value of each row what its column makes of it; here each column is asked once,
and what repeats (days, moments, codes) is put into the driver's words once. The values that end up
in the table are the same, and so is what is refused.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Date, Table
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from beffroi.kernel import driver
from beffroi.kernel.db import db
from beffroi_web.database import UtcDateTime


def insert(model: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, all of which name the same columns, into the table of a model.

    Columns that are not named take their default. Raises ValueError for a moment without a zone.
    """
    if not rows:
        return
    names = tuple(rows[0])
    statement, makers, more = _plan(model.__table__, names, db.engine.dialect.name == "sqlite")
    columns = [
        make([row[name] for row in rows]) if make else [row[name] for row in rows]
        for name, make in zip(names, makers, strict=True)
    ]
    columns += [[value] * len(rows) for value in more]
    driver.execute_many(statement, list(zip(*columns, strict=True)))


ROOM = 65_536
"""KiB of an SQLite file's pages that a long import keeps in memory."""


def make_room() -> None:
    """Let SQLite keep more pages in memory, for as long as this connection is open.

    The indexes of a large town do not fit into its usual 2 MB, so that each row would be written
    into pages that have to be read again first.
    """
    if db.engine.dialect.name == "sqlite":
        driver.execute(f"PRAGMA cache_size = -{ROOM}")


_Made = Callable[[list[Any]], list[Any]]


@lru_cache(maxsize=64)
def _plan(
    table: Table, names: tuple[str, ...], sqlite: bool
) -> tuple[str, list[_Made | None], list[object]]:
    """Return a statement, how each named column is put for the driver, and what defaults say."""
    defaults = {
        column.name: column.default.arg
        for column in table.columns
        if isinstance(column.default, ScalarElementColumnDefault) and column.name not in names
    }
    every = [*names, *defaults]
    marks = ", ".join("?" * len(every))
    said = ", ".join(f'"{name}"' for name in every)
    statement = f'INSERT INTO "{table.name}" ({said}) VALUES ({marks})'
    return statement, [_maker(table.c[name].type, sqlite) for name in names], [*defaults.values()]


def _maker(kind: Any, sqlite: bool) -> _Made | None:
    if isinstance(kind, JSON):
        return _as_json
    if isinstance(kind, UtcDateTime):
        return _moments_of_sqlite if sqlite else _moments
    if isinstance(kind, Date) and sqlite:
        return _days_of_sqlite
    return None


def _as_json(column: list[Any]) -> list[Any]:
    """Return JSON texts; one object that stands in many rows is written out once."""
    texts = {key: json.dumps(value) for key, value in {id(one): one for one in column}.items()}
    return [texts[id(one)] for one in column]


def _each_once(column: list[Any], make: Callable[[Any], Any]) -> list[Any]:
    made = {one: None if one is None else make(one) for one in set(column)}
    return [made[one] for one in column]


def _moments(column: list[Any]) -> list[Any]:
    return _each_once(column, _utc)


def _moments_of_sqlite(column: list[Any]) -> list[Any]:
    return _each_once(
        column, lambda one: _utc(one).replace(tzinfo=None).isoformat(" ", "microseconds")
    )


def _days_of_sqlite(column: list[Any]) -> list[Any]:
    return _each_once(column, date.isoformat)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone was given to the database")
    return moment.astimezone(UTC)
