# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the worker does once a night, and which night it was last done for.

A night is named by the local day on which it ends; it begins at `BEGINS` on that day. A worker that
was away makes up the last night at its next turn, once. A task that fails is tried again after
`RETRY`, and its fault stands at the desk until it succeeds.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Integer, String, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model, db, unit_of_work
from beffroi_web.database import UtcDateTime

BEGINS = time(1, 30)
RETRY = timedelta(minutes=10)


class Nightly(Model):
    """One task of the night: the last night it was done for, and how it went."""

    __tablename__ = "nightly"

    task: Mapped[str] = mapped_column(String(24), primary_key=True)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    night: Mapped[date | None] = mapped_column(Date)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    locked_ms: Mapped[int | None] = mapped_column(Integer)
    fault: Mapped[str | None] = mapped_column(String(500))


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


def standing(task: str) -> Night:
    """Return how a task stands."""
    row = db.session.execute(
        select(Nightly.night, Nightly.done_at, Nightly.locked_ms, Nightly.fault).where(
            Nightly.task == task
        )
    ).first()
    return Night(*row) if row else Night()


def claim(task: str, *, now: datetime, zone: str) -> date | None:
    """Take a task that is due for this worker; return its night, or None if there is none to do.

    Opens its own units of work. A claim of a worker that died runs out after `RETRY`.
    """
    night = last_night(now, zone)
    if standing(task).night == night:
        db.session.rollback()
        return None
    try:
        with unit_of_work():
            if db.session.get(Nightly, task) is None:
                db.session.add(Nightly(task=task))
    except IntegrityError:  # the other worker made the row just now
        pass
    with unit_of_work():
        taken = db.session.execute(
            update(Nightly)
            .where(Nightly.task == task)
            .where((Nightly.night.is_(None)) | (Nightly.night != night))
            .where((Nightly.started_at.is_(None)) | (Nightly.started_at <= now - RETRY))
            .values(started_at=now)
        )
    return night if getattr(taken, "rowcount", 0) else None


def done(task: str, night: date, *, now: datetime, locked_ms: int) -> None:
    """Note that a task was done for a night."""
    with unit_of_work():
        db.session.execute(
            update(Nightly)
            .where(Nightly.task == task)
            .values(night=night, done_at=now, locked_ms=locked_ms, fault=None, started_at=None)
        )


def failed(task: str, fault: str) -> None:
    """Note why a task could not be done; it is tried again after `RETRY`."""
    with unit_of_work():
        db.session.execute(update(Nightly).where(Nightly.task == task).values(fault=fault[:500]))
