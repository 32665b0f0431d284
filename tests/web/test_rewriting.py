# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is left in a database's files of a row that was deleted, night after night."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from beffroi_web.database import engine_options, tune
from beffroi_web.rewriting import rewrite
from support.databases import another_server
from support.needles import in_files, spellings

SECRET = "Ambrézilore-vorquelène-zibéthanor"
NEEDLES = spellings({"secret": SECRET.encode()}, words=["secret"])


def tell(engine: Engine, statement: str, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def fill(engine: Engine) -> None:
    """Write many rows, the secret among them, and delete every second one with it."""
    tell(engine, "CREATE TABLE kept (id INTEGER PRIMARY KEY, words TEXT)")
    for number in range(400):
        words = SECRET if number == 199 else f"words of row {number} " + "x" * (number % 90)
        tell(engine, "INSERT INTO kept VALUES (:id, :words)", id=number, words=words)
    tell(engine, "DELETE FROM kept WHERE id % 2 = 1")


def test_sqlite_keeps_nothing_after_one_night(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kept.sqlite3'}"
    engine = create_engine(url, **engine_options(url))
    tune(engine)
    tell(engine, "CREATE VIRTUAL TABLE found USING fts5(words)")
    tell(engine, "INSERT INTO found (rowid, words) VALUES (1, :words)", words=SECRET)
    fill(engine)
    tell(engine, "DELETE FROM found WHERE rowid = 1")
    assert in_files(NEEDLES, [tmp_path]) != {}
    rewrite(engine, tables=("kept",), indexes=("found",))
    assert in_files(NEEDLES, [tmp_path]) == {}
    left = list(tmp_path.glob("*-wal"))
    assert all(file.stat().st_size == 0 for file in left)
    engine.dispose()


@pytest.mark.database
def test_postgresql_keeps_nothing_in_its_tables_after_a_night_and_in_its_log_after_35() -> None:
    engine = create_engine(another_server(), poolclass=NullPool)
    fill(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ALTER TABLE kept ALTER COLUMN words SET STATISTICS 0"))
        connection.execute(text("CHECKPOINT"))
        folder = Path(str(connection.scalar(text("SHOW data_directory"))))
        assert in_files(NEEDLES, [folder / "base"]) != {}
        assert in_files(NEEDLES, [folder / "pg_wal"]) != {}
        nights = 0
        while nights == 0 or in_files(NEEDLES, [folder / "pg_wal"]):
            nights += 1
            assert nights <= 35, "a segment of the write-ahead log was never written over"
            tell(engine, "UPDATE kept SET words = words")  # what a town does in a day
            rewrite(engine, tables=("kept",), indexes=())
            connection.execute(text("CHECKPOINT"))
            assert in_files(NEEDLES, [folder / "base", folder / "global"]) == {}
        assert connection.scalar(text("SELECT count(*) FROM kept")) == 200
    engine.dispose()
