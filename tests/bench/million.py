# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town with very many data requests, for benches of what is counted: codes and days, no texts.

    url = fill("sqlite", folder, 1_000_000)

The rows are the same in every run and on both databases. They go in at the schema before the
statistics, so that the migration fills the sums as it does in a town that has grown old without.
"""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from beffroi.data_requests.rules import THEMES
from beffroi.kernel.db import MIGRATIONS
from beffroi.legal.calendars import add_months
from beffroi_web.migrating import upgrade
from support.databases import Kind, empty

BEFORE = "0011"
FIRST_DAY, DAYS = date(2017, 1, 1), 3_650
DEPARTMENTS = 12
STATUSES = ("published", "refused", "redirected", "duplicate", "abandoned", "open", "planned")
WEIGHTS = (46, 22, 6, 6, 4, 12, 4)
OBJECTS = ("dataset", "document", "source_code", "api")

CASE = (
    *("id", "ref", "kind", "status", "open", "visibility", "channel", "lang", "department_id"),
    *("received_on", "received_at", "changed_at", "due_on", "closed_on", "supports", "version"),
    "sensitive",
)
REQUEST = ("case_id", "object", "theme")
EVENT = ("id", "case_id", "code", "on_day", "of_itself", "remedies", "at")
COLUMNS = {'"case"': CASE, "data_request": REQUEST, "legal_event": EVENT}

Row = tuple[object, ...]


def rows(count: int) -> Iterator[tuple[Row, Row, Row | None]]:
    """Give each request: its case, its codes, and the silence that became a refusal if it did."""
    draw = random.Random(7)
    days = [FIRST_DAY + timedelta(days=n) for n in range(DAYS)]
    due_days = [add_months(day, 1) for day in days]
    themes = [*THEMES, None]
    theme_sums = list(accumulate(1 / (n + 1) for n in range(len(themes))))
    status_sums = list(accumulate(WEIGHTS))
    end = days[-1]
    for number in range(1, count + 1):
        place = int(draw.random() * DAYS)
        [status] = draw.choices(STATUSES, cum_weights=status_sums)
        [theme] = draw.choices(themes, cum_weights=theme_sums)
        wanted = OBJECTS[int(draw.random() * 4)]
        closes = status not in {"open", "planned"}
        closed = days[place] + timedelta(days=int(draw.expovariate(1 / 26))) if closes else None
        if closed is not None and closed > end:
            closed, status = None, "open"
        due = due_days[place] if wanted != "api" else None
        seen = draw.choices(("public", "removed", "unlisted"), cum_weights=(95, 98, 100))[0]
        department = int(draw.random() * (DEPARTMENTS + 1)) or None
        at = f"{days[place]} 10:00:00.000000"
        case = (
            number, f"{days[place].year}-{number:07d}", "data_request", status, closed is None,
            seen, "web", "fr", department, days[place], at, at, due, closed, 0, 1, False,
        )  # fmt: skip
        silent = due is not None and (closed or end) > due
        event = (number, number, "implicit_refusal", due, True, False, at) if silent else None
        yield case, (number, wanted, theme), event


def fill(kind: Kind, folder: Path, count: int, say: Callable[[str], None] = print) -> str:
    """Make a database with so many requests at the newest schema; return its address."""
    url = empty(kind, folder)
    upgrade(MIGRATIONS, url, BEFORE)
    begun = time.perf_counter()
    (_into_sqlite if kind == "sqlite" else _into_postgresql)(url, count)
    say(f"{kind}: {count:,} requests in {time.perf_counter() - begun:.0f} s")
    begun = time.perf_counter()
    upgrade(MIGRATIONS, url)
    say(f"{kind}: the migration filled the sums in {time.perf_counter() - begun:.1f} s")
    return url


def _departments() -> list[tuple[int, str]]:
    return [(n, f"Department {n}") for n in range(1, DEPARTMENTS + 1)]


def _into_sqlite(url: str, count: int) -> None:
    connection = sqlite3.connect(str(make_url(url).database))
    connection.execute("PRAGMA synchronous=OFF")
    connection.executemany("INSERT INTO department (id, name) VALUES (?, ?)", _departments())
    for block in _blocks(count):
        for table, found in block.items():
            names = COLUMNS[table]
            marks = ", ".join("?" * len(names))
            plain = [[str(v) if isinstance(v, date) else v for v in row] for row in found]
            statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
            connection.executemany(statement, plain)
        connection.commit()
    connection.execute("ANALYZE")
    connection.close()


def _into_postgresql(url: str, count: int) -> None:
    address = url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(address) as connection:
        cursor = connection.cursor()
        cursor.executemany("INSERT INTO department (id, name) VALUES (%s, %s)", _departments())
        for block in _blocks(count):
            for table, found in block.items():
                with cursor.copy(f"COPY {table} ({', '.join(COLUMNS[table])}) FROM STDIN") as copy:
                    for row in found:
                        copy.write_row(row)
        connection.commit()
        connection.autocommit = True
        cursor.execute("VACUUM ANALYZE")


def _blocks(count: int) -> Iterator[dict[str, list[Row]]]:
    """Give the rows by table, a block at a time."""
    block: dict[str, list[Row]] = {table: [] for table in COLUMNS}
    for number, (case, request, event) in enumerate(rows(count), start=1):
        block['"case"'].append(case)
        block["data_request"].append(request)
        if event is not None:
            block["legal_event"].append(event)
        if number % 50_000 == 0:
            yield block
            block = {table: [] for table in COLUMNS}
    yield block
