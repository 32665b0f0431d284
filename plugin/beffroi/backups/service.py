# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading an archive's rows into a database that is empty but for its tables."""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Engine, MetaData, Table, delete, insert, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from beffroi.backups import rules
from beffroi.backups.queries import AT_ONCE, decode
from beffroi.backups.rules import Manifest

Lines = Callable[[str], Iterator[bytes]]
"""Gives the lines of a table, the line of its columns first."""


def load(engine: Engine, manifest: Manifest, lines: Lines) -> None:
    """Insert every row of an archive, in one transaction; Invalid if it does not fit.

    The tables are those of the archive's own revision. `lines` gives the lines of a table.
    """
    metadata = MetaData()
    metadata.reflect(engine, only=lambda name, _: name in manifest.tables)
    missing = manifest.tables.keys() - metadata.tables.keys()
    if missing:
        raise rules.damaged(", ".join(sorted(missing)))
    try:
        with engine.begin() as connection:
            _load(connection, metadata, manifest, lines)
    except IntegrityError as error:  # its words would show the row
        raise rules.damaged("database") from error


def _load(connection: Connection, metadata: MetaData, manifest: Manifest, lines: Lines) -> None:
    for table in reversed(metadata.sorted_tables):
        connection.execute(delete(table))  # a migration may have written a first row
    for table in metadata.sorted_tables:
        rows = _insert(connection, table, lines(table.name))
        if rows != manifest.tables[table.name].rows:
            raise rules.damaged(rules.table_path(table.name))
        if connection.dialect.name == "postgresql":
            _count_on(connection, table)


def _insert(connection: Connection, table: Table, lines: Iterable[bytes]) -> int:
    """Insert the rows of a table, some at a time; return how many there were."""
    naive = connection.dialect.name == "sqlite"
    every = iter(lines)
    columns = json.loads(next(every, b"[]"))
    if not isinstance(columns, list) or not set(columns) <= set(table.columns.keys()):
        raise rules.damaged(rules.table_path(table.name))
    count = 0
    while some := list(islice(every, AT_ONCE)):
        connection.execute(insert(table), [_row(columns, line, naive=naive) for line in some])
        count += len(some)
    return count


def _row(columns: list[str], line: bytes, *, naive: bool) -> dict[str, Any]:
    values = [decode(value, naive=naive) for value in json.loads(line)]
    return dict(zip(columns, values, strict=True))


def _count_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL's counter of a table go on after the keys that were brought."""
    for column in table.primary_key.columns:
        name = f'"{table.name}"'
        counter = connection.scalar(
            text("SELECT pg_get_serial_sequence(:name, :column)"),
            {"name": name, "column": column.name},
        )
        if counter is not None:
            last = connection.scalar(text(f"SELECT max({column.name}) FROM {name}"))  # noqa: S608  our own names
            if last is not None:
                connection.execute(text("SELECT setval(:at, :last)"), {"at": counter, "last": last})
