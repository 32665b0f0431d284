# SPDX-License-Identifier: AGPL-3.0-or-later
"""Following a theme or all of a town: by one click, or by a confirmed address. None commits.

Who subscribes is told once a day (`beffroi.notifications`); this module only keeps who wants what,
from where on they have to be told, and until when they want it.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Delete, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from beffroi.cases import service
from beffroi.cases.events import SubscriptionAsked
from beffroi.cases.models import PendingSubscription, Subscriber, Subscription
from beffroi.cases.queries import subscribing as queries
from beffroi.kernel.bus import publish
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db
from beffroi.kernel.errors import Gone, NotFound
from beffroi_web.words import N_

CONFIRM_WITHIN = timedelta(hours=48)
ASK_AGAIN = timedelta(hours=1)
MOST_ASKED = 3
"""Letters that one address is sent in `ASK_AGAIN`: nobody floods the mailbox of somebody else."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, and the day that it is in the town."""

    now: datetime
    today: date


def subscribe(party_id: int, theme: str, at: Moment, *, chance: Chance) -> None:
    """Tell a party from now on of a theme, or of the town (`rules.TOWN`); again if it had ended."""
    first = not queries.themes_of(party_id)
    mine = (Subscription.party_id == party_id, Subscription.theme == theme)
    if db.session.scalar(select(Subscription.id).where(*mine)) is None:
        _add(Subscription(party_id=party_id, theme=theme, since=at.now))
    db.session.execute(
        update(Subscription)
        .where(*mine, Subscription.ended_at.is_not(None))
        .values(since=at.now, ended_at=None)
        .execution_options(synchronize_session=False)
    )
    if first:
        _begin(party_id, at, chance)


def _add(row: Subscriber | Subscription) -> None:
    """Add a row, unless the same person did the same at the same moment."""
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        return


def _begin(party_id: int, at: Moment, chance: Chance) -> None:
    """Let the news of a party begin here: who comes back is not told of what was meanwhile."""
    values = {"told_to": queries.newest_row(), "told_at": at.now, "told_on": at.today}
    if db.session.get(Subscriber, party_id) is None:
        _add(Subscriber(party_id=party_id, token=chance(24).hex(), **values))
    else:
        mine = update(Subscriber).where(Subscriber.party_id == party_id).values(**values)
        db.session.execute(mine.execution_options(synchronize_session=False))


def gather(party_id: int, others: Collection[int], at: Moment, *, chance: Chance) -> None:
    """Bring under one party what the same person followed before there was an account."""
    for theme in sorted({theme for other in others for theme in queries.themes_of(other)}):
        subscribe(party_id, theme, at, chance=chance)
    forget_subscriptions(others)


def unsubscribe(party_id: int, theme: str, *, now: datetime) -> None:
    """End one subscription of a party; one that has ended stays as it is."""
    db.session.execute(
        update(Subscription)
        .where(Subscription.party_id == party_id, Subscription.theme == theme)
        .where(Subscription.ended_at.is_(None))
        .values(ended_at=now)
    )


def stop_all(token: str, *, now: datetime, theme: str | None = None) -> None:
    """End every subscription of whom a link in a mail names, or that of one theme."""
    party = db.session.scalar(select(Subscriber.party_id).where(Subscriber.token == token))
    if party is None:
        raise NotFound(N_("This link stops nothing: it is not (or no longer) known."))
    for one in [theme] if theme is not None else queries.themes_of(party):
        unsubscribe(party, one, now=now)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def ask_confirmation(theme: str, *, email: str, lang: str, now: datetime, chance: Chance) -> None:
    """Keep who wants to subscribe until the address is confirmed; the link goes out by mail.

    Whoever asks in vain is told nothing else: it is nobody's business what an address gets.
    """
    address = email.strip().lower()
    lately = (
        select(func.count())
        .select_from(PendingSubscription)
        .where(PendingSubscription.email == address, PendingSubscription.made_at > now - ASK_AGAIN)
    )
    if (db.session.scalar(lately) or 0) >= MOST_ASKED:
        return
    token = chance(24).hex()
    db.session.add(
        PendingSubscription(
            token_hash=_hash(token), email=address, theme=theme, lang=lang, made_at=now
        )
    )
    publish(SubscriptionAsked(email=address, token=token, lang=lang, theme=theme, at=now))


def confirm(token: str, at: Moment, *, chance: Chance) -> str:
    """Subscribe a confirmed address; return the token that stops it. A second click is harmless."""
    pending = db.session.scalar(
        select(PendingSubscription).where(PendingSubscription.token_hash == _hash(token))
    )
    if pending is None:
        raise NotFound(N_("This link is not known, or was forgotten after two days."))
    if at.now - pending.made_at > CONFIRM_WITHIN:
        raise Gone(N_("This link is more than two days old. Please ask for another."))
    party = queries.account_party(pending.email)
    if party is None:
        party = service.party_for_email(pending.email, lang=pending.lang, now=at.now)
    if pending.theme not in queries.themes_of(party):
        subscribe(party, pending.theme, at, chance=chance)
    return queries.token_of(party)


def tell(party_id: int, *, told_to: int, today: date, now: datetime) -> bool:
    """Take the day's news of a party, once; say whether it was there to be taken."""
    taken = db.session.execute(
        update(Subscriber)
        .where(Subscriber.party_id == party_id, Subscriber.told_on < today)
        .values(told_on=today, told_to=told_to, told_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(taken, "rowcount", 0))


def forget_unconfirmed(now: datetime) -> int:
    """Delete what was not confirmed in time, or was confirmed; return how many."""
    return _gone(
        delete(PendingSubscription).where(PendingSubscription.made_at < now - CONFIRM_WITHIN)
    )


def forget_pending(email: str) -> int:
    """Delete what waits for an address to be confirmed; return how many."""
    address = PendingSubscription.email == email.strip().lower()
    return _gone(delete(PendingSubscription).where(address))


def forget_subscriptions(parties: Collection[int]) -> int:
    """Delete everything that some parties subscribed to; return how many subscriptions."""
    count = _gone(delete(Subscription).where(Subscription.party_id.in_(parties)))
    db.session.execute(delete(Subscriber).where(Subscriber.party_id.in_(parties)))
    return count


def forget_ended(before: datetime, most: int) -> int:
    """Delete up to `most` subscriptions that ended before a moment; return how many."""
    old = select(Subscription.id).where(Subscription.ended_at < before).limit(most)
    ids = list(db.session.scalars(old))
    return _gone(delete(Subscription).where(Subscription.id.in_(ids)))


def _gone(statement: Delete) -> int:
    result = db.session.execute(statement.execution_options(synchronize_session=False))
    return int(getattr(result, "rowcount", 0))
