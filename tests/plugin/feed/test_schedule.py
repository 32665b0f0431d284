# SPDX-License-Identifier: AGPL-3.0-or-later
"""Batches come when the calendar says, once each, and late rather than under a false date."""

import multiprocessing
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from beffroi.app import create_app
from beffroi.config import from_mapping
from beffroi.feed import commands
from beffroi.feed.models import LogBatch
from beffroi.kernel.db import db
from beffroi.worker import Worker
from beffroi_web.clock import FixedClock
from support.log_rows import LEAVES, leaves_in
from support.town import Town, open_town, town_settings


@pytest.fixture
def weekly(database_url: str, tmp_path: Path) -> Iterator[Town]:
    """A town that publishes by the week, as towns do."""
    with open_town(tmp_path, database_url, publish="weekly") as made:
        yield made


def on_schedule(town: Town) -> int:
    with town.app.app_context():
        return town.worker().publish(scheduled=True)


def periods(town: Town) -> list[str]:
    return [r.period for r in town.rows("SELECT period FROM log_batch ORDER BY position")]


def kinds(town: Town) -> list[str]:
    return [leaf.split('"t":"')[1][:3] for leaf in leaves_in(town.rows(LEAVES))]


def set_clock(town: Town, text: str) -> None:
    town.clock.moment = datetime.fromisoformat(text)


def test_the_week_comes_once_a_week_and_a_marker_every_day(weekly: Town) -> None:
    ref = weekly.request()
    weekly.release(ref)
    assert on_schedule(weekly) == 4  # week: marker, reception, record; day: marker
    assert on_schedule(weekly) == 0
    second = weekly.request()
    weekly.release(second)
    weekly.later(days=1)
    assert on_schedule(weekly) == 1  # Wednesday's marker; the request waits for its week
    weekly.later(days=6)
    assert on_schedule(weekly) == 4
    assert periods(weekly) == ["2027-W02", "2027-01-12", "2027-01-13", "2027-W03", "2027-01-19"]


def test_nothing_happens_before_the_hour_and_everything_at_it(weekly: Town) -> None:
    on_schedule(weekly)
    opens = commands.calendar_of(weekly.settings).next_week(weekly.now).opens
    set_clock(weekly, "2027-01-17T12:00:00+00:00")
    on_schedule(weekly)
    ref = weekly.request()
    weekly.release(ref)
    weekly.clock.moment = opens
    weekly.later(seconds=-1)
    assert on_schedule(weekly) == 0
    weekly.later(seconds=1)
    assert on_schedule(weekly) == 4
    assert periods(weekly)[-2:] == ["2027-W03", "2027-01-18"]


def test_both_batches_come_also_when_they_are_empty(weekly: Town) -> None:
    for _ in range(8):
        on_schedule(weekly)
        weekly.later(days=1)
    assert set(kinds(weekly)) == {"bat"}
    assert len(periods(weekly)) == 8 + 2


def test_missed_weeks_are_made_up_in_one_batch_that_bears_todays_date(weekly: Town) -> None:
    on_schedule(weekly)
    for number in range(3):
        ref = weekly.request(title=f"Menus numéro {number}")
        weekly.release(ref)
        weekly.later(days=7)
    assert on_schedule(weekly) == 1 + 3 + 3 + 1
    assert periods(weekly) == ["2027-W02", "2027-01-12", "2027-W05", "2027-02-02"]
    assert on_schedule(weekly) == 0


def test_a_worker_that_comes_back_before_mondays_hour_makes_up_last_weeks_batch(
    weekly: Town,
) -> None:
    on_schedule(weekly)
    ref = weekly.request()
    weekly.release(ref)
    set_clock(weekly, "2027-01-25T01:59:00+00:00")  # Monday of week 4, a minute before three
    assert on_schedule(weekly) == 4
    assert periods(weekly)[2:] == ["2027-W03", "2027-01-24"]


def test_what_has_no_room_in_one_transaction_follows_in_the_same_batch(weekly: Town) -> None:
    for number in range(5):
        weekly.release(weekly.request(title=f"Menus numéro {number}"), "title", "wanted")
    with weekly.app.app_context():
        commands.publish_on_schedule(
            commands.signer_for(weekly.settings),
            commands.calendar_of(weekly.settings),
            now=weekly.now,
            today=weekly.today,
            chance=weekly.chance,
            most=3,
        )
    assert kinds(weekly).count("rcv") == 5
    assert kinds(weekly).count("rec") == 5
    assert periods(weekly) == ["2027-W02", "2027-01-12"]
    assert weekly.one("SELECT count(*) FROM outbox WHERE done_at IS NULL") == 0


def test_publishing_by_hand_does_not_take_the_weeks_place(weekly: Town) -> None:
    weekly.publish()
    weekly.request()
    on_schedule(weekly)
    assert periods(weekly) == ["2027-W02", "2027-W02", "2027-01-12"]


def test_the_table_itself_refuses_a_second_batch_of_a_period(weekly: Town) -> None:
    on_schedule(weekly)
    with pytest.raises(IntegrityError), weekly.change():
        db.session.add(LogBatch(log_id=1, position=99, period="2027-W02", slot="2027-W02"))


def _work(given: dict[str, Any], moments: Sequence[datetime], start: Any, said: Any) -> None:
    """Publish on schedule, in a process of its own, the moment all others do; each day anew."""
    settings = from_mapping(given)
    app = create_app(settings, clock=FixedClock(moments[0]))
    for moment in moments:
        with app.app_context():
            worker = Worker(app, settings, FixedClock(moment))
            start.wait()
            said.put(worker.publish(scheduled=True))


def test_two_workers_never_write_the_marker_of_a_period_twice(
    weekly: Town, database_url: str, tmp_path: Path
) -> None:
    for number in range(6):
        weekly.release(weekly.request(title=f"Menus numéro {number}"), "title", "wanted")
    given = {
        name: getattr(weekly.settings, name)
        for name in ("name", "siren", "kind", "communes", "public_url", "secret_key", "data_dir",
                     "database_url", "publish")
    }  # fmt: skip
    spawn = multiprocessing.get_context("spawn")
    days = [weekly.now + timedelta(days=number) for number in range(3)]
    start, said = spawn.Barrier(3), spawn.Queue()
    both = [spawn.Process(target=_work, args=(given, days, start, said)) for _ in range(2)]
    for process in both:
        process.start()
    for _ in days:
        start.wait(60)
        entries = [said.get(timeout=60) for _ in both]
        assert sum(entries) in {1 + 6 + 6 + 1, 1}, entries
    for process in both:
        process.join(60)
        assert process.exitcode == 0
    assert periods(weekly) == ["2027-W02", "2027-01-12", "2027-01-13", "2027-01-14"]
    assert kinds(weekly).count("rcv") == 6
    assert kinds(weekly).count("rec") == 6


def test_a_batch_of_another_town_comes_at_another_minute(tmp_path: Path) -> None:
    here = town_settings(tmp_path, "sqlite:///x")
    there = town_settings(tmp_path, "sqlite:///x", public_url="https://ailleurs.example")
    moment = datetime.fromisoformat("2027-01-12T11:00:00+00:00")
    week = commands.calendar_of(here).week(moment)
    other = commands.calendar_of(there).week(moment)
    assert week.period == other.period
    assert week.opens != other.opens
