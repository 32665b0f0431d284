# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every row of a town, as of one moment, in a spelling that belongs to no database."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Engine, Table, func, select
from sqlalchemy.engine import Connection

from beffroi.backups.rules import LEFT_OUT
from beffroi.kernel.db import Base

AT_ONCE = 500


@contextmanager
def one_moment(engine: Engine) -> Iterator[Connection]:
    """Give a connection in whose one transaction everything is read as it was at its begin.

    SQLite: a read transaction in WAL mode. PostgreSQL: REPEATABLE READ, read only. Neither keeps
    anybody from writing meanwhile.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        with connection.begin():
            yield connection


def tables() -> list[Table]:
    """Return the tables of an archive, each after those that it points to."""
    return [table for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT]


def count(connection: Connection, table: Table) -> int:
    """Return how many rows a table has."""
    return connection.scalar(select(func.count()).select_from(table)) or 0


def lines(connection: Connection, table: Table) -> Iterator[bytes]:
    """Yield a table as lines: its column names, then its rows in the order of their keys."""
    yield _line([column.name for column in table.columns])
    kinds = list(table.columns)
    found = connection.execution_options(yield_per=AT_ONCE).execute(
        select(table).order_by(*table.primary_key.columns)
    )
    for row in found:
        yield _line([encode(value, column) for value, column in zip(row, kinds, strict=True)])


def _line(values: list[Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def encode(value: Any, column: Column[Any]) -> Any:
    """Return a value as JSON has it: what JSON has no word for stands in an object of one member.

    `{"b":…}` bytes in base64, `{"t":…}` a moment in UTC, `{"d":…}` a day, `{"j":…}` JSON.
    """
    if value is None:
        return None
    if isinstance(column.type, JSON):
        return {"j": value}
    if isinstance(value, bytes | memoryview):
        return {"b": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{column}: an archive has no spelling for {type(value).__name__}")


def decode(value: Any, *, naive: bool) -> Any:
    """Return the value that `encode` spelt; moments without a zone where `naive` (SQLite)."""
    if not isinstance(value, dict):
        return value
    [(kind, inner)] = value.items()
    if kind == "j":
        return inner
    if kind == "b":
        return base64.b64decode(inner)
    if kind == "d":
        return date.fromisoformat(inner)
    moment = datetime.fromisoformat(inner)
    return moment.replace(tzinfo=None) if naive else moment
