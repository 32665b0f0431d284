# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of some requests that were gathered elsewhere, by their ids; listed ones only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select

from beffroi.cases import queries as cases
from beffroi.cases.models import Case
from beffroi.cases.rules import DATA_REQUEST
from beffroi.data_requests.models import DataRequest
from beffroi.kernel.db import db

LATE_LETTERS = timedelta(days=31)
"""How long after it came a letter may be entered and still count on its day."""


def cards(case_ids: Collection[int]) -> Sequence[Any]:
    """Return the rows of listed requests as lists have them, in the order of reception."""
    statement = (
        cases.card_select(DataRequest.object, DataRequest.theme)
        .join(DataRequest, DataRequest.case_id == Case.id)
        .where(Case.kind == DATA_REQUEST, Case.id.in_(case_ids))
        .order_by(Case.received_at, Case.id)
    )
    rows: Sequence[Any] = db.session.execute(statement).all() if case_ids else []
    return rows


@dataclass(frozen=True, slots=True)
class Decided:
    """How a listed request was decided: its newest answer, unless it was reopened since.

    `first_at` is the moment of the first answer, from which a delay is counted. Words and address
    are there while they are released.
    """

    outcome: str
    at: datetime
    first_at: datetime
    ground: str | None
    url: str | None
    planned: str | None


def decided(rows: Sequence[Any]) -> dict[int, Decided]:
    """Return how each of some requests (rows of `cards`) was decided; none without an answer."""
    found = {}
    open_again = {row.id for row in rows if row.status in {"open", "under_review"}}
    for case_id, answers in cases.answers_by_case([row.id for row in rows]).items():
        if answers and case_id not in open_again:
            one, first = answers[0], answers[-1]
            url = one.url if one.words is not None else None
            found[case_id] = Decided(one.outcome, one.at, first.at, one.ground, url, one.planned)
    return found


def for_desk(case_ids: Collection[int]) -> dict[int, str]:
    """Return the title of each of some requests as agents read it."""
    if not case_ids:
        return {}
    rows = db.session.execute(cases.desk_select().where(Case.id.in_(case_ids)))
    return {row.id: row.title or row.ref for row in rows}


def per_day(first: date, last: date) -> dict[date, int]:
    """Return how many listed requests were received on each day; days without one are left out."""
    begin = datetime.combine(first, time(), UTC) - timedelta(days=1)
    end = datetime.combine(last, time(), UTC) + timedelta(days=1) + LATE_LETTERS
    rows = db.session.execute(
        select(Case.received_on, func.count())
        .where(Case.kind == DATA_REQUEST, Case.visibility == "public")
        .where(Case.received_at.between(begin, end), Case.received_on.between(first, last))
        .group_by(Case.received_on)
    )
    return {day: int(count) for day, count in rows}
