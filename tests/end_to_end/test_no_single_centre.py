# SPDX-License-Identifier: AGPL-3.0-or-later
"""There is no single centre: whoever reads the same towns finds the same logs and the same records.

Two aggregators that know nothing of each other, one on SQLite and one on PostgreSQL, and a reader
that was written from the protocol's pages and shares no code with either of them.
"""

import base64
import gzip
import json
import os
import random
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from beffroi_federation.aggregator.intake.queries import freshness
from beffroi_federation.aggregator.kernel.db import MIGRATIONS, db
from beffroi_federation.aggregator.towns.queries import all_towns
from beffroi_web.clock import FixedClock
from support import foreign_reader as foreign
from support.databases import discard, empty, fresh
from support.demo_run import ROOT, Demo, free_base, staying
from support.nation import PROVIDER, NamedTown, Nation, cell_content, make_town, request_content

pytestmark = [pytest.mark.slow, pytest.mark.database]

MOMENT = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
SIRENS = ("210000006", "210000014", "210000022")
Place = tuple[str, int]


def over_http(address: str) -> Callable[[str], bytes | None]:
    """Return what fetches a town's files, with nothing but the standard library."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(path: str) -> bytes | None:
        request = urllib.request.Request(
            f"{address}/{path}", headers={"Accept-Encoding": "identity"}
        )
        try:
            with opener.open(request, timeout=30) as answer:
                data: bytes = answer.read()
                assert answer.headers.get("Content-Encoding") in (None, "identity", "gzip")
                packed = (
                    answer.headers.get("Content-Encoding") == "gzip"
                )  # also where not asked for
                return gzip.decompress(data) if packed else data
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    return get


def read_alone(address: str) -> foreign.Reading:
    """Read a town with the reader that shares no code with us, as its identity file says."""
    get = over_http(address)
    identity = foreign.strict_json(foreign.fetch(get, ".well-known/beffroi.json"), 4)
    assert identity["prefix"] == f"{address}/log"
    return foreign.read(get, identity["vkeys"], identity["origin"])


def records_of(readings: list[foreign.Reading]) -> dict[Place, Any]:
    """Return the members of every open record of kinds that are listed, by its place."""
    found: dict[Place, Any] = {}
    for reading in readings:
        for first, content in reading.records.items():
            members = foreign.members(content)
            if members["kind"] not in {"incident_summary", "campaign"}:
                found[reading.origin, reading.newest[first]] = members
    return found


def listed(nation: Nation) -> dict[Place, Any]:
    """Return every record that a nation's API lists, by its place."""
    found: dict[Place, Any] = {}
    path = "/api/v1/records?limit=200"
    while path:
        page = nation.client().get(path).json
        assert page is not None
        found |= {(one["origin"], one["index"]): one["record"] for one in page["items"]}
        after = page["next_cursor"]
        path = f"/api/v1/records?limit=200&cursor={after}" if after else ""
    return found


def trees(nation: Nation) -> dict[str, tuple[int, bytes]]:
    """Return size and root of every log as a nation verified it, by origin."""
    with nation.app.app_context():
        known = freshness()
        return {
            town.origin: (known[town.log_id].frontier.size, known[town.log_id].frontier.root())
            for town in all_towns()
        }


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


# The real federation of the demonstration, and somebody else who reads it too


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with staying(free_base(), tmp_path_factory.mktemp("demo")) as up:
        yield up


def second_aggregator(demo: Demo, url: str, folder: Path) -> None:
    """Register, approve, pull and verify the demonstration's towns by the commands."""
    addresses = [town["url"] for town in demo.shown["towns"]]
    settings = {
        "NAME": "Second nation",
        "PUBLIC_URL": "http://127.0.0.1:8300",
        "SECRET_KEY": "a secret of the tests, long enough to be one",
        "DATA_DIR": str(folder),
        "DATABASE_URL": url,
        "DEMO_PEERS": " ".join(addresses),
        "PROVIDERS": json.dumps({"test": PROVIDER}),
    }
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BEFFROI_")}
    environment |= {f"BEFFROI_AGGREGATOR_{name}": value for name, value in settings.items()}
    program = Path(sys.executable).with_name("beffroi-aggregator")

    def run(*arguments: str) -> None:
        done = subprocess.run(
            [program, *arguments], env=environment, cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, (arguments, done.stderr[-2_000:])

    run("init")
    for town in demo.shown["towns"]:
        run("towns", "add", town["url"])
        run("towns", "approve", town["siren"], "--by", "Ada Test")
    run("pull", "--once")
    run("verify")


def test_a_second_aggregator_of_the_demonstration_agrees_and_so_does_a_reader_from_the_pages(
    demo: Demo, tmp_path: Path
) -> None:
    url = empty("postgresql", tmp_path)
    try:
        second_aggregator(demo, url, tmp_path)
        readings = [read_alone(town["url"]) for town in demo.shown["towns"]]
        said = {
            town["origin"]: (town["log"]["size"], base64.b64decode(town["log"]["root"]))
            for town in demo.shown["towns"]
        }
        assert {one.origin: (one.size, one.root) for one in readings} == said
        with Nation.on(url, tmp_path, FixedClock(MOMENT)) as second:
            assert trees(second) == said
            ours = listed(second)
            faults = second.client().get("/api/v1/audit?limit=200").json
    finally:
        discard(url)
    first = over_http(demo.shown["aggregator"]["url"])
    theirs: dict[Place, Any] = {}
    path = "api/v1/records?limit=200"
    while path:
        page = json.loads(foreign.fetch(first, path))
        theirs |= {(one["origin"], one["index"]): one["record"] for one in page["items"]}
        after = page["next_cursor"]
        path = f"api/v1/records?limit=200&cursor={after}" if after else ""
    alone = records_of(readings)
    assert ours == theirs
    assert ours.items() <= alone.items()
    assert faults is not None
    kept_back = [one for one in faults["items"] if one["fault"]]
    assert len(alone) - len(ours) == len(kept_back)
    assert len(ours) >= 10
