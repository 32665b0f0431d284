# SPDX-License-Identifier: AGPL-3.0-or-later
"""How often the right dataset is among the first five, for plain BM25 and for ours.

    .venv/bin/python tests/bench/retrieval.py [--data DIR] [--database sqlite|postgresql]
    .venv/bin/python tests/bench/retrieval.py --untouched      # the half nobody builds on

Questions are the first messages of real discussions under datasets, whose dataset is known, asked
of all the datasets that the real data holds. Datasets are split in two by the hash of their
identifiers: weights are chosen on the building half; the other is looked at when that is over.
Plain BM25 is SQLite's own (FTS5, accents folded, all fields, every word of the message). "Shown" is
what is left of ours on a page, where a dataset has to answer a part of the question. The search
pairs are a smoke test: few, short, and for datasets with well-known names.
"""

import argparse
import csv
import gzip
import hashlib
import json
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from beffroi.catalogue.queries import INDEX, LEAST
from beffroi.kernel.db import MIGRATIONS
from beffroi.kernel.nearby import Text
from beffroi.kernel.ranking import WORD
from support.databases import discard, fresh
from support.town import open_town

ROOT = Path(__file__).resolve().parents[2]
FIRST = 5


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asked, and the dataset under which it was asked."""

    title: str
    more: str
    dataset: str


Finder = Callable[[str, str], Sequence[str]]


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, plain or gzip."""
    csv.field_size_limit(10_000_000)
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read(data: Path) -> tuple[dict[str, tuple[str, str, str]], list[Question], list[Question]]:
    """Every dataset by identifier, the discussions, the search pairs."""
    catalogues = data / "catalogues"
    datasets = {
        row["id"]: (row["title"], row["description"], row["organization"])
        for row in rows(catalogues / "datagouv-catalogue-2020.csv.gz")
    }
    with gzip.open(catalogues / "datagouv-jeux-api-2022.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            one = json.loads(line)
            publisher = (one.get("organization") or {}).get("name", "")
            datasets[one["id"]] = (one["title"], one.get("description") or "", publisher)
    first: dict[str, dict[str, str]] = {}
    for row in rows(data / "demandes" / "datagouv-discussions.csv.gz"):
        datasets[row["id_dataset"]] = (
            row["title_dataset"], row["description_dataset"], row["organization"],
        )  # fmt: skip
        there = first.get(row["id_discussion"])
        if there is None or row["discussion_posted_on"] < there["discussion_posted_on"]:
            first[row["id_discussion"]] = row
    discussions = [
        Question(row["title_discussion"], row["message"], row["id_dataset"])
        for row in first.values()
    ]
    pairs = [
        Question(row["query"], "", row["expected"])
        for row in rows(catalogues / "requetes-vers-jeux.csv")
        if row["expected"] in datasets
    ]
    return datasets, discussions, pairs


def building(dataset: str) -> bool:
    """Say whether a dataset is of the half that weights are chosen on."""
    return hashlib.sha256(dataset.encode()).digest()[0] % 2 == 0


def plain(datasets: dict[str, tuple[str, str, str]]) -> Finder:
    """Plain BM25 over title, description and publisher."""
    base = sqlite3.connect(":memory:")
    base.execute("CREATE VIRTUAL TABLE t USING fts5(w, tokenize='unicode61 remove_diacritics 2')")
    ids = list(datasets)
    texts = ((at, " ".join(datasets[one])) for at, one in enumerate(ids))
    base.executemany("INSERT INTO t (rowid, w) VALUES (?, ?)", texts)

    def find(title: str, more: str) -> Sequence[str]:
        said = dict.fromkeys(WORD.findall(f"{title} {more}".lower()))
        if not said:
            return []
        asked = " OR ".join(f'"{word}"' for word in said)
        found = base.execute(
            "SELECT rowid FROM t WHERE t MATCH ? ORDER BY bm25(t) LIMIT ?", (asked, FIRST)
        )
        return [ids[at] for (at,) in found]

    return find


def ours(datasets: dict[str, tuple[str, str, str]]) -> Callable[[float], Finder]:
    """What the town does; inside its application. The part that must be answered is asked for."""
    ids = dict(enumerate(datasets, 1))
    INDEX.add(Text(at, *datasets[one]) for at, one in ids.items())
    INDEX.count_again()

    def finder(covers: float) -> Finder:
        return lambda title, more: [
            ids[near.id] for near in INDEX.find(title, more, most=FIRST, covers=covers)
        ]

    return finder


def recall(find: Finder, questions: Sequence[Question]) -> tuple[float, float]:
    """The share of questions whose dataset is among the first, and the 95th percentile in ms."""
    hits, took = 0, []
    for question in questions:
        begun = time.perf_counter()
        found = find(question.title, question.more)
        took.append((time.perf_counter() - begun) * 1000)
        hits += question.dataset in found
    return hits / len(questions), statistics.quantiles(took, n=20)[-1]


def main() -> None:
    """Print the figures, both programs in one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    given = os.environ.get("BEFFROI_REAL_DATA", str(ROOT.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=Path(given))
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--untouched", action="store_true", help="look at the other half, too")
    args = parser.parse_args()
    datasets, discussions, pairs = read(args.data)
    sets = {"building half": [q for q in discussions if building(q.dataset)]}
    if args.untouched:
        sets["untouched half"] = [q for q in discussions if not building(q.dataset)]
    sets["search pairs"] = pairs
    with tempfile.TemporaryDirectory() as folder:
        url = fresh(args.database, MIGRATIONS, Path(folder))
        with open_town(Path(folder), url) as town, town.change():
            find = ours(datasets)
            finders = {
                "plain BM25": plain(datasets),
                f"ours ({args.database})": find(0.0),
                "ours, shown": find(LEAST),
            }
            print(f"{len(datasets)} datasets; recall at {FIRST} (95th percentile, ms a question)")
            print(f"{'':24}" + "".join(f"{name:>24}" for name in finders))
            for name, questions in sets.items():
                found = [recall(find, questions) for find in finders.values()]
                figures = "".join(f"{share:>14.3f} ({ms:7.1f})" for share, ms in found)
                print(f"{name:<17} {len(questions):>6}{figures}")
        discard(url)


if __name__ == "__main__":
    main()
