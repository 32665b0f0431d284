# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a message needs: the case's reference and released title, the address, the language."""

from dataclasses import dataclass

from sqlalchemy import func, select

from beffroi.cases import queries as cases
from beffroi.kernel.db import db
from beffroi.notifications.models import Delivery


@dataclass(frozen=True, slots=True)
class Message:
    """One message to be written: public words and codes only.

    `has_receipt` says that it goes to the author of a request, who may fetch its receipt.
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


def message(delivery_id: int) -> Message | None:
    """Return what to write for a delivery that is not sent yet, or None when nothing is owed."""
    row = db.session.get(Delivery, delivery_id)
    if row is None or row.sent_at is not None:
        return None
    head = cases.head_by_id(row.case_id)
    reader = next((r for r in cases.recipients(row.case_id) if r.party_id == row.party_id), None)
    if head is None or reader is None:
        return None
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
        has_receipt=row.step == "received"
        and head.kind == "data_request"
        and head.party_id == row.party_id,
    )


def unsent() -> int:
    """Return how many deliveries wait to be sent."""
    statement = select(func.count()).select_from(Delivery).where(Delivery.sent_at.is_(None))
    return int(db.session.scalar(statement) or 0)
