# SPDX-License-Identifier: AGPL-3.0-or-later
"""One row for each recipient and official step, so that nobody is left out or told twice.

What is told once a day has a row for each recipient and day, for the same reason.
"""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class Delivery(Model):
    """Word of one step owed to one party; `message_id` is stable over every attempt."""

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("timeline_id", "party_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    timeline_id: Mapped[int] = mapped_column(BigId, ForeignKey("timeline.id"))
    party_id: Mapped[int] = mapped_column(BigId, ForeignKey("party.id"))
    step: Mapped[str] = mapped_column(String(24))
    token: Mapped[str] = mapped_column(String(64))
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Digest(Model):
    """What is owed to one party on one day: the news from one timeline row to another, included."""

    __tablename__ = "digest"
    __table_args__ = (UniqueConstraint("party_id", "day"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    party_id: Mapped[int] = mapped_column(BigId, ForeignKey("party.id"))
    day: Mapped[date] = mapped_column(Date)
    after: Mapped[int] = mapped_column(BigId)
    until: Mapped[int] = mapped_column(BigId)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Announcement(Model):
    """Word of one step of a campaign owed to one follower; as a delivery is of a case's step."""

    __tablename__ = "announcement"
    __table_args__ = (UniqueConstraint("step_id", "party_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    step_id: Mapped[int] = mapped_column(BigId, ForeignKey("campaign_step.id"))
    party_id: Mapped[int] = mapped_column(BigId, ForeignKey("party.id"), index=True)
    token: Mapped[str] = mapped_column(String(64))
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
