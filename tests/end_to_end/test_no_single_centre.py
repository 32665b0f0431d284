# SPDX-License-Identifier: AGPL-3.0-or-later
"""There is no single centre: whoever reads the same towns finds the same logs and the same records.

Two aggregators that know nothing of each other, one on SQLite and one on PostgreSQL, and a reader
that was written from the protocol's pages and shares no code with either of them. The same of the
towns of the demonstration: `test_journey`.
"""

import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from beffroi_federation.aggregator.kernel.db import MIGRATIONS, db
from beffroi_federation.aggregator.towns.queries import all_towns
from beffroi_web.clock import FixedClock
from support.databases import discard, fresh
from support.nation import NamedTown, Nation, cell_content, make_town, request_content
from support.second_reader import listed, read_alone, records_of, trees

pytestmark = [pytest.mark.slow, pytest.mark.database]

MOMENT = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
SIRENS = ("210000006", "210000014", "210000022")


def cells(nation: Nation) -> list[tuple[Any, ...]]:
    """Return every cell of counts that a nation derived, without its own keys for towns."""
    with nation.app.app_context():
        origins = {town.log_id: town.origin for town in all_towns()}
    return sorted(
        (origins[row["log_id"]], row["position"], row["category"], row["period"], row["count"] or 0)
        for row in nation_rows(nation, "incident_cell")
    )


def nation_rows(nation: Nation, table: str) -> list[Mapping[str, Any]]:
    with nation.app.app_context():
        rows = db.session.execute(text(f"SELECT * FROM {table}"))
        return [dict(row) for row in rows.mappings()]


# Simulated towns that live for ten weeks


class Life:
    """One town's ten weeks, by chance from a fixed seed: it publishes, corrects, withdraws."""

    def __init__(self, town: NamedTown, seed: int) -> None:
        self.town = town
        self.chance = random.Random(seed)  # a story, not a secret
        self.open: dict[int, list[int]] = {}
        self.received: list[int] = []
        self.number = seed * 1_000

    def week(self, week: int) -> None:
        town, chance = self.town, self.chance
        town.begin_batch(f"2026-W{30 + week}")
        for _ in range(chance.randrange(40)):
            self.one(chance.choice(["record", "record", "receive", "answer", "correct", "cell"]))
        for first in chance.sample(sorted(self.open), min(len(self.open), chance.randrange(3))):
            for index in self.open.pop(first):
                town.withdraw(index)
        town.publish()

    def one(self, what: str) -> None:
        town, chance = self.town, self.chance
        self.number += 1
        content = request_content(self.number, commune=town.communes[0])
        match what:
            case "receive":
                self.received.append(town.receive(content))
            case "answer" if self.received:
                received = self.received.pop(chance.randrange(len(self.received)))
                index = town.record(content, received=received)
                self.open[index] = [index]
            case "correct" if self.open:
                versions = self.open[chance.choice(sorted(self.open))]
                versions.append(town.supersede(versions[-1], content))
            case "cell":
                town.record(cell_content(category=f"own-{self.number}", area=town.communes[0]))
            case _:
                index = town.record(content)
                self.open[index] = [index]


@pytest.fixture
def nations(tmp_path: Path) -> Iterator[tuple[Nation, Nation]]:
    """Two nations, each with its own database and clock."""
    with ExitStack() as stack:
        made = []
        for kind in ("sqlite", "postgresql"):
            folder = tmp_path / kind
            folder.mkdir()
            url = fresh(kind, MIGRATIONS, folder)
            stack.callback(discard, url)
            made.append(stack.enter_context(Nation.on(url, folder, FixedClock(MOMENT))))
        yield made[0], made[1]


def test_who_comes_every_week_and_who_comes_once_end_with_the_same_logs_and_records(
    nations: tuple[Nation, Nation],
) -> None:
    every_week, once = nations
    towns = [
        make_town(siren, f"Commune {at}", communes=(f"{10_000 + at}",))
        for at, siren in enumerate(SIRENS)
    ]
    lives = [Life(town, seed) for seed, town in enumerate(towns, 1)]
    towns[2].serves_tails = False
    with ExitStack() as stack:
        for life in lives:
            life.week(0)
            stack.enter_context(life.town.served())
            every_week.know(life.town)
        for week in range(1, 11):
            assert {one.result for one in every_week.pull().values()} <= {"taken", "unchanged"}
            every_week.clock.move(timedelta(days=7))
            for life in lives:
                life.week(week)
        for life in lives:
            once.know(life.town)
        for nation in nations:
            assert {one.result for one in nation.pull().values()} == {"taken"}
        readings = [read_alone(town.prefix.removesuffix("/log")) for town in towns]

    assert min(reading.size for reading in readings) > 100
    assert trees(every_week) == trees(once)
    assert trees(once) == {one.origin: (one.size, one.root) for one in readings}
    assert listed(every_week) == listed(once) == records_of(readings)
    assert len(listed(once)) > 100
    assert cells(every_week) == cells(once)
    assert cells(once)
    for nation in nations:
        page = nation.client().get("/api/v1/towns").json
        assert page is not None
        leaves = {(row["log_id"], row["position"]): row for row in nation_rows(nation, "raw_entry")}
        assert len(leaves) == sum(reading.size for reading in readings)
        assert {item["origin"] for item in page["items"]} == {
            reading.origin for reading in readings
        }
