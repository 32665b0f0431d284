# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a party has to do with cases, and who is told of one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from beffroi.accounts.models import TABLES as ACCOUNTS
from beffroi.cases.models import (
    Case,
    CaseText,
    Follower,
    Party,
    Support,
)
from beffroi.cases.queries.lists import KEPT_WORDS, first_words
from beffroi.kernel.db import db


def supported_by(case_id: int, party_id: int) -> bool:
    """Say whether a party supports a case."""
    found = select(Support.id).where(Support.case_id == case_id, Support.party_id == party_id)
    return db.session.scalar(found) is not None


def followed_by(case_id: int, party_id: int) -> bool:
    """Say whether a party follows a case now."""
    found = select(Follower.id).where(
        Follower.case_id == case_id, Follower.party_id == party_id, Follower.ended_at.is_(None)
    )
    return db.session.scalar(found) is not None


def party_of_account(account_id: int) -> int | None:
    """Return the party of an account, where it ever had one."""
    return db.session.scalar(select(Party.id).where(Party.account_id == account_id))


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who is owed word of a step."""

    party_id: int
    email: str
    lang: str
    token: str


def recipients(case_id: int) -> list[Recipient]:
    """Return everyone who follows a case (its author is one) and has an address.

    The language chosen in an account wins over the one in which the person first wrote.
    """
    lang = func.coalesce(ACCOUNTS.account.c.lang, Party.lang).label("lang")
    rows = db.session.execute(
        select(Party.id, Party.email, lang, Follower.token)
        .join(Follower, Follower.party_id == Party.id)
        .outerjoin(ACCOUNTS.account, ACCOUNTS.account.c.id == Party.account_id)
        .where(Follower.case_id == case_id, Follower.ended_at.is_(None), Party.email.is_not(None))
        .order_by(Party.id)
    )
    return [Recipient(r.id, r.email, r.lang, r.token) for r in rows]


def readers(parties: Collection[int]) -> dict[int, tuple[str, str]]:
    """Return (address, language) of each of some parties that has an address.

    The language chosen in an account wins over the one in which the person first wrote.
    """
    lang = func.coalesce(ACCOUNTS.account.c.lang, Party.lang).label("lang")
    rows = db.session.execute(
        select(Party.id, Party.email, lang)
        .outerjoin(ACCOUNTS.account, ACCOUNTS.account.c.id == Party.account_id)
        .where(Party.id.in_(parties), Party.email.is_not(None))
    )
    return {row.id: (row.email, row.lang) for row in rows}


def follower(token: str) -> tuple[str, bool] | None:
    """Return (case reference, still following) for a token in a mail, or None."""
    row = db.session.execute(
        select(Case.ref, Follower.ended_at)
        .join(Follower, Follower.case_id == Case.id)
        .where(Follower.token == token)
    ).first()
    return (row.ref, row.ended_at is None) if row else None


def cases_of(party_id: int) -> Sequence[Any]:
    """Return the cases that a party brought, newest first, with its own words; for that party."""
    return db.session.execute(
        select(
            Case.ref,
            Case.kind,
            Case.status,
            Case.open,
            Case.received_on,
            Case.due_on,
            first_words(KEPT_WORDS).label("title"),
        )
        .where(Case.party_id == party_id)
        .order_by(Case.id.desc())
        .limit(200)
    ).all()


def own_texts(case_id: int, party_id: int) -> list[tuple[str, str, str]]:
    """Return (role, original, state) of the texts that this party wrote; for their author only."""
    rows = db.session.execute(
        select(CaseText.role, CaseText.original, CaseText.state)
        .where(CaseText.case_id == case_id, CaseText.party_id == party_id)
        .where(CaseText.original != "", CaseText.role != "message")
        .order_by(CaseText.id)
    )
    return [(r.role, r.original, r.state) for r in rows]
