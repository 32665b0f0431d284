# SPDX-License-Identifier: AGPL-3.0-or-later
"""How transactions begin on SQLite."""

import sqlite3
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase

from beffroi_web.database import make_db, tune, unit_of_work


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
