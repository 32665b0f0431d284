# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writing a database's files anew, so that what was deleted is in none of them any more.

A DELETE takes a row out of reach and leaves its bytes: in freed pages and in the slack of others,
in the segments of a text index, in the write-ahead log; on PostgreSQL in dead row versions.
`rewrite` ends that, once a night:

- SQLite: each FTS5 index is merged (`optimize`), `VACUUM` builds the file from live rows alone, and
  the write-ahead log is copied back and truncated. `secure_delete` is on besides (`database.tune`).
  Readers go on; writers wait for as long as it takes.
- PostgreSQL: `VACUUM FULL`, one table after the other with its indexes and TOAST. It needs a table
  for itself: it asks for it for `lock_timeout`, and again later. Row versions that a transaction
  elsewhere may still see would be copied too, so those that began before are waited for.

PostgreSQL's own write-ahead log keeps old bytes in segments that wait to be used again. Where the
role may, each night begins a new segment (the rest of the old one is filled with noughts), so that
every segment has been overwritten after as many nights as there are segments.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

LOCK_TIMEOUT_MS = 2_000
ATTEMPTS = 15
PAUSE_SECONDS = 2.0


class CannotRewrite(Exception):
    """The files could not be written anew now; the sentence says why. It is tried again later."""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """How long the rewrite took, and the longest that writers (or readers) waited for one part."""

    took_ms: int
    locked_ms: int


def rewrite(
    engine: Engine,
    *,
    tables: Sequence[str],
    indexes: Sequence[str],
    attempts: int = ATTEMPTS,
    pause: Callable[[float], object] = time.sleep,
) -> Rewritten:
    """Write a database's files anew; raises CannotRewrite when others do not let go in time.

    `tables` are those that held what was deleted, `indexes` the full-text indexes (virtual tables
    on SQLite, ordinary ones on PostgreSQL). Opens a connection of its own; the caller has no
    transaction open.
    """
    begun = time.perf_counter()
    way = _sqlite if engine.dialect.name == "sqlite" else _postgresql
    longest = way(engine, tables, indexes, attempts, pause)
    return Rewritten(_ms(time.perf_counter() - begun), _ms(longest))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _sqlite(
    engine: Engine,
    _tables: Sequence[str],
    indexes: Sequence[str],
    attempts: int,
    pause: Callable[[float], object],
) -> float:
    connection = engine.raw_connection()
    import sqlite3  # here, so that a process on PostgreSQL need not hold it

    try:
        cursor = connection.cursor()
        begun = time.perf_counter()
        for name in indexes:
            cursor.execute(f"INSERT INTO {name}({name}) VALUES ('optimize')")  # noqa: S608  ours
        cursor.execute("VACUUM")
        longest = time.perf_counter() - begun
        # Writers wait while the truncation waits for readers: not for long.
        cursor.execute(f"PRAGMA busy_timeout = {LOCK_TIMEOUT_MS}")
        for attempt in range(attempts):
            begun = time.perf_counter()
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            longest = max(longest, time.perf_counter() - begun)
            if not busy:
                return longest
            if attempt + 1 < attempts:
                pause(PAUSE_SECONDS)
    except sqlite3.OperationalError as error:
        raise CannotRewrite(f"SQLite: {error}") from None
    finally:
        connection.invalidate()  # its settings are not for whoever comes next
    raise CannotRewrite("SQLite: somebody read for so long that the log could not be truncated")


def _postgresql(
    engine: Engine,
    tables: Sequence[str],
    indexes: Sequence[str],
    attempts: int,
    pause: Callable[[float], object],
) -> float:
    longest = 0.0
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            _wait_for_older_transactions(connection, attempts, pause)
            connection.execute(text(f"SET lock_timeout = {LOCK_TIMEOUT_MS}"))
            for name in (*tables, *indexes):
                longest = max(longest, _vacuum(connection, name, attempts, pause))
            _begin_a_segment(connection)
        finally:
            connection.invalidate()  # its settings are not for whoever comes next
    return longest


def _wait_for_older_transactions(
    connection: Connection, attempts: int, pause: Callable[[float], object]
) -> None:
    """Return once no transaction of this database is older than this moment."""
    mark = connection.scalar(text("SELECT pg_current_xact_id()::xid::text"))
    older = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL"
        " AND age(backend_xmin) > age(CAST(:mark AS xid))"
    )
    for attempt in range(attempts):
        if not connection.scalar(older, {"mark": mark}):
            return
        if attempt + 1 < attempts:
            pause(PAUSE_SECONDS)
    raise CannotRewrite("PostgreSQL: a transaction that began before is still open")


def _vacuum(
    connection: Connection, name: str, attempts: int, pause: Callable[[float], object]
) -> float:
    for attempt in range(attempts):
        begun = time.perf_counter()
        try:
            connection.execute(text(f'VACUUM (FULL) "{name}"'))
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", "") not in {"55P03", "40P01"}:
                raise
            if attempt + 1 < attempts:
                pause(PAUSE_SECONDS)
        else:
            return time.perf_counter() - begun
    raise CannotRewrite(f"PostgreSQL: the table {name} was in use all the time")


def _begin_a_segment(connection: Connection) -> None:
    """Begin a new segment of the write-ahead log, where the role may."""
    if connection.scalar(text("SELECT has_function_privilege('pg_switch_wal()', 'execute')")):
        try:
            connection.execute(text("SELECT pg_switch_wal()"))
        except DBAPIError:  # a standby; its primary does it
            return
