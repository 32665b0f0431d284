# SPDX-License-Identifier: AGPL-3.0-or-later
"""Requests that went to the CADA, and a year of the legal clock in figures: for the desk."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from beffroi.cases import queries as cases
from beffroi.cases.models import Case, OfficialAnswer
from beffroi.cases.rules import DATA_REQUEST
from beffroi.data_requests.models import DataRequest, LegalEvent
from beffroi.data_requests.queries.clock import Happened, happened
from beffroi.kernel.db import db

STANDING = ("appeal", "confirmed_refusal")


@dataclass(frozen=True, slots=True)
class Appeal:
    """A request at the CADA: its head, what was asked for, what happened."""

    head: cases.CaseHead
    object: str
    events: tuple[Happened, ...]

    def event(self, code: str) -> Happened | None:
        """Return what happened of a kind, or None."""
        return next((one for one in self.events if one.code == code), None)


def appeals(most: int = 200) -> list[Appeal]:
    """Return the requests that are at the CADA or beyond it, the oldest registration first."""
    registered = (LegalEvent.case_id == DataRequest.case_id) & (
        LegalEvent.code == "cada_registered"
    )
    rows = db.session.execute(
        select(DataRequest.case_id, DataRequest.object)
        .join(LegalEvent, registered)
        .where(DataRequest.clock.in_(STANDING))
        .order_by(LegalEvent.on_day, DataRequest.case_id)
        .limit(most)
    ).all()
    found = []
    for row in rows:
        head = cases.head_by_id(row.case_id)
        if head is not None and head.visibility != "removed":
            found.append(Appeal(head, row.object, tuple(happened(row.case_id))))
    return found


@dataclass(frozen=True, slots=True)
class Year:
    """A year of the clock: requests received in it, events that fell in it, opinions by meaning.

    Requests are told by what was asked for, answers by outcome and ground.
    """

    received: int
    events: Mapping[str, int]
    meanings: Mapping[str, int]
    objects: Mapping[str, int]
    outcomes: Mapping[str, int]
    grounds: Mapping[str, int]


def year(number: int, begins: datetime, ends: datetime) -> Year:
    """Return the figures of a calendar year, which begins and ends at these moments in the town.

    For the desk alone: small numbers are not hidden.
    """
    first, last = date(number, 1, 1), date(number, 12, 31)
    objects = _counts(
        select(DataRequest.object, func.count())
        .join(Case, DataRequest.case_id == Case.id)
        .where(Case.kind == DATA_REQUEST, Case.received_on.between(first, last))
        .where(DataRequest.source.is_(None))
        .group_by(DataRequest.object)
    )
    given = (
        OfficialAnswer.answered_at >= begins,
        OfficialAnswer.answered_at < ends,
        DataRequest.source.is_(None),
    )
    of_requests = DataRequest.case_id == OfficialAnswer.case_id
    outcomes, grounds = (
        _counts(
            select(column, func.count())
            .join(DataRequest, of_requests)
            .where(*given, column.is_not(None))
            .group_by(column)
        )
        for column in (OfficialAnswer.outcome, OfficialAnswer.ground)
    )
    rows = db.session.execute(
        select(LegalEvent.code, LegalEvent.meaning, func.count())
        .where(LegalEvent.on_day.between(first, last))
        .group_by(LegalEvent.code, LegalEvent.meaning)
    ).all()
    events: Counter[str] = Counter()
    meanings: Counter[str] = Counter()
    for code, meaning, count in rows:
        events[code] += count
        if meaning:
            meanings[meaning] += count
    return Year(sum(objects.values()), events, meanings, objects, outcomes, grounds)


def _counts(wanted: Any) -> dict[str, int]:
    return {code: int(count) for code, count in db.session.execute(wanted)}
