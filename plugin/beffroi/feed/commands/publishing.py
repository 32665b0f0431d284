# SPDX-License-Identifier: AGPL-3.0-or-later
"""Publishing, as the worker and `beffroi publish` do it: stage, sign, commit; each its own unit."""

from collections.abc import Callable
from datetime import date, datetime

from beffroi.config import Settings
from beffroi.feed import queries, service
from beffroi.feed.commands.keys import show_successor, successor_to_stage
from beffroi.feed.queries import SqlLogStore
from beffroi.feed.rules import Calendar, iso_week, offset_of
from beffroi.feed.service import recovery
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db, unit_of_work
from beffroi.kernel.extension import NextBatches
from beffroi.outbox.queries import waiting_count
from beffroi.signer.queries import origin_of
from beffroi_federation.errors import Rollback, SignerLocked
from beffroi_federation.signing import Signer

Effect = Callable[[str], None]
"""Told the name of each point between two effects; a crash test dies there."""


def no_effect(_name: str) -> None:
    """Do nothing: nobody watches."""


def calendar_of(settings: Settings) -> Calendar:
    """Return when the town's batches are due."""
    return Calendar(settings.time_zone, offset_of(origin_of(settings)))


def next_batches(settings: Settings, now: datetime) -> NextBatches:
    """Return when the next batches of a town that publishes by the calendar are due."""
    calendar = calendar_of(settings)
    return NextBatches(calendar.next_week(now).opens, calendar.next_day(now).opens)


def publish_once(
    signer: Signer,
    *,
    now: datetime,
    today: date,
    chance: Chance,
    period: str = "",
    slot: bool = False,
    goes_on: bool = False,
    only: str = "",
    most: int = service.MOST_FACTS,
    at: Effect = no_effect,
) -> service.Batch:
    """Publish one batch: everything that waits (up to a limit), or the marker alone."""
    at("before-stage")
    successor = successor_to_stage(signer)
    with unit_of_work():
        batch = service.stage(
            now=now,
            today=today,
            chance=chance,
            period=period or iso_week(today),
            slot=slot,
            goes_on=goes_on,
            only=only,
            most=most,
        )
        if successor:
            batch.entries += service.stage_key(successor)
        at("staged-uncommitted")
    at("staged")
    with unit_of_work():
        service.sign(signer)
        at("signed-uncommitted")
    at("published")
    show_successor(signer, successor)
    return batch


def publish_on_schedule(
    signer: Signer,
    calendar: Calendar,
    *,
    now: datetime,
    today: date,
    chance: Chance,
    most: int = service.MOST_FACTS,
    at: Effect = no_effect,
) -> int:
    """Publish the week's batch and the day's withdrawals, each once, also when empty.

    What has no room in one transaction of `most` facts follows in further ones. Returns how many
    entries entered the log.
    """
    require_level(signer)
    sign_staged(signer)
    entries = 0
    for slot, only in ((calendar.week(now), ""), (calendar.day(now), "withdraw")):
        goes_on = False
        while goes_on or not queries.has_slot(slot.period):
            batch = publish_once(
                signer,
                now=now,
                today=today,
                chance=chance,
                period=slot.period,
                slot=not goes_on,
                goes_on=goes_on,
                only=only,
                most=most,
                at=at,
            )
            entries += batch.entries
            goes_on = batch.more
    db.session.rollback()
    return entries


def require_level(signer: Signer) -> None:
    """Return if the log may be added to; SignerLocked or Rollback otherwise.

    Another worker may be between signing and committing: what looks wrong is looked at once more
    when nobody else has the turn.
    """
    try:
        recovery.require_level(signer)
    except (SignerLocked, Rollback):
        with unit_of_work():
            SqlLogStore().take_turn()
            recovery.require_level(signer)


def sign_staged(signer: Signer) -> None:
    """Have signed what a crash left staged without a checkpoint."""
    head = SqlLogStore().head()
    db.session.rollback()
    if head.size > head.published:
        with unit_of_work():
            service.sign(signer)


def publish_if_waiting(
    signer: Signer, *, now: datetime, today: date, chance: Chance, at: Effect = no_effect
) -> int:
    """Publish what waits until nothing does; return how many entries entered the log.

    Used where publication is at once; a log that is still empty gets its first checkpoint too. What
    a crash left staged without a signature is signed first.
    """
    require_level(signer)
    sign_staged(signer)
    entries = 0
    while waiting_count() or SqlLogStore().head().size == 0:
        db.session.rollback()
        entries += publish_once(signer, now=now, today=today, chance=chance, at=at).entries
    db.session.rollback()
    return entries
