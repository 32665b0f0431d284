# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of a whole country in numbers: what a reader waits for, beside `/healthz`.

    .venv/bin/python tests/bench/nation_pages.py [--towns 35000] [--requests 500000]
        [--cells 1000000] [--database sqlite|postgresql]

Towns, requests and incident cells go straight into the tables through deriving, so that the tallies
are kept as a pull keeps them; nothing is signed. Each page is asked for through the application,
one after the other, in one process: the first time (`cold`, when the figures of the nation are
counted), then again and again.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from topics import generated

from beffroi_federation.aggregator.intake.models import LogState
from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import MIGRATIONS, unit_of_work
from beffroi_federation.aggregator.kernel.territories import NAMES, bounds
from beffroi_federation.aggregator.national.service import deriving
from beffroi_federation.aggregator.national.service.deriving import Examined, Open, Source, derive
from beffroi_federation.aggregator.topics import service
from beffroi_federation.aggregator.topics.commands import group_all
from beffroi_federation.aggregator.towns.models import Log, Town, TownCommune
from beffroi_federation.aggregator.towns.rules import BANDS
from beffroi_federation.merkle import Frontier
from beffroi_web.clock import FixedClock
from support.databases import discard, fresh
from support.nation import Nation

MOMENT = datetime(2026, 10, 5, 8, tzinfo=UTC)
AT_ONCE = 5_000
THEMES = ("EDUC", "ENVI", "TRAN", "GOVE", "REGI", "SOCI", "ECON", "HEAL")
CATEGORIES = ("lighting", "road", "waste", "graffiti", "greenery", "water", "signs")
PAGES = ("/", "/map", "/map/35", "/towns", "/towns/200000001", "/requests", "/requests?status=open",
         "/search?q=cantine", "/search?q=cantine&departement=35", "/search?what=towns&q=commune",
         "/topics", "/open-first", "/incidents", "/audit/towns", "/audit/checkpoints")  # fmt: skip


def towns(count: int) -> list[tuple[int, int]]:
    """Write towns with a log, a commune and a signed state each; return (town, log)."""
    chance, codes = random.Random(5), list(NAMES)
    kinds = ("commune",) * 8 + ("epci", "other")
    bulk.insert(
        Town,
        ("id", "siren", "name", "kind", "url", "contact", "population_band", "software", "state",
         "reason", "dns", "added_at"),
        [(id, f"{200_000_000 + id}", f"Commune-{id:05d}", chance.choice(kinds),
          "https://x.example", "", chance.choice(BANDS), "",
          "approved" if id % 60 else "quarantined", "", "checked", bulk.moment(MOMENT))
         for id in range(1, count + 1)],
    )  # fmt: skip
    bulk.insert(
        Log,
        ("id", "town_id", "epoch", "origin", "prefix", "vkey", "active", "state"),
        [(id, id, 1, f"x.example/beffroi/{200_000_000 + id}/1", "https://x.example/log", "x",
          True, "current") for id in range(1, count + 1)],
    )  # fmt: skip
    served = []
    for id in range(1, count + 1):
        code = codes[id % len(codes)]
        served.append((id, str(int(bounds(code)[0][-5:].replace("A", "0").replace("B", "0")) + 1)))
        low = bounds(code)[0]
        served[-1] = (id, f"{low[:-3]}{(id // len(codes)) % 1000:03d}" if len(code) == 2 else
                      f"{low[:-2]}{(id // len(codes)) % 100:02d}")  # fmt: skip
    bulk.insert(TownCommune, ("town_id", "insee"), served)
    empty = Frontier().to_bytes()
    bulk.insert(
        LogState,
        ("log_id", "frontier", "note", "behind", "verified_at", "changed_at", "refusals", "misses",
         "grown", "turn"),
        [(id, empty, b"x.example\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n", 0,
          bulk.moment(MOMENT - timedelta(minutes=id % 300)), bulk.moment(MOMENT), 0,
          1 if id % 97 == 0 else 0, 0, 0) for id in range(1, count + 1)],
    )  # fmt: skip
    return [(id, id) for id in range(1, count + 1)]


def fates(chance: random.Random, week: int) -> dict[str, Any]:
    """Return what became of a request that came in a week of 2026."""
    status = chance.choices(
        ("open", "under_review", "planned", "published", "refused"), (30, 15, 10, 35, 10)
    )[0]
    if status in {"open", "under_review"}:
        return {"status": status, "clock": "in_time"}
    answered = min(40, week + int(chance.expovariate(0.25)))
    return {
        "status": status, "outcome": status, "clock": "none", "answered": f"2026-W{answered:02d}",
        "answer": "Voyez l’adresse du fichier.", "ground": "CRPA-L311-6",
    }  # fmt: skip


def derived(requests: int, cells: int, of: list[tuple[int, int]]) -> Iterator[deriving.Derived]:
    """Yield requests, then cells of counts, as deriving would write them."""
    chance, weights = random.Random(9), [1 / (1 + at % 40) for at in range(len(of))]
    picked = chance.choices(of, weights, k=requests)
    positions: dict[int, int] = {}

    def derive_next(town: int, log: int, found: Examined) -> deriving.Derived:
        at = positions[log] = positions.get(log, -1) + 1
        source = Source(log, town, f"{200_000_000 + town}", frozenset())
        return derive(source, Open(at, at, MOMENT, b""), found)

    for number, (asked, (town, log)) in enumerate(zip(generated(requests), picked, strict=True)):
        week = chance.randint(1, 40)
        known = {
            "v": 1, "kind": "request", "id": f"bench-{number:08d}", "lang": asked["lang"],
            "object": "dataset", "theme": THEMES[sum(map(ord, asked["topic"])) % len(THEMES)],
            "title": asked["title"], "summary": asked["summary"], "period": f"2026-W{week:02d}",
            "supports": chance.choice(("0", "0", "1-9", "10-49")), **fates(chance, week),
        }  # fmt: skip
        yield derive_next(town, log, Examined("request", known))
    for number in range(cells):
        town, log = of[number % len(of)]
        shown = chance.random() < 0.8
        known = {
            "kind": "incident_summary", "family": "street", "category": chance.choice(CATEGORIES),
            "area": "other", "period": f"{chance.choice((2025, 2026))}-Q{chance.randint(1, 3)}",
            "state": "shown" if shown else "suppressed",
            **({"count": chance.randint(5, 60), "closed": 5, "delay": "8-30"} if shown else {}),
        }  # fmt: skip
        yield derive_next(town, log, Examined("incident_summary", known))


def fill(town_count: int, requests: int, cells: int) -> None:
    """Write the country, and put its requests into topics."""
    with unit_of_work():
        of = towns(town_count)
    rows = derived(requests, cells, of)
    while some := [row for row, _ in zip(rows, range(AT_ONCE), strict=False)]:
        with unit_of_work():
            deriving._write(some)
            service.due([one.row["id"] for one in some if one.row.get("kind") == "request"])


def asked(nation: Nation, path: str, times: int = 20) -> str:
    """Return how long a page took the first time, and the median and p95 of the next times."""
    client, took = nation.client(), []
    for _ in range(times + 1):
        started = time.perf_counter()
        answer = client.get(path, headers={"Accept-Language": "fr"})
        took.append((time.perf_counter() - started) * 1000)
        assert answer.status_code == 200, path
    cold, took = took[0], sorted(took[1:])
    return f"{cold:8.1f} {took[len(took) // 2]:8.1f} {took[int(len(took) * 0.95)]:8.1f}"


def main() -> None:
    """Fill, group, ask."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--towns", type=int, default=35_000)
    parser.add_argument("--requests", type=int, default=500_000)
    parser.add_argument("--cells", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = fresh(args.database, MIGRATIONS, Path(folder))
        with Nation.on(url, Path(folder), FixedClock(MOMENT)) as nation:
            with nation.app.app_context():
                fill(args.towns, args.requests, args.cells)
                group_all(now=MOMENT)
            print(f"{args.towns} towns, {args.requests} requests, {args.cells} cells")
            print(f"{'ms':45}     cold   median      p95")
            for path in ("/healthz", *PAGES):
                print(f"{path:45} {asked(nation, path)}", flush=True)
        discard(url)


if __name__ == "__main__":
    main()
