# SPDX-License-Identifier: AGPL-3.0-or-later
"""A nation that answers over HTTP, which has pulled two towns, with files of the whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from beffroi_federation.aggregator.exports import commands
from beffroi_federation.aggregator.kernel.db import MIGRATIONS
from beffroi_federation.aggregator.topics.commands import group_all
from beffroi_web.clock import FixedClock
from support.browser import served
from support.databases import fresh
from support.nation import Nation, cell_content, cyber_content, make_town, request_content

MOMENT = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LiveNation:
    """Where it answers, the nation, the public name of one of its topics."""

    url: str
    nation: Nation
    topic: str


@contextmanager
def live_nation(folder: Path) -> Iterator[LiveNation]:
    """Serve a nation on SQLite while the block runs."""
    towns = [make_town(), make_town("210000014", "Beffroi-deux", communes=("35238",))]
    for town in towns:
        town.record(request_content(1, title="Menus des cantines scolaires"))
        town.record(request_content(
            2, title="Budget", status="refused", outcome="refused", ground="CRPA-L311-5",
            answer="Non.", answered="2026-W41",
        ))  # fmt: skip
        town.record(cell_content(area=town.communes[0]))
        town.record(cell_content(area="other", state="suppressed", count=None, period="2026"))
        town.record(cyber_content(1))
        town.publish()
    url = fresh("sqlite", MIGRATIONS, folder)
    with Nation.on(url, folder, FixedClock(MOMENT)) as nation:
        for town in towns:
            with town.served():
                nation.know(town)
                nation.pull(town.siren)
        with nation.app.app_context():
            group_all(now=MOMENT)
            commands.make(now=MOMENT)
        answer = nation.client().get("/api/v1/topics").json
        assert answer is not None
        with served(nation.app) as address:
            yield LiveNation(address, nation, answer["items"][0]["id"])
