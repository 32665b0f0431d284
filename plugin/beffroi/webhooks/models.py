# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is told of what happens, and each message to them: ids and codes, never a text."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class Webhook(Model):
    """An address that is told; `secret` is sealed, `events` are names with spaces between.

    `next_at` is when it is asked again after a fault, `faults` how many there were in a row.
    """

    __tablename__ = "webhook"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    url: Mapped[str] = mapped_column(String(500))
    events: Mapped[str] = mapped_column(String(1000))
    secret: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    faults: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pause_reason: Mapped[str | None] = mapped_column(String(16))


class WebhookDelivery(Model):
    """One message owed to one address; `message_id` is the same in every attempt.

    What it says is made anew from what is public at each attempt. `detail` is a code: the role of
    a text, or the number of a version.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("webhook_id", "message_id"),
        Index("ix_webhook_delivery_webhook_id_state_id", "webhook_id", "state", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    webhook_id: Mapped[int] = mapped_column(BigId, ForeignKey("webhook.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(String(40))
    event: Mapped[str] = mapped_column(String(40))
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    step_id: Mapped[int | None] = mapped_column(BigId)
    detail: Mapped[str] = mapped_column(String(40), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[int | None] = mapped_column()
    fault: Mapped[str | None] = mapped_column(String(200))
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
