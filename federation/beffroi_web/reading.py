# SPDX-License-Identifier: AGPL-3.0-or-later
"""Single reads straight through the database's driver, for what is asked thousands of times.

A transaction of a session costs as much as reading a page of a list. One statement needs none: it
sees one state of the database by itself. So connections of their own are kept here, each in
autocommit and for reading only, and lent to one statement at a time.
"""

from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError


class Reader:
    """Runs single statements on kept connections; closed with the engine that it reads from."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: deque[Any] = deque()
        self.on_sqlite = engine.dialect.name == "sqlite"
        self._failures = (
            engine.dialect.loaded_dbapi.OperationalError,
            engine.dialect.loaded_dbapi.InterfaceError,
        )
        event.listen(engine, "engine_disposed", lambda _: self.close())

    def rows(self, statement: str, values: Sequence[object] = ()) -> Sequence[Any]:
        """Return every row that a statement finds (a `?` for each value), by one state of the data.

        A connection that the server has ended meanwhile is replaced once; then OperationalError
        is raised, as by everything else that asks the database.
        """
        spelt = statement if self.on_sqlite else _for_psycopg(statement)
        try:
            connection = self._idle.pop()
        except IndexError:
            return self._anew(spelt, values)
        try:
            return self._on(connection, spelt, values)
        except self._failures:
            return self._anew(spelt, values)

    def close(self) -> None:
        """Close the connections that are lent to nobody."""
        while self._idle:
            self._idle.pop().close()

    def _on(self, connection: Any, statement: str, values: Sequence[object]) -> Sequence[Any]:
        try:
            found: Sequence[Any] = connection.execute(statement, values).fetchall()
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return found

    def _anew(self, statement: str, values: Sequence[object]) -> Sequence[Any]:
        try:
            return self._on(self._connect(), statement, values)
        except self._failures as error:
            raise OperationalError(statement, None, error) from error

    def _connect(self) -> Any:
        dialect = self._engine.dialect
        args, options = dialect.create_connect_args(self._engine.url)
        if not self.on_sqlite:
            made = dialect.loaded_dbapi.connect(*args, **options, autocommit=True)
            made.execute("SET default_transaction_read_only = on")
            return made
        ours = {"check_same_thread": False, "isolation_level": None, "timeout": 15.0}
        made = dialect.loaded_dbapi.connect(*args, **{**options, **ours})
        made.execute("PRAGMA query_only = ON")
        return made


@lru_cache(maxsize=256)
def _for_psycopg(statement: str) -> str:
    return statement.replace("?", "%s")
