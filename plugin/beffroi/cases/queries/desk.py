# SPDX-License-Identifier: AGPL-3.0-or-later
"""What agents read: originals, queues, notes, departments."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from beffroi.cases.models import (
    Attachment,
    Case,
    CaseText,
    Department,
    InternalNote,
    Party,
    TimelineRow,
)
from beffroi.cases.queries.lists import KEPT_WORDS, Statement, first_words
from beffroi.cases.rules import CONFIDENTIAL
from beffroi.kernel import driver, search
from beffroi.kernel.db import db


@dataclass(frozen=True, slots=True)
class DeskText:
    """A text as an agent sees it."""

    id: int
    role: str
    original: str
    public: str | None
    state: str
    voice: str
    at: datetime
    hidden: str | None
    party_id: int | None


def originals(case_id: int) -> list[DeskText]:
    """Return every text of a case with its original; for agents only."""
    rows = db.session.execute(
        select(
            CaseText.id,
            CaseText.role,
            CaseText.original,
            CaseText.public,
            CaseText.state,
            CaseText.voice,
            CaseText.written_at,
            CaseText.hidden,
            CaseText.party_id,
        )
        .where(CaseText.case_id == case_id)
        .order_by(CaseText.id)
    )
    return [DeskText(*r) for r in rows]


def originals_of(case_ids: Collection[int], roles: Collection[str]) -> dict[int, str]:
    """Return the words of some roles of each of some cases, as they were written; for rules that
    say which department handles a case, and for agents only.
    """
    found: dict[int, str] = {}
    for _, case_id, role, words in sorted(driver.rows_of(_ORIGINALS, list(case_ids))):
        if role in roles:
            found[case_id] = f"{found[case_id]}\n{words}" if case_id in found else words
    return found


_ORIGINALS = "SELECT id, case_id, role, original FROM case_text WHERE case_id IN (?)"


def ids_of(refs: Sequence[str]) -> dict[str, int]:
    """Return the ids of cases by their references."""
    return dict(driver.rows_of('SELECT ref, id FROM "case" WHERE ref IN (?)', refs))


@dataclass(frozen=True, slots=True)
class AuthorCard:
    """What the desk knows of a case's author."""

    kind: str
    name: str | None
    email: str | None
    postal: str | None
    organisation: str | None


def author(party_id: int | None) -> AuthorCard | None:
    """Return what is known of a party; for agents only."""
    if party_id is None:
        return None
    row = db.session.execute(
        select(Party.kind, Party.name, Party.email, Party.postal, Party.organisation).where(
            Party.id == party_id
        )
    ).first()
    return AuthorCard(*row) if row else None


def desk_timeline(case_id: int) -> list[TimelineRow]:
    """Return the whole timeline, internal steps included; for agents only."""
    return list(
        db.session.scalars(
            select(TimelineRow).where(TimelineRow.case_id == case_id).order_by(TimelineRow.id)
        )
    )


def notes(case_id: int) -> list[InternalNote]:
    """Return the internal notes of a case, oldest first; for agents only."""
    return list(
        db.session.scalars(
            select(InternalNote).where(InternalNote.case_id == case_id).order_by(InternalNote.id)
        )
    )


def departments() -> Sequence[Any]:
    """Return (id, name) of the departments, by name."""
    return db.session.execute(
        select(Department.id, Department.name).order_by(Department.name)
    ).all()


def department_addresses() -> dict[int, tuple[str, str | None]]:
    """Return (name, e-mail address) of each department; for agents only."""
    rows = db.session.execute(select(Department.id, Department.name, Department.email))
    return {row.id: (row.name, row.email) for row in rows}


def desk_select() -> Statement:
    """Return the select behind the desk's lists: heads, queue facts, titles; no other free text."""
    waiting = (
        select(func.count())
        .select_from(CaseText)
        .where(CaseText.case_id == Case.id, CaseText.state == "pending", CaseText.role != "purpose")
        .scalar_subquery()
    )
    photos = (
        select(func.count())
        .select_from(Attachment)
        .where(Attachment.case_id == Case.id, Attachment.state == "pending")
        .where(Case.visibility == "public")
        .correlate(Case)
        .scalar_subquery()
    )
    return (
        select(
            Case.id,
            Case.ref,
            Case.kind,
            Case.status,
            Case.open,
            Case.received_on,
            Case.received_at,
            Case.due_on,
            Case.supports,
            Case.visibility,
            Case.channel,
            first_words(KEPT_WORDS).label("title"),
            Department.name.label("department"),
            (waiting + photos).label("waiting"),
        )
        .outerjoin(Department, Department.id == Case.department_id)
        .where(not_confidential())
    )


def not_confidential() -> ColumnElement[bool]:
    """Return the condition that keeps confidential cases out of what every agent sees."""
    return Case.kind != CONFIDENTIAL


def confidential() -> Select[int]:
    """Return a select of the ids of confidential cases, to leave them out by."""
    return select(Case.id).where(Case.kind == CONFIDENTIAL)


def is_confidential(case_id: int) -> bool:
    """Say whether a case is confidential."""
    return db.session.scalar(confidential().where(Case.id == case_id)) is not None


def _to_review() -> Any:
    """Return a select of the cases with a text or a photo that nobody has looked at yet."""
    texts = select(CaseText.case_id).where(
        CaseText.state == "pending", CaseText.role.not_in(("purpose",))
    )
    photos = select(Attachment.case_id).join(Case, Case.id == Attachment.case_id)
    return texts.union(photos.where(Attachment.state == "pending", Case.visibility == "public"))


def desk_counts(today: date) -> dict[str, int]:
    """Return the sizes of the desk's queues: new, late, review, open."""

    def count(*conditions: ColumnElement[bool]) -> int:
        statement = select(func.count()).select_from(Case).where(*conditions)
        return int(db.session.scalar(statement) or 0)

    known = (Case.visibility != "removed", not_confidential())
    live = (Case.open.is_(True), *known)
    return {
        "new": count(*live, Case.status == "open"),
        "late": count(*live, Case.due_on < today),
        "review": count(*known, Case.id.in_(_to_review())),
        "open": count(*live),
    }


def desk_narrow(statement: Statement, queue: str, today: date) -> Statement:
    """Narrow the desk's list to one queue."""
    statement = statement.where(Case.visibility != "removed")
    if queue == "review":
        return statement.where(Case.id.in_(_to_review()))
    if queue == "answers":
        return statement  # narrowed by whoever keeps drafts of answers
    if queue == "closed":
        return statement.where(Case.open.is_(False))
    statement = statement.where(Case.open.is_(True))
    if queue == "new":
        return statement.where(Case.status == "open")
    if queue == "late":
        return statement.where(Case.due_on < today)
    return statement


def open_among(ids: Collection[int]) -> int:
    """Return how many of some cases are open at the desk."""
    live = (Case.open.is_(True), Case.visibility != "removed", not_confidential())
    found = select(func.count()).select_from(Case).where(Case.id.in_(ids), *live)
    return int(db.session.scalar(found) or 0) if ids else 0


def desk_kind(statement: Statement, kind: str, query: str) -> Statement:
    """Narrow the desk's list to one kind of case and to words or a reference."""
    if kind:
        statement = statement.where(Case.kind == kind)
    if query:
        found = search.matches(query)
        by_ref = Case.ref == query.strip()
        statement = statement.where(by_ref if found is None else or_(by_ref, found(Case.id)))
    return statement
