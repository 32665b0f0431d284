# SPDX-License-Identifier: AGPL-3.0-or-later
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from beffroi.kernel.db import MIGRATIONS, db
from support.databases import fresh
from support.town import REQUEST, Town, open_town


def test_one_turn_sends_and_publishes_and_the_next_has_nothing_to_do(town: Town) -> None:
    ref = town.request()
    town.release(ref)
    with town.app.app_context():
        worker = town.worker()
        assert worker.turn() == 1 + 3  # a message; marker, reception and record
        assert worker.turn() == 0
    assert len(town.mail.messages) == 1


def test_what_is_over_is_forgotten_once_an_hour(village: Town) -> None:
    village.visitor().post("/requests/new", {**REQUEST, "email": "a@citizens.example"})
    village.signed_in()
    village.request(object="api")  # no clock of it strikes meanwhile
    with village.app.app_context():
        worker = village.worker()
        worker.turn()
        village.later(minutes=59)
        worker.turn()
        assert village.one("SELECT count(*) FROM pending_request") == 1
        village.later(days=40)
        worker.turn()
    for table in ("pending_request", "web_session", "job", "outbox"):
        assert village.one(f"SELECT count(*) FROM {table}") == 0, table
    assert village.one('SELECT count(*) FROM "case"') == 1


@pytest.fixture
def weekly(tmp_path: Path) -> Iterator[Town]:
    """A town that publishes by the week, as towns do."""
    with open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path), publish="weekly") as made:
        yield made


def test_a_weekly_town_publishes_by_its_calendar(weekly: Town) -> None:
    weekly.work()
    ref = weekly.request()
    weekly.release(ref)
    weekly.work()
    assert weekly.one("SELECT count(*) FROM log_fact") == 0
    weekly.later(days=7)
    weekly.work()
    kinds = [r.entry for r in weekly.rows("SELECT entry FROM log_fact ORDER BY position")]
    assert kinds == ["rcv", "rec"]


def test_a_worker_that_publishes_now_asks_no_calendar(weekly: Town) -> None:
    ref = weekly.request()
    weekly.release(ref)
    assert weekly.publish() == 3


class Pauses(threading.Event):
    """Waits for nothing: writes down how long, and does what a test says at each wait."""

    def __init__(self, *then: Callable[[], object]) -> None:
        super().__init__()
        self.then = list(then)
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0)
        self.then.pop(0)()
        return self.is_set()


def test_a_worker_whose_turns_fail_looks_again_soon_then_later_and_soon_after_it_was_well(
    village: Town,
) -> None:
    def nothing() -> None: ...

    def away() -> None:
        with db.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE job RENAME TO away")

    def back() -> None:
        with db.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO job")

    handlers = [signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGINT)]
    stop = Pauses(*[nothing] * 6, back, away, lambda: stop.set())
    try:
        with village.look():
            village.work()
            away()
            village.worker().forever(2.5, stop=stop)
            back()
    finally:
        for name, handler in zip((signal.SIGTERM, signal.SIGINT), handlers, strict=True):
            signal.signal(name, handler)
    assert stop.seconds == [1, 2, 4, 8, 16, 30, 30, 2.5, 1]
