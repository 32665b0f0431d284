# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads behind the open data and the feeds: what agents released of listed requests, all of it.

Only released words, as in everything that leaves the town's own pages; a text that was shown by
itself, a held or a pending one is an empty place. A request that is not listed, or was removed,
is in no row, no order and no state.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, exists, func, select, tuple_

from beffroi.cases import queries as cases
from beffroi.cases.models import Case, TimelineRow
from beffroi.cases.rules import DATA_REQUEST
from beffroi.data_requests.models import DataRequest
from beffroi.kernel.db import db

BLOCK = 500
"""How many requests are in memory at once while all of them are read."""

TOLD = frozenset(
    {"received", "moved", "answered", "reopened", "implicit_refusal", "confirmed_refusal"}
)
"""Steps that renew a request in a feed, beside the release of one of its own texts."""

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


@dataclass(frozen=True, slots=True)
class State:
    """What changes whenever anything in the open data does; the moment is None without a request.

    The moment counts removals in: it must not go back when what changed last is taken away.
    """

    sums: tuple[int, ...]
    changed_at: datetime | None


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
    """Give every listed request, the oldest first, a block at a time.

    Each block is a transaction of its own, ended before the block is handed on: a slow reader
    holds no connection and no snapshot, and what is removed meanwhile does not follow.
    """
    rows: Sequence[Any] = db.session.execute(_FIRST, {"most": BLOCK}).all()
    while rows:
        made, last = _published(rows), rows[-1]
        db.session.rollback()
        yield made
        place = {"at": last.received_at, "after": last.id, "most": BLOCK}
        rows = db.session.execute(_NEXT, place).all()
    db.session.rollback()


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


def state() -> State:
    """Return what everything published now follows from, by one pass over the listed requests."""
    public = Case.visibility == "public"
    sums = db.session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(Case.id), 0),
            func.coalesce(func.sum(Case.version), 0),
            func.coalesce(func.sum(Case.supports), 0),
        ).where(Case.kind == DATA_REQUEST, public)
    ).one()
    changed = select(func.max(Case.changed_at)).where(
        Case.kind == DATA_REQUEST, Case.visibility.in_(("public", "removed"))
    )
    return State(tuple(int(one) for one in sums), db.session.scalar(changed))


def lately(
    *, theme: str = "", status: str = "", most: int = 50
) -> list[tuple[PublishedRequest, datetime]]:
    """Return the listed requests of which something was told last, each with when; newest first.

    Steps are walked from the newest back, and only those of listed requests count: how far the
    walk goes does not depend on what is not listed.
    """
    of_listed = (
        select(Case.id)
        .join(DataRequest, DataRequest.case_id == Case.id)
        .where(Case.id == TimelineRow.case_id)
        .where(Case.kind == DATA_REQUEST, Case.visibility == "public")
    )
    if theme:
        of_listed = of_listed.where(DataRequest.theme == theme)
    if status == "any_open":
        of_listed = of_listed.where(Case.open.is_(True))
    elif status:
        of_listed = of_listed.where(Case.status == status)
    steps = (
        select(TimelineRow.case_id, TimelineRow.at, TimelineRow.step, TimelineRow.codes)
        .where(TimelineRow.public.is_(True), TimelineRow.step.in_((*TOLD, "released")))
        .where(exists(of_listed.correlate(TimelineRow)))
        .order_by(TimelineRow.id.desc())
        .limit(_STEPS_READ)
    )
    told: dict[int, datetime] = {}
    for case_id, at, step, codes in db.session.execute(steps):
        if step != "released" or (codes or {}).get("role") != "comment":
            told[case_id] = max(at, told.get(case_id, at))
    newest = sorted(told, key=lambda case_id: (told[case_id], case_id), reverse=True)[:most]
    rows = db.session.execute(_BY_ID, {"case_ids": newest}).all()
    made = dict(zip([row.id for row in rows], _published(rows), strict=True))
    return [(made[case_id], told[case_id]) for case_id in newest if case_id in made]
