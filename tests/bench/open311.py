# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an entry of an Open311 list costs the server, beside a Flask server with the ORM.

    .venv/bin/python tests/bench/open311.py [--rows 20000] [--database sqlite|postgresql] [--runs 3]

A town is filled with generated street reports of the last 80 days (a description, a place, every
fourth one closed), and the peer's table (`pull_sites.open311`) with the same ones, flat and ready
to be written. Both are asked for every page in this process, without a network. Printed are the
server's CPU an entry, in microseconds, the median of the runs, and the longest single page.
The peer does less: its rows are strings already, it knows no review, no photos and no timeline.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import pull_sites
from flask import Flask
from sqlalchemy import insert

from beffroi.cases.models import Case, CaseText, TimelineRow
from beffroi.incidents.models import Incident
from beffroi.kernel.db import MIGRATIONS, db
from support.databases import discard, fresh
from support.town import PUBLIC_URL, Town, open_town

BLOCK = 2000
WORDS = {
    "description": "Le lampadaire devant le {n} ne s’allume plus, la rue est dans le noir le soir.",
    "place": "Rue du Port, au {n}",
}
CATEGORIES = ("lighting", "road", "waste", "graffiti", "greenery", "furniture", "signs", "water")


def fill(town: Town, rows: int) -> None:
    """Write what so many released reports are, block by block, into the tables themselves."""
    for first in range(0, rows, BLOCK):
        numbers = range(first, min(first + BLOCK, rows))
        with town.change():
            for table, make in ((Case, case), (Incident, incident), (TimelineRow, step)):
                db.session.execute(insert(table), [make(town, n, rows) for n in numbers])
            words = [text(town, n, rows, role) for n in numbers for role in WORDS]
            db.session.execute(insert(CaseText), words)


def at(town: Town, n: int, rows: int) -> datetime:
    """Return when a report came: the newest now, the oldest 80 days ago."""
    return town.now - timedelta(days=80) / rows * n


def case(town: Town, n: int, rows: int) -> dict[str, Any]:
    """Return the row of a case."""
    moment, closed = at(town, n, rows), n % 4 == 0
    return {
        "id": n + 1, "ref": f"2027-{n + 1:04d}", "kind": "street", "open": not closed,
        "status": "resolved" if closed else "open", "visibility": "public", "channel": "web",
        "lang": "fr", "commune": "99999", "received_on": moment.date(), "received_at": moment,
        "changed_at": moment, "closed_on": town.today if closed else None, "supports": 0,
        "version": 1, "sensitive": False,
    }  # fmt: skip


def incident(_: Town, n: int, rows: int) -> dict[str, Any]:
    """Return the row of an incident."""
    category = CATEGORIES[n % len(CATEGORIES)]
    return {"case_id": n + 1, "family": "street", "category": category, "listed": True}


def step(town: Town, n: int, rows: int) -> dict[str, Any]:
    """Return the row of a timeline."""
    told = {"step": "received", "voice": "citizen", "codes": {}, "public": True}
    return {"case_id": n + 1, "at": at(town, n, rows), **told}


def text(town: Town, n: int, rows: int, role: str) -> dict[str, Any]:
    """Return the row of a released text."""
    words, moment = WORDS[role].format(n=n), at(town, n, rows)
    return {
        "case_id": n + 1, "role": role, "original": words, "public": words, "state": "released",
        "version": 1, "lang": "fr", "voice": "citizen", "written_at": moment, "released_at": moment,
    }  # fmt: skip


def peer(folder: Path, rows: int) -> Flask:
    """Return the peer with the same reports in its table."""
    path = folder / "peer.sqlite3"
    pull_sites.write_open311(
        path,
        (
            {
                "id": f"2027-{n:04d}",
                "status": "open",
                "title": "Éclairage public",
                "theme": CATEGORIES[n % len(CATEGORIES)],
                "summary": WORDS["description"].format(n=n),
            }
            for n in range(rows)
        ),
    )
    os.environ["BENCH_OPEN311"] = str(path)
    made: Flask = pull_sites.open311()
    return made


@dataclass(frozen=True, slots=True)
class Taken:
    """What reading everything once took: CPU an entry, the longest page, both in seconds."""

    entry: float
    longest: float


def read(ask: Callable[[int], bytes], rows: int, size: int, mark: bytes) -> Taken:
    """Ask for every page once."""
    used = longest = 0.0
    entries = 0
    for page in range(1, rows // size + 1):
        begun = time.process_time()
        body = ask(page)
        taken = time.process_time() - begun
        used, longest = used + taken, max(longest, taken)
        entries += body.count(mark)
    if entries != rows:
        raise SystemExit(f"{entries} entries came instead of {rows}")
    return Taken(used / rows, longest)


def asker(app: Flask, path: str, size: int) -> Callable[[int], bytes]:
    """Return what asks an application for a page."""
    client = app.test_client()

    def ask(page: int) -> bytes:
        joined = "&" if "?" in path else "?"
        answer = client.get(f"{path}{joined}page={page}&page_size={size}", base_url=PUBLIC_URL)
        if answer.status_code != 200:
            raise SystemExit(f"{path} answered {answer.status_code}")
        return answer.get_data()

    return ask


def main() -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    args = parser.parse_args()
    rows = args.rows // 1000 * 1000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = fresh(args.database, MIGRATIONS, folder)
        with open_town(folder, url) as town:
            fill(town, rows)
            print(f"{rows} reports, {args.database}")
            _compare(town, peer(folder, rows), rows, args.runs)
        discard(url)


def _compare(town: Town, other: Flask, rows: int, runs: int) -> None:
    """Ask both, in turns, and print a line for each way of asking."""
    named = b'"service_request_id"'
    ways: list[tuple[str, Any, str, int, bytes]] = [
        ("Flask + ORM, JSON", other, "/requests.json", 1000, named),
        ("Beffroi, JSON", town.app, "/open311/v2/requests.json", 1000, named),
        ("Beffroi, XML", town.app, "/open311/v2/requests.xml", 1000, b"<request>"),
        ("Flask + ORM, JSON", other, "/requests.json", 100, named),
        ("Beffroi, JSON", town.app, "/open311/v2/requests.json", 100, named),
    ]
    taken: list[list[Taken]] = [[] for _ in ways]
    for _ in range(runs):
        for kept, (_, app, path, size, mark) in zip(taken, ways, strict=True):
            kept.append(read(asker(app, path, size), rows, size, mark))
    print(f"{'':22}{'a page':>8}{'µs an entry':>14}{'longest page ms':>18}")
    for kept, (name, _, _, size, _) in zip(taken, ways, strict=True):
        entry = statistics.median(one.entry for one in kept) * 1e6
        longest = max(one.longest for one in kept) * 1e3
        print(f"{name:22}{size:>8}{entry:>14.1f}{longest:>18.1f}")


if __name__ == "__main__":
    main()
