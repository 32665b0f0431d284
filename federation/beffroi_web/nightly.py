# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a worker does once a night, and which night it was last done for.

A night is named by the local day on which it ends; it begins at `BEGINS` on that day. A worker that
was away makes up the last night at its next turn, once. A task that fails is tried again after
`RETRY`, and its fault is told until it succeeds.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Column, Date, Integer, MetaData, String, Table, insert, select, update
from sqlalchemy.exc import IntegrityError

from beffroi_web.database import UtcDateTime, unit_of_work

BEGINS = time(1, 30)
RETRY = timedelta(minutes=10)


def nightly_table(metadata: MetaData) -> Table:
    """Return the table of nightly tasks, declared in an application's metadata."""
    return Table(
        "nightly",
        metadata,
        Column("task", String(24), primary_key=True),
        Column("started_at", UtcDateTime),
        Column("night", Date),
        Column("done_at", UtcDateTime),
        Column("locked_ms", Integer),
        Column("fault", String(500)),
    )


@dataclass(frozen=True, slots=True)
class Night:
    """How a task stands: the last night, when it was done, how long locks were held, its fault."""

    night: date | None = None
    done_at: datetime | None = None
    locked_ms: int | None = None
    fault: str | None = None


def last_night(now: datetime, zone: str) -> date:
    """Return the local day of the night that began last."""
    local = now.astimezone(ZoneInfo(zone))
    return local.date() if local.time() >= BEGINS else local.date() - timedelta(days=1)


class Nights:
    """The nightly tasks of one application. Its methods open their own units of work."""

    def __init__(self, db: SQLAlchemy, table: Table) -> None:
        self._db = db
        self._table = table

    def standing(self, task: str) -> Night:
        """Return how a task stands; a read, in whatever transaction is open."""
        t = self._table.c
        row = self._db.session.execute(
            select(t.night, t.done_at, t.locked_ms, t.fault).where(t.task == task)
        ).first()
        return Night(*row) if row else Night()

    def claim(self, task: str, *, now: datetime, zone: str) -> date | None:
        """Take a task that is due for this worker; return its night, or None if none is to be done.

        A claim of a worker that died runs out after `RETRY`.
        """
        t, night = self._table.c, last_night(now, zone)
        done = self.standing(task).night
        self._db.session.rollback()
        if done == night:
            return None
        if done is None:
            self._make(task)
        with unit_of_work(self._db):
            taken = self._db.session.execute(
                update(self._table)
                .where(t.task == task, (t.night.is_(None)) | (t.night != night))
                .where((t.started_at.is_(None)) | (t.started_at <= now - RETRY))
                .values(started_at=now)
            )
        return night if getattr(taken, "rowcount", 0) else None

    def _make(self, task: str) -> None:
        try:
            with unit_of_work(self._db):
                if not self._known(task):
                    self._db.session.execute(insert(self._table).values(task=task))
        except IntegrityError:
            return  # another worker made the row just now

    def _known(self, task: str) -> bool:
        found = select(self._table.c.task).where(self._table.c.task == task)
        return self._db.session.scalar(found) is not None

    def done(self, task: str, night: date, *, now: datetime, locked_ms: int) -> None:
        """Note that a task was done for a night."""
        self._note(task, night=night, done_at=now, locked_ms=locked_ms, fault=None, started_at=None)

    def failed(self, task: str, fault: str) -> None:
        """Note why a task could not be done; it is tried again after `RETRY`."""
        self._note(task, fault=fault[:500])

    def _note(self, task: str, **values: object) -> None:
        with unit_of_work(self._db):
            self._db.session.execute(
                update(self._table).where(self._table.c.task == task).values(**values)
            )
