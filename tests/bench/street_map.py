# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lists, map windows and what is nearby in a town with a million street reports.

    .venv/bin/python tests/bench/street_map.py --folder DIR [--incidents 1000000]
        [--database sqlite|postgresql] [--rounds 3] [--seconds 3]

Over HTTP under gunicorn as the town runs it, beside a bare Flask page (`floor.py`): the list, the
list of a window, and the map window (`/api/v1/incidents/map`: at most 500 cells with counts), each
address new. Inside, one after the other: a window and a nearby search, beside the plain way, which
takes the rows of a rectangle as they come: counts them by cell for the map; sorts them by day, and
compares their words, for what is nearby. Milliseconds; `cpu` is processor time of this process.
Windows are of five sizes, from some streets to all of the town, and lie where reports are.
"""

import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from board import Asked, cursors, serving
from load import Run, measure, median
from sqlalchemy import text
from street_rows import LISTED, StreetRows
from town_of_a_million import application, environ, load, options, settings, town

from beffroi.cases import queries as cases
from beffroi.incidents.queries import maps
from beffroi.incidents.queries.near import Sought, near
from beffroi.incidents.rules import cells
from beffroi.kernel.db import db
from beffroi.kernel.ranking import stems
from beffroi.signer.commands import create_signer
from beffroi_web.maps import Window

SIZES = (0.004, 0.012, 0.03, 0.08, 0.2)
"""Degrees of latitude of the windows."""
ASKED = 200
TODAY = date(2026, 11, 30)


def places(count: int) -> list[tuple[float, float, str, str]]:
    """Return places of reports, drawn from all of them, each with its description and its place."""
    chance = random.Random(3)
    newest = db.session.scalar(text('SELECT max(id) FROM "case"')) or 0
    found = []
    for _ in range(count):
        one = {"id": chance.randrange(1, newest)}
        at = db.session.execute(
            text("SELECT latitude, longitude FROM incident_position WHERE case_id = :id"), one
        ).one()
        words = cases.words_by_case([one["id"]])[one["id"]]
        found.append((at[0], at[1], words["description"], words["place"]))
    db.session.rollback()
    return found


def windows(found: Sequence[tuple[float, float, str, str]]) -> list[Window]:
    """Return windows of every size, each around a place."""
    return [
        Window.at(one[0], one[1], SIZES[n % len(SIZES)], SIZES[n % len(SIZES)] * 1.9)
        for n, one in enumerate(found)
    ]


RECTANGLE = (
    'FROM incident_position p JOIN "case" c ON c.id = p.case_id'
    " JOIN incident i ON i.case_id = p.case_id"
    " WHERE p.latitude BETWEEN :south AND :north AND p.longitude BETWEEN :west AND :east"
    " AND c.kind = 'street' AND c.visibility = 'public'"
)


def _edges(window: Window) -> dict[str, float]:
    return {name: getattr(window, name) for name in ("south", "north", "west", "east")}


def plain_map(window: Window) -> None:
    """Count the rows of a rectangle by cell, as they come."""
    level = cells.level_for(window, maps.MOST)
    rows = db.session.execute(text(f"SELECT p.latitude, p.longitude {RECTANGLE}"), _edges(window))
    Counter(cells.cell(row[0], row[1], level) for row in rows)


def plain_near(latitude: float, longitude: float, said: str) -> None:
    """Compare the words of all open reports of a rectangle of 750 metres, the newest first."""
    window = Window.at(latitude, longitude, 3 * cells.STEP_LATITUDE, 3 * cells.STEP_LONGITUDE)
    rows = db.session.execute(
        text(
            f"SELECT c.id, t.public {RECTANGLE}".replace(
                "WHERE", "JOIN case_text t ON t.case_id = c.id WHERE t.role = 'description' AND"
            )
            + " AND c.open ORDER BY c.received_at DESC"
        ),
        _edges(window),
    ).all()
    asked = set(stems(said))
    sorted(rows, key=lambda row: -len(asked & set(stems(row[1]))))[:5]


def inside(name: str, work: Callable[[Any], object], asked: Sequence[Any]) -> None:
    """Do a work for each thing asked and print how long it took."""
    for one in asked[:10]:
        work(one)
        db.session.rollback()
    taken, costs = [], []
    for one in asked:
        begun, before = time.perf_counter(), time.process_time()
        work(one)
        taken.append((time.perf_counter() - begun) * 1000)
        costs.append((time.process_time() - before) * 1000)
        db.session.rollback()
    at = int(len(taken) * 0.95)
    p95, cpu95 = sorted(taken)[at], sorted(costs)[at]
    middle, cpu = statistics.median(taken), statistics.median(costs)
    print(f"{name:34}{middle:10.1f}{p95:10.1f}{cpu:10.1f}{cpu95:10.1f}", flush=True)


def ask_inside(found: Sequence[tuple[float, float, str, str]], few: int) -> None:
    """Measure the queries themselves."""
    print(f"{'inside':34}{'p50 ms':>10}{'p95 ms':>10}{'cpu p50':>10}{'cpu p95':>10}")
    every = windows(found)
    for n, size in enumerate(SIZES):
        some = every[n :: len(SIZES)]
        inside(f"map window, {size} degrees", maps.areas, some)
        inside("  the plain way", plain_map, some[:few])
    inside("map window, all sizes", maps.areas, every)
    chance = random.Random(4)
    sought = [
        Sought(chance.choice(LISTED), words, place, (latitude, longitude))
        for latitude, longitude, words, place in found
    ]
    inside("nearby, with a point", lambda one: near(one, today=TODAY), sought)
    spoken = [Sought(one.category, one.description, one.place) for one in sought]
    inside("nearby, in words", lambda one: near(one, today=TODAY), spoken)
    inside("  the plain way, with a point", lambda one: plain_near(*one[:3]), found[:few])


def over_http(url: str, args: Any, stack: ExitStack) -> None:
    """Measure the addresses."""
    with application(args.folder, url):
        pages, found = cursors(), places(ASKED)
    own = environ(args.folder, url, "http://127.0.0.1:8000")
    ours = stack.enter_context(serving("beffroi.wsgi:app", own))
    floor = stack.enter_context(serving("floor:app", {}))
    api, every = "/api/v1/incidents?limit=50", windows(found)
    asked = {
        "floor": Asked(floor, ["/hello"]),
        "API list, page 1": Asked(ours, [api], fresh=True),
        "API list, any page": Asked(ours, [f"{api}&cursor={c}" for c in pages], fresh=True),
        "API list of a window": Asked(ours, [f"{api}&window={w}" for w in every], fresh=True),
        "API map window": Asked(
            ours, [f"/api/v1/incidents/map?window={w}" for w in every], fresh=True
        ),
        "page, list and map": Asked(ours, [f"/incidents?window={w}" for w in every], fresh=True),
    }
    runs: dict[str, list[Run]] = {name: [] for name in asked}
    for number in range(args.rounds + 1):
        for name, one in asked.items():
            for_ = args.seconds if number else 1.0
            run = measure(
                one.site.port, one.requests(number), [one.site.pid], seconds=for_, connections=4
            )
            if number:
                runs[name].append(run)
    bare = median(runs["floor"], "cpu")
    print(f"{'HTTP':34}{'a second':>10}{'p50 ms':>10}{'p95 ms':>10}{'cpu ms':>10}{'floors':>10}")
    for name, all_runs in runs.items():
        rate, p50, p95, cpu = (
            median(all_runs, what) for what in ("per_second", "p50", "p95", "cpu")
        )
        print(f"{name:34}{rate:10.0f}{p50:10.1f}{p95:10.1f}{cpu:10.2f}{cpu / bare:10.1f}")


def main() -> None:
    """Run from the command line."""
    parser = options(__doc__)
    parser.add_argument("--incidents", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--few", type=int, default=20, help="how often the plain way is tried")
    args = parser.parse_args()
    print(f"{args.incidents:,} street reports, {args.database}; {load()}")
    with ExitStack() as stack:
        url = stack.enter_context(
            town(args.folder, args.database, args.incidents, data=args.data, make=StreetRows)
        )
        known = settings(args.folder, url)
        if not known.signer_folder.exists():
            create_signer(known, bytes(range(32)))
        with application(args.folder, url):
            ask_inside(places(ASKED), args.few)
        over_http(url, args, stack)
    print(load())


if __name__ == "__main__":
    main()
