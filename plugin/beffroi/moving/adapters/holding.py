# SPDX-License-Identifier: AGPL-3.0-or-later
"""Holding a database for oneself while all of it is read: others may read it, nobody writes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Table, create_engine, event, text
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool


@contextmanager
def held(url: str, tables: Sequence[Table]) -> Iterator[Connection]:
    """Give a connection in one transaction that no other can write beside.

    SQLite: the write lock. PostgreSQL: every table in EXCLUSIVE mode, which leaves reading free,
    and one snapshot taken after that. OperationalError where somebody else holds it.
    """
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        _write_lock_at_begin(engine)
    else:
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    try:
        with engine.connect() as connection, connection.begin():
            if engine.dialect.name == "postgresql":
                quote = connection.dialect.identifier_preparer.quote_identifier
                names = ", ".join(quote(table.name) for table in tables)
                connection.execute(text("SET LOCAL lock_timeout = '3s'"))
                connection.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
            yield connection
    finally:
        engine.dispose()


def _write_lock_at_begin(engine: Any) -> None:
    """Let the engine, and not the driver, begin: with the write lock."""

    @event.listens_for(engine, "connect")
    def _on_connect(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
