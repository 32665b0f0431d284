# SPDX-License-Identifier: AGPL-3.0-or-later
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.kernel import jobs
from beffroi.kernel.jobs import LEASE, LONGEST_WAIT, MOST_ATTEMPTS, Worked, wait_after
from support.town import Town


class Killed(BaseException):
    """The process dies: no handler of exceptions runs."""


def work(town: Town, **handlers: Callable[[dict[str, Any], datetime], None]) -> Worked:
    with town.look():
        return jobs.work_once(handlers, now=town.now)


def ask(town: Town, name: str = "write", **args: Any) -> None:
    with town.change():
        jobs.enqueue(name, args, run_at=town.now)


def never(_args: dict[str, Any], _now: datetime) -> None:
    raise AssertionError("this job must not run now")


def fails(_args: dict[str, Any], _now: datetime) -> None:
    raise RuntimeError("the server is down")


def counts(town: Town) -> tuple[int, int]:
    with town.look():
        return jobs.waiting(), jobs.dead()


def test_a_job_runs_once_with_its_arguments(town: Town) -> None:
    ran: list[Any] = []
    ask(town, delivery=7)
    assert work(town, write=lambda args, now: ran.append((args, now))) == Worked(1, 0)
    assert work(town, write=never) == Worked(0, 0)
    assert ran == [({"delivery": 7}, town.now)]
    assert counts(town) == (0, 0)


def test_a_job_of_a_change_that_failed_does_not_exist(town: Town) -> None:
    def enqueue_and_die() -> None:
        with town.change():
            jobs.enqueue("write", {}, run_at=town.now)
            raise Killed

    with pytest.raises(Killed):
        enqueue_and_die()
    assert counts(town) == (0, 0)


def test_a_job_waits_for_its_moment(town: Town) -> None:
    with town.change():
        jobs.enqueue("write", {}, run_at=town.now + timedelta(hours=1))
    assert work(town, write=never) == Worked(0, 0)
    town.later(hours=1)
    assert work(town, write=lambda *_: None) == Worked(1, 0)


def test_a_failing_job_waits_longer_each_time_and_is_not_dropped(town: Town) -> None:
    ask(town)
    waits = []
    for _ in range(4):
        before = town.now
        while work(town, write=fails) == Worked(0, 0):
            town.later(seconds=10)
        waits.append(town.now - before)
        assert counts(town) == (1, 0)
    assert waits == [timedelta(seconds=s) for s in (0, 30, 60, 120)]
    kept = town.one("SELECT last_error FROM job")
    assert re.fullmatch(r"RuntimeError at test_jobs\.py:[0-9]+ fails", kept), "never a message"
    town.later(hours=6)
    assert work(town, write=lambda *_: None) == Worked(1, 0)
    assert town.one("SELECT last_error FROM job") is None


def test_a_job_that_fails_too_often_is_dead_and_kept_with_its_error(village: Town) -> None:
    ask(village)
    for _ in range(MOST_ATTEMPTS):
        assert work(village, write=fails) == Worked(0, 1)
        village.later(hours=7)
    assert work(village, write=never) == Worked(0, 0)
    assert counts(village) == (0, 1)
    assert village.one("SELECT last_error FROM job").startswith("RuntimeError at ")


def test_a_job_nobody_knows_how_to_do_is_kept_and_said(village: Town) -> None:
    ask(village, "forgotten")
    assert work(village, write=never) == Worked(0, 1)
    assert counts(village) == (1, 0)
    assert village.one("SELECT last_error FROM job").startswith("KeyError at jobs.py")


def test_what_a_failing_job_wrote_is_undone_and_the_next_still_runs(town: Town) -> None:
    def writes_then_fails(_args: dict[str, Any], now: datetime) -> None:
        jobs.enqueue("half", {}, run_at=now)
        raise RuntimeError("half-way")

    ask(town, "bad")
    ask(town, "good")
    assert work(town, bad=writes_then_fails, good=lambda *_: None) == Worked(1, 1)
    assert [r.name for r in town.rows("SELECT name FROM job ORDER BY id")] == ["bad", "good"]


def test_a_worker_that_dies_leaves_its_job_to_the_next_once_the_lease_ends(town: Town) -> None:
    ran: list[int] = []

    def dies(_args: dict[str, Any], _now: datetime) -> None:
        ran.append(1)
        raise Killed  # after the work, before it is marked

    ask(town)
    with pytest.raises(Killed):
        work(town, write=dies)
    assert work(town, write=never) == Worked(0, 0)
    town.clock.move(LEASE)
    assert work(town, write=lambda *_: ran.append(2)) == Worked(1, 0)
    assert ran == [1, 2]  # twice at most, never not at all
    town.clock.move(LEASE)
    assert work(town, write=never) == Worked(0, 0)


def test_two_workers_do_not_get_the_same_job(town: Town) -> None:
    ran: list[int] = []

    def asks_another_worker(args: dict[str, Any], _now: datetime) -> None:
        ran.append(args["n"])
        with town.app.app_context():
            jobs.work_once({"write": lambda a, _: ran.append(a["n"])}, now=town.now)

    for n in range(5):
        ask(town, n=n)
    work(town, write=asks_another_worker)
    assert sorted(ran) == [0, 1, 2, 3, 4]


def test_only_old_jobs_that_are_over_are_forgotten(village: Town) -> None:
    ask(village, "good")
    ask(village, "bad")
    for _ in range(MOST_ATTEMPTS):
        work(village, good=lambda *_: None, bad=fails)
        village.later(hours=7)
    ask(village, "good")
    village.later(days=40)
    with village.change():
        assert jobs.purge(before=village.now - timedelta(days=30)) == 2
    assert counts(village) == (1, 0)


@given(st.integers(1, 1000))
def test_the_wait_grows_and_has_an_end(attempts: int) -> None:
    assert timedelta(seconds=30) <= wait_after(attempts) <= wait_after(attempts + 1) <= LONGEST_WAIT
