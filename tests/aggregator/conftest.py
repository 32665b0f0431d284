# SPDX-License-Identifier: AGPL-3.0-or-later
"""A nation on a real database, and simulated towns over real HTTP on the loopback."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from beffroi_federation.aggregator.kernel.db import MIGRATIONS
from beffroi_web.clock import FixedClock
from support.browser import browser
from support.databases import database_fixture
from support.nation import Nation, cell_content, make_town, request_content
from support.simulated_town import SimulatedTown

__all__ = ["browser"]  # the session's browser, for the tests that look

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


@pytest.fixture
def full_nation(small_nation: Nation, serve: Callable[[SimulatedTown], SimulatedTown]) -> Nation:
    """A nation that has pulled requests in several states, counts, and a text it holds back."""
    town = make_town()
    town.begin_batch("2026-W40")
    town.record(request_content(1, commune="99999", supports="10-49"))
    town.record(
        request_content(
            2, title="Le code de la cantine", status="refused", outcome="refused", clock="appeal",
            ground="CRPA-L311-5", answer="Nous ne pouvons pas.\n\nUn tiers s’y oppose.",
            answered="2026-W41", theme="EDUC", object="source_code",
        )
    )  # fmt: skip
    town.record(
        request_content(
            3, title="<b>Budget</b> & comptes", status="published", outcome="published",
            answer="Voir <script>alert(1)</script>", answered="2026-W42", period="2026-W39",
            published_url="https://data.example.org/budget", planned="2027-Q1",
        )
    )  # fmt: skip
    town.record(cell_content(closed=5, delay="8-30"))
    town.record(cell_content(category="graffiti", state="suppressed", count=None, period="2026-Q3"))
    town.record(cell_content(category="noise", area="other", period="2026-09"))
    town.record(request_content(4, summary="Mon courriel : camille@example.org"))
    town.publish()
    serve(town)
    small_nation.know(town)
    small_nation.pull()
    return small_nation
