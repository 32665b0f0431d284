# SPDX-License-Identifier: AGPL-3.0-or-later
"""What ends by itself in cases once it has been kept for long enough. None commits.

Each kind has a `count_…`, which only reads, and a `forget_…`, which takes up to `most` and returns
how many it took: nought when nothing is left to do. Public forms, codes and dates stay.
With `hidden`, a select of case ids, a count is what it would be if there were none of these.
"""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, true, update

from beffroi.cases import rules
from beffroi.cases.models import Case, CaseText, Follower, InternalNote, Party, Subscription
from beffroi.cases.service import persons
from beffroi.kernel.db import db


def _count(found: Select[Any]) -> int:
    return int(db.session.scalar(select(func.count()).select_from(found.subquery())) or 0)


def _but(column: Any, hidden: Select[int] | None) -> ColumnElement[bool]:
    """Return the condition that a case is none of the hidden ones."""
    return true() if hidden is None else column.not_in(hidden)


def _closed(before: date) -> Select[int]:
    """Return a select of the cases closed before a day whose originals are still there.

    What was brought in was closed long ago: it counts from then on, or nobody could read it first.
    """
    since = datetime(before.year, before.month, before.day, tzinfo=UTC)
    over = or_(Case.channel.not_in(rules.FROM_ELSEWHERE), Case.changed_at < since)
    texts = select(CaseText.id).where(
        CaseText.case_id == Case.id, CaseText.original != "", CaseText.state != "held"
    )
    notes = select(InternalNote.id).where(InternalNote.case_id == Case.id)
    return select(Case.id).where(
        Case.open.is_(False), Case.closed_on < before, over, or_(texts.exists(), notes.exists())
    )


def count_originals(before: date, hidden: Select[int] | None = None) -> int:
    """Return how many closed cases have originals, receipts or notes to lose."""
    return _count(_closed(before).where(_but(Case.id, hidden)))


def forget_originals(before: date, most: int) -> list[int]:
    """Destroy the originals and notes of cases closed before a day; return which cases.

    What was never released has no public form to stay: it is held, and empty.
    """
    ids = list(db.session.scalars(_closed(before).order_by(Case.id).limit(most)))
    here = CaseText.case_id.in_(ids)
    db.session.execute(
        update(CaseText)
        .where(here, CaseText.state == "pending")
        .values(original="", public=None, state="held")
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        update(CaseText)
        .where(here, CaseText.state == "released")
        .values(original="")
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        delete(InternalNote)
        .where(InternalNote.case_id.in_(ids))
        .execution_options(synchronize_session=False)
    )
    return ids


def _held(before: datetime) -> Select[int]:
    done = or_(Case.open.is_(False), Case.visibility == "removed")
    words = or_(CaseText.original != "", CaseText.public.is_not(None))
    return (
        select(CaseText.id)
        .join(Case, Case.id == CaseText.case_id)
        .where(CaseText.state == "held", words, done, Case.changed_at < before)
    )


def count_held(before: datetime, hidden: Select[int] | None = None) -> int:
    """Return how many held texts are in cases that nothing has happened to since a moment."""
    return _count(_held(before).where(_but(Case.id, hidden)))


def forget_held(before: datetime, most: int) -> int:
    """Destroy held texts of cases that are over and that nothing has happened to for long."""
    ids = list(db.session.scalars(_held(before).order_by(CaseText.id).limit(most)))
    db.session.execute(
        update(CaseText)
        .where(CaseText.id.in_(ids))
        .values(original="", public=None)
        .execution_options(synchronize_session=False)
    )
    return len(ids)


def _strangers(before: date, moment: datetime, hidden: Select[int] | None = None) -> Select[int]:
    """Return a select of people without an account with whom everything is over since a day.

    Who still awaits an answer, follows an open case or a theme, or wrote a comment since, stays.
    """
    live: list[ColumnElement[bool]] = [
        select(Case.id)
        .where(Case.party_id == Party.id, _but(Case.id, hidden))
        .where(
            or_(
                Case.open.is_(True) & (Case.visibility != "removed"),
                Case.closed_on >= before,
                (Case.visibility == "removed") & (Case.changed_at >= moment),
            )
        )
        .exists(),
        select(CaseText.id)
        .where(CaseText.party_id == Party.id, CaseText.written_at >= moment)
        .where(_but(CaseText.case_id, hidden))
        .exists(),
        select(Follower.id)
        .join(Case, Case.id == Follower.case_id)
        .where(Follower.party_id == Party.id, Follower.ended_at.is_(None), Case.open.is_(True))
        .where(Case.visibility != "removed", _but(Case.id, hidden))
        .exists(),
        select(Subscription.id)
        .where(Subscription.party_id == Party.id, Subscription.ended_at.is_(None))
        .exists(),
    ]
    return select(Party.id).where(
        Party.kind.in_(("email", "desk")),
        Party.created_at < moment,
        *(~one for one in live),
    )


def _only_by(hidden: Select[int]) -> ColumnElement[bool]:
    """Return the condition that a party is there because of hidden cases and nothing else."""
    theirs = (
        select(Case.id).where(Case.party_id == Party.id, _but(Case.id, hidden)),
        select(CaseText.id).where(CaseText.party_id == Party.id, _but(CaseText.case_id, hidden)),
        select(Follower.id).where(Follower.party_id == Party.id, _but(Follower.case_id, hidden)),
        select(Subscription.id).where(Subscription.party_id == Party.id),
    )
    mine = select(Case.id).where(Case.party_id == Party.id, Case.id.in_(hidden))
    return mine.exists() & ~or_(*(one.exists() for one in theirs))


def count_strangers(before: date, moment: datetime, hidden: Select[int] | None = None) -> int:
    """Return how many people without an account will be forgotten."""
    found = _strangers(before, moment, hidden)
    return _count(found if hidden is None else found.where(~_only_by(hidden)))


def forget_strangers(before: date, moment: datetime, most: int) -> list[int]:
    """Empty the parties of people without an account with whom everything is over; return which.

    Each keeps its row: two reports of one person must go on counting as one person's.
    """
    ids = list(db.session.scalars(_strangers(before, moment).order_by(Party.id).limit(most)))
    persons.stop_following(ids)
    persons.forget_parties_of(ids)
    return ids
