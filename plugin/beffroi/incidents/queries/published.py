# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads behind the open data and the feeds of reports: released words of listed ones, no others.

A report whose category is unlisted, that is held or removed, or that is about a public site is in
no row, no order and no validator.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select, tuple_

from beffroi.cases import queries as cases
from beffroi.cases.models import Case
from beffroi.cases.queries import publishing
from beffroi.cases.rules import STREET
from beffroi.incidents.models import Incident
from beffroi.kernel.db import db

BLOCK = 500
"""How many reports are in memory at once while all of them are read."""

_STEPS_READ = 500
"""How many public steps a feed looks back on."""


@dataclass(frozen=True, slots=True)
class PublishedAnswer:
    """The newest official answer; what it repeats only while that is listed."""

    outcome: str
    at: datetime
    words: str | None
    duplicate_of: str | None


@dataclass(frozen=True, slots=True)
class PublishedIncident:
    """One listed report: its codes, its released words by role, its newest answer."""

    ref: str
    category: str
    status: str
    lang: str
    commune: str | None
    received_on: date
    closed_on: date | None
    supports: int
    words: Mapping[str, str]
    answer: PublishedAnswer | None


_CODES = tuple(n for n in PublishedIncident.__dataclass_fields__ if n not in {"words", "answer"})
_LISTED = (Case.kind == STREET, Case.visibility == "public", Incident.listed.is_(True))
_WERE_LISTED = Case.id.in_(select(Incident.case_id).where(Incident.listed.is_(True)))


def _rows() -> Any:
    return (
        select(
            Case.id,
            Case.received_at,
            Case.ref,
            Incident.category,
            Case.status,
            Case.lang,
            Case.commune,
            Case.received_on,
            Case.closed_on,
            Case.supports,
        )
        .join(Incident, Incident.case_id == Case.id)
        .where(*_LISTED)
    )


_FIRST = _rows().order_by(Case.received_at, Case.id).limit(bindparam("most"))
_NEXT = _FIRST.where(
    tuple_(Case.received_at, Case.id)
    > tuple_(bindparam("at", type_=Case.received_at.type), bindparam("after", type_=Case.id.type))
)
_BY_ID = _rows().where(Case.id.in_(bindparam("case_ids", expanding=True)))


def blocks() -> Iterator[list[PublishedIncident]]:
    """Give every listed report, the oldest first, a block at a time."""
    return publishing.blocks(_FIRST, _NEXT, BLOCK, _published)


def _by_ids(case_ids: Iterable[int]) -> dict[int, PublishedIncident]:
    rows = db.session.execute(_BY_ID, {"case_ids": list(case_ids)}).all()
    return dict(zip([row.id for row in rows], _published(rows), strict=True))


def _published(rows: Sequence[Any]) -> list[PublishedIncident]:
    ids = [row.id for row in rows]
    words, answers = cases.words_by_case(ids), cases.answers_by_case(ids)
    newest = {case_id: found[0] for case_id, found in answers.items() if found}
    listed = _listed_ones({one.duplicate_of for one in newest.values()} - {None})
    return [
        PublishedIncident(
            words=words[row.id],
            answer=_answer(newest[row.id], listed) if row.id in newest else None,
            **{name: getattr(row, name) for name in _CODES},
        )
        for row in rows
    ]


def _answer(given: cases.PublicAnswer, listed: set[str]) -> PublishedAnswer:
    repeats = given.duplicate_of if given.duplicate_of in listed else None
    return PublishedAnswer(given.outcome, given.at, given.words, repeats)


def _listed_ones(refs: set[Any]) -> set[str]:
    """Return which of some references name reports that are listed still."""
    if not refs:
        return set()
    found = select(Case.ref).join(Incident, Incident.case_id == Case.id)
    return set(db.session.scalars(found.where(Case.ref.in_(refs), *_LISTED)))


def state() -> publishing.State:
    """Return what everything published now follows from."""
    return publishing.state(STREET, _WERE_LISTED)


def changed_at() -> datetime | None:
    """Return when anything that is published of reports changed last."""
    return publishing.changed_at(STREET, _WERE_LISTED)


def lately(
    *, category: str = "", status: str = "", most: int = 50
) -> list[tuple[PublishedIncident, datetime]]:
    """Return the listed reports of which something was told last, each with when; newest first."""
    of_listed = select(Case.id).join(Incident, Incident.case_id == Case.id).where(*_LISTED)
    if category:
        of_listed = of_listed.where(Incident.category == category)
    if status == "any_open":
        of_listed = of_listed.where(Case.open.is_(True))
    elif status:
        of_listed = of_listed.where(Case.status == status)
    told = publishing.told_lately(of_listed, steps_read=_STEPS_READ, most=most)
    made = _by_ids(told)
    return [(made[case_id], at) for case_id, at in told.items() if case_id in made]
