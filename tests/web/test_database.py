# SPDX-License-Identifier: AGPL-3.0-or-later
"""How transactions begin on SQLite, and that a unit of work is one, whoever writes in it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from beffroi_web.database import Unit, make_db, open_unit, tune, unit_of_work

DRIVER = "INSERT INTO t VALUES ('driver')"
SESSION = text("INSERT INTO t VALUES ('session')")


@contextmanager
def database(file: Path) -> Iterator[SQLAlchemy]:
    """Open a database with one empty table."""

    class Base(DeclarativeBase):
        pass

    db = make_db(Base)
    app = Flask("units")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{file}"
    db.init_app(app)
    with app.app_context():
        tune(db.engine)
        with unit_of_work(db):
            db.session.execute(text("CREATE TABLE t (a TEXT PRIMARY KEY)"))
        yield db
        db.session.remove()
        db.engine.dispose()


def opened(db: SQLAlchemy) -> Unit:
    unit = open_unit(db)
    assert unit is not None
    return unit


def seen(file: Path) -> list[str]:
    """Return what another connection sees."""
    other = sqlite3.connect(file)
    try:
        return [row[0] for row in other.execute("SELECT a FROM t ORDER BY a")]
    finally:
        other.close()


def _write_and_fail(db: SQLAlchemy, order: list[str]) -> None:
    for who in order:
        if who == "driver":
            opened(db).cursor().execute(DRIVER)
        else:
            db.session.execute(SESSION)
    raise ZeroDivisionError


def test_what_session_and_driver_write_in_a_unit_is_committed_together(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    with database(file) as db:
        assert open_unit(db) is None
        with unit_of_work(db):
            opened(db).cursor().execute(DRIVER)
            assert db.session.scalar(text("SELECT a FROM t")) == "driver"
            db.session.execute(SESSION)
            found = opened(db).cursor().execute("SELECT count(*) FROM t").fetchall()
            assert found == [(2,)]
            assert seen(file) == []
        assert seen(file) == ["driver", "session"]
        assert open_unit(db) is None


@pytest.mark.parametrize("order", ["driver", "session", "driver session", "session driver"])
def test_an_error_takes_back_what_either_wrote(tmp_path: Path, order: str) -> None:
    file = tmp_path / "a.db"
    with database(file) as db:
        with pytest.raises(ZeroDivisionError), unit_of_work(db):
            _write_and_fail(db, order.split())
        assert seen(file) == []
        with unit_of_work(db):
            opened(db).cursor().execute(DRIVER)
        assert seen(file) == ["driver"]


def test_after_a_rollback_within_a_unit_the_driver_is_in_a_transaction_again(
    tmp_path: Path,
) -> None:
    file = tmp_path / "a.db"
    with database(file) as db, unit_of_work(db):
        opened(db).cursor().execute(DRIVER)
        db.session.execute(SESSION)
        db.session.rollback()
        opened(db).cursor().execute(DRIVER)
        assert seen(file) == []
        db.session.execute(SESSION)
        assert seen(file) == []
    assert seen(file) == ["driver", "session"]


def test_a_savepoint_of_the_session_holds_what_the_driver_wrote_before(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    with database(file) as db, unit_of_work(db):
        opened(db).cursor().execute(DRIVER)
        with pytest.raises(ZeroDivisionError), db.session.begin_nested():
            _write_and_fail(db, ["session"])
    assert seen(file) == ["driver"]


def test_the_driver_sees_the_objects_that_the_session_holds(tmp_path: Path) -> None:
    class Base(DeclarativeBase):
        pass

    db = make_db(Base)

    class Thing(db.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "t"
        a: Mapped[str] = mapped_column(primary_key=True)

    app = Flask("objects")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path / 'a.db'}"
    db.init_app(app)
    with app.app_context():
        tune(db.engine)
        db.create_all()
        with unit_of_work(db):
            db.session.add(Thing(a="object"))
            assert opened(db).cursor().execute("SELECT a FROM t").fetchall() == [("object",)]
        with unit_of_work(db):
            db.session.add(Thing(a="alone"))
        assert seen(tmp_path / "a.db") == ["alone", "object"]
        db.session.remove()
        db.engine.dispose()


def test_a_unit_in_another_application_is_not_this_ones(tmp_path: Path) -> None:
    with database(tmp_path / "a.db") as db:
        other = Flask("other")
        other.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path / 'b.db'}"
        db.init_app(other)
        with unit_of_work(db):
            opened(db).cursor().execute(DRIVER)
            with other.app_context():
                assert open_unit(db) is None
                assert db.session.scalar(text("SELECT count(*) FROM sqlite_master")) == 0
                db.session.remove()
                db.engine.dispose()
        assert seen(tmp_path / "a.db") == ["driver"]


def test_units_do_not_nest(tmp_path: Path) -> None:
    with database(tmp_path / "a.db") as db, unit_of_work(db):
        with pytest.raises(RuntimeError, match="open already"), unit_of_work(db):
            pass
        assert open_unit(db) is not None


def test_the_driver_too_is_told_in_the_librarys_words_that_its_turn_never_came(
    tmp_path: Path,
) -> None:
    with database(tmp_path / "a.db") as db:
        db.engine.dispose()
        event.listen(db.engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout=20"))
        other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"), unit_of_work(db):
            opened(db).cursor()
        other.execute("ROLLBACK")
        other.close()
        with unit_of_work(db):
            opened(db).cursor().execute(DRIVER)
        assert seen(tmp_path / "a.db") == ["driver"]


def test_a_writer_whose_turn_never_comes_is_told_so_in_the_librarys_own_words(
    tmp_path: Path,
) -> None:
    class Base(DeclarativeBase):
        pass

    db = make_db(Base)
    app = Flask("locked")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path / 'a.db'}"
    db.init_app(app)
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    with app.app_context():
        tune(db.engine)
        event.listen(db.engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout=20"))
        with unit_of_work(db):
            db.session.execute(text("CREATE TABLE t (a INTEGER)"))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="locked"), unit_of_work(db):
            db.session.execute(text("INSERT INTO t VALUES (1)"))
        other.execute("ROLLBACK")
        with unit_of_work(db):
            db.session.execute(text("INSERT INTO t VALUES (1)"))
        assert db.session.scalar(text("SELECT count(*) FROM t")) == 1
        db.session.remove()
        db.engine.dispose()
    other.close()


def test_a_unit_of_the_driver_alone_leaves_its_connection_to_the_next_one(tmp_path: Path) -> None:
    def write(db: SQLAlchemy, name: str) -> object:
        with unit_of_work(db):
            opened(db).cursor().execute("INSERT INTO t VALUES (?)", (name,))
            return opened(db)._taken().driver

    file = tmp_path / "town.sqlite3"
    with database(file) as db:
        first = write(db, "1")
        assert write(db, "2") is first
        assert db.engine.pool.checkedout() == 1  # type: ignore[attr-defined]
        assert seen(file) == ["1", "2"], "it holds no transaction"
        with pytest.raises(ZeroDivisionError), unit_of_work(db):
            _write_and_fail(db, ["driver"])
        assert db.engine.pool.checkedout() == 0, "after an error it goes back"  # type: ignore[attr-defined]
        old = write(db, "3")
        db.engine.dispose()
        assert write(db, "4") is not old, "a pool that was given up is not written through"
        db.session.remove()
        assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        assert seen(file) == ["1", "2", "3", "4"]
