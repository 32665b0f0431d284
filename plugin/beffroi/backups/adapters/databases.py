# SPDX-License-Identifier: AGPL-3.0-or-later
"""Exchanging a town's database for another one that was built beside it, and keeping the old one.

SQLite: the new file takes the place of the old one by a rename; the old one keeps a name of its own
beside it. PostgreSQL: the new tables are built in a schema of their own, and both sets of tables
change schemas in one transaction. So at every moment there is one whole database, the old or the
new.

Neither is done while somebody holds the database. On SQLite every open connection is noticed,
because a file can leave WAL mode only when nobody else has it open; on PostgreSQL the server is
asked for its sessions. A process that holds no connection at that moment cannot be noticed.
"""

import os
import sqlite3
from pathlib import Path
from typing import Protocol

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

from beffroi.kernel.db import Base
from beffroi.kernel.errors import Conflict
from beffroi_web.words import N_

LEAVING_LOOKS = 15

BUILDING = "beffroi_restoring"
OTHERS = frozenset(
    {"alembic_version", "case_search", "nearby_case", "nearby_dataset", "nearby_street"}
)
"""Tables of ours that no model declares."""


class Exchange(Protocol):
    """One town's database, and the one that is to take its place."""

    new_url: str
    """Where the new one is built; it is empty after `prepare`."""

    def is_empty(self) -> bool:
        """Say whether there is nothing to replace."""

    def require_free(self) -> None:
        """Return if nobody holds the database; Conflict otherwise."""

    def prepare(self) -> None:
        """Make room for the new database; what an earlier attempt left is deleted."""

    def swap(self, mark: str) -> str:
        """Put the new database in place; return under which name the old one is kept, or ""."""

    def discard(self) -> None:
        """Delete what was built and not put in place."""


def exchange_for(url: str) -> Exchange:
    """Return the exchange of a database by its address."""
    return SqliteExchange(url) if url.startswith("sqlite") else PostgresExchange(url)


def _held(by: str) -> Conflict:
    return Conflict(
        N_(
            "The database is in use (%(by)s). Stop web and worker, then run this again. Nothing"
            " changed."
        ),
        by=by,
    )


class SqliteExchange:
    """A database in one file."""

    def __init__(self, url: str) -> None:
        self._path = Path(str(make_url(url).database))
        self._new = self._path.with_name(self._path.name + ".restoring")
        self.new_url = f"sqlite:///{self._new}"

    def is_empty(self) -> bool:
        """Say whether there is no file, or one without tables."""
        if not self._path.exists():
            return True
        with _closing(self._path) as connection:
            [count] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return not count

    def require_free(self) -> None:
        """Take the file out of WAL mode, which works only if nobody else has it open."""
        if not self._path.exists():
            return
        try:
            with _closing(self._path) as connection:
                mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()
        except sqlite3.OperationalError as error:
            raise _held(self._path.name) from error
        if mode != ("delete",):
            raise _held(self._path.name)

    def prepare(self) -> None:
        """Delete what an earlier attempt left."""
        self.discard()
        self._path.parent.mkdir(parents=True, exist_ok=True)

    def swap(self, mark: str) -> str:
        """Rename the new file to the old one's name, which the old one has no longer by then."""
        with _closing(self._new) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode=DELETE")
        self.require_free()
        kept = ""
        if self._path.exists():
            aside = self._path.with_name(f"{self._path.name}.before-restore-{mark}")
            os.link(self._path, aside)
            kept = str(aside)
            if os.geteuid() == 0:  # what root restores still belongs to the service
                owner = self._path.stat()
                os.chown(self._new, owner.st_uid, owner.st_gid)
        os.replace(self._new, self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return kept

    def discard(self) -> None:
        """Delete the new file and its companions."""
        for ending in ("", "-wal", "-shm", "-journal"):
            self._new.with_name(self._new.name + ending).unlink(missing_ok=True)


class _closing:
    """A connection of the standard library's, closed at the end (its own block only commits)."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=1.0, isolation_level=None)

    def __enter__(self) -> sqlite3.Connection:
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()


FUNCTIONS = [
    "beffroi_case_changed", "beffroi_case_goes", "beffroi_case_is_new", "beffroi_item_changed",
]  # fmt: skip
"""What our triggers call on PostgreSQL."""


class PostgresExchange:
    """A database on a server: our tables in the first schema of the search path."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        given = str(parsed.query.get("options", ""))
        options = f"{given} -csearch_path={BUILDING}".strip()
        self._engine = create_engine(url, poolclass=NullPool)
        self.new_url = parsed.update_query_dict({"options": options}).render_as_string(
            hide_password=False
        )

    def is_empty(self) -> bool:
        """Say whether none of our tables is there."""
        with self._engine.connect() as connection:
            return not _ours(connection, _present(connection))

    def require_free(self) -> None:
        """Ask the server for other sessions in this database."""
        with self._engine.connect() as connection:
            _alone(connection)

    def prepare(self) -> None:
        """Make the schema in which the new tables are built."""
        self.discard()
        with self._engine.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA {BUILDING}"))

    def swap(self, mark: str) -> str:
        """Let the old tables and the new ones change schemas, in one transaction."""
        kept = "before_restore_" + "".join(c for c in mark.lower() if c.isalnum())
        with self._engine.begin() as connection:
            _alone(connection)
            place = _present(connection)
            old, new = _ours(connection, place), _tables(connection, BUILDING)
            if old:
                connection.execute(text(f"CREATE SCHEMA {kept}"))
            for table in sorted(old):
                _move(connection, "TABLE", place, table, kept)
            for function in _functions(connection, place):
                if old:
                    _move(connection, "FUNCTION", place, function, kept)
                else:  # somebody dropped our tables and left what their triggers called
                    connection.execute(text(f'DROP FUNCTION "{place}".{function}() CASCADE'))
            for table in sorted(new):
                _move(connection, "TABLE", BUILDING, table, place)
            for function in _functions(connection, BUILDING):
                _move(connection, "FUNCTION", BUILDING, function, place)
            connection.execute(text(f"DROP SCHEMA {BUILDING}"))
            _alone(connection)
        return f"schema {kept}" if old else ""

    def discard(self) -> None:
        """Drop the schema in which the new tables are built."""
        with self._engine.begin() as connection:
            connection.execute(text(f"DROP SCHEMA IF EXISTS {BUILDING} CASCADE"))


def _present(connection: Connection) -> str:
    """Return the schema in which our tables are made."""
    return str(connection.scalar(text("SELECT current_schema()")))


def _tables(connection: Connection, schema: str) -> set[str]:
    found = text("SELECT tablename FROM pg_tables WHERE schemaname = :schema")
    return set(connection.scalars(found, {"schema": schema}))


def _ours(connection: Connection, schema: str) -> set[str]:
    return _tables(connection, schema) & (Base.metadata.tables.keys() | OTHERS)


def _functions(connection: Connection, schema: str) -> list[str]:
    """Return which of the functions that our triggers call are there."""
    found = text(
        "SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace"
        " WHERE nspname = :schema AND pronargs = 0 AND proname = ANY(:ours) ORDER BY proname"
    )
    return list(connection.scalars(found, {"schema": schema, "ours": FUNCTIONS}))


def _move(connection: Connection, what: str, schema: str, name: str, to: str) -> None:
    """Move a table with its indexes, counters and triggers into another schema, or a function."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    connection.execute(text(f"ALTER {what} {quote(schema)}.{quote(name)} SET SCHEMA {quote(to)}"))


def _alone(connection: Connection) -> None:
    """Refuse while others hold the database; one that is just leaving has three seconds."""
    for _ in range(LEAVING_LOOKS):
        others = _others(connection)
        if not others:
            return
        connection.execute(text("SELECT pg_sleep(0.2), pg_stat_clear_snapshot()"))
    raise _held(", ".join(others))


def _others(connection: Connection) -> list[str]:
    """Return who else is connected to this PostgreSQL database: name and process id."""
    found = connection.execute(
        text(
            "SELECT pid, application_name FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND coalesce(backend_type, 'client backend') = 'client backend'"
        )
    )
    return [f"{row.application_name or '?'} {row.pid}" for row in found]
