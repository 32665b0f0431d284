# SPDX-License-Identifier: AGPL-3.0-or-later
"""Once a night the files are written anew: when, what is left, what stands in the way."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from beffroi.kernel.db import MIGRATIONS, db
from beffroi.kernel.nightly import NIGHTS, REWRITE, Night, last_night
from beffroi.worker import NO_WORDS
from beffroi_web.rewriting import CannotRewrite, rewrite
from support.databases import fresh
from support.town import Town, at_once, open_town

PARIS = "Europe/Paris"


@pytest.fixture
def town(database_url: str, tmp_path: Path) -> Iterator[Town]:
    """A town on its first day, whose worker has not seen a night yet."""
    with open_town(tmp_path, database_url, slept=False) as made:
        yield made


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Town]:
    """The same on SQLite alone."""
    with open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path), slept=False) as made:
        yield made


def turn(town: Town) -> bool:
    with town.app.app_context():
        return town.worker().rewrite()


def standing(town: Town) -> Night:
    with town.look():
        return NIGHTS.standing(REWRITE)


@pytest.mark.parametrize(
    ("moment", "night"),
    [
        ("2027-01-12T00:29:59+00:00", date(2027, 1, 11)),
        ("2027-01-12T00:30:00+00:00", date(2027, 1, 12)),
        ("2027-03-28T00:30:00+00:00", date(2027, 3, 28)),  # clocks jump at one UTC
        ("2027-10-31T00:30:00+00:00", date(2027, 10, 31)),  # and here they show two twice
        ("2027-10-31T01:30:00+00:00", date(2027, 10, 31)),
    ],
)
def test_a_night_begins_at_half_past_one_on_the_towns_clock(moment: str, night: date) -> None:
    assert last_night(datetime.fromisoformat(moment), PARIS) == night


def test_it_happens_once_a_night_and_a_missed_night_is_made_up(village: Town) -> None:
    assert turn(village)
    assert not turn(village)
    village.later(hours=13)
    assert not turn(village)  # one o'clock at night
    village.later(hours=1)
    assert turn(village)
    assert standing(village).night == date(2027, 1, 13)
    village.later(days=9, hours=7)
    assert turn(village)
    assert not turn(village)
    assert standing(village).night == date(2027, 1, 22)


def test_one_of_several_workers_does_it(town: Town) -> None:
    assert sorted(at_once([lambda: turn(town)] * 3), key=str) == [False, False, True]
    found = standing(town)
    assert found.locked_ms is not None
    assert found.fault is None


def test_a_worker_that_died_at_it_is_replaced_after_ten_minutes(town: Town) -> None:
    with town.app.app_context():
        assert NIGHTS.claim(REWRITE, now=town.now, zone=PARIS) is not None
    assert not turn(town)
    town.later(minutes=10)
    assert turn(town)


def _tables() -> Sequence[str]:
    return [name for name in db.metadata.tables if name not in NO_WORDS]


def test_somebody_who_reads_all_night_is_named_and_it_is_tried_again(town: Town) -> None:
    town.request()
    engine = create_engine(town.settings.database_url, poolclass=NullPool)
    with town.app.app_context():
        with engine.connect() as reader:
            if reader.dialect.name == "sqlite":
                reader.exec_driver_sql("BEGIN")
            reader.execute(text('SELECT count(*) FROM "case"'))
            waits: list[float] = []
            with pytest.raises(CannotRewrite, match=r"in use|read for so long|still open"):
                rewrite(
                    db.engine,
                    tables=_tables(),
                    indexes=("case_search",),
                    attempts=2,
                    pause=waits.append,
                )
            assert waits
            reader.rollback()
        assert rewrite(db.engine, tables=_tables(), indexes=("case_search",)).locked_ms >= 0
    engine.dispose()


def test_every_row_is_there_afterwards_and_search_still_finds_it(town: Town) -> None:
    for number in range(40):
        town.release(town.request(title=f"Menus numéro {number}"), "title", "wanted")
    town.publish()
    names = [*_tables(), *NO_WORDS - {"nightly"}]
    before = {name: town.rows(f'SELECT count(*) FROM "{name}"') for name in names}
    assert turn(town)
    after = {name: town.rows(f'SELECT count(*) FROM "{name}"') for name in names}
    assert {n: r for n, r in after.items() if n != "nightly"} == {
        n: r for n, r in before.items() if n != "nightly"
    }
    body = town.visitor().page("/requests?q=menus")
    assert "Menus numéro 39" in body


def test_the_write_ahead_log_of_sqlite_is_empty_afterwards(village: Town) -> None:
    village.release(village.request())
    with village.app.app_context():
        worker = village.worker()
        assert worker.rewrite()
        db.session.remove()
    file = Path(village.settings.database_url.removeprefix("sqlite:///"))
    connection = create_engine(village.settings.database_url).raw_connection()
    done = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert done[0] == 0
    assert file.with_name(file.name + "-wal").stat().st_size == 0
    connection.close()


def test_statistics_of_postgresql_hold_no_words(town: Town) -> None:
    if not town.settings.database_url.startswith("postgresql"):
        assert db.metadata.tables  # SQLite keeps no samples
        return
    for number in range(60):
        town.release(town.request(title=f"Échantillonnage{number % 3}"), "title", "wanted")
    town.publish()
    town.later(minutes=2)
    town.work()
    assert town.one("SELECT count(*) FROM case_item WHERE item LIKE '%chantillonnage%'")
    engine = create_engine(
        town.settings.database_url, poolclass=NullPool, isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        kept = connection.execute(
            text("SELECT most_common_vals::text || coalesce(histogram_bounds::text, '')"
                 " || coalesce(most_common_elems::text, '') FROM pg_stats"
                 " WHERE schemaname = 'public'")
        ).scalars()  # fmt: skip
        said = "\n".join(one for one in kept if one).lower()
    assert "chantillonnage" not in said
    engine.dispose()
