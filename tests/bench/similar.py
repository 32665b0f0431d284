# SPDX-License-Identifier: AGPL-3.0-or-later
"""What resembles a line that somebody types, among a million requests: over HTTP and inside.

    .venv/bin/python tests/bench/similar.py --folder DIR [--database sqlite|postgresql]

Lines are the titles of real discussions (made-up ones without real data), whole and cut in the
middle of a word, as somebody types. `inside` is `data_requests.queries.similar`; `HTTP` is the
address itself under gunicorn as the town runs it, one line after the other on one kept connection.
Milliseconds; `cpu` is processor time a line, on PostgreSQL with the server's process.
"""

import csv
import gzip
import http.client
import random
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from urllib.parse import quote

from board import serving
from load import cpu_of
from search import spent
from town_of_a_million import application, environ, load, options, settings, town
from town_rows import Rows

from beffroi.data_requests import queries
from beffroi.kernel.db import db
from beffroi.signer.commands import create_signer

LINES = 60


def lines(data: Path | None, made: Callable[[], list[str]]) -> list[str]:
    """Return what is typed."""
    chance = random.Random(3)
    path = data / "demandes/datagouv-discussions.csv.gz" if data else Path()
    titles = made()
    if path.is_file():
        csv.field_size_limit(10_000_000)
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            titles = sorted({row["title_discussion"][:150] for row in csv.DictReader(file)})
    chosen = [one for one in chance.sample(titles, min(LINES, len(titles))) if one.strip()]
    return [*chosen, *(one[: max(4, len(one) * 2 // 3)] for one in chosen)]


def made() -> list[str]:
    """Return lines of made-up words."""
    rows = Rows(1, None, date(2026, 1, 1))
    return [" ".join(rows.said[rows.draw(3, 8)]) for _ in range(LINES)]


def say(name: str, taken: Sequence[float], cpu: float) -> None:
    """Print a line of figures."""
    p95 = sorted(taken)[int(len(taken) * 0.95)]
    print(f"{name:10}{statistics.median(taken):10.1f}{p95:10.1f}{max(taken):10.1f}{cpu:10.1f}")


def inside(asked: Sequence[str]) -> None:
    """Ask the query itself."""
    for one in asked[:20]:
        queries.similar(one)
        db.session.rollback()
    taken, costs = [], []
    for one in asked:
        before, begun = spent(), time.perf_counter()
        queries.similar(one)
        taken.append((time.perf_counter() - begun) * 1000)
        db.session.rollback()
        costs.append((spent() - before) * 1000)
    say("inside", taken, statistics.mean(costs))
    print(f"inside, 95th percentile of processor time: {sorted(costs)[int(len(costs) * 0.95)]:.1f}")


def over_http(port: int, pid: int, asked: Sequence[str]) -> None:
    """Ask the address, each time as somebody else: one person may ask sixty times a minute."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    taken, before = [], cpu_of(pid)
    for number, one in enumerate([*asked[:20], *asked]):
        begun = time.perf_counter()
        somebody = {"X-Forwarded-For": f"203.0.{number // 200}.{number % 200 + 1}"}
        link.request("GET", f"/api/v1/similar?q={quote(one)}", headers=somebody)
        answer = link.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"{one!r}: {answer.status}")
        if number >= 20:
            taken.append((time.perf_counter() - begun) * 1000)
    say("HTTP", taken, (cpu_of(pid) - before) * 1000 / (len(taken) + 20))


def main() -> None:
    """Run from the command line."""
    args = options(__doc__).parse_args()
    asked = lines(args.data, made)
    with town(args.folder, args.database, args.requests, data=args.data) as url:
        print(f"{args.requests:,} requests, {args.database}, {len(asked)} lines; {load()}")
        print(f"{'':10}{'p50 ms':>10}{'p95 ms':>10}{'worst':>10}{'cpu ms':>10}")
        with application(args.folder, url):
            inside(asked)
        if not settings(args.folder, url).signer_folder.exists():
            create_signer(settings(args.folder, url), bytes(range(32)))
        own = environ(args.folder, url, "http://127.0.0.1:8000") | {"BEFFROI_BEHIND_PROXY": "true"}
        with serving("beffroi.wsgi:app", own) as site:
            over_http(site.port, site.pid, asked)
        print(load())


if __name__ == "__main__":
    main()
