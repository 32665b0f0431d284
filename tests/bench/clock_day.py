# SPDX-License-Identifier: AGPL-3.0-or-later
"""The legal clock's daily run over a million open requests of which a hundred are due.

    .venv/bin/python tests/bench/clock_day.py --folder DIR [--database sqlite|postgresql]

Says how many rows the run reads (the database's own plan, and how many requests it was given) and
how long it takes, beside a naive run that reads every open request to see whether something is due.
What the run writes is rolled back in the end, so that the town stays for the next run.
"""

import time
from datetime import UTC, datetime

from sqlalchemy import text
from town_of_a_million import application, load, options, town

from beffroi.data_requests.queries import clock as clocks
from beffroi.data_requests.service import clock as service
from beffroi.kernel.db import db, unit_of_work
from beffroi.legal.law import law_of

BLOCK = 500


class Undone(Exception):
    """Ends the unit of work without keeping anything."""


def plan() -> str:
    """Return how the database finds the requests that are due."""
    how = "EXPLAIN QUERY PLAN" if db.engine.dialect.name == "sqlite" else "EXPLAIN (ANALYZE)"
    today = "'2026-01-01'"
    rows = db.session.execute(
        text(
            f"{how} SELECT case_id FROM data_request WHERE clock_on <= {today}"
            f" ORDER BY clock_on, case_id LIMIT {BLOCK}"
        )
    ).all()
    return " / ".join(str(row[-1]).strip() for row in rows)


def naive() -> int:
    """Read every open request and look at its day, as a run without an index of days does."""
    today = datetime.now(UTC).date()  # noqa: TID251
    statement = text(
        'SELECT d.case_id, d.clock_on FROM data_request d JOIN "case" c ON c.id = d.case_id'
        " WHERE c.open"
    ).columns(clock_on=db.Date)
    return sum(1 for row in db.session.execute(statement) if row[1] and row[1] <= today)


def ours() -> tuple[int, int]:
    """Do the day's run in one transaction; return how many requests it read, and events."""
    now = datetime.now(UTC)  # noqa: TID251
    law = law_of(["99999"])
    read = written = 0
    try:
        with unit_of_work():
            while ids := clocks.striking(now.date(), BLOCK):
                read += len(ids)
                for one in ids:
                    written += service.strike(one, law, now=now, today=now.date())
            raise Undone
    except Undone:
        return read, written


def main() -> None:
    """Run from the command line."""
    args = options(__doc__).parse_args()
    with (
        town(args.folder, args.database, args.requests, data=args.data, bare=True) as url,
        application(args.folder, url),
    ):
        print(f"{args.requests:,} open requests, {args.database}; {load()}")
        print(plan())
        db.session.rollback()
        for name, run in (("the day's run", ours), ("naive", naive), ("the day's run", ours)):
            begun, cpu = time.perf_counter(), time.process_time()
            found = run()
            seconds, spent = time.perf_counter() - begun, time.process_time() - cpu
            print(f"{name}: {found}, {seconds:.2f} s, {spent:.2f} s of processor time here")
            db.session.rollback()


if __name__ == "__main__":
    main()
