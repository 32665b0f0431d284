# SPDX-License-Identifier: AGPL-3.0-or-later
"""Work for later, written in the transaction that asks for it.

A job is a row: name and JSON arguments. A worker takes a lease on due rows, runs each, marks it
done. A worker that dies leaves its lease to run out, and the job runs again: at least once, never
zero times, so every handler must be repeatable. A failing job waits longer each time (back-off) and
after `MOST_ATTEMPTS` is dead: kept, with its error, for people to see.

This exists, and no library is used, because the job must stand or fall with the change itself, on
SQLite and PostgreSQL alike; see the decision on the job table.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ColumnElement, Index, Text, delete, func, select, update
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model, db, unit_of_work
from beffroi_web.database import BigId, UtcDateTime
from beffroi_web.logs import described

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=6)
MOST_ATTEMPTS = 12
QUIET = "-quiet"
"""How the name of a job ends that is about a confidential case: no page counts it for everybody."""


class Job(Model):
    """One piece of work; `done_at` and `dead_at` are empty while it waits."""

    __tablename__ = "job"
    __table_args__ = (
        Index(
            "ix_job_due",
            "run_at",
            sqlite_where=db.text("done_at IS NULL AND dead_at IS NULL"),
            postgresql_where=db.text("done_at IS NULL AND dead_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    args: Mapped[dict[str, Any]] = mapped_column(JSON)
    run_at: Mapped[datetime] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dead_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)
    """`kept_of` the last failure; empty once the job is done."""


Handler = Callable[[dict[str, Any], datetime], None]
"""Does one job: its arguments and the moment. Opens its own units of work; must be repeatable."""


@dataclass(frozen=True, slots=True)
class Worked:
    """What one turn of a worker did."""

    done: int = 0
    failed: int = 0


def enqueue(name: str, args: dict[str, Any], *, run_at: datetime) -> None:
    """Write a job into the current transaction, to run at or after a moment."""
    db.session.add(Job(name=name, args=args, run_at=run_at, attempts=0))


def wait_after(attempts: int) -> timedelta:
    """Return how long a job waits after its n-th failure: doubling, with a longest wait."""
    doubled: timedelta = FIRST_WAIT * (2 ** max(0, min(attempts, 20) - 1))
    return min(doubled, LONGEST_WAIT)


def _lease(now: datetime, most: int) -> list[tuple[int, str, dict[str, Any], int]]:
    due = (
        select(Job.id)
        .where(Job.done_at.is_(None), Job.dead_at.is_(None), Job.run_at <= now)
        .where((Job.leased_until.is_(None)) | (Job.leased_until <= now))
        .order_by(Job.run_at, Job.id)
        .limit(most)
    )
    if db.engine.dialect.name == "postgresql":
        due = due.with_for_update(skip_locked=True)
    with unit_of_work():
        rows = db.session.execute(
            update(Job)
            .where(Job.id.in_(due.scalar_subquery()))
            .values(leased_until=now + LEASE, attempts=Job.attempts + 1)
            .returning(Job.id, Job.name, Job.args, Job.attempts)
            .execution_options(synchronize_session=False)
        ).all()
    return sorted((r.id, r.name, dict(r.args), r.attempts) for r in rows)


def work_once(handlers: Mapping[str, Handler], *, now: datetime, most: int = 20) -> Worked:
    """Lease up to `most` due jobs, run them one after the other, and say how it went.

    A job without a handler fails like any other: nothing is dropped in silence.
    """
    done = failed = 0
    for job_id, name, args, attempts in _lease(now, most):
        try:
            handlers[name](args, now)
        except Exception as error:  # a job may fail in any way; the row keeps how
            db.session.rollback()
            failed += 1
            said = {"job": name.removesuffix(QUIET), "attempts": attempts, **described(error)}
            log.warning("a job failed and is tried again", extra=said)
            with unit_of_work():
                values: dict[str, Any] = {
                    "leased_until": None,
                    "run_at": now + wait_after(attempts),
                    "last_error": kept_of(error),
                }
                if attempts >= MOST_ATTEMPTS:
                    values["dead_at"] = now
                db.session.execute(update(Job).where(Job.id == job_id).values(**values))
        else:
            done += 1
            with unit_of_work():
                # Emptied, since arguments may hold an address, and what is done needs none.
                emptied = {"done_at": now, "args": {}, "last_error": None}
                db.session.execute(update(Job).where(Job.id == job_id).values(**emptied))
    return Worked(done, failed)


def kept_of(error: BaseException) -> str:
    """Return what a row keeps of a failure: its kind, its causes, and where it came about.

    Never its message: what a mail server or a database says may hold somebody's address or words.
    An error of ours that has codes to tell gives them as `codes`, which hold nothing of anybody.
    """
    said = described(error)
    where = said["trace"][-1:] or ["?"]
    codes = getattr(error, "codes", "")
    return " ".join(one for one in (codes, said["error"], "at", *where) if one)[:500]


def waiting() -> int:
    """Return how many jobs are neither done nor dead, without quiet ones."""
    return _count(Job.done_at.is_(None), Job.dead_at.is_(None), Job.name.not_like(f"%{QUIET}"))


def dead(*, quiet: bool = False) -> int:
    """Return how many jobs were given up and wait for a person: quiet ones, or the others."""
    named = Job.name.like(f"%{QUIET}")
    return _count(Job.dead_at.is_not(None), named if quiet else ~named)


def failing(names: Collection[str]) -> tuple[int, int]:
    """Return how many jobs of some names have failed and are tried again, and were given up.

    Quiet ones are not counted, whatever their names.
    """
    named = Job.name.in_([name for name in names if not name.endswith(QUIET)])
    again = _count(named, Job.done_at.is_(None), Job.dead_at.is_(None), Job.last_error.is_not(None))
    return again, _count(named, Job.dead_at.is_not(None))


def failed_with(codes: str, names: Collection[str]) -> list[tuple[str, dict[str, Any], bool]]:
    """Return (name, arguments, given up) of each job of some names whose `codes` begin so.

    Quiet ones are left out, whatever their names; a job that is done has no error any more.
    """
    named = [name for name in names if not name.endswith(QUIET)]
    found = db.session.execute(
        select(Job.name, Job.args, Job.dead_at.is_not(None))
        .where(Job.name.in_(named), Job.last_error.startswith(codes, autoescape=True))
        .order_by(Job.id)
    )
    return [(name, dict(args), bool(dead)) for name, args, dead in found]


def oldest_due(by: datetime) -> datetime | None:
    """Return since when the job that is due longest waits, of those due by a moment."""
    return db.session.scalar(
        select(func.min(Job.run_at)).where(
            Job.done_at.is_(None), Job.dead_at.is_(None), Job.run_at <= by
        )
    )


def _count(*conditions: ColumnElement[bool]) -> int:
    return int(db.session.scalar(select(func.count()).select_from(Job).where(*conditions)) or 0)


def purge(*, before: datetime) -> int:
    """Delete jobs done or given up before a moment, in the current transaction; return how many.

    One that was given up still holds its arguments, maybe an address: nobody looks at it any more.
    """
    over = (Job.done_at < before) | (Job.dead_at < before)
    result = db.session.execute(delete(Job).where(over))
    return int(getattr(result, "rowcount", 0))
