# SPDX-License-Identifier: AGPL-3.0-or-later
"""One way to open a database, for SQLite and PostgreSQL, and the one place that commits.

SQLite runs in WAL mode with `synchronous=FULL` and foreign keys on. The driver's own transaction
handling is switched off: reads open a deferred transaction, writes (`unit_of_work`) open
`BEGIN IMMEDIATE`, so that a writer waits for its turn instead of failing half-way.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Protocol

from flask.globals import app_ctx
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import BigInteger, DateTime, Engine, Integer, MetaData, TypeDecorator, event
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import PoolProxiedConnection

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

BigId = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key; SQLite's own row id is one already and must be spelt INTEGER to count up."""

_writing: ContextVar["Unit | None"] = ContextVar("beffroi_writing", default=None)


def make_metadata() -> MetaData:
    """Return metadata with the naming convention that every migration relies on."""
    return MetaData(naming_convention=NAMING)


def make_db(base: type[DeclarativeBase]) -> SQLAlchemy:
    """Return the Flask-SQLAlchemy object of one application, on its declarative base."""
    return SQLAlchemy(model_class=base, session_options={"class_": _UnitSession})


class _UnitSession(Session):
    """A session that works on the connection of the unit of work that is open."""

    def get_bind(
        self, mapper: Any = None, clause: Any = None, bind: Any = None, **more: Any
    ) -> Any:
        """Return the unit's connection, or what a session without a unit works on."""
        unit = _writing.get()
        if unit is not None and unit.session is self and bind is None:
            return unit.connection()
        return super().get_bind(mapper, clause, bind, **more)

    def close(self) -> None:
        """Close, and give back the connection that the last unit of work left for the next."""
        _let_go(self)
        super().close()


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware on the way in, UTC on the way out; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive moment; store UTC (SQLite keeps no zone, so none is stored there)."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone was given to the database")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def engine_options(url: str) -> dict[str, Any]:
    """Return the engine options for a database address (`sqlite:///…` or `postgresql+psycopg://…`)."""
    hidden = {"hide_parameters": True}  # an error's words must hold none of what people wrote
    if url.startswith("sqlite"):
        return {**hidden, "connect_args": {"timeout": 15.0, "check_same_thread": False}}
    # Said, for a server may have another default: who waited for a lock reads what came meanwhile.
    each = {"isolation_level": "READ COMMITTED"}
    return {**hidden, **each, "pool_pre_ping": True, "pool_size": 5, "max_overflow": 10}


def tune(engine: Engine) -> None:
    """Attach the listeners that give SQLite its durable, well-ordered transactions."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _on_connect(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # the driver no longer begins by itself
        cursor = dbapi.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=15000",
            "secure_delete=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        raw: Any = connection.connection
        if not raw.in_transaction:  # a unit of work may have begun by the driver already
            _begin(raw.cursor(), "BEGIN IMMEDIATE" if _writing.get() else "BEGIN")


def _begin(cursor: Any, statement: str) -> None:
    """Begin by the driver: a statement of SQLAlchemy's costs as much as a small transaction."""
    try:
        cursor.execute(statement)
    except sqlite3.OperationalError as error:
        raise OperationalError(statement, None, error) from error


class LastAct(Protocol):
    """What is done as the last thing in a transaction, right before it is committed."""

    def __call__(self, cursor: Any, name: str, *, marked: bool) -> None:
        """Do it through the driver's cursor, `marked` if that takes `?` for a value."""


class Unit:
    """One write transaction on one connection, which is taken when it is first needed.

    The session and whoever works through the driver (`cursor`) share connection and transaction,
    whichever of them comes first. A unit in which nobody needs the session pays nothing for it:
    SQLAlchemy's part of a transaction costs as much as appending an entry to a log. `last_acts`
    are run by their names before the commit. For the same reason its connection, if it is to an
    SQLite file, is kept for the session's next unit, and goes back to the pool when the session is
    closed.
    """

    def __init__(self, db: SQLAlchemy) -> None:
        self.db = db
        self.session: Session = db.session()
        self.context = app_ctx._get_current_object()  # type: ignore[attr-defined]
        self._line: _Line | None = None
        self._connection: Connection | None = None
        self._last: dict[Callable[[Sequence[int]], None], set[int]] = {}
        self._token: Token[Unit | None] | None = None
        self.last_acts: dict[str, LastAct] = {}

    @property
    def marked(self) -> bool:
        """Say whether the driver knows `?` as the mark of a value."""
        return self._taken().marked

    def cursor(self) -> Any:
        """Return the driver's cursor in this transaction, after what the session holds is written.

        It is the same one each time: read all that a statement finds before the next.
        """
        self.session.flush()
        line = self._line or self._taken()
        if line.sqlite and not line.driver.in_transaction:
            _begin(line.cursor, "BEGIN IMMEDIATE")
        return line.cursor

    def at_the_end(self, work: Callable[[Sequence[int]], None], key: int) -> None:
        """Have a work done once, before the commit, with every key it was asked for, ascending.

        For what all changes share, such as counts: it sees how things stand in the end, and the
        rows that everybody waits for are locked last and for the shortest time.
        """
        self._last.setdefault(work, set()).add(key)

    def connection(self) -> Connection:
        """Return the same connection for the session, which begins on it by itself."""
        if self._connection is None:
            line = self._taken()
            self._connection = Connection(line.engine, line.raw)
        return self._connection

    def _taken(self) -> "_Line":
        """Return the connection, taken from the pool the first time."""
        if self._line is None:
            self._line = _kept(self.session) or _Line(self.db.engine)
        return self._line

    def __enter__(self) -> None:
        """Begin; the first statement takes the connection, and on SQLite the write lock."""
        if _writing.get() is not None:
            raise RuntimeError("a unit of work is open already; services never open one")
        self.session.rollback()
        self._token = _writing.set(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit, or roll back after an error; and give the connection back."""
        well = False
        try:
            if kind is None:
                self._commit()
                well = True
        except BaseException:
            self._roll_back()
            raise
        else:
            if kind is not None:
                self._roll_back()
        finally:
            if self._token is not None:
                _writing.reset(self._token)
            self._give_back(well=well)

    def _commit(self) -> None:
        """Commit once: through the session if it takes part, else what the driver did."""
        while self._last:
            work, keys = self._last.popitem()
            self.session.flush()
            work(sorted(keys))
        self.session.flush()
        for name, act in self.last_acts.items():
            act(self.cursor(), name, marked=self.marked)
        if self.session.in_transaction():
            self.session.commit()
        line = self._line
        if line is not None:
            try:
                line.driver.commit()
            except line.engine.dialect.loaded_dbapi.OperationalError as error:
                raise OperationalError("COMMIT", None, error) from error

    def _roll_back(self) -> None:
        self.session.rollback()
        if self._line is not None and self._line.raw.is_valid:
            self._line.raw.rollback()

    def _give_back(self, *, well: bool) -> None:
        """Give the connection back; one to an SQLite file waits for the session's next unit."""
        if self._connection is not None:
            self._connection.close()
        elif self._line is not None:
            if well and self._line.sqlite:
                self.session.info[_LINE] = self._line
            else:
                self._line.raw.close()


_LINE = "beffroi_web.database"


class _Line:
    """A connection from the pool, the driver's own object under it, and a cursor."""

    __slots__ = ("cursor", "driver", "engine", "marked", "pool", "raw", "sqlite")

    def __init__(self, engine: Engine) -> None:
        self.engine, self.pool = engine, engine.pool
        self.sqlite = engine.dialect.name == "sqlite"
        self.marked = engine.dialect.paramstyle == "qmark"
        try:
            self.raw: PoolProxiedConnection = engine.raw_connection()
        except engine.dialect.loaded_dbapi.OperationalError as error:
            raise OperationalError("connect", None, error) from error
        self.driver: Any = self.raw.dbapi_connection
        self.cursor: Any = self.raw.cursor()


def _kept(session: Session) -> _Line | None:
    """Return the connection that a session's last unit left, unless its pool is no more."""
    line: _Line | None = session.info.pop(_LINE, None)
    if line is not None and line.engine.pool is not line.pool:
        line.raw.close()
        return None
    return line


def _let_go(session: Session) -> None:
    line: _Line | None = session.info.pop(_LINE, None)
    if line is not None:
        line.raw.close()


def open_unit(db: SQLAlchemy) -> Unit | None:
    """Return the unit of work that is open on this database in this application, or None."""
    unit = _writing.get()
    if unit is None or unit.db is not db:
        return None
    here = app_ctx._get_current_object()  # type: ignore[attr-defined]
    return unit if unit.context is here else None


def unit_of_work(db: SQLAlchemy) -> AbstractContextManager[None]:
    """Run a block as one write transaction: committed at its end, rolled back on any error.

    Any read transaction that is open is ended first, so what the block reads is current and, on
    SQLite, the write lock is taken before the first read. Units do not nest.
    """
    return Unit(db)
