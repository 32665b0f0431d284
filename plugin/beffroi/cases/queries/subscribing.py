# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of who follows a theme or all of the town, and of the news that they are owed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from beffroi.accounts.models import TABLES as ACCOUNTS
from beffroi.cases.models import (
    Case,
    Party,
    PendingSubscription,
    Subscriber,
    Subscription,
    TimelineRow,
)
from beffroi.cases.queries import Recipient
from beffroi.cases.rules import DATA_REQUEST, INCIDENTS, TOWN
from beffroi.kernel.db import db

SETTLED = timedelta(minutes=10)
"""How old a timeline row is before it is told: one with a smaller id may be committed after it."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who is told once a day: where to, and from which timeline row on."""

    party_id: int
    email: str
    lang: str
    token: str
    told_to: int
    told_at: datetime


@dataclass(frozen=True, slots=True)
class News:
    """An official step or a release of a title of a listed case."""

    id: int
    case_id: int
    step: str


_LANG = func.coalesce(ACCOUNTS.account.c.lang, Party.lang)


def _readers(*columns: Any) -> Any:
    return (
        select(Party.id, Party.email, _LANG.label("lang"), Subscriber.token, *columns)
        .join(Subscriber, Subscriber.party_id == Party.id)
        .outerjoin(ACCOUNTS.account, ACCOUNTS.account.c.id == Party.account_id)
        .where(Party.email.is_not(None))
        .order_by(Party.id)
    )


def subscribers(themes: Collection[str]) -> list[Recipient]:
    """Return everyone who follows one of some themes or all of the town, each once.

    For what is told at once, such as the beginning of a campaign's phase. Whoever is told by more
    than one of them is one recipient; the token stops all of theirs.
    """
    wants = select(Subscription.id).where(
        Subscription.party_id == Party.id,
        Subscription.ended_at.is_(None),
        Subscription.theme.in_({*themes, TOWN}),
    )
    rows = db.session.execute(_readers().where(wants.exists()))
    return [Recipient(r.id, r.email, r.lang, r.token) for r in rows]


def reader(party_id: int) -> Reader | None:
    """Return one who is told once a day, if there still is an address."""
    row = db.session.execute(
        _readers(Subscriber.told_to, Subscriber.told_at).where(Party.id == party_id)
    ).first()
    return Reader(*row) if row else None


def due(today: date, *, after: int, most: int) -> list[Reader]:
    """Return those who have not been told today, in the order of their parties."""
    wants = select(Subscription.id).where(
        Subscription.party_id == Party.id, Subscription.ended_at.is_(None)
    )
    rows = db.session.execute(
        _readers(Subscriber.told_to, Subscriber.told_at)
        .where(Subscriber.told_on < today, Party.id > after, wants.exists())
        .limit(most)
    )
    return [Reader(*row) for row in rows]


def themes_of(party_id: int) -> list[str]:
    """Return what a party follows now: codes of themes, `TOWN` for all of the town."""
    found = (
        select(Subscription.theme)
        .where(Subscription.party_id == party_id, Subscription.ended_at.is_(None))
        .order_by(Subscription.theme)
    )
    return list(db.session.scalars(found))


def account_party(email: str) -> int | None:
    """Return the party of the account whose confirmed address this is."""
    address = func.lower(Party.email) == email.strip().lower()
    return db.session.scalar(select(Party.id).where(Party.kind == "account", address).limit(1))


def token_of(party_id: int) -> str:
    """Return the token that stops what a party follows."""
    return str(
        db.session.execute(
            select(Subscriber.token).where(Subscriber.party_id == party_id)
        ).scalar_one()
    )


def of_token(token: str) -> list[str] | None:
    """Return what somebody still follows by the link in a mail, or None for an unknown one."""
    party = db.session.scalar(select(Subscriber.party_id).where(Subscriber.token == token))
    return None if party is None else themes_of(party)


def newest_row() -> int:
    """Return the id of the newest timeline row, nought where there is none."""
    return int(db.session.scalar(select(func.max(TimelineRow.id))) or 0)


def settled_row(now: datetime) -> int:
    """Return the id of the newest timeline row before which none can be committed any more.

    What is brought in carries the days of elsewhere, so that it says nothing of when it came.
    """
    newest = (
        select(TimelineRow.id)
        .where(TimelineRow.at <= now - SETTLED, TimelineRow.voice != "system")
        .order_by(TimelineRow.id.desc())
        .limit(1)
    )
    return int(db.session.scalar(newest) or 0)


_STEPS = ("answered", "released", "classified")


def news(after: int, until: int, *, since: datetime) -> list[News]:
    """Return what happened to listed requests between two timeline rows, the latter included.

    That is official answers, first releases of a title (`released`), and a theme that a request was
    given (`classified`: new to those who follow the theme). What was brought in with an older date
    than `since` is no news.
    """
    rows = db.session.execute(
        select(TimelineRow.id, TimelineRow.case_id, TimelineRow.step, TimelineRow.codes)
        .join(Case, Case.id == TimelineRow.case_id)
        .where(TimelineRow.id > after, TimelineRow.id <= until, TimelineRow.at >= since)
        .where(TimelineRow.step.in_(_STEPS))
        .where(Case.kind == DATA_REQUEST, Case.visibility == "public")
        .order_by(TimelineRow.id)
    ).all()
    titled, themes = _before(after, {r.case_id for r in rows})
    found = []
    for row in rows:
        codes = row.codes or {}
        if row.step == "released":
            fresh = codes.get("role") == "title" and row.case_id not in titled
            titled |= {row.case_id} if fresh else set()
        elif row.step == "classified":
            fresh = bool(codes.get("theme")) and themes.get(row.case_id) != codes["theme"]
            themes[row.case_id] = codes.get("theme") or ""
        else:
            fresh = True
        if fresh:
            found.append(News(row.id, row.case_id, row.step))
    return found


def answered_reports(after: int, until: int, *, since: datetime) -> int:
    """Return how many listed reports got an official answer between two timeline rows."""
    found = (
        select(func.count(func.distinct(TimelineRow.case_id)))
        .join(Case, Case.id == TimelineRow.case_id)
        .where(TimelineRow.id > after, TimelineRow.id <= until, TimelineRow.at >= since)
        .where(TimelineRow.step == "answered")
        .where(Case.kind.in_(INCIDENTS), Case.visibility == "public")
    )
    return int(db.session.scalar(found) or 0)


def _before(after: int, case_ids: Collection[int]) -> tuple[set[int], dict[int, str]]:
    """Return which cases had a released title before a timeline row, and what their theme was."""
    rows = db.session.execute(
        select(TimelineRow.case_id, TimelineRow.step, TimelineRow.codes)
        .where(TimelineRow.case_id.in_(case_ids), TimelineRow.id <= after)
        .where(TimelineRow.step.in_(("released", "classified")))
        .order_by(TimelineRow.id)
    ).all()
    titled = {
        r.case_id for r in rows if r.step == "released" and (r.codes or {}).get("role") == "title"
    }
    themes = {r.case_id: (r.codes or {}).get("theme") or "" for r in rows if r.step == "classified"}
    return titled, themes


def subscriptions_of(parties: Collection[int]) -> Sequence[Any]:
    """Return (theme, since, ended_at) of what some parties follow or followed beside cases."""
    return db.session.execute(
        select(Subscription.theme, Subscription.since, Subscription.ended_at)
        .where(Subscription.party_id.in_(parties))
        .order_by(Subscription.id)
    ).all()


def pending_of(email: str) -> Sequence[Any]:
    """Return (made_at, theme, lang) of what waits for an address to be confirmed; for its owner."""
    return db.session.execute(
        select(PendingSubscription.made_at, PendingSubscription.theme, PendingSubscription.lang)
        .where(PendingSubscription.email == email.strip().lower())
        .order_by(PendingSubscription.id)
    ).all()


def count_ended(before: datetime) -> int:
    """Return how many subscriptions ended before a moment."""
    old = select(func.count()).select_from(Subscription).where(Subscription.ended_at < before)
    return int(db.session.scalar(old) or 0)
