# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's own names and words."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class TownWord(Model):
    """A name that is never masked as a person's (`allow`), or words that always are (`deny`)."""

    __tablename__ = "town_word"
    __table_args__ = (UniqueConstraint("folded"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    words: Mapped[str] = mapped_column(String(120))
    folded: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(String(200))
    added_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("account.id"))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
