# SPDX-License-Identifier: AGPL-3.0-or-later
"""Search among a million requests, straight at the database: newest first, ranked, and LIKE.

    .venv/bin/python tests/bench/search.py --folder DIR [--database sqlite|postgresql]

Terms are stems drawn from the index by how many requests hold them: rare (10 to 100), medium (500
to 5,000), common (20,000 to 200,000). Ours are the functions of `kernel.search` that the list
calls: the newest 50 hits, and the 50 that fit best among the newest 2,000. The bare query beside
them is that of the peers' bench: all hits ranked by the database (`bm25`, `ts_rank`), and LIKE or
ILIKE on titles. Each figure is of the best of three passes: 50th and 95th percentile of waiting,
and the mean of processor time, this process's and that of the server's process together (on a busy
machine only that says much).
"""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from load import cpu_of
from town_of_a_million import application, load, options, town

from beffroi.kernel import driver, search
from beffroi.kernel.db import db

BANDS = {"rare": (10, 100), "medium": (500, 5_000), "common": (20_000, 200_000)}
TERMS, NEWEST = 60, 50


def terms() -> dict[str, list[str]]:
    """Return some stems of each band, the same ones in every run."""
    chance = random.Random(5)
    found = {}
    for band, (least, most) in BANDS.items():
        rows = driver.read(
            "SELECT stem FROM nearby_stem WHERE index_name = 'case' AND length(stem) > 3"
            " AND texts BETWEEN ? AND ? ORDER BY stem",
            least,
            most,
        )
        known = [stem for (stem,) in rows]
        found[band] = chance.sample(known, min(TERMS, len(known)))
    return found


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds: 50th and 95th percentile of waiting, mean of processor time."""

    p50: float
    p95: float
    cpu: float


def timed(ask: Callable[[str], object], asked: Sequence[str], passes: int = 3) -> Took:
    """Return the figures of the best pass."""
    best: Took | None = None
    for _ in range(passes):
        taken, before = [], spent()
        for one in asked:
            begun = time.perf_counter()
            ask(one)
            taken.append((time.perf_counter() - begun) * 1000)
        cpu = (spent() - before) * 1000 / len(asked)
        if best is None or cpu < best.cpu:
            best = Took(statistics.median(taken), sorted(taken)[int(len(taken) * 0.95)], cpu)
    assert best is not None
    return best


def spent() -> float:
    """Return the processor seconds of this process and of the server's process behind it."""
    if db.engine.dialect.name == "sqlite":
        return time.process_time()
    pid = driver.read("SELECT pg_backend_pid()")[0][0]
    return time.process_time() + cpu_of(pid)


def exact(term: str) -> search.Asked:
    """Return what is asked for one stem, as it stands in the index."""
    spelt = f'"{term}"' if db.engine.dialect.name == "sqlite" else f"'{term}'"
    return search.Asked((term,), spelt, spelt)


def newest(term: str) -> object:
    """The newest hits, as the list reads them."""
    return search.newest(exact(term), None, NEWEST)


def ranked(term: str) -> object:
    """The hits that fit best, as the list orders them."""
    return search.ranked(exact(term))[:NEWEST]


def all_ranked(term: str) -> object:
    """Every hit, ranked by the database."""
    if db.engine.dialect.name == "sqlite":
        statement = "SELECT rowid FROM case_search WHERE case_search MATCH ? ORDER BY rank LIMIT 50"
        return driver.read(statement, f'"{term}"')
    return driver.read(
        "SELECT key FROM case_search WHERE words @@ CAST(? AS tsquery)"
        " ORDER BY ts_rank(words, CAST(? AS tsquery)) DESC LIMIT 50",
        f"'{term}'",
        f"'{term}'",
    )


def like(term: str) -> object:
    """The newest titles that hold the letters, by reading them all."""
    word = "LIKE" if db.engine.dialect.name == "sqlite" else "ILIKE"
    return driver.read(
        f"SELECT case_id FROM case_text WHERE role = 'title' AND public {word} ?"
        " ORDER BY case_id DESC LIMIT 50",
        f"%{term}%",
    )


def main() -> None:
    """Run from the command line."""
    args = options(__doc__).parse_args()
    with (
        town(args.folder, args.database, args.requests, data=args.data) as url,
        application(args.folder, url),
    ):
        print(f"{args.requests:,} requests, {args.database}; {load()}")
        print(f"{'':26}{'terms':>7}{'p50 ms':>10}{'p95 ms':>10}{'cpu ms':>10}")
        found = terms()
        for name, ask in (("newest 50", newest), ("ranked, newest 2,000", ranked)):
            for band, asked in found.items():
                say(f"{name}, {band}", asked, timed(ask, asked))
        for band, asked in found.items():
            few = asked[:12] if band == "common" else asked
            say(f"all ranked, {band}", few, timed(all_ranked, few, passes=1))
        naive = timed(like, found["rare"][:3], passes=1)
        say("LIKE, rare", found["rare"][:3], naive)
        ours = timed(newest, found["rare"])
        print(f"LIKE / newest 50, rare: {naive.cpu / ours.cpu:.0f} by processor time; {load()}")


def say(name: str, asked: Sequence[str], took: Took) -> None:
    """Print a line."""
    print(f"{name:26}{len(asked):7}{took.p50:10.2f}{took.p95:10.2f}{took.cpu:10.2f}", flush=True)


if __name__ == "__main__":
    main()
