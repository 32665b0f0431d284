# SPDX-License-Identifier: AGPL-3.0-or-later
"""Topics in a nation's database: requests grouped a second, and what a question waits for.

    .venv/bin/python tests/bench/topics_nation.py [--requests 100000] [--towns 2000]
        [--database sqlite|postgresql]

Records go straight into the table of records, as if they had been verified; grouping is that of
`beffroi-aggregator worker`. Then `GET /api/v1/similar`, the list of topics and the page of the
largest topic are asked for through the application, one after the other, beside `/healthz`.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from topics import generated, requests

from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import MIGRATIONS, unit_of_work
from beffroi_federation.aggregator.national.models import Record
from beffroi_federation.aggregator.national.rules import place
from beffroi_federation.aggregator.national.service.deriving import Examined, Open, Source, derive
from beffroi_federation.aggregator.topics import queries, service
from beffroi_federation.aggregator.topics.commands import group_all
from beffroi_federation.aggregator.towns.models import Log, Town
from beffroi_web.clock import FixedClock
from support.databases import discard, fresh
from support.nation import Nation

MOMENT = datetime(2026, 10, 5, 8, tzinfo=UTC)
AT_ONCE = 5_000
QUESTIONS = 200
FATES: tuple[dict[str, Any], ...] = (
    {"status": "open", "clock": "in_time"},
    {"status": "open", "clock": "overdue"},
    {"status": "under_review", "clock": "in_time"},
    {"status": "planned", "outcome": "planned", "clock": "none", "planned": "2027-Q1",
     "answer": "La publication est prévue au premier trimestre."},
    {"status": "published", "outcome": "published", "clock": "none", "answered": "2026-W39",
     "answer": "Le fichier est en ligne et mis à jour chaque mois. Il est sous Licence Ouverte.",
     "published_url": "https://donnees.example.org/fichier.csv"},
    {"status": "refused", "outcome": "refused", "ground": "CRPA-L311-6", "clock": "none",
     "answered": "2026-W38", "answer": "Le document porte sur des personnes identifiables."},
)  # fmt: skip
THEMES = ("EDUC", "ENVI", "TRAN", "GOVE", "REGI", "SOCI")


def towns(count: int) -> list[tuple[int, int, str]]:
    """Write towns with one log each; return (town, log, name)."""
    rows = [(at, at, f"Commune-{at:05d}") for at in range(1, count + 1)]
    bulk.insert(
        Town,
        ("id", "siren", "name", "kind", "url", "contact", "population_band", "software", "state",
         "reason", "dns", "added_at"),
        [(id, f"{200_000_000 + id}", name, "commune", "https://x.example", "", "2000-9999", "",
          "approved", "", "checked", bulk.moment(MOMENT)) for id, _, name in rows],
    )  # fmt: skip
    bulk.insert(
        Log,
        ("id", "town_id", "epoch", "origin", "prefix", "vkey", "active", "state"),
        [(log, id, 1, f"x.example/beffroi/{200_000_000 + id}/1", "https://x.example/log", "x",
          True, "current") for id, log, _ in rows],
    )  # fmt: skip
    return rows


def places(count: int, towns: int, *, by_town: bool) -> Iterator[tuple[int, int]]:
    """Yield (number of the town, number in its log) of each row.

    Town by town they come in the order of the table, so that a million are written in minutes.
    """
    each = -(-count // towns)
    for at in range(count):
        yield divmod(at, each) if by_town else (at % towns, at // towns)


def records(
    count: int, of: list[tuple[int, int, str]], *, by_town: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield rows of the table of records, as deriving would write them."""
    chance = random.Random(9)
    where = places(count, len(of), by_town=by_town)
    for at, (asked, (number, first)) in enumerate(zip(generated(count), where, strict=True)):
        town, log, _ = of[number]
        known = {
            "v": 1, "kind": "request", "id": f"bench-{at:08d}", "lang": asked["lang"],
            "object": "dataset", "theme": THEMES[hash_of(asked["topic"]) % len(THEMES)],
            "title": asked["title"], "summary": asked["summary"], "period": "2026-W40",
            "supports": chance.choice(("0", "0", "1-9", "10-49")), **chance.choice(FATES),
        }  # fmt: skip
        version = Open(first, first, MOMENT, b"")
        source = Source(log, town, f"{200_000_000 + town}", frozenset())
        yield derive(source, version, Examined("request", known)).row


def hash_of(text: str) -> int:
    """Return a number that is the same in every run."""
    return sum(ord(one) * (at + 1) for at, one in enumerate(text))


def fill(count: int, town_count: int) -> None:
    """Write towns and records, and note that the records are due."""
    with unit_of_work():
        of = towns(town_count)
    rows = records(count, of)
    for _ in range(0, count, AT_ONCE):
        with unit_of_work():
            some = [row for row, _ in zip(rows, range(AT_ONCE), strict=False)]
            names = list(some[0])
            bulk.insert(Record, names, [[row[name] for name in names] for row in some])
            service.due([row["id"] for row in some])


def asked(nation: Nation, paths: list[str]) -> str:
    """Return the median and the 95th percentile of GETs, in milliseconds."""
    client, took = nation.client(), []
    for path in paths:
        started = time.perf_counter()
        answer = client.get(path)
        took.append((time.perf_counter() - started) * 1000)
        assert answer.status_code == 200, path
    took.sort()
    return f"median {took[len(took) // 2]:.1f} ms, p95 {took[int(len(took) * 0.95)]:.1f} ms"


def main() -> None:
    """Fill, group, ask."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--towns", type=int, default=2_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = fresh(args.database, MIGRATIONS, Path(folder))
        with Nation.on(url, Path(folder), FixedClock(MOMENT)) as nation:
            with nation.app.app_context():
                fill(args.requests, args.towns)
                started = time.perf_counter()
                group_all(now=MOMENT)
                took = time.perf_counter() - started
                largest, _ = queries.listed(queries.Wanted(), limit=1)
                with unit_of_work():
                    began = time.perf_counter()
                    service.leave([place(1, 0)])
                    left = (time.perf_counter() - began) * 1000
            print(f"{args.requests} requests: {args.requests / took:,.0f}/s grouped")
            print(f"one record leaves the largest topics in {left:.0f} ms")
            lines = [row["title"] for row in requests("development")][:QUESTIONS]
            similar = [f"/api/v1/similar?q={line.replace('&', ' ')}" for line in lines]
            print("similar:", asked(nation, similar))
            print("list:", asked(nation, ["/topics?lang=fr"] * 20))
            print("topic:", asked(nation, [f"/topics/{largest[0].slug}"] * 20), largest[0].size)
            print("floor (healthz):", asked(nation, ["/healthz"] * 100))
        discard(url)


if __name__ == "__main__":
    main()
