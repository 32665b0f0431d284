# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rounds over many towns: what is asked, what is written together, what one town cannot spoil."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event
from stdnum import luhn

from beffroi_federation.aggregator.intake import queries, rules, service
from beffroi_federation.aggregator.intake.adapters import reader
from beffroi_federation.aggregator.intake.adapters.carriers import OneByOne
from beffroi_federation.aggregator.intake.commands import (
    Pulled,
    carrier_for,
    pull,
    pull_these,
    rounds,
    work,
)
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.kernel.network import connector
from beffroi_federation.asking import Fetched
from beffroi_federation.client import Timeouts
from beffroi_federation.feed_client import FeedClient
from beffroi_federation.static_copy import DirectoryFetcher
from beffroi_web.clock import FixedClock
from support.nation import NamedTown, Nation, make_town, request_content
from support.simulated_town import Answer, SimulatedTown
from support.town_files import write_files

Serve = Callable[[SimulatedTown], SimulatedTown]
HOUR = timedelta(hours=1)
NOW = datetime(2026, 10, 5, 8, tzinfo=UTC)


def siren(number: int) -> str:
    """Return a SIREN with its check digit."""
    return next(f"21{n:07d}" for n in range(number * 10, number * 10 + 10)
                if luhn.is_valid(f"21{n:07d}"))  # fmt: skip


def country(nation: Nation, serve: Serve, towns: int, entries: int = 2) -> list[NamedTown]:
    """Serve so many towns that the nation knows."""
    made = []
    for number in range(towns):
        town = make_town(siren(number), f"Ville {number:02d}")
        for entry in range(entries):
            town.record(request_content(entry + 1, title=f"Titre {entry} de {number}"))
        town.publish()
        nation.know(serve(town))
        made.append(town)
    return made


@contextmanager
def commits(nation: Nation) -> Iterator[list[int]]:
    """Count the transactions that are committed."""
    seen = [0]

    def count(_: object) -> None:
        seen[0] += 1

    with nation.app.app_context():
        engine = db.engine
    event.listen(engine, "commit", count)
    try:
        yield seen
    finally:
        event.remove(engine, "commit", count)


def a_round(nation: Nation, *, derive: bool = True) -> dict[str, Pulled]:
    """Pull every town in one round, and nothing else."""
    carrier = carrier_for(nation.connect())
    with nation.app.app_context():
        done = list(rounds.run(carrier, nation.rhythm, queries.due(None), derive=derive))
    carrier.close()
    return {one.siren: one for one in done}


# ---- what is asked ----


def test_what_is_new_comes_with_two_requests_and_a_quiet_round_with_one(
    nation: Nation, serve: Serve
) -> None:
    (town,) = country(nation, serve, 1, entries=300)
    nation.pull()
    assert "log/content/001" in town.requests
    for number in range(10):
        town.record(request_content(500 + number))
    town.publish()
    town.requests.clear()
    assert nation.pull()[town.siren].entries == 10
    assert town.requests == ["log/checkpoint", "log/tail/300"]
    town.requests.clear()
    assert nation.pull()[town.siren].result == "unchanged"
    assert town.requests == ["log/checkpoint"]


def test_a_town_without_tails_is_asked_for_one_once_a_week_only(
    small_nation: Nation, serve: Serve, clock: FixedClock
) -> None:
    (town,) = country(small_nation, serve, 1)
    town.serves_tails = False

    def grown() -> list[str]:
        town.record(request_content(7))
        town.publish()
        town.requests.clear()
        assert small_nation.pull()[town.siren].entries > 0
        return [path.split("/")[1] for path in town.requests]

    assert grown() == ["checkpoint", "tail", "tile", "content"]
    assert grown() == ["checkpoint", "tile", "content"]
    clock.move(timedelta(days=7))
    assert grown()[:2] == ["checkpoint", "tail"]


def test_a_town_that_serves_tails_again_is_asked_for_them_each_time(
    small_nation: Nation, serve: Serve, clock: FixedClock
) -> None:
    (town,) = country(small_nation, serve, 1)
    town.serves_tails = False

    def grown() -> set[str]:
        town.record(request_content(7))
        town.publish()
        town.requests.clear()
        assert small_nation.pull()[town.siren].entries > 0
        return {path.split("/")[1] for path in town.requests} & {"tail", "tile"}

    assert grown() == {"tail", "tile"}
    town.serves_tails = True
    assert grown() == {"tile"}
    clock.move(timedelta(days=7))
    assert grown() == grown() == {"tail"}


def test_older_contents_are_compared_again_although_news_come_by_tails(
    small_nation: Nation, serve: Serve, clock: FixedClock
) -> None:
    (town,) = country(small_nation, serve, 1, entries=4)
    small_nation.pull()
    town.contents.pop(1)
    clock.move(timedelta(days=1, minutes=1))
    town.record(request_content(9))
    town.publish()
    small_nation.pull()
    assert "Titre 1 de 0" not in small_nation.dump()
    assert "Titre 2 de 0" in small_nation.dump()


def test_a_turn_ends_with_a_whole_bundle_when_contents_are_too_much_for_it(
    small_nation: Nation, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "TURN_BYTES", 50_000)
    town = make_town()
    for number in range(700):
        town.record(request_content(number))
    town.publish()
    small_nation.know(serve(town))
    with small_nation.app.app_context():
        done = pull(small_nation.app, small_nation.connect(), small_nation.rhythm)
    assert [(one.entries, one.behind) for one in done] == [(256, 444), (256, 188), (188, 0)]
    assert len(small_nation.rows("content")) == 700
    assert town.requests.count("log/checkpoint") == 1


def test_the_same_reading_is_carried_by_a_folder(
    small_nation: Nation, serve: Serve, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (town,) = country(small_nation, serve, 1, entries=300)
    folder = tmp_path_factory.mktemp("copy")
    write_files(folder, town.files())

    @contextmanager
    def open_folder(prefix: str) -> Iterator[FeedClient]:
        yield FeedClient(DirectoryFetcher(folder))

    town.requests.clear()
    done = pull(small_nation.app, OneByOne(open_folder), small_nation.rhythm)
    assert [(one.result, one.entries) for one in done] == [("taken", 300)]
    assert town.requests == []


# ---- what is written together ----


def test_many_towns_are_written_in_few_transactions_and_quiet_ones_in_one(
    nation: Nation, serve: Serve
) -> None:
    country(nation, serve, 12)
    with commits(nation) as written:
        done = a_round(nation, derive=False)
    assert {one.result for one in done.values()} == {"taken"}
    assert written[0] == 1
    before = nation.rows("log_state")
    nation.clock.move(HOUR)
    with commits(nation) as written:
        assert {one.result for one in a_round(nation).values()} == {"unchanged"}
    assert written[0] == 1
    with nation.app.app_context():
        fresh = queries.freshness()
    assert {one.verified_at for one in fresh.values()} == {nation.clock.now()}
    assert before != nation.rows("log_state")


def test_one_town_whose_part_cannot_be_written_loses_none_of_the_others(
    nation: Nation, serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    towns = country(nation, serve, 6)
    write = service.write

    def fail(prepared: Sequence[service.Prepared], **more: object) -> object:
        stored = write(prepared, **more)  # type: ignore[arg-type]
        if any(one.town.siren == towns[3].siren for one in prepared):
            raise ZeroDivisionError
        return stored

    monkeypatch.setattr(service, "write", fail)
    done = nation.pull()
    assert [done[town.siren].result for town in towns] == [
        "taken", "taken", "taken", "failed", "taken", "taken",
    ]  # fmt: skip
    assert len(nation.rows("raw_entry")) == 10
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.undo()
    assert nation.pull()[towns[3].siren].result == "taken"


def test_what_cannot_be_derived_stays_waiting_and_the_rest_is_shown(
    small_nation: Nation, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    towns = country(small_nation, serve, 3)
    settle = rounds.settle_waiting
    with small_nation.app.app_context():
        broken = small_nation.town(towns[1].siren).log_id

    def fail(*, log_ids: Sequence[int], now: datetime) -> object:
        if broken in log_ids:
            raise ZeroDivisionError
        return settle(log_ids=log_ids, now=now)

    monkeypatch.setattr(rounds, "settle_waiting", fail)
    done = a_round(small_nation)
    assert {one.result for one in done.values()} == {"taken"}
    assert "Titre 0 de 0" in small_nation.page("/requests")
    assert "Titre 0 de 1" not in small_nation.page("/requests")
    assert len(small_nation.rows("waiting")) == 1
    monkeypatch.undo()
    stop = threading.Event()
    work(small_nation.app, small_nation.connect(), small_nation.rhythm, stop,
         tidy=lambda _: stop.set(), pause=0.01)  # fmt: skip
    assert "Titre 0 de 1" in small_nation.page("/requests")


def test_a_pull_that_another_one_overtook_writes_nothing(
    nation: Nation, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    (town,) = country(nation, serve, 1)
    prepare = service.prepare

    def meanwhile(*args: object, **more: object) -> object:
        monkeypatch.undo()
        prepared = prepare(*args, **more)  # type: ignore[arg-type]
        with nation.app.app_context():
            other = nation.pull()
        assert other[town.siren].result == "taken"
        return prepared

    monkeypatch.setattr(service, "prepare", meanwhile)
    assert nation.pull()[town.siren].result == "overtaken"
    assert len(nation.rows("raw_entry")) == 2


def test_exactly_the_towns_that_are_named_are_pulled(nation: Nation, serve: Serve) -> None:
    towns = country(nation, serve, 4)
    wanted = [towns[1].siren, towns[3].siren, "999999999"]
    done = pull_these(nation.app, nation.connect(), nation.rhythm, wanted)
    assert sorted(one.siren for one in done) == wanted[:2]
    assert {len(town.requests) for town in (towns[0], towns[2])} == {1}


def test_due_towns_are_read_by_pages_and_each_once(
    nation: Nation, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    towns = country(nation, serve, 5)
    with nation.app.app_context():
        pages = [[one.siren for one in page] for page in queries.due(nation.clock.now())]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(one for page in pages for one in page) == [town.siren for town in towns]
    done = pull(nation.app, nation.connect(), nation.rhythm, due_only=True)
    assert sorted(one.siren for one in done) == [town.siren for town in towns]
    assert pull(nation.app, nation.connect(), nation.rhythm, due_only=True) == []


def test_a_town_in_quarantine_is_not_asked_again_before_its_time(
    small_nation: Nation, serve: Serve, clock: FixedClock
) -> None:
    (town,) = country(small_nation, serve, 1, entries=4)
    small_nation.pull()
    town.leaves[1] = town.leaves[2]
    town.record(request_content(9))
    town.publish()
    small_nation.pull()
    assert small_nation.town(town.siren).state == "quarantined"
    clock.move(timedelta(days=1, minutes=1))
    due = [small_nation.app, small_nation.connect(), small_nation.rhythm]
    assert len(pull(*due, due_only=True)) == 1
    assert pull(*due, due_only=True) == []


# ---- one beside many, through the engine ----


def test_a_town_that_hangs_and_one_that_floods_hold_up_none_of_the_others(
    small_nation: Nation, serve: Serve
) -> None:
    towns = country(small_nation, serve, 8)
    began = threading.Event()
    answer = towns[0].answer

    def hang(path: str, if_none_match: str | None = None) -> object:
        if path == "log/checkpoint":
            began.set()
            threading.Event().wait(4)
        return answer(path, if_none_match)

    towns[0].answer = hang  # type: ignore[method-assign,assignment]
    done = small_nation.pull()
    assert began.is_set()
    results = [done[town.siren].result for town in towns]
    assert results == ["unreachable"] + ["taken"] * 7


def test_a_worker_that_is_told_to_stop_does_not_wait_for_a_town_that_hangs(
    small_nation: Nation, serve: Serve
) -> None:
    towns = country(small_nation, serve, 3)
    stop, hanging = threading.Event(), threading.Event()

    def hang(path: str, if_none_match: str | None = None) -> Answer:
        hanging.set()
        threading.Event().wait(20)
        return Answer(404)

    towns[0].answer = hang  # type: ignore[method-assign]
    patient = connector(
        replace(small_nation.settings, demo_peers=frozenset(small_nation.peers)), Timeouts()
    )
    worker = threading.Thread(
        target=lambda: work(
            small_nation.app, patient, small_nation.rhythm, stop, tidy=lambda _: None, pause=9
        )
    )
    worker.start()
    assert hanging.wait(5)
    stop.set()
    worker.join(5)
    assert not worker.is_alive()
    with small_nation.app.app_context():
        assert next(one.siren for page in queries.due(NOW) for one in page) == towns[0].siren


# ---- when ----


@given(
    st.text(min_size=1, max_size=30),
    st.timedeltas(timedelta(0), timedelta(days=1_500)),
    st.integers(1, 10_080),
)
def test_a_log_is_asked_again_within_the_period_and_not_at_once(
    origin: str, later: timedelta, minutes: int
) -> None:
    now, every = NOW + later, timedelta(minutes=minutes)
    due = rules.next_time(origin, now, every)
    assert now + every / 10 < due <= now + every
    assert rules.next_time(origin, now, every) == due


def test_a_log_keeps_its_place_in_the_period_and_places_are_spread() -> None:
    every = 6 * HOUR
    grid = every * 4 / 5
    moments = [NOW]
    for _ in range(20):
        moments.append(rules.next_time("town.example/beffroi/1/1", moments[-1], every))
    gaps = [later - earlier for earlier, later in pairwise(moments[1:])]
    assert all(grid - every / 10 <= gap <= grid + every / 10 for gap in gaps)
    assert len(set(gaps)) > 10
    firsts = [rules.next_time(f"town{n}.example/beffroi/1/1", NOW, every) for n in range(2_000)]
    tenths = [int((one - NOW) / every * 10) for one in firsts]
    assert {tenths.count(n) > 120 for n in range(2, 9)} == {True}


def test_waits_are_drawn_below_a_ceiling_that_doubles_and_a_town_may_ask_for_longer() -> None:
    def waits(misses: int) -> list[timedelta]:
        return [rules.wait_after(misses, origin=f"town{n}", now=NOW) for n in range(300)]

    for misses in range(1, 20):
        ceiling = min(rules.FIRST_WAIT * 2 ** (misses - 1), rules.LONGEST_WAIT)
        drawn = waits(misses)
        assert rules.LEAST_WAIT <= min(drawn) < ceiling / 4
        assert ceiling * 0.95 < max(drawn) <= ceiling
    asked = rules.wait_after(1, 7_200, origin="town", now=NOW)
    assert asked == 2 * HOUR
    assert rules.wait_after(1, 10**8, origin="town", now=NOW) == rules.LONGEST_WAIT


def test_a_town_that_asks_for_time_is_given_it(small_nation: Nation, serve: Serve) -> None:
    (town,) = country(small_nation, serve, 1)
    town.instead["log/checkpoint"] = Answer(503, headers={"Retry-After": "36000"})
    assert small_nation.pull()[town.siren].result == "unreachable"
    with small_nation.app.app_context():
        (known,) = queries.freshness().values()
    assert known.due_at == small_nation.clock.now() + 10 * HOUR


def test_an_address_that_may_not_be_opened_is_a_refusal(small_nation: Nation, serve: Serve) -> None:
    (town,) = country(small_nation, serve, 1)
    small_nation.peers.clear()
    done = small_nation.pull()[town.siren]
    assert (done.result, done.step) == ("refused", "address")
    assert "loopback" in done.sentence


def test_what_was_fetched_shows_nothing_of_itself_in_a_log_line() -> None:
    assert "secret" not in repr(Fetched(200, b"secret", None))
