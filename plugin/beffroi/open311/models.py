# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keys of other applications, the updates they sent, and reports passed on to other tools."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class ApiKey(Model):
    """The key of one application; what it sends comes from its party. Of the key only a hash."""

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    party_id: Mapped[int] = mapped_column(BigId, ForeignKey("party.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_on: Mapped[date | None] = mapped_column(Date)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UpdateTaken(Model):
    """An update that an application sent, by its own name for it: it is taken once."""

    __tablename__ = "open311_update"
    __table_args__ = (UniqueConstraint("key_id", "update_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key_id: Mapped[int] = mapped_column(BigId, ForeignKey("api_key.id"))
    update_id: Mapped[str] = mapped_column(String(100))
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    ours: Mapped[str] = mapped_column(String(32))
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PassedOn(Model):
    """A report that was passed on to another tool: where, its name there, and how it stands there.

    `foreign_id` or, until that is known, `token`; neither before it has been sent.
    """

    __tablename__ = "open311_passed_on"
    __table_args__ = (Index("ix_open311_passed_on_tool", "tool"),)

    case_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("case.id"), primary_key=True, autoincrement=False
    )
    tool: Mapped[str] = mapped_column(String(32))
    foreign_id: Mapped[str | None] = mapped_column(String(100))
    token: Mapped[str | None] = mapped_column(String(100))
    status: Mapped[str | None] = mapped_column(String(16))
    fault: Mapped[str | None] = mapped_column(String(300))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    polled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
