# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was handed over to the CERT, how it stands, and what the CERT said. Nothing of the case."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime

_UNSENT = text("sent_at IS NULL")


class Handover(Model):
    """One hand-over of a case. The file is made when it leaves, and is kept nowhere here.

    `recipient` is an address or the collection of a TAXII server, `fingerprint` the key that
    served, `foreign_id` the name of its status there; `answer` is for those on the case's list.
    """

    __tablename__ = "handover"
    __table_args__ = (
        Index(
            "ix_handover_waiting",
            "case_id",
            "channel",
            unique=True,
            sqlite_where=_UNSENT,
            postgresql_where=_UNSENT,
        ),
        Index("ix_handover_case_id_id", "case_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    channel: Mapped[str] = mapped_column(String(8))
    recipient: Mapped[str] = mapped_column(String(500))
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    message_id: Mapped[str] = mapped_column(String(254))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fault: Mapped[str | None] = mapped_column(String(300))
    foreign_id: Mapped[str | None] = mapped_column(String(100))
    refused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str | None] = mapped_column(Text)
