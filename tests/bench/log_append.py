# SPDX-License-Identifier: AGPL-3.0-or-later
"""Appending to a town's log with a durable commit, beside pymerkle's SQLite tree (G5).

    .venv/bin/python tests/bench/log_append.py [--entries 100000] [--singles 1000] [--rounds 5]
                                               [--database postgresql+psycopg://…]

    town, batches of 256     a unit of work a batch: `log.append` into the town's own SqlLogStore,
                             SQLite in WAL mode with synchronous=FULL, so that each batch is on the
                             disk before the next one begins
    the same, NORMAL         synchronous=NORMAL: what the waiting for the disk costs
    town, one entry          a unit of work an entry
    pymerkle append_entries  100,000 entries a commit (its default)
    pymerkle append_entry    a commit an entry
    bare hashing             leaf hashes and root, nothing kept

Each round runs all of them by turns, each on a new database. Printed are medians: entries a CPU
second first, then a second of the clock, and the ratios. With `--database`, a town's batches on a
PostgreSQL database as well: one that is new and empty (its own CPU seconds are not counted).
"""

import argparse
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import pymerkle
from town_log import A_BATCH, leaves, town_store

from beffroi.feed.queries import SqlLogStore
from beffroi.kernel.db import unit_of_work
from beffroi_federation import log
from beffroi_federation.merkle import Frontier, leaf_hashes

Timed = tuple[float, float]


def timed(times: int, work: Callable[[], object]) -> Timed:
    """Return entries a CPU second and entries a second."""
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return times / (time.process_time() - cpu), times / (time.perf_counter() - wall)


def append(store: SqlLogStore, data: Sequence[bytes], a_unit: int) -> None:
    """Append in units of work of so many entries."""
    for at in range(0, len(data), a_unit):
        with unit_of_work():
            log.append(store, data[at : at + a_unit])


def town(data: Sequence[bytes], a_unit: int, *, before: Sequence[bytes] = (), **how: str) -> Timed:
    """Time appends to a new town's log, after it was given some entries."""
    with tempfile.TemporaryDirectory() as name, town_store(Path(name), **how) as store:
        append(store, before, 16 * A_BATCH)
        return timed(len(data), lambda: append(store, data, a_unit))


def bulk(data: Sequence[bytes]) -> Timed:
    """Time pymerkle's bulk append."""
    with tempfile.TemporaryDirectory() as name:
        tree = pymerkle.SqliteTree(f"{name}/tree.db", algorithm="sha256")
        return timed(len(data), lambda: tree.append_entries(data, chunksize=100_000))


def one_by_one(data: Sequence[bytes], before: Sequence[bytes]) -> Timed:
    """Time pymerkle's append of single entries."""
    with tempfile.TemporaryDirectory() as name:
        tree = pymerkle.SqliteTree(f"{name}/tree.db", algorithm="sha256")
        tree.append_entries(before, chunksize=100_000)
        return timed(len(data), lambda: [tree.append_entry(leaf) for leaf in data])


def main() -> None:
    """Run the rounds and print the medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--singles", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--database", default="")
    options = parser.parse_args()
    data = list(leaves(options.entries))
    few = list(leaves(options.singles, options.entries))
    cases: dict[str, Callable[[], Timed]] = {
        "town, batches of 256": lambda: town(data, A_BATCH),
        "the same, NORMAL": lambda: town(data, A_BATCH, synchronous="NORMAL"),
        "pymerkle append_entries": lambda: bulk(data),
        "bare hashing": lambda: timed(
            len(data), lambda: Frontier().extended(leaf_hashes(data)).root()
        ),
        "town, one entry": lambda: town(few, 1, before=data),
        "pymerkle append_entry": lambda: one_by_one(few, data),
    }
    if options.database:
        cases["town, PostgreSQL"] = lambda: town(data, A_BATCH, url=options.database)
    found: dict[str, list[Timed]] = {name: [] for name in cases}
    for _ in range(options.rounds):
        for name, case in cases.items():
            found[name].append(case())
    cpu = {name: statistics.median(one[0] for one in times) for name, times in found.items()}
    for name, times in found.items():
        wall = statistics.median(one[1] for one in times)
        print(f"{name:26} {cpu[name]:>10,.0f} entries a CPU second, {wall:>10,.0f} a second")
    batch = cpu["town, batches of 256"]
    print(
        f"batch: {batch / cpu['pymerkle append_entries']:.2f} of pymerkle's bulk (aim 0.8), "
        f"{batch / cpu['bare hashing']:.2f} of bare hashing (aim 0.3); without the disk's time "
        f"{cpu['the same, NORMAL'] / cpu['pymerkle append_entries']:.2f} and "
        f"{cpu['the same, NORMAL'] / cpu['bare hashing']:.2f}"
    )
    single = cpu["town, one entry"] / cpu["pymerkle append_entry"]
    print(f"single entry: {single:.2f} times pymerkle's one by one (aim 1.5)")


if __name__ == "__main__":
    main()
