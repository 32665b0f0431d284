# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a message needs: the case's reference and released title, the address, the language."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from beffroi.cases import queries as cases
from beffroi.cases.queries import CaseHead, offers, persons
from beffroi.data_requests.queries import clock as clocks
from beffroi.kernel.db import db
from beffroi.notifications.models import Delivery


@dataclass(frozen=True, slots=True)
class Message:
    """One message to be written: public words and codes only.

    `has_receipt` says that it goes to the author of a request, who may fetch its receipt;
    `may_withdraw` that it goes to an author without an account, who needs a link to withdraw it.
    """

    to: str
    lang: str
    ref: str
    kind: str
    status: str
    step: str
    title: str | None
    answer: str | None
    token: str
    message_id: str
    has_receipt: bool
    remedies: str | None
    may_withdraw: bool
    question: str | None = None
    """The token of a question: whether to stand behind the case that this one repeats."""
    other: str | None = None
    other_title: str | None = None


def message(delivery_id: int) -> Message | None:
    """Return what to write for a delivery that is not sent yet, or None when nothing is owed."""
    row = db.session.get(Delivery, delivery_id)
    if row is None or row.sent_at is not None:
        return None
    head = cases.head_by_id(row.case_id)
    if row.step == "asked_to_join":
        return _question(row, head)
    reader = next((r for r in cases.recipients(row.case_id) if r.party_id == row.party_id), None)
    if head is None or reader is None:
        return None
    first = row.step == "received" and head.party_id == row.party_id
    words = cases.public_words(row.case_id) if head.visibility == "public" else {}
    answers = cases.public_answers(row.case_id) if row.step == "answered" else []
    return Message(
        to=reader.email,
        lang=reader.lang,
        ref=head.ref,
        kind=head.kind,
        status=head.status,
        step=row.step,
        title=words.get("title"),
        answer=answers[0].words if answers and head.visibility == "public" else None,
        token=row.token,
        message_id=row.message_id,
        has_receipt=first and head.kind == "data_request",
        remedies=_remedies(row, head) if head.party_id == row.party_id else None,
        may_withdraw=first and persons.is_without_account(row.party_id),
    )


def _question(row: Delivery, head: CaseHead | None) -> Message | None:
    """Return the message that asks somebody about the case that theirs repeats."""
    asked = next(iter(offers.asked(row.case_id, row.party_id)), None)
    if head is None or asked is None or head.visibility != "public":
        return None
    return Message(
        to=asked.email,
        lang=asked.lang,
        ref=head.ref,
        kind=head.kind,
        status=head.status,
        step=row.step,
        title=cases.public_words(row.case_id).get("title"),
        answer=None,
        token=asked.stop or "",
        message_id=row.message_id,
        has_receipt=False,
        remedies=None,
        may_withdraw=False,
        question=asked.token,
        other=asked.other,
        other_title=cases.public_words(asked.other_id).get("title"),
    )


def _remedies(row: Delivery, head: CaseHead) -> str | None:
    """Return what an author is told of delay and remedies: by receipt, and with a refusal."""
    if head.kind != "data_request":
        return None
    if row.step == "received":
        return clocks.acknowledgement(head.id)
    return clocks.remedies_of_refusal(head.id) if row.step == "answered" else None


def unsent() -> int:
    """Return how many deliveries wait to be sent."""
    statement = select(func.count()).select_from(Delivery).where(Delivery.sent_at.is_(None))
    return int(db.session.scalar(statement) or 0)


def mail_to(parties: Collection[int]) -> Sequence[Any]:
    """Return (case_id, step, message_id, made_at, sent_at) of each message to some parties."""
    return db.session.execute(
        select(
            Delivery.case_id,
            Delivery.step,
            Delivery.message_id,
            Delivery.made_at,
            Delivery.sent_at,
        )
        .where(Delivery.party_id.in_(parties))
        .order_by(Delivery.id)
    ).all()


def sent_before(moment: datetime) -> int:
    """Return how many messages left before a moment."""
    statement = select(func.count()).select_from(Delivery).where(Delivery.sent_at < moment)
    return int(db.session.scalar(statement) or 0)
