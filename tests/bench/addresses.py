# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which address some words mean, among 100,000 generated ones, on both databases.

    .venv/bin/python tests/bench/addresses.py [--addresses 100000] [--asked 1000]

Prints how long the import takes, and then, for each way to ask, milliseconds of a whole look-up
(median and p95, one after the other, all statements included; on the clock, and of this
processor), and how often the address that was meant comes first, or among the five.

What is asked is drawn from the file itself: as it stands, with a slip of one letter in the longest
word, with words turned round and abbreviated, cut off while it is typed, and in the middle of a
sentence.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from beffroi.kernel import clock
from beffroi.kernel.db import MIGRATIONS
from beffroi.places import commands, queries
from support.addresses import town_of, write
from support.databases import discard, fresh
from support.town import open_town

SHORT = {"Rue": "r.", "Avenue": "av", "Boulevard": "bd", "Place": "pl.", "Chemin": "ch",
         "Impasse": "imp", "Allée": "all.", "Square": "sq", "Saint": "st", "Sainte": "ste",
         "Docteur": "Dr", "Général": "Gal"}  # fmt: skip

Ask = Callable[[random.Random, str, str], tuple[str, bool]]


def plain(_: random.Random, number: str, name: str) -> tuple[str, bool]:
    """As it stands, in small letters."""
    return f"{number} {name.lower()}", False


def slip(chance: random.Random, number: str, name: str) -> tuple[str, bool]:
    """One letter of the longest word is dropped, doubled, swapped or wrong."""
    words = name.split()
    at = max(range(len(words)), key=lambda n: len(words[n]))
    word, place = words[at], chance.randrange(1, len(words[at]) - 1)
    words[at] = chance.choice([
        word[:place] + word[place + 1 :], word[:place] + word[place] + word[place:],
        word[:place] + word[place + 1] + word[place] + word[place + 2 :],
        word[:place] + chance.choice("aeinrst") + word[place + 1 :],
    ])  # fmt: skip
    return f"{number} {' '.join(words)}", False


def turned(_: random.Random, number: str, name: str) -> tuple[str, bool]:
    """Abbreviated, the number behind."""
    return f"{' '.join(SHORT.get(word, word) for word in name.split())}, {number}", False


def typing(chance: random.Random, number: str, name: str) -> tuple[str, bool]:
    """Cut off in its last word."""
    last = len(name.split()[-1])
    return f"{number} {name}"[: -chance.randrange(1, max(2, last - 2))], True


def sentence(_: random.Random, number: str, name: str) -> tuple[str, bool]:
    """In the middle of a sentence."""
    return f"Devant le {number} {name}, à côté du grand portail vert", False


WAYS: Sequence[Ask] = (plain, slip, turned, typing, sentence)


def measure(kind: str, rows: Sequence[str], many: int, folder: Path) -> None:
    """Import, ask, print."""
    url = fresh(kind, MIGRATIONS, folder)  # type: ignore[arg-type]
    with open_town(folder, url) as town, town.app.app_context():
        begun = time.perf_counter()
        report = commands.import_file(
            write(folder / "adresses-35.csv.gz", rows), communes=("35238",), now=clock.now(),
            progress=lambda _: None,
        )  # fmt: skip
        seconds = time.perf_counter() - begun
        print(f"{kind}: {report.added} addresses imported in {seconds:.1f} s")
        for way in WAYS:
            _ask(way, rows, many)
    discard(url)


def _ask(way: Ask, rows: Sequence[str], many: int) -> None:
    chance = random.Random(5)
    taken, costs, first, among = [], [], 0, 0
    for number in range(many + 20):
        row = chance.choice(rows).split(";")
        said, unfinished = way(chance, row[2], row[4])
        begun, before = time.perf_counter(), time.process_time()
        found = queries.find(said, typing=unfinished).places
        spent, cost = time.perf_counter() - begun, time.process_time() - before
        if number < 20:
            continue  # not yet warm
        taken.append(spent * 1000)
        costs.append(cost * 1000)
        # Streets that are called the same are as good as the one that was drawn.
        wanted = f"{row[2]} {row[4]}, {row[5]} {row[7]}"
        labels = [one.label for one in found]
        first += labels[:1] == [wanted]
        among += wanted in labels
    p95, cpu95 = (sorted(one)[int(many * 0.95)] for one in (taken, costs))
    print(
        f"  {way.__name__:10} p50 {statistics.median(taken):5.1f} ms  p95 {p95:5.1f} ms"
        f"  processor {statistics.median(costs):5.1f} ms  p95 {cpu95:5.1f} ms"
        f"  first {first / many:6.1%}  among five {among / many:6.1%}",
        flush=True,
    )


def main() -> None:
    """Measure on both databases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--addresses", type=int, default=100_000)
    parser.add_argument("--asked", type=int, default=1_000)
    args = parser.parse_args()
    rows = list(town_of(args.addresses))
    for kind in ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory() as folder:
            measure(kind, rows, args.asked, Path(folder))


if __name__ == "__main__":
    main()
