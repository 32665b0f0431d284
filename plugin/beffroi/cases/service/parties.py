# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who stands behind a case: parties of accounts, of confirmed addresses, of the desk."""

from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from beffroi.cases.models import (
    Party,
)
from beffroi.kernel.db import db


def party_for_account(
    account_id: int, *, email: str | None, name: str, lang: str, now: datetime
) -> int:
    """Return the party of an account, made at its first case; its address is kept current."""
    known = select(Party).where(Party.account_id == account_id)
    party = db.session.scalar(known)
    if party is None:
        party = Party(kind="account", account_id=account_id, created_at=now, lang=lang)
        try:
            with db.session.begin_nested():
                db.session.add(party)
        except IntegrityError:  # the same person did something else at the same moment
            party = db.session.scalars(known).one()
    party.email, party.name = email, name
    db.session.flush()
    return party.id


def party_for_email(email: str, *, lang: str, now: datetime) -> int:
    """Return the party of a confirmed e-mail address (no account), made when new."""
    address = email.strip().lower()
    found = db.session.scalar(select(Party.id).where(Party.kind == "email", Party.email == address))
    if found is not None:
        return int(found)
    party = Party(kind="email", email=address, lang=lang, created_at=now)
    db.session.add(party)
    db.session.flush()
    return party.id


def party_at_desk(*, name: str, postal: str, email: str, lang: str, now: datetime) -> int:
    """Return a new party for somebody who wrote, called or came; what they left is kept."""
    party = Party(
        kind="desk",
        name=name or None,
        postal=postal or None,
        email=email.strip().lower() or None,
        lang=lang,
        created_at=now,
    )
    db.session.add(party)
    db.session.flush()
    return party.id


def new_party(kind: str, *, lang: str, now: datetime) -> int:
    """Return a new party without any personal detail, for importers and bridges."""
    party = Party(kind=kind, lang=lang, created_at=now)
    db.session.add(party)
    db.session.flush()
    return party.id


def new_parties(kind: str, count: int, *, lang: str, now: datetime) -> list[int]:
    """Return so many new parties without any personal detail, by one statement."""
    rows = [{"kind": kind, "lang": lang, "created_at": now} for _ in range(count)]
    return list(db.session.scalars(insert(Party).returning(Party.id), rows)) if rows else []
