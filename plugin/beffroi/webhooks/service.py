# SPDX-License-Identifier: AGPL-3.0-or-later
"""Owing messages to addresses in the transaction of what happened, and what becomes of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update

from beffroi.kernel import jobs
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, NotFound
from beffroi.webhooks import queries, rules
from beffroi.webhooks.models import Webhook, WebhookDelivery
from beffroi.webhooks.rules import Attempt
from beffroi_web.sign_in.seal import Seal, sealed_anew
from beffroi_web.words import N_

SEND = "send-webhooks"
AGAIN = timedelta(seconds=15)
"""When a job looks again that found another at work on the same address."""
_FOR_GOOD = timedelta(days=36_500)


def seal(secret_key: str) -> Seal:
    """Return what the secrets are sealed with."""
    return Seal(secret_key, "webhook secret")


def add(
    url: str, events: Sequence[str], *, key: str, now: datetime, chance: Chance
) -> tuple[int, str]:
    """Keep a checked address and its events; return its id, and the secret for the only time."""
    if (db.session.scalar(select(func.count()).select_from(Webhook)) or 0) >= rules.MOST_WEBHOOKS:
        raise Conflict(N_("There are ten webhooks already. Remove one that is no longer used."))
    secret = rules.as_secret(chance(32))
    sealed = seal(key).close({"secret": secret}, now)
    row = Webhook(url=url, events=" ".join(events), secret=sealed, made_at=now, faults=0)
    db.session.add(row)
    db.session.flush()
    return row.id, secret


def opened(sealed: str, *, key: str, now: datetime) -> str | None:
    """Return a sealed secret, or None where it was sealed with another key of the town."""
    content = seal(key).open(sealed, now, _FOR_GOOD)
    return str(content["secret"]) if content else None


def seal_anew(old_key: str, new_key: str, now: datetime) -> tuple[int, int]:
    """Seal what was sealed under an old secret under a new one.

    Returns how many are sealed so now, and how many neither secret opened: to be made again.
    """
    done = lost = 0
    for row in db.session.scalars(select(Webhook)):
        anew = sealed_anew(row.secret, seal(old_key), seal(new_key), now)
        row.secret = anew or row.secret
        done, lost = done + (anew is not None), lost + (anew is None)
    return done, lost


def owe(
    event: str,
    key: str,
    *,
    town: str,
    now: datetime,
    case_id: int | None = None,
    step_id: int | None = None,
    detail: str = "",
) -> None:
    """Owe a message to every address that asked for an event; `key` names what it is about."""
    for webhook_id in queries.asking_for(event):
        _owe(webhook_id, event, rules.message_id(town, event, key), now, case_id, step_id, detail)


def _owe(
    webhook_id: int,
    event: str,
    message_id: str,
    now: datetime,
    case_id: int | None = None,
    step_id: int | None = None,
    detail: str = "",
) -> None:
    d = WebhookDelivery
    known = select(d.id).where(d.webhook_id == webhook_id, d.message_id == message_id)
    if db.session.scalar(known) is not None:
        return
    row = WebhookDelivery(
        webhook_id=webhook_id,
        message_id=message_id,
        event=event,
        case_id=case_id,
        step_id=step_id,
        detail=detail,
        at=now,
        state="waiting",
        attempts=0,
    )
    db.session.add(row)
    db.session.flush()
    _call(webhook_id, now)


def _call(webhook_id: int, at: datetime) -> None:
    jobs.enqueue(SEND, {"webhook": webhook_id}, run_at=at)


def owe_test(webhook_id: int, *, town: str, now: datetime, chance: Chance) -> None:
    """Owe one address a message that says nothing."""
    the_webhook(webhook_id)
    _owe(webhook_id, rules.TEST, rules.message_id(town, rules.TEST, chance(16).hex()), now)


def the_webhook(webhook_id: int) -> Webhook:
    """Return an address for a change, or raise NotFound."""
    row = db.session.get(Webhook, webhook_id, populate_existing=True)
    if row is None:
        raise NotFound(N_("There is no such webhook."))
    return row


def pause(webhook_id: int, *, now: datetime) -> None:
    """Ask an address no more; what is owed to it waits."""
    row = the_webhook(webhook_id)
    row.paused_at, row.pause_reason = row.paused_at or now, row.pause_reason or "desk"


def resume(webhook_id: int, *, now: datetime) -> None:
    """Ask an address again, at once, for everything that waits for it."""
    row = the_webhook(webhook_id)
    row.paused_at = row.pause_reason = row.failing_since = row.next_at = None
    row.faults = 0
    d = WebhookDelivery
    waits = (d.webhook_id == webhook_id) & (d.state == "waiting")
    db.session.execute(update(d).where(waits).values(next_at=None))
    _call(webhook_id, now)


def remove(webhook_id: int) -> None:
    """Forget an address, its secret and its deliveries."""
    the_webhook(webhook_id)
    db.session.execute(delete(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id))
    db.session.execute(delete(Webhook).where(Webhook.id == webhook_id))


def resend(webhook_id: int, delivery_id: int, *, now: datetime) -> None:
    """Send a message once more, under its name; what it says is what is public then."""
    row = db.session.get(WebhookDelivery, delivery_id)
    if row is None or row.webhook_id != webhook_id:
        raise NotFound(N_("There is no such delivery."))
    row.state, row.next_at, row.attempts = "waiting", None, 0
    the_webhook(webhook_id).next_at = None
    _call(webhook_id, now)


# ---- sending ------------------------------------------------------------------------------------


def take(webhook_id: int, *, now: datetime) -> bool:
    """Lease an address, so that one worker at a time asks it; say whether that went.

    Where another has it, a later job looks again: what came meanwhile is not forgotten.
    """
    free = or_(Webhook.leased_until.is_(None), Webhook.leased_until <= now)
    taken = db.session.execute(
        update(Webhook)
        .where(Webhook.id == webhook_id, free)
        .values(leased_until=now + jobs.LEASE)
        .returning(Webhook.id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None and db.session.get(Webhook, webhook_id) is not None:
        _call(webhook_id, now + AGAIN)
    return taken is not None


def free(webhook_id: int, *, more_at: datetime | None) -> None:
    """Give the lease back; `more_at` is when the rest is to be sent, where there was no time."""
    values = {"leased_until": None, **({"next_at": more_at} if more_at else {})}
    db.session.execute(update(Webhook).where(Webhook.id == webhook_id).values(**values))
    if more_at is not None:
        _call(webhook_id, more_at)


def drop(delivery_id: int, *, now: datetime) -> None:
    """Note that nothing of a message is public any more: it is not sent."""
    row = db.session.get(WebhookDelivery, delivery_id)
    if row is not None:
        row.state, row.tried_at, row.next_at = "dropped", now, None


def tried(delivery_id: int, attempt: Attempt, *, now: datetime) -> bool:
    """Write down an attempt; say whether the address is to be asked for the next one at once."""
    row = db.session.get(WebhookDelivery, delivery_id)
    if row is None:
        return False
    row.attempts += 1
    row.answer, row.fault, row.tried_at = attempt.status, attempt.fault[:200] or None, now
    webhook = the_webhook(row.webhook_id)
    if attempt.taken:
        row.state, row.sent_at, row.next_at, row.fault = "sent", now, None, None
        webhook.faults, webhook.failing_since, webhook.next_at = 0, None, None
        return True
    _failed(webhook, row, attempt, now)
    return not attempt.all_wait and webhook.paused_at is None


def _failed(webhook: Webhook, row: WebhookDelivery, attempt: Attempt, now: datetime) -> None:
    webhook.failing_since = webhook.failing_since or now
    if attempt.gone:
        webhook.paused_at, webhook.pause_reason = now, "gone"
    elif now - webhook.failing_since >= rules.PAUSED_AFTER:
        webhook.paused_at, webhook.pause_reason = now, "failing"
    if row.attempts >= rules.MOST_ATTEMPTS:
        row.state, row.next_at = "failed", None
    else:
        row.next_at = now + jobs.wait_after(row.attempts)
    if attempt.all_wait:
        webhook.faults += 1
        webhook.next_at = now + jobs.wait_after(webhook.faults)
        row.next_at = webhook.next_at if row.next_at is not None else None
    again = webhook.next_at if attempt.all_wait else row.next_at
    if again is not None and webhook.paused_at is None:
        _call(webhook.id, again)


def forget_old(before: datetime) -> int:
    """Delete what was dealt with before a moment; return how many deliveries."""
    d = WebhookDelivery
    over = d.state.in_(("sent", "failed", "dropped")) & (d.at < before)
    return int(getattr(db.session.execute(delete(d).where(over)), "rowcount", 0))
