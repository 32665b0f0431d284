# SPDX-License-Identifier: AGPL-3.0-or-later
"""A whole country in an aggregator's tables, for the benches of its pages.

Towns and requests go straight into the tables through deriving, so that the tallies are kept as a
pull keeps them; cells by the million are written as deriving writes them and tallied in one
statement. Nothing is signed. `multiply` copies the cells into earlier years, tallies included.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import text
from topics import generated

from beffroi_federation.aggregator.intake.models import LogState
from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import db, unit_of_work
from beffroi_federation.aggregator.kernel.territories import NAMES, bounds
from beffroi_federation.aggregator.national.models import IncidentCell
from beffroi_federation.aggregator.national.rules import place
from beffroi_federation.aggregator.national.service import deriving
from beffroi_federation.aggregator.national.service.deriving import Examined, Open, Source, derive
from beffroi_federation.aggregator.topics import service
from beffroi_federation.aggregator.towns.models import Log, Town, TownCommune, TownWord
from beffroi_federation.aggregator.towns.rules import BANDS
from beffroi_federation.merkle import Frontier
from beffroi_privacy.periods import period_end

MOMENT = datetime(2026, 11, 30, 8, tzinfo=UTC)
AT_ONCE = 5_000
THEMES = ("EDUC", "ENVI", "TRAN", "GOVE", "REGI", "SOCI", "ECON", "HEAL")
CATEGORIES = ("lighting", "road", "waste", "graffiti", "greenery", "water", "signs")


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
    words = [(word, id) for id in range(1, count + 1)
             for word in ("commune", f"{id:05d}", f"{200_000_000 + id}")]  # fmt: skip
    bulk.insert(TownWord, ("word", "town_id"), words)
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


def asked(requests: int, of: list[tuple[int, int]]) -> Iterator[deriving.Derived]:
    """Yield requests as deriving would write them."""
    chance, weights = random.Random(9), [1 / (1 + at % 40) for at in range(len(of))]
    picked = chance.choices(of, weights, k=requests)
    positions: Counter[int] = Counter()
    for number, (asked, (town, log)) in enumerate(zip(generated(requests), picked, strict=True)):
        week = chance.randint(1, 40)
        known = {
            "v": 1, "kind": "request", "id": f"bench-{number:08d}", "lang": asked["lang"],
            "object": "dataset", "theme": THEMES[sum(map(ord, asked["topic"])) % len(THEMES)],
            "title": asked["title"], "summary": asked["summary"], "period": f"2026-W{week:02d}",
            "supports": chance.choice(("0", "0", "1-9", "10-49")), **fates(chance, week),
        }  # fmt: skip
        source = Source(log, town, f"{200_000_000 + town}", frozenset())
        at = positions[log]
        positions[log] += 1
        yield derive(source, Open(at, at, MOMENT, b""), Examined("request", known))


CELL = ("id", "log_id", "town_id", "first", "position", "family", "category", "area", "department",
        "period", "until", "state", "count", "closed", "delay", "seen_at")  # fmt: skip


def cells(count: int, of: list[tuple[int, int]]) -> Iterator[Sequence[Any]]:
    """Yield the rows of cells of counts; a fifth of them is protected."""
    chance, seen = random.Random(11), bulk.moment(MOMENT)
    codes = list(NAMES)
    spans = [
        (f"{year}-Q{quarter}", period_end(f"{year}-Q{quarter}").isoformat())
        for year in (2025, 2026) for quarter in (1, 2, 3)
    ]  # fmt: skip
    for number in range(count):
        town, log = of[number % len(of)]
        at = 1_000_000 + number // len(of)
        period, until = spans[int(chance.random() * len(spans))]
        category = CATEGORIES[int(chance.random() * len(CATEGORIES))]
        told = ("suppressed", None, None, None)
        if chance.random() < 0.8:
            told = ("shown", 5 + int(chance.random() * 56), 5, "8-30")
        yield (place(log, at), log, town, at, at, "street", category, "other",
               codes[town % len(codes)], period, until, *told, seen)  # fmt: skip


TALLY = """
INSERT INTO cell_tally (town_id, family, category, span, shown, protected, reported, closed)
SELECT town_id, family, category, period, sum(CASE WHEN state = 'shown' THEN 1 ELSE 0 END),
    sum(CASE WHEN state = 'shown' THEN 0 ELSE 1 END), sum(coalesce(count, 0)),
    sum(coalesce(closed, 0))
FROM incident_cell GROUP BY town_id, family, category, period
"""
"""What `count_cells` makes of quarters, all at once."""


def fill(town_count: int, requests: int, cell_count: int) -> None:
    """Write the country; its requests are due for grouping."""
    with unit_of_work():
        of = towns(town_count)
    rows = asked(requests, of)
    while some := list(islice(rows, AT_ONCE)):
        with unit_of_work():
            deriving._write(some)
            service.due([one.row["id"] for one in some])
    with unit_of_work():
        bulk.insert(IncidentCell, CELL, cells(cell_count, of))
        db.session.execute(text(TALLY))
        _sum_up()


def multiply(times: int) -> None:
    """Copy the cells of 2025 and 2026 into `times - 1` earlier pairs of years, tallies included."""
    for back in range(1, times):
        with unit_of_work():
            given = {"shift": back << 33, "by": 2 * back}
            db.session.execute(text(CELLS), given)
            db.session.execute(text(TALLIES), given)
    with unit_of_work():
        _sum_up()


def _sum_up() -> None:
    """Write the sums of each town's cells anew."""
    db.session.execute(text("DELETE FROM town_tally WHERE what = 'cells'"))
    for code in ("reported", "closed", "protected"):
        db.session.execute(text(SUMS.format(code=code)))
    for statement in NATION:
        db.session.execute(text(statement))


SUMS = """
INSERT INTO town_tally (town_id, what, code, n)
SELECT town_id, 'cells', '{code}', sum({code}) FROM cell_tally GROUP BY town_id
"""
NATION = (
    "DELETE FROM nation_tally",
    "DELETE FROM nation_move",
    "INSERT INTO nation_tally (what, family, category, span, shown, protected, reported, closed)"
    " SELECT 'cells', family, category, span, sum(shown), sum(protected), sum(reported),"
    " sum(closed) FROM cell_tally GROUP BY family, category, span",
)
CELLS = """
INSERT INTO incident_cell (id, log_id, town_id, first, position, family, category, area, department,
    period, until, state, count, closed, delay, seen_at)
SELECT id + :shift, log_id, town_id, first, position, family, category, area, department,
    CAST(CAST(substr(period, 1, 4) AS INTEGER) - :by AS VARCHAR) || substr(period, 5),
    CAST(CAST(substr(until, 1, 4) AS INTEGER) - :by AS VARCHAR) || substr(until, 5),
    state, count, closed, delay, seen_at
FROM incident_cell WHERE period >= '2025'
"""
TALLIES = """
INSERT INTO cell_tally (town_id, family, category, span, shown, protected, reported, closed)
SELECT town_id, family, category,
    CAST(CAST(substr(span, 1, 4) AS INTEGER) - :by AS VARCHAR) || substr(span, 5),
    shown, protected, reported, closed
FROM cell_tally WHERE span >= '2025'
"""
