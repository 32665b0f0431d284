# SPDX-License-Identifier: AGPL-3.0-or-later
"""A nation on a real database, and simulated towns over real HTTP on the loopback."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from beffroi_federation.aggregator.kernel.db import MIGRATIONS
from beffroi_web.clock import FixedClock
from support.databases import database_fixture
from support.nation import Nation
from support.simulated_town import SimulatedTown

MOMENT = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)

database_url = database_fixture(MIGRATIONS)
sqlite_url = database_fixture(MIGRATIONS, kinds=("sqlite",))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MOMENT)


@pytest.fixture
def serve() -> Iterator[Callable[[SimulatedTown], SimulatedTown]]:
    """Serve towns until the test ends."""
    with ExitStack() as stack:

        def start(town: SimulatedTown) -> SimulatedTown:
            stack.enter_context(town.served())
            return town

        yield start


@pytest.fixture
def nation(database_url: str, tmp_path: Path, clock: FixedClock) -> Iterator[Nation]:
    """A nation on both databases."""
    with Nation.on(database_url, tmp_path, clock) as made:
        yield made


@pytest.fixture
def small_nation(sqlite_url: str, tmp_path: Path, clock: FixedClock) -> Iterator[Nation]:
    """A nation on SQLite, where the database makes no difference."""
    with Nation.on(sqlite_url, tmp_path, clock) as made:
        yield made
