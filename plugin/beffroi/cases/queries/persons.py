# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of everything that one person brought, for that person only: originals included.

A person is some parties: the account's own, and those of the same confirmed e-mail address. What
an agent entered under an address that nobody has confirmed is not among them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, or_, select

from beffroi.accounts import queries as accounts
from beffroi.cases.models import (
    Attachment,
    Case,
    CaseText,
    Follower,
    OfficialAnswer,
    Party,
    Support,
    TimelineRow,
)
from beffroi.cases.queries.public import HEAD, CaseHead
from beffroi.cases.rules import BY_ANYBODY
from beffroi.kernel.db import db


@dataclass(frozen=True, slots=True)
class PartyCard:
    """Everything that is known of a party."""

    id: int
    kind: str
    name: str | None
    email: str | None
    postal: str | None
    organisation: str | None
    lang: str
    created_at: datetime


_CARD = [getattr(Party, name) for name in PartyCard.__dataclass_fields__]


@dataclass(frozen=True, slots=True)
class OwnText:
    """A text that a person wrote, in both forms."""

    id: int
    case_id: int
    ref: str
    kind: str
    role: str
    original: str
    public: str | None
    state: str
    version: int
    written_at: datetime
    released_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnStep:
    """A row of a timeline: of a case of the person's, or something that the person did."""

    ref: str
    at: datetime
    step: str
    voice: str
    codes: dict[str, Any]
    own: bool


def parties_of(account_id: int, email: str | None) -> list[PartyCard]:
    """Return the parties of an account; `email` is its address where that was confirmed."""
    mine = Party.account_id == account_id
    if email:
        address = email.strip().lower()
        mine = or_(mine, and_(Party.kind == "email", Party.email == address))
    rows = db.session.execute(select(*_CARD).where(mine).order_by(Party.id))
    return [PartyCard(*r) for r in rows]


def is_author(head: CaseHead | None, account_id: int | None) -> bool:
    """Say whether an account brought a case, also before it had signed in for the first time."""
    if head is None or head.party_id is None or account_id is None:
        return False
    known = accounts.account(account_id)
    mine = parties_of(account_id, known.email if known else None)
    return any(one.id == head.party_id for one in mine)


def party(party_id: int) -> PartyCard | None:
    """Return everything that is known of one party."""
    row = db.session.execute(select(*_CARD).where(Party.id == party_id)).first()
    return PartyCard(*row) if row else None


def is_without_account(party_id: int) -> bool:
    """Say whether a party is a confirmed e-mail address without an account."""
    return db.session.scalar(select(Party.kind).where(Party.id == party_id)) == "email"


def cases_by(parties: Collection[int]) -> list[CaseHead]:
    """Return the heads of every case of some parties, oldest first."""
    rows = db.session.execute(select(*HEAD).where(Case.party_id.in_(parties)).order_by(Case.id))
    return [CaseHead(*r) for r in rows]


def has_open_cases(parties: Collection[int]) -> bool:
    """Say whether somebody still owes something on a case of these parties."""
    live = select(Case.id).where(
        Case.party_id.in_(parties), Case.open.is_(True), Case.visibility != "removed"
    )
    return db.session.scalar(live.limit(1)) is not None


_TEXT = (
    CaseText.id,
    CaseText.case_id,
    Case.ref,
    Case.kind,
    CaseText.role,
    CaseText.original,
    CaseText.public,
    CaseText.state,
    CaseText.version,
    CaseText.written_at,
    CaseText.released_at,
)


def texts_by(parties: Collection[int]) -> list[OwnText]:
    """Return every text that some parties wrote, in both forms, oldest first."""
    rows = db.session.execute(
        select(*_TEXT)
        .join(Case, Case.id == CaseText.case_id)
        .where(CaseText.party_id.in_(parties))
        .order_by(CaseText.id)
    )
    return [OwnText(*r) for r in rows]


@dataclass(frozen=True, slots=True)
class CaseWords:
    """A text of a case without who wrote it."""

    role: str
    original: str
    public: str | None
    voice: str


def texts_of_case(case_id: int) -> list[CaseWords]:
    """Return what is left of the texts of a case, but what others added: to be kept apart."""
    rows = db.session.execute(
        select(CaseText.role, CaseText.original, CaseText.public, CaseText.voice)
        .where(
            CaseText.case_id == case_id, CaseText.role.not_in(BY_ANYBODY), CaseText.original != ""
        )
        .order_by(CaseText.id)
    )
    return [CaseWords(*r) for r in rows]


def supports_of(parties: Collection[int]) -> Sequence[Any]:
    """Return (ref, kind, at) of every support that some parties gave."""
    return db.session.execute(
        select(Case.ref, Case.kind, Support.at)
        .join(Case, Case.id == Support.case_id)
        .where(Support.party_id.in_(parties))
        .order_by(Support.id)
    ).all()


def follows_of(parties: Collection[int]) -> Sequence[Any]:
    """Return (ref, kind, since, ended_at) of every case that some parties follow or followed."""
    return db.session.execute(
        select(Case.ref, Case.kind, Follower.since, Follower.ended_at)
        .join(Case, Case.id == Follower.case_id)
        .where(Follower.party_id.in_(parties))
        .order_by(Follower.id)
    ).all()


def steps_of(account_id: int, case_ids: Collection[int]) -> list[OwnStep]:
    """Return the public rows of a person's cases, and what the person did on any case.

    Who acted for the institution is not said: agents answer as the institution. What an agent did
    on a case of others comes without its codes, which are about them.
    """
    public = and_(TimelineRow.case_id.in_(case_ids), TimelineRow.public.is_(True))
    rows = db.session.execute(
        select(
            Case.ref,
            TimelineRow.at,
            TimelineRow.step,
            TimelineRow.voice,
            TimelineRow.codes,
            TimelineRow.account_id,
            TimelineRow.case_id,
        )
        .join(Case, Case.id == TimelineRow.case_id)
        .where(or_(public, TimelineRow.account_id == account_id))
        .order_by(TimelineRow.id)
    )
    return [
        OwnStep(
            ref=r.ref,
            at=r.at,
            step=r.step,
            voice=r.voice,
            codes=dict(r.codes) if r.voice == "citizen" or r.case_id in case_ids else {},
            own=r.account_id == account_id,
        )
        for r in rows
    ]


def files_of(case_ids: Collection[int]) -> Sequence[Any]:
    """Return (ref, kind, state, sha256, stored_name) of the files of some cases."""
    return db.session.execute(
        select(
            Case.ref,
            Attachment.kind,
            Attachment.state,
            Attachment.sha256,
            Attachment.stored_name,
        )
        .join(Case, Case.id == Attachment.case_id)
        .where(Attachment.case_id.in_(case_ids))
        .order_by(Attachment.id)
    ).all()


def answered_on(case_id: int) -> date | None:
    """Return the day of a case's newest official answer."""
    newest = (
        select(OfficialAnswer.answered_at)
        .where(OfficialAnswer.case_id == case_id)
        .order_by(OfficialAnswer.id.desc())
        .limit(1)
    )
    at = db.session.scalar(newest)
    return at.date() if at else None
