# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads behind the open data and the feeds: what agents released of listed requests, all of it.

Only released words, as in everything that leaves the town's own pages; a text that was shown by
itself, a held or a pending one is an empty place. A request that is not listed, or was removed,
is in no row, no order and no state.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select, tuple_

from beffroi.cases import queries as cases
from beffroi.cases.models import Case
from beffroi.cases.queries import publishing
from beffroi.cases.rules import DATA_REQUEST
from beffroi.data_requests.models import DataRequest
from beffroi.kernel.db import db

BLOCK = 500
"""How many requests are in memory at once while all of them are read."""

_STEPS_READ = 500
"""How many public steps a feed looks back on, so that a talkative request costs no more."""


@dataclass(frozen=True, slots=True)
class PublishedAnswer:
    """The newest official answer; the address that it gives goes with its words."""

    outcome: str
    at: datetime
    words: str | None
    ground: str | None
    url: str | None
    planned: str | None
    duplicate_of: str | None
    licence: str | None
    swhid: str | None
    redirected_to: str | None


@dataclass(frozen=True, slots=True)
class PublishedRequest:
    """One listed request: its codes, its released words by role, its newest answer."""

    ref: str
    object: str
    theme: str | None
    status: str
    lang: str
    commune: str | None
    received_on: date
    due_on: date | None
    closed_on: date | None
    supports: int
    words: Mapping[str, str]
    answer: PublishedAnswer | None
    reuses: int


_MADE = {"words", "answer", "reuses"}
_CODES = tuple(n for n in PublishedRequest.__dataclass_fields__ if n not in _MADE)


def _rows() -> Any:
    return (
        select(
            Case.id,
            Case.received_at,
            Case.ref,
            DataRequest.object,
            DataRequest.theme,
            Case.status,
            Case.lang,
            Case.commune,
            Case.received_on,
            Case.due_on,
            Case.closed_on,
            Case.supports,
        )
        .join(DataRequest, DataRequest.case_id == Case.id)
        .where(Case.kind == DATA_REQUEST, Case.visibility == "public")
    )


_FIRST = _rows().order_by(Case.received_at, Case.id).limit(bindparam("most"))
_NEXT = _FIRST.where(
    tuple_(Case.received_at, Case.id)
    > tuple_(bindparam("at", type_=Case.received_at.type), bindparam("after", type_=Case.id.type))
)
_BY_ID = _rows().where(Case.id.in_(bindparam("case_ids", expanding=True)))


def blocks() -> Iterator[list[PublishedRequest]]:
    """Give every listed request, the oldest first, a block at a time."""
    return publishing.blocks(_FIRST, _NEXT, BLOCK, _published)


def by_ids(case_ids: Iterable[int]) -> dict[int, PublishedRequest]:
    """Return the listed ones among some requests, by their ids."""
    rows = db.session.execute(_BY_ID, {"case_ids": list(case_ids)}).all()
    return dict(zip([row.id for row in rows], _published(rows), strict=True))


def _published(rows: Sequence[Any]) -> list[PublishedRequest]:
    ids = [row.id for row in rows]
    words, answers = cases.words_by_case(ids), cases.answers_by_case(ids)
    reused = cases.reuses_by_case(ids)
    newest = {case_id: found[0] for case_id, found in answers.items() if found}
    listed = _listed({answer.duplicate_of for answer in newest.values()} - {None})
    return [
        PublishedRequest(
            words=words[row.id],
            answer=_answer(newest[row.id], listed) if row.id in newest else None,
            reuses=len(reused[row.id]),
            **{name: getattr(row, name) for name in _CODES},
        )
        for row in rows
    ]


def _answer(given: cases.PublicAnswer, listed: set[str]) -> PublishedAnswer:
    return PublishedAnswer(
        outcome=given.outcome,
        at=given.at,
        words=given.words,
        ground=given.ground,
        url=given.url if given.words is not None else None,
        planned=given.planned,
        duplicate_of=given.duplicate_of if given.duplicate_of in listed else None,
        licence=given.licence,
        swhid=given.swhid if given.words is not None else None,
        redirected_to=given.redirected_to if given.words is not None else None,
    )


def _listed(refs: set[Any]) -> set[str]:
    """Return which of some references name cases that are listed still."""
    if not refs:
        return set()
    found = select(Case.ref).where(Case.ref.in_(refs), Case.visibility == "public")
    return set(db.session.scalars(found))


def state() -> publishing.State:
    """Return what everything published now follows from."""
    return publishing.state(DATA_REQUEST)


def changed_at() -> datetime | None:
    """Return when anything that is published of requests changed last."""
    return publishing.changed_at(DATA_REQUEST)


def lately(
    *, theme: str = "", status: str = "", most: int = 50
) -> list[tuple[PublishedRequest, datetime]]:
    """Return the listed requests of which something was told last, each with when; newest first."""
    of_listed = (
        select(Case.id)
        .join(DataRequest, DataRequest.case_id == Case.id)
        .where(Case.kind == DATA_REQUEST, Case.visibility == "public")
    )
    if theme:
        of_listed = of_listed.where(DataRequest.theme == theme)
    if status == "any_open":
        of_listed = of_listed.where(Case.open.is_(True))
    elif status:
        of_listed = of_listed.where(Case.status == status)
    told = publishing.told_lately(of_listed, steps_read=_STEPS_READ, most=most)
    made = by_ids(told)
    return [(made[case_id], at) for case_id, at in told.items() if case_id in made]
