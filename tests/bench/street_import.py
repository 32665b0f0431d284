# SPDX-License-Identifier: AGPL-3.0-or-later
"""How fast street reports are imported, beside reading the file and inserting its rows alone.

    .venv/bin/python tests/bench/street_import.py FILE.csv.gz [--kind dansmarue-csv] [--runs 3]
        [--database sqlite|postgresql]

The town: `beffroi import` of a file into a new town that routes by rules: cases, texts, timeline,
index of words, what is nearby, the map's sums, the desk's queue; then the same again, which must
add nothing. The floor: the standard library's `csv`, and SQLAlchemy's bulk insert of the same
rows, as they stand, into one table of the same database, a block and a transaction at a time.
Printed are rows a second of wall and of CPU, the median of the runs, and their ratio.
"""

import argparse
import csv
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, insert
from sqlalchemy.pool import NullPool

from beffroi.incidents import commands
from beffroi.incidents.adapters.tables import opened
from beffroi.kernel.db import MIGRATIONS
from support.databases import discard, fresh
from support.street import with_rules
from support.town import open_town

BLOCK = commands.BLOCK


def floor(path: Path, url: str) -> int:
    """Read a table and insert its rows, block by block; return how many."""
    engine = create_engine(url, poolclass=NullPool)
    with opened(path) as file:
        reader = csv.DictReader(file)
        names = [name or "none" for name in reader.fieldnames or ()]
        table = Table(
            "bench_floor", MetaData(), Column("n", Integer, primary_key=True),
            *(Column(f"c_{name}", String) for name in names),
        )  # fmt: skip
        table.drop(engine, checkfirst=True)
        table.create(engine)
        count = 0
        for block in commands.in_blocks(reader, BLOCK):
            with engine.begin() as connection:
                connection.execute(
                    insert(table), [{f"c_{name}": row[name] for name in names} for row in block]
                )
            count += len(block)
        table.drop(engine)
    engine.dispose()
    return count


def timed(work: Callable[[], int]) -> tuple[float, float]:
    """Return rows a second of wall and of CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    rows = work()
    return rows / (time.perf_counter() - wall), rows / (time.process_time() - cpu)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--kind", default="dansmarue-csv", choices=sorted(commands.READERS))
    parser.add_argument("--database", default="sqlite", choices=("sqlite", "postgresql"))
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    ours, theirs, again = [], [], []
    for _ in range(args.runs):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            url = fresh(args.database, MIGRATIONS, folder)
            theirs.append(timed(lambda url=url: floor(args.file, url)))  # type: ignore[misc]
            with open_town(folder, url) as town, town.app.app_context():
                with_rules(town)

                def bring(town: object = town) -> int:
                    added, known, refused = commands.import_file(
                        args.kind, args.file, communes=("99999",), shift=timedelta(),
                        now=town.now, progress=lambda _: None,  # type: ignore[attr-defined]
                    )  # fmt: skip
                    print(f"  {added} added, {known} known, {len(refused)} refused", flush=True)
                    return added + known

                ours.append(timed(bring))
                again.append(timed(bring))
            discard(url)
    for label, found in (("floor", theirs), ("town", ours), ("town, again", again)):
        wall, cpu = (statistics.median(one[n] for one in found) for n in (0, 1))
        print(f"{label:12} {wall:9,.0f} rows/s {cpu:9,.0f} rows/CPU-s")
    ratio = [a[1] / b[1] for a, b in zip(ours, theirs, strict=True)]
    print(f"town / floor, CPU: {statistics.median(ratio):.2f}")


if __name__ == "__main__":
    main()
