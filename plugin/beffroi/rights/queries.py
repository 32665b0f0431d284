# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who a person is here, what is kept apart for them, and the files they may fetch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from beffroi.accounts import queries as accounts
from beffroi.cases import queries as cases
from beffroi.cases.queries import persons
from beffroi.kernel.db import db
from beffroi.kernel.errors import SignInNeeded
from beffroi.rights.models import ExportAccess, KeptApart, PersonalArchive
from beffroi_web.words import N_


@dataclass(frozen=True, slots=True)
class Person:
    """An account, and every party that is this person."""

    account_id: int
    name: str
    email: str | None
    lang: str | None
    parties: tuple[persons.PartyCard, ...]

    @property
    def party_ids(self) -> list[int]:
        """Return the ids of the parties."""
        return [party.id for party in self.parties]


def person(account_id: int) -> Person:
    """Return who an account is; SignInNeeded if there is none any more."""
    known = accounts.account(account_id)
    if known is None:
        raise SignInNeeded(N_("Please sign in first."))
    parties = persons.parties_of(account_id, known.email)
    return Person(known.id, known.name, known.email, known.lang, tuple(parties))


@dataclass(frozen=True, slots=True)
class Kept:
    """That something is kept apart: of which case, why, until when. Never what."""

    ref: str
    reason: str
    ends_on: date
    made_at: datetime


def kept_for(account_id: int) -> list[Kept]:
    """Return what is kept apart of an account's withdrawn cases, without its content."""
    rows = db.session.execute(
        select(KeptApart.ref, KeptApart.reason, KeptApart.ends_on, KeptApart.made_at)
        .where(KeptApart.account_id == account_id)
        .order_by(KeptApart.id)
    )
    return [Kept(*r) for r in rows]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file with everything about somebody: being made, or there until it is deleted."""

    id: int
    account_id: int
    stored_name: str | None
    size: int | None
    lang: str
    asked_at: datetime
    ends_at: datetime


_FILE = [getattr(PersonalArchive, name) for name in Waiting.__dataclass_fields__]


def archive_by_id(archive_id: int) -> Waiting | None:
    """Return one file by its id, or None."""
    row = db.session.execute(select(*_FILE).where(PersonalArchive.id == archive_id)).first()
    return Waiting(*row) if row else None


def archive_of(account_id: int, token_hash: str, now: datetime) -> Waiting | None:
    """Return the file that a link of this account's names, or None once it is over."""
    row = db.session.execute(
        select(*_FILE).where(
            PersonalArchive.token_hash == token_hash,
            PersonalArchive.account_id == account_id,
            PersonalArchive.ends_at > now,
        )
    ).first()
    return Waiting(*row) if row else None


def archives_of(account_id: int) -> list[Waiting]:
    """Return the files of an account, newest first."""
    rows = db.session.execute(
        select(*_FILE)
        .where(PersonalArchive.account_id == account_id)
        .order_by(PersonalArchive.id.desc())
    )
    return [Waiting(*r) for r in rows]


def accesses_of(account_id: int) -> Sequence[Any]:
    """Return (kind, size, at) of each time that an account took data out."""
    return db.session.execute(
        select(ExportAccess.kind, ExportAccess.size, ExportAccess.at)
        .where(ExportAccess.account_id == account_id)
        .order_by(ExportAccess.id)
    ).all()


def amount(whose: Person) -> int:
    """Return how many cases, texts and messages a file about somebody would hold, about."""
    return len(persons.cases_by(whose.party_ids)) + len(persons.texts_by(whose.party_ids))


def archive_names() -> set[str]:
    """Return the names under which files with everything about somebody are stored."""
    return set(
        db.session.scalars(
            select(PersonalArchive.stored_name).where(PersonalArchive.stored_name.is_not(None))
        )
    )


def expired_archives(now: datetime) -> list[Waiting]:
    """Return the files whose time is over."""
    rows = db.session.execute(select(*_FILE).where(PersonalArchive.ends_at <= now))
    return [Waiting(*r) for r in rows]


def count_accesses(before: datetime) -> int:
    """Return how many entries of the log of exports are older than a moment."""
    old = select(func.count()).select_from(ExportAccess).where(ExportAccess.at < before)
    return int(db.session.scalar(old) or 0)


def count_kept(until: date) -> int:
    """Return how many things that are kept apart have ended on a day or before."""
    over = select(func.count()).select_from(KeptApart).where(KeptApart.ends_on <= until)
    return int(db.session.scalar(over) or 0)


def own_case(ref: str, parties: Sequence[int]) -> cases.CaseHead | None:
    """Return the head of a case if one of these parties brought it and it was not erased."""
    head = cases.head(ref)
    return head if head is not None and head.party_id in parties else None
