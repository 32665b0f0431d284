# SPDX-License-Identifier: AGPL-3.0-or-later
"""What everyone may read of a case: head, texts, timeline, answers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import aliased

from beffroi.cases.models import (
    Case,
    CaseText,
    OfficialAnswer,
    TimelineRow,
)
from beffroi.cases.queries.lists import Statement, first_words
from beffroi.cases.rules import BY_ANYBODY, SHOWN
from beffroi.kernel.db import db


@dataclass(frozen=True, slots=True)
class PublicText:
    """A text as everyone may see it: words only when released, or shown by itself.

    `gone` says that its author has withdrawn it: nothing is left of it.
    """

    id: int
    role: str
    state: str
    words: str | None
    voice: str
    at: datetime
    gone: bool = False


@dataclass(frozen=True, slots=True)
class PublicStep:
    """One public row of a timeline."""

    at: datetime
    step: str
    voice: str
    codes: Mapping[str, Any]
    words: str | None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class PublicAnswer:
    """An official answer as everyone may see it."""

    outcome: str
    words: str | None
    ground: str | None
    url: str | None
    planned: str | None
    duplicate_of: str | None
    at: datetime
    licence: str | None = None
    swhid: str | None = None
    redirected_to: str | None = None


@dataclass(frozen=True, slots=True)
class CaseHead:
    """The codes and dates of a case, without any free text."""

    id: int
    ref: str
    kind: str
    status: str
    open: bool
    visibility: str
    channel: str
    lang: str
    commune: str | None
    party_id: int | None
    department_id: int | None
    assigned_to: int | None
    received_on: date
    received_at: datetime
    changed_at: datetime
    due_on: date | None
    closed_on: date | None
    supports: int
    version: int
    sensitive: bool


HEAD = [getattr(Case, name) for name in CaseHead.__dataclass_fields__]


_BY_REF = select(*HEAD).where(Case.ref == bindparam("ref"))
_BY_ID = select(*HEAD).where(Case.id == bindparam("case_id"))


def head(ref: str) -> CaseHead | None:
    """Return the head of a case by its reference."""
    row = db.session.execute(_BY_REF, {"ref": ref}).first()
    return CaseHead(*row) if row else None


def head_by_id(case_id: int) -> CaseHead | None:
    """Return the head of a case by its id."""
    row = db.session.execute(_BY_ID, {"case_id": case_id}).first()
    return CaseHead(*row) if row else None


# Statements that run for every entry of a batch are made once: building them costs more than
# running them.
_TEXTS = (
    select(
        CaseText.id,
        CaseText.role,
        CaseText.state,
        CaseText.public,
        CaseText.voice,
        CaseText.written_at,
        CaseText.party_id,
    )
    .where(CaseText.case_id == bindparam("case_id"))
    .order_by(CaseText.id)
)
_TEXT, _OTHER = aliased(CaseText), aliased(Case)
_TIMELINE = (
    select(
        TimelineRow.at,
        TimelineRow.step,
        TimelineRow.voice,
        TimelineRow.codes,
        _TEXT.public,
        _TEXT.state,
    )
    .outerjoin(_TEXT, _TEXT.id == TimelineRow.text_id)
    .where(TimelineRow.case_id == bindparam("case_id"), TimelineRow.public.is_(True))
    .order_by(TimelineRow.id)
)
_ANSWERS = (
    select(
        OfficialAnswer.case_id,
        OfficialAnswer.outcome,
        _TEXT.public,
        _TEXT.state,
        OfficialAnswer.ground,
        OfficialAnswer.url,
        OfficialAnswer.planned,
        _OTHER.ref,
        OfficialAnswer.answered_at,
        OfficialAnswer.licence,
        OfficialAnswer.swhid,
        OfficialAnswer.redirected_to,
    )
    .join(_TEXT, _TEXT.id == OfficialAnswer.text_id)
    .outerjoin(_OTHER, _OTHER.id == OfficialAnswer.duplicate_of)
    .where(OfficialAnswer.case_id.in_(bindparam("case_ids", expanding=True)))
    .order_by(OfficialAnswer.id.desc())
)
# The state is looked at here and not in SQL: SQLite would else take the index on states, and read
# every released text of the town to find those of one case.
_WORDS = (
    select(CaseText.case_id, CaseText.role, CaseText.public, CaseText.state)
    .where(CaseText.case_id.in_(bindparam("case_ids", expanding=True)))
    .order_by(CaseText.id)
)

_REUSES = (
    select(CaseText.case_id, CaseText.public, CaseText.state)
    .where(CaseText.case_id.in_(bindparam("case_ids", expanding=True)), CaseText.role == "reuse")
    .order_by(CaseText.id)
)


def public_texts(case_id: int) -> list[PublicText]:
    """Return every text of a case, oldest first; words only where released or shown."""
    return [
        PublicText(
            r.id,
            r.role,
            r.state,
            r.public if r.state in SHOWN else None,
            r.voice,
            r.written_at,
            _is_withdrawn(r),
        )
        for r in db.session.execute(_TEXTS, {"case_id": case_id})
    ]


def _is_withdrawn(row: Any) -> bool:
    """Say whether a comment was withdrawn: nobody wrote it any more, and nothing of it is kept."""
    nobody = row.party_id is None and row.public is None and row.voice == "citizen"
    return bool(row.role in BY_ANYBODY and row.state == "held" and nobody)


def public_words(case_id: int) -> dict[str, str]:
    """Return the newest released words of each single-valued role of a case."""
    return words_by_case([case_id])[case_id]


def public_timeline(case_id: int) -> list[PublicStep]:
    """Return the public rows of a timeline, oldest first, with public words only."""
    return [
        PublicStep(r.at, r.step, r.voice, r.codes, r.public if r.state in SHOWN else None, r.state)
        for r in db.session.execute(_TIMELINE, {"case_id": case_id})
    ]


def public_answers(case_id: int) -> list[PublicAnswer]:
    """Return a case's official answers, newest first."""
    return answers_by_case([case_id])[case_id]


def answers_by_case(case_ids: Sequence[int]) -> dict[int, list[PublicAnswer]]:
    """Return the official answers of each of some cases, newest first, by one statement."""
    found: dict[int, list[PublicAnswer]] = {case_id: [] for case_id in case_ids}
    for case_id, outcome, words, state, *codes in db.session.execute(
        _ANSWERS, {"case_ids": list(case_ids)}
    ):
        shown = words if state == "released" else None
        found[case_id].append(PublicAnswer(outcome, shown, *codes))
    return found


def words_by_case(case_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """Return the newest released words of each single-valued role of each of some cases."""
    found: dict[int, dict[str, str]] = {case_id: {} for case_id in case_ids}
    for case_id, role, words, state in db.session.execute(_WORDS, {"case_ids": list(case_ids)}):
        if state == "released" and words is not None and role not in BY_ANYBODY:
            found[case_id][role] = words
    return found


def reuses_by_case(case_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the released words of every reuse of each of some cases, oldest first."""
    found: dict[int, list[str]] = {case_id: [] for case_id in case_ids}
    for case_id, words, state in db.session.execute(_REUSES, {"case_ids": list(case_ids)}):
        if state == "released" and words:
            found[case_id].append(words)
    return found


def card_select(*extra: Any) -> Statement:
    """Return the select of cards: listed cases with the title that everybody sees."""
    title = first_words(CaseText.public, CaseText.state.in_(SHOWN))
    return select(
        Case.id,
        Case.ref,
        Case.kind,
        Case.status,
        Case.open,
        Case.commune,
        Case.received_on,
        Case.received_at,
        Case.due_on,
        Case.closed_on,
        Case.supports,
        title.label("title"),
        *extra,
    ).where(Case.visibility == "public")


def public_refs(ids: Collection[int]) -> dict[int, str]:
    """Return the references of those of some cases that everybody sees, by id."""
    rows = select(Case.id, Case.ref).where(Case.id.in_(ids or {0}), Case.visibility == "public")
    return {case_id: ref for case_id, ref in db.session.execute(rows)}


def totals() -> dict[str, int]:
    """Return how many cases there are: data requests and incidents, whatever their state."""
    rows = db.session.execute(select(Case.kind, func.count()).group_by(Case.kind)).all()
    by_kind = {kind: int(count) for kind, count in rows}
    asked = by_kind.pop("data_request", 0)
    return {"data_requests": asked, "incidents": sum(by_kind.values())}


def first_public_day() -> date | None:
    """Return the day of the oldest case that everyone sees, or None: where counting begins.

    Not that of the oldest case: the first period that is told would tell of one that nobody sees.
    """
    return db.session.scalar(select(func.min(Case.received_on)).where(Case.visibility == "public"))
