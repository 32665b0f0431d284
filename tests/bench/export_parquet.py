# SPDX-License-Identifier: AGPL-3.0-or-later
"""A million records into Parquet, beside DuckDB's own COPY from the same table, in the same run.

    .venv/bin/python tests/bench/export_parquet.py [--records 1000000] [--runs 3]
        [--kind requests|incidents] [--whole]

Both read one SQLite file and write zstd Parquet with the same columns and rows; the peer takes the
members of records out of JSON by its own functions. Medians, records/s and the ratio are printed.
`--whole` also times what a night makes of them: CSV beside it, files by year, sums.
"""

import argparse
import gc
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

import duckdb
import duckdb_extension_sqlite_scanner
import pyarrow.parquet
import topics_nation

from beffroi_federation.aggregator.exports import service
from beffroi_federation.aggregator.exports.adapters import writing
from beffroi_federation.aggregator.exports.rules import DATA, DataSet
from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import MIGRATIONS, unit_of_work
from beffroi_federation.aggregator.national.models import IncidentCell, Record
from beffroi_federation.aggregator.national.rules import place
from beffroi_web.clock import FixedClock
from support.databases import fresh
from support.nation import Nation

MOMENT = datetime(2026, 10, 5, 8, tzinfo=UTC)
TOWNS = 2_000
AT_ONCE = 20_000
SITE = "https://nation.example"
CATEGORIES = ("lighting", "road", "waste", "graffiti", "greenery", "signs", "water", "vehicles")


def cells(count: int, of: list[tuple[int, int, str]]) -> Iterator[dict[str, Any]]:
    """Yield cells of counts, a tenth of them suppressed, over three years of weeks."""
    for at, (number, first) in enumerate(topics_nation.places(count, len(of), by_town=True)):
        town, log, _ = of[number]
        week = date(2024, 1, 1) + timedelta(weeks=first % 150)
        year, number, _ = week.isocalendar()
        shown = at % 10 != 0
        yield {
            "id": place(log, first), "log_id": log, "town_id": town, "first": first,
            "position": first, "family": "street", "category": CATEGORIES[at % 8],
            "area": f"{10_000 + town}", "department": f"{10 + town % 80}",
            "period": f"{year}-W{number:02d}", "until": (week + timedelta(weeks=1)).isoformat(),
            "state": "shown" if shown else "suppressed", "count": 5 + at % 90 if shown else None,
            "closed": 5 + at % 40 if shown and at % 3 else None,
            "delay": "8-30" if shown else None, "seen_at": bulk.moment(MOMENT),
        }  # fmt: skip


def fill(kind: str, count: int) -> None:
    """Write towns and rows straight into the tables."""
    with unit_of_work():
        of = topics_nation.towns(TOWNS)
    made = (
        cells(count, of) if kind == "incidents" else topics_nation.records(count, of, by_town=True)
    )
    table: Any = IncidentCell if kind == "incidents" else Record
    while some := [row for row, _ in zip(made, range(AT_ONCE), strict=False)]:
        names = list(some[0])
        with unit_of_work():
            bulk.insert(table, names, [[row[name] for name in names] for row in some])


def query_of(data: DataSet) -> str:
    """Return the query by which the peer gives the same columns."""
    head = ("l.siren || '-' || l.epoch || '-' || r.first AS ref, l.siren, l.town, l.origin, "
            "r.position AS \"index\", r.department")  # fmt: skip
    names = [one.name for one in data.columns[6:]]
    if data.name == "incidents":
        members, table, where = [f'r."{name}"' for name in names], "incident_cell", ""
    else:
        members = ["? || '/requests/' || l.siren || '-' || l.epoch || '-' || r.first AS url"]
        paths = ", ".join(f"'$.{name}'" for name in names[1:])
        members += [f'r.m[{at}] AS "{name}"' for at, name in enumerate(names[1:], 1)]
        table = f"(SELECT *, json_extract_string(known, [{paths}]) AS m FROM n.record)"
        where = "WHERE r.kind = 'request'"
    source = table if table.startswith("(") else f"n.{table}"
    logs = ("(SELECT l.id, t.siren, t.name AS town, l.epoch, l.origin FROM n.log l "
            "JOIN n.town t ON t.id = l.town_id)")  # fmt: skip
    joined = f"FROM {source} r JOIN {logs} l ON l.id = r.log_id {where}"
    return f"SELECT {head}, {', '.join(members)} {joined}"


def peer(database: Path, data: DataSet, folder: Path) -> float:
    """Return how many seconds DuckDB's COPY takes."""
    with duckdb.connect() as connection:
        connection.execute(f"LOAD '{_reads_sqlite()}'; SET threads = 2; SET memory_limit = '1GB'")
        connection.execute(f"ATTACH '{database}' AS n (TYPE sqlite, READ_ONLY)")
        target = folder / "peer.parquet"
        query = query_of(data).replace("?", f"'{SITE}'")
        started = time.perf_counter()
        connection.execute(
            f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 65536)"
        )
        return time.perf_counter() - started


def _reads_sqlite() -> Path:
    """Return the extension by which DuckDB reads SQLite, as its package brought it."""
    [found] = Path(duckdb_extension_sqlite_scanner.__file__).parent.rglob("*.duckdb_extension")
    return found


def ours(nation: Nation, data: DataSet, folder: Path, *, whole: bool = False) -> float:
    """Return how many seconds our export takes: Parquet alone, or all that a night makes."""
    names = [one.name for one in data.columns]
    more: dict[str, Any] = {"year_at": names.index("period")} if whole else {
        "endings": ("parquet",)
    }  # fmt: skip
    started = time.perf_counter()
    with nation.app.app_context():
        made = writing.write(folder, data.name, data.columns, service.blocks(data, SITE), **more)
    took = time.perf_counter() - started
    [one] = [one for one in made if one.name == f"{data.name}.parquet"]
    (folder / f"{one.sha256}.parquet").replace(folder / "ours.parquet")
    return took


def same(folder: Path) -> bool:
    """Say whether both files hold the same rows."""
    with duckdb.connect() as connection:
        left, right = (f"SELECT * FROM '{folder}/{name}.parquet'" for name in ("ours", "peer"))
        row = connection.execute(f"SELECT count(*) FROM ({left} EXCEPT ALL {right})").fetchone()
        rows = [
            pyarrow.parquet.read_metadata(folder / f"{n}.parquet").num_rows
            for n in ("ours", "peer")
        ]
        return row == (0,) and rows[0] == rows[1]


def main() -> None:
    """Fill, write, compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--kind", choices=("requests", "incidents"), default="requests")
    parser.add_argument("--whole", action="store_true")
    given = parser.parse_args()
    data = DATA[given.kind]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = fresh("sqlite", MIGRATIONS, folder)
        database = Path(url.removeprefix("sqlite:///"))
        with Nation.on(url, folder, FixedClock(MOMENT)) as nation:
            with nation.app.app_context():
                fill(given.kind, given.records)
            gc.freeze()  # as the process that makes the files does
            mine, theirs = [], []
            for _ in range(given.runs):
                mine.append(ours(nation, data, folder))
                theirs.append(peer(database, data, folder))
            print(f"{given.records:,} {given.kind}; the same rows: {same(folder)}")
            for who, took in (("ours", mine), ("DuckDB COPY", theirs)):
                median = statistics.median(took)
                print(f"{who}: median {median:.2f} s, {given.records / median:,.0f} records/s")
            print(f"ratio {statistics.median(theirs) / statistics.median(mine):.2f}")
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(f"most memory of this process, the peer included: {most} MB")
            if given.whole:
                took = ours(nation, data, folder, whole=True)
                print(f"all that a night makes of them: {took:.2f} s")


if __name__ == "__main__":
    main()
