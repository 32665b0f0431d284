# SPDX-License-Identifier: AGPL-3.0-or-later
"""Taking and deriving are two stages: what is visible when, and what a death in between leaves."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from beffroi_federation.aggregator.intake import queries, service
from beffroi_federation.aggregator.intake.adapters.carriers import OneByOne
from beffroi_federation.aggregator.intake.commands import rounds
from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import MIGRATIONS, db, unit_of_work
from beffroi_federation.aggregator.national import commands as national
from beffroi_federation.aggregator.national.models import Item, RawEntry
from beffroi_federation.aggregator.national.service import Examined, examine
from beffroi_web.clock import FixedClock
from support.databases import Kind, discard, fresh
from support.nation import NamedTown, Nation, cell_content, make_town, request_content
from support.simulated_town import SimulatedTown

Serve = Callable[[SimulatedTown], SimulatedTown]
SHOWN = ("record", "incident_cell", "set_aside", "record_search")
DERIVED = (*SHOWN, "item", "received", "town_tally", "cell_tally")


@pytest.fixture
def town(nation: Nation, serve: Serve) -> SimulatedTown:
    """A town that a nation knows, with three requests, a cell, and a text that the gate holds."""
    made = make_town()
    made.begin_batch("2026-W40")
    for number in (1, 2, 3):
        made.record(request_content(number))
    made.record(cell_content())
    made.record(request_content(4, summary="Écrivez à camille@example.org"))
    made.publish()
    serve(made)
    nation.know(made)
    return made


def take(nation: Nation, *sirens: str) -> list[rounds.Pulled]:
    """Pull without deriving anything."""
    with nation.app.app_context():
        pages = queries.due_towns(sirens or ["210000006"])
        carrier = OneByOne(nation.connect())
        return list(rounds.run(carrier, nation.rhythm, pages, derive=False))


def derive(nation: Nation, limit: int | None = None) -> list[national.Kept]:
    """Derive what waits."""
    with nation.app.app_context():
        return national.settle_waiting(limit, now=nation.clock.now())


def shown(nation: Nation) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of what is shown."""
    return {table: nation.rows(table) for table in SHOWN}


def test_what_was_taken_is_shown_only_once_it_is_derived(
    nation: Nation, town: SimulatedTown
) -> None:
    assert take(nation)[0].entries == 6
    assert len(nation.rows("content")) == 5
    assert not any(shown(nation).values())
    assert "ligne 1" not in nation.page("/requests")
    assert [row[1:] for row in nation.rows("waiting")] == [(nation.town().log_id, 1, 6)]
    assert [one.why for one in derive(nation)] == ["held"]
    assert "ligne 1" in nation.page("/requests")
    assert nation.rows("waiting") == []
    assert derive(nation) == []
    assert nation.page("/audit").count("personal identifier") == 1


def test_deriving_in_small_steps_gives_the_same_rows(
    nation: Nation, town: SimulatedTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(nation)
    monkeypatch.setattr(national, "BATCH", 2)
    derive(nation, 1)
    assert len(nation.rows("record")) == 2
    assert [row[2:] for row in nation.rows("waiting")] == [(3, 6)]
    derive(nation)
    stepwise = shown(nation)
    with nation.app.app_context():
        national.rebuild()
    assert shown(nation) == stepwise


def test_a_withdrawal_leaves_every_table_with_the_transaction_that_takes_it(
    nation: Nation, town: SimulatedTown
) -> None:
    nation.pull()
    salt = town.contents[2][0]
    town.withdraw(2)
    town.publish()
    take(nation)
    dump = nation.dump()
    assert "ligne 2" not in dump
    assert repr(salt) not in dump
    assert search(nation, "ligne") == {1, 3}
    assert "ligne 3" in nation.page("/requests")


def test_a_replaced_and_withdrawn_version_leaves_with_the_transaction_that_takes_it(
    nation: Nation, town: SimulatedTown
) -> None:
    nation.pull()
    newer = town.supersede(1, request_content(1, title="Corrigé"))
    town.publish()
    take(nation)
    assert "ligne 1" not in nation.dump()
    assert search(nation, "ligne") == {2, 3}
    town.withdraw(1)
    town.withdraw(newer)
    town.publish()
    take(nation)
    assert "Corrigé" not in nation.dump()
    derive(nation)
    assert search(nation, "corrige") == set()


def test_a_content_that_is_served_no_longer_leaves_with_the_transaction_that_notices(
    nation: Nation, town: SimulatedTown, clock: FixedClock
) -> None:
    nation.pull()
    town.contents.pop(3)
    clock.move(timedelta(days=1, minutes=1))
    take(nation)
    assert "ligne 3" not in nation.dump()
    assert search(nation, "ligne") == {1, 2}


def search(nation: Nation, word: str) -> set[int]:
    """Return the first indexes of the records that the index itself finds by a word."""
    with nation.app.app_context():
        if db.engine.dialect.name == "sqlite":
            query = "SELECT rowid FROM record_search WHERE record_search MATCH :word"
        else:
            query = "SELECT record_id FROM record_search WHERE words @@ to_tsquery('simple', :word)"
        return {one & 0xFFFF for one in db.session.scalars(db.text(query), {"word": word})}


@pytest.mark.parametrize("closing", ["withdrawn", "vanished"])
def test_what_disappears_while_it_is_examined_is_never_shown(
    nation: Nation,
    town: SimulatedTown,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
    closing: str,
) -> None:
    take(nation)
    examined: list[bytes] = []

    def examine_while_it_goes(content: bytes) -> Examined:
        if not examined:
            if closing == "withdrawn":
                town.withdraw(2)
                town.publish()
            else:
                town.contents.pop(2)
                clock.move(timedelta(days=1, minutes=1))
            take(nation)
        examined.append(content)
        return examine(content)

    monkeypatch.setattr(national.service, "examine", examine_while_it_goes)
    derive(nation)
    assert any(b"ligne 2" in content for content in examined)
    assert "ligne 2" not in nation.dump()
    assert "ligne 3" in nation.page("/requests")


def test_a_content_that_our_own_reader_dies_of_is_not_shown_and_stops_nobody(
    nation: Nation,
    town: SimulatedTown,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = make_town("210000014", "Beffroi-l’Autre")
    other.record(request_content(7))
    other.publish()
    serve(other)
    nation.know(other)
    take(nation, "210000006", "210000014")

    def dies_of_one(content: bytes) -> Examined:
        if b"ligne 2" in content:
            raise RecursionError(content)
        return examine(content)

    monkeypatch.setattr(national.service, "examine", dies_of_one)
    derive(nation)
    page = nation.page("/requests")
    assert "ligne 1" in page
    assert "ligne 7" in page
    assert "ligne 2" not in page
    assert nation.rows("waiting") == []
    assert "entry 2 could not be examined: RecursionError" in caplog.text
    assert "ligne 2" not in caplog.text


def test_the_ways_to_the_same_log_end_in_the_same_rows(
    nation: Nation, serve: Serve, tmp_path: Path, clock: FixedClock
) -> None:
    whole = full_town()
    wanted = pulled_whole(nation, serve(whole))
    assert all(wanted.values())
    with nation.app.app_context():
        national.rebuild()
    assert {table: nation.rows(table) for table in DERIVED} == wanted
    kind: Kind = "sqlite" if nation.settings.database_url.startswith("sqlite") else "postgresql"
    url = fresh(kind, MIGRATIONS, tmp_path)
    with Nation.on(url, tmp_path, clock) as second:
        assert pulled_entry_by_entry(second, serve(full_town()), whole) == wanted
    discard(url)


def full_town() -> NamedTown:
    """Return a town whose log holds every kind of entry that does something to records."""
    town = make_town()
    town.begin_batch("2026-W40")
    received = [town.receive(b"%d" % n) for n in range(4)]
    first = [town.record(request_content(n), received=at) for n, at in enumerate(received, 1)]
    second = town.supersede(first[0], request_content(1, title="Deuxième"))
    town.withdraw(first[1])
    town.record(request_content(9, summary="Appelez le 06 12 34 56 78"))
    town.supersede(second, request_content(1, title="Troisième"))
    town.record(cell_content())
    town.withdraw(first[3])
    town.publish()
    return town


def pulled_whole(nation: Nation, town: SimulatedTown) -> dict[str, list[tuple[object, ...]]]:
    """Return the derived rows after one pull of all of it."""
    nation.know(town)
    assert nation.pull()["210000006"].result == "taken"
    return {table: nation.rows(table) for table in DERIVED}


def pulled_entry_by_entry(
    nation: Nation, town: SimulatedTown, whole: NamedTown
) -> dict[str, list[tuple[object, ...]]]:
    """Return the derived rows after as many pulls as there are entries."""
    town.leaves, town.notes = [], {}
    for leaf in whole.leaves:
        town.leaves.append(leaf)
        town.publish()
        if len(town.leaves) == 1:
            nation.know(town)
        assert nation.pull()["210000006"].result == "taken"
    return {table: nation.rows(table) for table in DERIVED}


def test_a_process_that_dies_between_the_stages_loses_nothing_and_shows_nothing(
    nation: Nation, town: SimulatedTown
) -> None:
    script = Path(__file__).parents[1] / "support" / "dying_puller.py"
    url = town.prefix.removesuffix("/log")
    done = subprocess.run(
        [sys.executable, str(script), nation.settings.database_url, url],
        env={**os.environ, "PYTHONPATH": str(script.parents[1])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(nation.rows("raw_entry")) == 6
    assert len(nation.rows("waiting")) == 1
    assert not any(shown(nation).values())
    assert nation.pull()["210000006"].result == "unchanged"
    assert "ligne 1" in nation.page("/requests")
    assert "personal identifier" in nation.page("/audit")
    assert nation.rows("waiting") == []


def test_a_town_that_was_overtaken_is_left_and_the_others_of_the_write_are_not(
    nation: Nation, town: SimulatedTown, serve: Serve
) -> None:
    other = make_town("210000014", "Beffroi-l’Autre")
    other.record(request_content(7))
    other.publish()
    serve(other)
    nation.know(other)
    with nation.app.app_context():
        late = [prepared(nation, siren) for siren in ("210000006", "210000014")]
    nation.pull("210000006")
    with nation.app.app_context():
        with unit_of_work():
            stored = service.write(late, every=nation.rhythm.pull_every)
        assert stored[0] is None
        assert stored[1] == service.Stored(1, 0)
        national.settle_waiting(now=nation.clock.now())
    assert len(nation.rows("raw_entry")) == 7
    assert "ligne 7" in nation.page("/requests")


def prepared(nation: Nation, siren: str) -> service.Prepared:
    """Read what a town has, and prepare it, without writing."""
    from beffroi_federation.aggregator.intake.adapters import reader
    from beffroi_federation.aggregator.intake.rules import Heard

    (page,) = queries.due_towns([siren])
    now = nation.clock.now()
    with OneByOne(nation.connect()) as carrier:
        carrier.send([rounds.Job("x", page[0].prefix, reader.read(page[0], (), Heard(), now=now))])
        (outcome,) = carrier.collect(1, 5.0, feed=False)
    assert outcome.error is None
    return service.prepare(page[0].town, outcome.found, now=now)


def test_rows_written_in_bulk_read_as_the_models_say(nation: Nation, town: SimulatedTown) -> None:
    nation.pull()
    with nation.app.app_context():
        raw = db.session.scalars(db.select(RawEntry).order_by(RawEntry.position)).all()
        item = db.session.scalars(db.select(Item).order_by(Item.position)).first()
        assert [one.leaf for one in raw] == town.leaves
        assert {one.seen_at for one in raw} == {nation.clock.now()}
        assert item is not None
        assert (item.first, item.next, item.withdrawn, item.seen_at) == (
            1, None, None, nation.clock.now(),
        )  # fmt: skip
        assert bulk.day(nation.clock.now().date())
