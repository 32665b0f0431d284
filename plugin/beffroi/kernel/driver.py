# SPDX-License-Identifier: AGPL-3.0-or-later
"""Statements straight through the database's driver, inside the transaction that is open.

For rows by the hundred and reads by the thousand, where neither objects nor statement building are
wanted. Values are bound as the driver takes them; a statement is written once, with `?` for each.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from beffroi.kernel.db import db


def execute(statement: str, *values: object) -> Any:
    """Run one statement and return the cursor; what the session holds is written first."""
    cursor, spelt = _cursor(statement)
    cursor.execute(spelt, values)
    return cursor


def execute_many(statement: str, rows: Iterable[Sequence[object]]) -> None:
    """Run one statement for each row."""
    cursor, spelt = _cursor(statement)
    cursor.executemany(spelt, rows)


def _cursor(statement: str) -> tuple[Any, str]:
    """Return the driver's cursor, and a statement with the marks that this driver knows."""
    session = db.session()
    session.flush()
    connection = session.connection()
    marked = connection.dialect.paramstyle == "qmark"
    return connection.connection.cursor(), statement if marked else _for_postgresql(statement)


@lru_cache(maxsize=64)
def _for_postgresql(statement: str) -> str:
    return statement.replace("?", "%s")
