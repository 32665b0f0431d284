# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a page of the desk's queue costs in a town with many street reports.

    .venv/bin/python tests/bench/street_desk.py [--rows 100000] [--database sqlite|postgresql]
        [--runs 40]      # --rows 1000000 for the million

A quarter of the reports is open, in twelve departments and all categories. Each order and filter is
asked for its first page, a page in its middle and its last pages; beside it stand the floor (the
ids alone, by the same index) and a naive query (the case tables joined, sorted and cut by OFFSET).
Printed are the median and the 95th percentile in milliseconds, and in brackets the median of the
CPU that this process used (on PostgreSQL the server's is not in it).
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import open311 as rows
from sqlalchemy import insert, text

from beffroi.cases.models import Case, CaseText, TimelineRow
from beffroi.incidents.models import Incident
from beffroi.kernel.db import MIGRATIONS, db
from beffroi.street.models import StreetReport
from beffroi.street.queries import desk
from beffroi.street.rules.delays import NEVER
from support.databases import discard, fresh
from support.town import Town, open_town

BLOCK = 5000
DEPARTMENTS = 12
OPEN_OF = 4


def due(town: Town, n: int) -> date:
    """Return the date of a report: from three months ago to three months ahead."""
    return town.today + timedelta(days=(n * 7919) % 180 - 90) if n % 9 else NEVER


def queued(town: Town, n: int) -> dict[str, Any]:
    """Return the row of the queue of a report."""
    is_open = n % OPEN_OF == 1
    return {
        "case_id": n + 1, "category": rows.CATEGORIES[n % len(rows.CATEGORIES)],
        "commune": "99999", "status": "open" if is_open else "resolved", "open": is_open,
        "department": (n * 31) % (DEPARTMENTS + 1), "assigned_to": None, "due_on": due(town, n),
        "rule_id": None, "remind_on": town.today if is_open and n % 10 == 1 else None,
    }  # fmt: skip


def fill(town: Town, count: int) -> None:
    """Write what so many reports are into the tables themselves."""
    with town.change():
        for n in range(1, DEPARTMENTS + 1):
            db.session.execute(
                text("INSERT INTO department (id, name) VALUES (:n, :name)"),
                {"n": n, "name": f"Service {n}"},
            )
    for first in range(0, count, BLOCK):
        numbers = range(first, min(first + BLOCK, count))
        with town.change():
            for table, make in (
                (Case, lambda n: {**rows.case(town, n, count), **_of_case(town, n)}),
                (Incident, lambda n: rows.incident(town, n, count)),
                (TimelineRow, lambda n: rows.step(town, n, count)),
                (CaseText, lambda n: rows.text(town, n, count, "description")),
                (StreetReport, lambda n: queued(town, n)),
            ):
                db.session.execute(insert(table), [make(n) for n in numbers])
        if first % 100_000 == 0:
            print(f"  {first:,} of {count:,}", file=sys.stderr, flush=True)
    with town.change():
        db.session.execute(text("ANALYZE"))


def _of_case(town: Town, n: int) -> dict[str, Any]:
    row = queued(town, n)
    due_on = row["due_on"]
    return {
        "open": row["open"], "status": row["status"], "department_id": row["department"] or None,
        "due_on": due_on if due_on != NEVER else None,
        "closed_on": None if row["open"] else town.today,
    }  # fmt: skip


def timed(work: Callable[[], object], runs: int) -> str:
    """Return the median and 95th percentile of a work, and the median of its CPU here, in ms."""
    found, used = [], []
    for _ in range(runs):
        begun, cpu = time.perf_counter(), time.process_time()
        work()
        found.append((time.perf_counter() - begun) * 1000)
        used.append((time.process_time() - cpu) * 1000)
    median, late = statistics.median(found), statistics.quantiles(found, n=20)[18]
    return f"{median:8.1f} /{late:8.1f} ({statistics.median(used):5.1f})"


def cursors(filters: dict[str, Any], who: desk.Who, deep: int) -> list[str]:
    """Return the cursors of the first page, and of one so many pages further."""
    cursor, found = "", [""]
    for _ in range(deep):
        page = desk.page({**filters, "cursor": cursor}, who)
        if not page.next_cursor:
            break
        cursor = page.next_cursor
    return [*found, cursor]


ASKED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("due", {}),
    ("late", {"state": "late"}),
    ("by department", {"sort": "department"}),
    ("by category", {"sort": "category"}),
    ("one department", {"department": "7"}),
    ("one category", {"category": "road"}),
    ("one department and category", {"department": "7", "category": "road"}),
    ("nothing moves", {"state": "silent"}),
    ("closed", {"state": "closed"}),
)
NAIVE = """
    SELECT c.id FROM "case" c JOIN incident i ON i.case_id = c.id
    LEFT JOIN department d ON d.id = c.department_id
    WHERE c.kind = 'street' AND c.open = {yes} AND c.visibility <> 'removed'
    ORDER BY COALESCE(c.due_on, '9999-12-31'), c.id LIMIT 51 OFFSET {offset}
"""
FLOOR = """
    SELECT case_id FROM street_report WHERE open = {yes}
    ORDER BY due_on, case_id LIMIT 51
"""


def measure(town: Town, runs: int) -> None:
    """Ask for each page, and print."""
    who = desk.Who(None, town.today)
    yes = "true" if town.settings.database_url.startswith("postgresql") else "1"

    def sql(statement: str, **values: Any) -> Callable[[], object]:
        said = text(statement.format(yes=yes, **values))
        return lambda: db.session.execute(said).all()

    print(f"{'page':34} {'first page, ms':>26}  {'40 pages on, ms':>26}")
    for name, filters in ASKED:
        first, deep = cursors(filters, who, 40)
        said = [
            timed(lambda f=filters, c=cursor: desk.page({**f, "cursor": c}, who), runs)  # type: ignore[misc]
            for cursor in (first, deep)
        ]
        print(f"{name:34} " + "  ".join(said), flush=True)
    shelves = ("open", "late", "silent", "unrouted")
    sizes = timed(lambda: desk.counts({}, who, shelves), runs)
    print(f"{'sizes of the four shelves':34} {sizes}")
    print(f"{'floor: ids by the index':34} {timed(sql(FLOOR), runs)}")
    said = [timed(sql(NAIVE, offset=offset), max(5, runs // 8)) for offset in (0, 2000)]
    print(f"{'naive: join, sort, OFFSET':34} " + "  ".join(said))


def main() -> None:
    """Fill a town and measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--database", default="sqlite", choices=("sqlite", "postgresql"))
    parser.add_argument("--runs", type=int, default=40)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = fresh(args.database, MIGRATIONS, folder)
        with open_town(folder, url) as town:
            fill(town, args.rows)
            with town.app.app_context():
                measure(town, args.runs)
        discard(url)


if __name__ == "__main__":
    main()
