# SPDX-License-Identifier: AGPL-3.0-or-later
"""Three workers of one nation share its towns on PostgreSQL; one of them dies at the worst time."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from beffroi_federation.aggregator.intake import service
from beffroi_federation.aggregator.kernel.db import MIGRATIONS, unit_of_work
from beffroi_federation.aggregator.towns.rules import luhn
from beffroi_web.clock import FixedClock
from support.databases import database_fixture
from support.nation import NamedTown, Nation, make_town, request_content
from support.simulated_town import Answer

pytestmark = [pytest.mark.slow, pytest.mark.database]

ROOT = Path(__file__).parents[2]
TOWNS = 32
"""Eight jobs of four: whichever job a worker takes first, it holds four towns."""
database_url = database_fixture(
    MIGRATIONS, kinds=(pytest.param("postgresql", marks=pytest.mark.database),)
)


@dataclass
class Gate(NamedTown):
    """A town that holds every answer back until the gate opens, and counts who asked."""

    opened: threading.Event = field(default_factory=threading.Event)

    def answer(self, path: str, if_none_match: str | None = None) -> Answer:
        """Answer when the gate is open."""
        answer = super().answer(path, if_none_match)
        self.opened.wait(30)
        return answer

    @property
    def asked(self) -> int:
        """How often the checkpoint was asked for."""
        return self.requests.count("log/checkpoint")


def sirens() -> Iterator[str]:
    number = 210_000_000
    while True:
        if luhn(str(number)):
            yield str(number)
        number += 1


def gated(siren: str, opened: threading.Event) -> Gate:
    town = Gate(
        origin=f"beffroi.example/beffroi/{siren}/1",
        siren=siren,
        name=f"Beffroi {siren}",
        opened=opened,
    )
    town.record(request_content(int(siren[-4:])))
    town.publish()
    return town


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def started(settings: dict[str, str], output: Path, stack: ExitStack) -> subprocess.Popen[bytes]:
    stream = stack.enter_context(output.open("wb"))
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "tests"), **settings}
    process = subprocess.Popen(
        [sys.executable, ROOT / "tests/support/cluster_worker.py"],
        env=environ,
        stdout=stream,
        stderr=stream,
    )
    stack.callback(process.wait, 30)
    stack.callback(process.kill)
    return process


def wait_until(holds: Callable[[], bool], what: Callable[[], str], seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, what()
        time.sleep(0.1)


def test_of_three_workers_one_dies_and_every_town_is_pulled_once_a_period(
    database_url: str, tmp_path: Path, stack: ExitStack
) -> None:
    nation = stack.enter_context(
        Nation.on(database_url, tmp_path, FixedClock(datetime(2026, 10, 5, 8, tzinfo=UTC)))
    )
    opened = threading.Event()
    opened.set()
    towns = [gated(siren, opened) for siren, _ in zip(sirens(), range(TOWNS), strict=False)]
    for town in towns:
        stack.enter_context(town.served())
        nation.know(town)
        town.requests.clear()
    opened.clear()
    settings = {
        "BEFFROI_AGGREGATOR_NAME": "Beffroi national",
        "BEFFROI_AGGREGATOR_PUBLIC_URL": "http://127.0.0.1:8300",
        "BEFFROI_AGGREGATOR_SECRET_KEY": "a secret of the tests, long enough to be one",
        "BEFFROI_AGGREGATOR_DATA_DIR": str(tmp_path),
        "BEFFROI_AGGREGATOR_DATABASE_URL": database_url,
        "BEFFROI_AGGREGATOR_DEMO_PEERS": " ".join(sorted(nation.peers)),
    }
    outputs = [tmp_path / f"worker-{n}.log" for n in range(3)]
    workers = [started(settings, output, stack) for output in outputs]

    def said() -> str:
        return "\n".join(output.read_text()[-3000:] for output in outputs)

    # Each of the three holds four towns, whose answers wait.
    wait_until(lambda: sum(town.asked for town in towns) == 12, said)
    workers[0].kill()
    assert workers[0].wait(30) == -signal.SIGKILL
    opened.set()
    wait_until(lambda: len(nation.rows("raw_entry")) == TOWNS, said)

    asked = Counter(town.asked for town in towns)
    assert asked == {1: TOWNS - 4, 2: 4}, "the dead worker's four are asked again, no other is"
    wait_until(lambda: nation.rows("pull_claim") == [], said)
    time.sleep(2)  # several looks for what is due
    assert sum(town.asked for town in towns) == TOWNS + 4, "nobody is due any more"
    assert all(row[4] == 0 for row in nation.rows("log_state")), "none is behind"
    assert len(nation.rows("record")) == TOWNS
    for worker in workers[1:]:
        worker.send_signal(signal.SIGTERM)
    assert [worker.wait(30) for worker in workers[1:]] == [0, 0], said()


def test_a_claim_is_given_once_and_runs_out(database_url: str, tmp_path: Path) -> None:
    clock = FixedClock(datetime(2026, 10, 5, 8, tzinfo=UTC))
    with Nation.on(database_url, tmp_path, clock) as nation, ExitStack() as stack:
        for siren, _ in zip(sirens(), range(3), strict=False):
            town = make_town(siren)
            town.publish()
            stack.enter_context(town.served())
            nation.know(town)
        now, until = clock.now(), clock.now() + timedelta(minutes=15)

        def claim(moment: datetime, most: int = 2) -> int:
            with nation.app.app_context(), unit_of_work():
                return len(service.claim(moment, until=until, most=most))

        assert [claim(now), claim(now), claim(now)] == [2, 1, 0]
        assert claim(until, most=9) == 3, "nobody did anything with them in time"
        nation.pull()
        assert claim(until + timedelta(seconds=1), most=9) == 0, "they are not due any more"
