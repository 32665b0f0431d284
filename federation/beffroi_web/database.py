# SPDX-License-Identifier: AGPL-3.0-or-later
"""One way to open a database, for SQLite and PostgreSQL, and the one place that commits.

SQLite runs in WAL mode with `synchronous=FULL` and foreign keys on. The driver's own transaction
handling is switched off: reads open a deferred transaction, writes (`unit_of_work`) open
`BEGIN IMMEDIATE`, so that a writer waits for its turn instead of failing half-way.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, Engine, Integer, MetaData, TypeDecorator, event
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

BigId = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key; SQLite's own row id is one already and must be spelt INTEGER to count up."""

_writing: ContextVar[bool] = ContextVar("beffroi_writing", default=False)


def make_metadata() -> MetaData:
    """Return metadata with the naming convention that every migration relies on."""
    return MetaData(naming_convention=NAMING)


def make_db(base: type[DeclarativeBase]) -> SQLAlchemy:
    """Return the Flask-SQLAlchemy object of one application, on its declarative base."""
    return SQLAlchemy(model_class=base)


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
    return {**hidden, "pool_pre_ping": True, "pool_size": 5, "max_overflow": 10}


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
        statement = "BEGIN IMMEDIATE" if _writing.get() else "BEGIN"
        try:  # by the driver: a statement of SQLAlchemy's costs as much as a small transaction
            connection.connection.cursor().execute(statement)
        except sqlite3.OperationalError as error:
            raise OperationalError(statement, None, error) from error


@contextmanager
def unit_of_work(db: SQLAlchemy) -> Iterator[None]:
    """Run a block as one write transaction: committed at its end, rolled back on any error.

    Any read transaction that is open is ended first, so what the block reads is current and, on
    SQLite, the write lock is taken before the first read. Units do not nest.
    """
    if _writing.get():
        raise RuntimeError("a unit of work is open already; services never open one")
    db.session.rollback()
    token = _writing.set(True)
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    finally:
        _writing.reset(token)
