# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verbs of hand-overs: owe one, note how it went, record receipt and answer. None commits."""

from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from beffroi.cyber.service import step
from beffroi.handover.models import Handover
from beffroi.handover.rules import CHANNELS, MOST_ANSWER, SEND
from beffroi.kernel import jobs
from beffroi.kernel.actors import Actor
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from beffroi_web.words import N_

SOME_REFUSED = N_("The CERT's server refused some of the objects.")


def hand_over(
    case_id: int,
    channel: str,
    recipient: str,
    *,
    public_url: str,
    now: datetime,
    chance: Chance,
) -> int:
    """Owe one hand-over, as a row and a job of this transaction; return its id.

    One that could not leave so far is tried again at once, under the name that it has. Raises
    Conflict while an earlier one of the same way waits: one press of the button is enough.
    """
    if channel not in CHANNELS:
        raise Invalid(N_("Choose a way."), errors={"channel": [N_("Unknown.")]})
    stuck = select(Handover).where(
        Handover.case_id == case_id, Handover.channel == channel, Handover.fault.is_not(None),
        Handover.sent_at.is_(None),
    )  # fmt: skip
    again = db.session.scalar(stuck)
    if again is not None:
        again.recipient, again.fault, again.made_at = recipient, None, now
        jobs.enqueue(SEND, {"handover": again.id}, run_at=now)
        return again.id
    host = urlsplit(public_url).hostname or "beffroi.invalid"
    row = Handover(
        case_id=case_id,
        channel=channel,
        recipient=recipient,
        message_id=f"<cert-{chance(16).hex()}@{host}>",
        made_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except IntegrityError:
        raise Conflict(N_("It is on its way already: wait until it has been sent.")) from None
    jobs.enqueue(SEND, {"handover": row.id}, run_at=now)
    return row.id


def _row(handover_id: int) -> Handover:
    row = db.session.get(Handover, handover_id)
    if row is None:
        raise NotFound(N_("There is no such hand-over."))
    return row


def sent(handover_id: int, *, now: datetime, fingerprint: str = "", foreign_id: str = "") -> None:
    """Note that a file was handed to the mail server, or taken by the CERT's server."""
    row = _row(handover_id)
    if row.sent_at is None:
        step(row.case_id, "handed", now=now)
    row.sent_at, row.fault = row.sent_at or now, None
    row.fingerprint, row.foreign_id = fingerprint or None, foreign_id or None


def went_wrong(handover_id: int, fault: str) -> None:
    """Keep why a hand-over has not left yet: a sentence about the way, never about the case."""
    row = _row(handover_id)
    row.fault = fault[:300]


def settled(handover_id: int, *, failures: int, now: datetime) -> None:
    """Note what the CERT's server made of it: all taken, or so many objects refused."""
    row = _row(handover_id)
    if failures:
        row.refused_at, row.fault = now, f"{SOME_REFUSED}|{failures}"
    else:
        _received(row, None, now)


def _received(row: Handover, actor: Actor | None, now: datetime) -> None:
    if row.received_at is None:
        row.received_at = now
        step(row.case_id, "cert_received", now=now, actor=actor)


def record_receipt(handover_id: int, case_id: int, *, actor: Actor, now: datetime) -> None:
    """Record that the CERT says it has received a file."""
    _received(_sent(handover_id, case_id), actor, now)


def record_answer(
    handover_id: int, case_id: int, words: str, *, actor: Actor, now: datetime
) -> None:
    """Record what the CERT answered, in place of what was recorded before."""
    row = _sent(handover_id, case_id)
    words = words.strip()
    if not words:
        raise Invalid(
            N_("Write what the CERT answered."), errors={"answer": [N_("This is needed.")]}
        )
    if len(words) > MOST_ANSWER:
        raise Invalid(
            N_("This text is too long: %(most)s characters at most."),
            errors={"answer": [N_("At most 4,000 characters.")]},
            most=MOST_ANSWER,
        )
    _received(row, actor, now)
    row.answer, row.answered_at = words, now
    step(case_id, "cert_answered", now=now, actor=actor)


def _sent(handover_id: int, case_id: int) -> Handover:
    row = _row(handover_id)
    if row.case_id != case_id:
        raise NotFound(N_("There is no such hand-over."))
    if row.sent_at is None:
        raise Conflict(N_("It has not been sent yet."))
    return row


def forget(case_id: int) -> None:
    """Destroy what is kept of the hand-overs of an erased case; one that waits does not leave."""
    db.session.execute(delete(Handover).where(Handover.case_id == case_id))
