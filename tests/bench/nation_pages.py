# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of a whole country over HTTP, beside a bare Flask page on the same server.

    .venv/bin/python tests/bench/nation_pages.py --folder DIR [--database sqlite|postgresql]
        [--towns 35000] [--requests 500000] [--cells 5000000] [--times 1] [--rounds 3] [--only WORD]

The country is written once into the folder (`nation_rows.py`; `--times 10` copies its cells into
earlier years until there are ten times as many) and kept for the next run. Each page is asked in
three ways: `new` (an address never asked before, so nothing is kept of it), `again` (asked before),
and `304` (by a reader who has it); what is in no cache also `alone`, by one reader. Printed:
answers a second, p50 and p95 of the wait, processor time of the server an answer (without that of
PostgreSQL), and both as parts of the floor.
"""

import argparse
import http.client
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from board import Asked, known, serving
from load import CONNECTIONS, Run, measure, median
from nation_rows import MOMENT, fill, multiply
from sqlalchemy import select, text
from town_of_a_million import _database, _settle, load

from beffroi_federation.aggregator.kernel.db import MIGRATIONS, db
from beffroi_federation.aggregator.topics.commands import group_all
from beffroi_federation.aggregator.topics.models import TopicProfile
from beffroi_federation.aggregator.topics.rules.topic import slug
from beffroi_web.clock import FixedClock
from beffroi_web.migrating import upgrade
from support.nation import Nation

PAGES = (
    "/", "/map", "/map/35", "/towns", "/towns/200000001", "/topics", "{topic}", "/open-first",
    "/incidents", "/search?q=cantine", "/search?q=cantine&departement=35",
    "/search?what=towns&q=commune-12", "/requests", "/requests?status=open",
    "/requests?theme=EDUC&status=open", "/audit/towns", "/audit/checkpoints",
    "/api/v1/records?limit=100", "/api/v1/similar?q=menus+de+la+cantine",
)  # fmt: skip
NOT_KEPT = ("/api/v1/similar",)
"""What somebody types is in no cache."""


@contextmanager
def country(args: argparse.Namespace) -> Iterator[str]:
    """Give the address of the database; fill it if it is not there."""
    name = f"nation_{args.towns}_{args.requests}_{args.cells}_{args.times}"
    args.folder.mkdir(parents=True, exist_ok=True)
    done = args.folder / f"{name}.{args.database}.filled"
    with _database(args.folder, args.database, name, fresh=not done.exists()) as url:
        if not done.exists():
            begun = time.perf_counter()
            upgrade(MIGRATIONS, url)
            with Nation.on(url, args.folder, FixedClock(MOMENT)) as nation:
                with nation.app.app_context():
                    fill(args.towns, args.requests, args.cells)
                    multiply(args.times)
                    group_all(now=MOMENT)
            _settle(url)
            done.write_text(f"{time.perf_counter() - begun:.0f} s\n")
            print(f"filled {name} ({args.database}) in {done.read_text().strip()}", file=sys.stderr)
        yield url


def largest_topic(folder: Path, url: str) -> str:
    """Return the address of the topic of the most towns, and say how much there is."""
    with Nation.on(url, folder, FixedClock(MOMENT)) as nation, nation.app.app_context():
        for table in ("town", "record", "incident_cell", "cell_tally", "town_tally", "topic"):
            count = db.session.scalar(text(f"SELECT count(*) FROM {table}"))
            print(f"{table} {count:,}", end=" · ")
        print()
        largest = select(TopicProfile.topic_id).order_by(TopicProfile.towns.desc()).limit(1)
        return f"/topics/{slug(db.session.scalar(largest) or 0)}"


def environ(folder: Path, url: str) -> dict[str, str]:
    """Return the settings of the aggregator for a server of its own."""
    prefix = "BEFFROI_AGGREGATOR_"
    return {
        f"{prefix}NAME": "Beffroi national",
        f"{prefix}PUBLIC_URL": "http://127.0.0.1:8300",
        f"{prefix}SECRET_KEY": "a secret of the benches, long enough to be one",
        f"{prefix}DATA_DIR": str(folder),
        f"{prefix}DATABASE_URL": url,
        f"{prefix}CONTACT": "contact@nation.example",
    }


def cold(port: int, path: str) -> float:
    """Return the milliseconds of the first answer that a process gives."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    begun = time.perf_counter()
    link.request("GET", path, headers={"Host": "127.0.0.1", "Accept-Language": "fr"})
    answer = link.getresponse()
    answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}")
    return (time.perf_counter() - begun) * 1000


def say(name: str, runs: list[Run], floor: list[Run]) -> None:
    """Print the medians of a case, and its parts of the floor."""
    rate, cpu = median(runs, "per_second"), median(runs, "cpu")
    print(
        f"{name:42}{rate:9.0f}{median(runs, 'p50'):9.1f}{median(runs, 'p95'):9.1f}{cpu:9.2f}"
        f"{rate / median(floor, 'per_second'):8.2f}{median(floor, 'cpu') / cpu:8.2f}",
        flush=True,
    )


def main() -> None:
    """Fill, serve, ask."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--folder", type=Path, required=True, metavar="DIR")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--towns", type=int, default=35_000)
    parser.add_argument("--requests", type=int, default=500_000)
    parser.add_argument("--cells", type=int, default=5_000_000)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    with ExitStack() as stack:
        url = stack.enter_context(country(args))
        topic = largest_topic(args.folder, url)
        ours = stack.enter_context(
            serving("beffroi_federation.aggregator.wsgi:app", environ(args.folder, url))
        )
        floor = stack.enter_context(serving("floor:app", {}))
        print(f"{args.database}; {load()}")
        print(f"{'':42}a second   p50 ms   p95 ms   cpu ms   floor  by cpu")
        for path in (one.format(topic=topic) for one in PAGES if args.only in one):
            print(f"{path:42} first answer {cold(ours.port, path):.0f} ms")
            ways = {"new": Asked(ours, [path], fresh=True)}
            if path.startswith(NOT_KEPT):
                ways["alone"] = ways["new"]
            else:
                ways["again"] = Asked(ours, [path])
                ways["304"] = Asked(ours, [path], 304)
            runs: dict[str, list[Run]] = {name: [] for name in ("floor", *ways)}
            for number in range(args.rounds):
                runs["floor"].append(measured(Asked(floor, ["/hello"]), number, args.seconds))
                for name, one in ways.items():
                    one_by_one = 1 if name == "alone" else CONNECTIONS
                    runs[name].append(measured(one, number, args.seconds, one_by_one))
            for name in runs:
                say(f"    {name}", runs[name], runs["floor"])
        print(load())


def measured(one: Asked, number: int, seconds: float, connections: int = CONNECTIONS) -> Run:
    """Ask in one way for some time; a 304 holds for the minute, so it is asked within one."""
    if one.status == 304:
        time.sleep(max(0.0, time.time() % 60 + seconds + 2 - 60))
        one = Asked(one.site, one.paths, 304, etag=known(one.site, one.paths[0]))
    return measure(
        one.site.port, one.requests(number + connections), [one.site.pid], seconds=seconds,
        status=one.status, connections=connections,
    )  # fmt: skip


if __name__ == "__main__":
    main()
