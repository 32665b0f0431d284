# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the questions that people are asked about the case that theirs repeats."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from beffroi.accounts.models import TABLES as ACCOUNTS
from beffroi.cases.models import Case, Follower, JoinOffer, Party
from beffroi.kernel.db import db

_CASE, _OTHER = aliased(Case), aliased(Case)


@dataclass(frozen=True, slots=True)
class Offer:
    """One question: about which cases, what would be done on a yes, what was said."""

    token: str
    ref: str
    kind: str
    other: str
    other_id: int
    other_shown: bool
    supports: bool
    follows: bool
    said: str | None


_OFFER = (
    select(
        JoinOffer.token,
        _CASE.ref,
        _CASE.kind,
        _OTHER.ref,
        _OTHER.id,
        (_OTHER.visibility == "public").label("other_shown"),
        JoinOffer.supports,
        JoinOffer.follows,
        JoinOffer.said,
    )
    .join(_CASE, _CASE.id == JoinOffer.case_id)
    .join(_OTHER, _OTHER.id == JoinOffer.other_id)
)


def offer(token: str) -> Offer | None:
    """Return the question of a link, or None."""
    row = db.session.execute(_OFFER.where(JoinOffer.token == token)).first()
    return Offer(*row) if row else None


def open_offer(case_id: int, party_id: int) -> Offer | None:
    """Return the question that a party was asked in a case and has not answered, or None."""
    row = db.session.execute(
        _OFFER.where(
            JoinOffer.case_id == case_id,
            JoinOffer.party_id == party_id,
            JoinOffer.said.is_(None),
            _OTHER.visibility == "public",
        )
        .order_by(JoinOffer.id.desc())
        .limit(1)
    ).first()
    return Offer(*row) if row else None


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody to whom a question is owed by mail; `stop` ends the messages about the case."""

    party_id: int
    email: str
    lang: str
    token: str
    stop: str | None
    other: str
    other_id: int


def asked(case_id: int, party_id: int | None = None) -> list[Asked]:
    """Return whom to ask by mail in a case: who has an address, has not answered, wants messages.

    Who had ended the messages about the case is asked on its page alone.
    """
    lang = func.coalesce(ACCOUNTS.account.c.lang, Party.lang).label("lang")
    follower = (Follower.case_id == JoinOffer.case_id) & (Follower.party_id == JoinOffer.party_id)
    wanted = (
        select(
            JoinOffer.party_id,
            Party.email,
            lang,
            JoinOffer.token,
            Follower.token.label("stop"),
            _OTHER.ref,
            _OTHER.id,
        )
        .join(Party, Party.id == JoinOffer.party_id)
        .join(_OTHER, _OTHER.id == JoinOffer.other_id)
        .outerjoin(ACCOUNTS.account, ACCOUNTS.account.c.id == Party.account_id)
        .outerjoin(Follower, follower)
        .where(JoinOffer.case_id == case_id, JoinOffer.said.is_(None), Party.email.is_not(None))
        .where(Follower.ended_at.is_(None), _OTHER.visibility == "public")
        .order_by(JoinOffer.party_id, JoinOffer.id.desc())
    )
    if party_id is not None:
        wanted = wanted.where(JoinOffer.party_id == party_id)
    return list({row.party_id: Asked(*row) for row in reversed(db.session.execute(wanted).all())}
                .values())  # fmt: skip


def offers_to(parties: Collection[int]) -> Sequence[Any]:
    """Return (ref, other, made_at, said, said_at) of each question to some parties, for them."""
    return db.session.execute(
        select(
            _CASE.ref.label("ref"),
            _OTHER.ref.label("other"),
            JoinOffer.made_at,
            JoinOffer.said,
            JoinOffer.said_at,
        )
        .join(_CASE, _CASE.id == JoinOffer.case_id)
        .join(_OTHER, _OTHER.id == JoinOffer.other_id)
        .where(JoinOffer.party_id.in_(parties))
        .order_by(JoinOffer.id)
    ).all()


def offers_before(moment: datetime) -> int:
    """Return how many questions were asked before a moment."""
    old = select(func.count()).select_from(JoinOffer).where(JoinOffer.made_at < moment)
    return int(db.session.scalar(old) or 0)
