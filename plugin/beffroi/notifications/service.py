# SPDX-License-Identifier: AGPL-3.0-or-later
"""Owing word of a step to everyone who follows, as rows and jobs of the same transaction."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import delete, select, update

from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.cases.queries import offers
from beffroi.kernel import jobs
from beffroi.kernel.db import db
from beffroi.notifications.models import Delivery

SEND_STEP = "send-step"
SEND_CONFIRMATION = "send-confirmation"
SEND_LETTER = "send-letter"
MESSAGE_LEAVES = timedelta(days=7)
"""How long word of an erasure is given to leave before the address goes all the same."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message about an account: its `name` in `rules.LETTERS`, and what its sentences need.

    `key` names it for good, so that a second attempt carries the same message id; `path` is the
    page it leads to; `more` are lines that are in the reader's language already.
    """

    name: str
    to: str
    lang: str
    key: str
    path: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    more: Sequence[str] = ()


def owe_step(case_id: int, timeline_id: int, step: str, *, public_url: str, now: datetime) -> int:
    """Write one delivery and one job for each follower of a case; return how many.

    The message id is made of the step and the recipient, so a second attempt carries the same one
    and a mailbox can drop the copy. It is a hash: counted numbers would tell who follows one case
    how much happens in those that nobody sees.
    """
    found = [(one.party_id, one.token) for one in cases.recipients(case_id)]
    return _owe(case_id, timeline_id, step, found, public_url=public_url, now=now)


def owe_questions(case_id: int, timeline_id: int, *, public_url: str, now: datetime) -> int:
    """Owe the question about the case that one repeats to each who stands behind it; say how many.

    One delivery a person, as for a step: the token that names it is the question's.
    """
    found = [(one.party_id, one.token) for one in offers.asked(case_id)]
    return _owe(case_id, timeline_id, "asked_to_join", found, public_url=public_url, now=now)


def _owe(
    case_id: int,
    timeline_id: int,
    step: str,
    recipients: Sequence[tuple[int, str]],
    *,
    public_url: str,
    now: datetime,
) -> int:
    host = urlsplit(public_url).hostname or "beffroi.invalid"
    for party_id, token in recipients:
        row = Delivery(
            case_id=case_id,
            timeline_id=timeline_id,
            party_id=party_id,
            step=step,
            token=token,
            message_id=f"<step-{_name(timeline_id, token)}@{host}>",
            made_at=now,
        )
        db.session.add(row)
        db.session.flush()
        jobs.enqueue(SEND_STEP, {"delivery": row.id}, run_at=now)
    return len(recipients)


def _name(timeline_id: int, token: str) -> str:
    return hashlib.sha256(f"{timeline_id}|{token}".encode()).hexdigest()[:32]


def sent(delivery_id: int, *, now: datetime) -> None:
    """Note that a delivery was accepted by the mail server."""
    db.session.execute(update(Delivery).where(Delivery.id == delivery_id).values(sent_at=now))


def owed_no_more(delivery_id: int) -> None:
    """Forget a delivery to somebody who stopped following before it left; a sent one is kept."""
    db.session.execute(
        delete(Delivery).where(Delivery.id == delivery_id, Delivery.sent_at.is_(None))
    )


def forget_deliveries(parties: Collection[int]) -> int:
    """Delete every message that was or is owed to some parties; return how many."""
    gone = db.session.execute(
        delete(Delivery)
        .where(Delivery.party_id.in_(parties))
        .execution_options(synchronize_session=False)
    )
    return int(getattr(gone, "rowcount", 0))


def forget_sent(before: datetime) -> int:
    """Delete what is kept of messages that left before a moment; return how many."""
    gone = db.session.execute(
        delete(Delivery)
        .where(Delivery.sent_at < before)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(gone, "rowcount", 0))


def owe_letter(letter: Letter, *, now: datetime) -> None:
    """Write the job of a message about somebody's account; emptied once it has left."""
    jobs.enqueue(SEND_LETTER, asdict(letter), run_at=now)


def forget_the_gone(now: datetime) -> None:
    """Forget who followed an erased case once everybody was told, and whom nothing leads to."""
    owed = select(Delivery.case_id).where(
        Delivery.sent_at.is_(None), Delivery.made_at >= now - MESSAGE_LEAVES
    )
    case_service.forget_followers(owed)
    db.session.execute(
        delete(Delivery)
        .where(Delivery.case_id.in_(cases.erased()), Delivery.case_id.not_in(owed))
        .execution_options(synchronize_session=False)
    )
    case_service.forget_parties(select(Delivery.party_id))
