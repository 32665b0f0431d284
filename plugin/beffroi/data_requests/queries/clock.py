# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the legal clock: what happened to a request, and the timetable that follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from beffroi.data_requests.models import DataRequest, LegalEvent
from beffroi.kernel.db import db
from beffroi.legal.clock import Facts, Timetable
from beffroi.legal.law import Law

CIRCUMSTANCES = {
    "acknowledged": "acknowledged_with_remedies",
    "refused": "refused_with_remedies",
}
"""What an event is called in a pack where it named the remedies."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a request, as it was written down or came of itself."""

    code: str
    on: date
    of_itself: bool
    remedies: bool
    number: str | None
    meaning: str | None
    words: str | None


def happened(case_id: int) -> list[Happened]:
    """Return the events of a request, the oldest first."""
    rows = db.session.execute(
        select(
            LegalEvent.code,
            LegalEvent.on_day,
            LegalEvent.of_itself,
            LegalEvent.remedies,
            LegalEvent.number,
            LegalEvent.meaning,
            LegalEvent.words,
        )
        .where(LegalEvent.case_id == case_id)
        .order_by(LegalEvent.on_day, LegalEvent.id)
    )
    return [Happened(*row) for row in rows]


def facts(wanted_object: str, received_on: date, events: Sequence[Happened]) -> Facts:
    """Return what a timetable is made from; what came of itself follows from the rest."""
    given = {one.code: one.on for one in events if not one.of_itself}
    named = {CIRCUMSTANCES[e.code] for e in events if e.remedies and e.code in CIRCUMSTANCES}
    return Facts(wanted_object, {"received": received_on, **given}, frozenset(named))


def timetable(
    wanted_object: str, received_on: date, events: Sequence[Happened], law: Law
) -> Timetable:
    """Return the timetable of a request."""
    return law.timetable(facts(wanted_object, received_on, events))


def state(case_id: int) -> str | None:
    """Return the code of the clock's state; None for what was brought in from elsewhere."""
    found: str | None = db.session.scalar(
        select(DataRequest.clock).where(DataRequest.case_id == case_id)
    )
    return found


def acknowledgement(case_id: int) -> str | None:
    """Return what the acknowledgement of a request told its author about delay and remedies."""
    words: str | None = db.session.scalar(
        select(LegalEvent.words).where(
            LegalEvent.case_id == case_id, LegalEvent.code == "acknowledged"
        )
    )
    return words


def remedies_of_refusal(case_id: int) -> str | None:
    """Return the remedies that the newest written refusal named to its author."""
    words: str | None = db.session.scalar(
        select(LegalEvent.words)
        .where(LegalEvent.case_id == case_id, LegalEvent.code.in_(("refused", "refused_again")))
        .order_by(LegalEvent.on_day.desc(), LegalEvent.id.desc())
        .limit(1)
    )
    return words


def late(today: date) -> tuple[int, date | None]:
    """Return how many clocks should have struck before today and did not, and the oldest day."""
    count, oldest = db.session.execute(
        select(func.count(), func.min(DataRequest.clock_on)).where(DataRequest.clock_on < today)
    ).one()
    return int(count), oldest


def striking(today: date, most: int) -> Sequence[int]:
    """Return the requests whose clock strikes today or has struck since somebody looked."""
    return db.session.scalars(
        select(DataRequest.case_id)
        .where(DataRequest.clock_on <= today)
        .order_by(DataRequest.clock_on, DataRequest.case_id)
        .limit(most)
    ).all()
