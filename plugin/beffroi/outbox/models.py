# SPDX-License-Identifier: AGPL-3.0-or-later
"""Facts that wait to leave the town. Ids, codes and versions; never words, never identity."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model, db
from beffroi_web.database import BigId, UtcDateTime


class OutboxRow(Model):
    """One fact, written in the transaction of the change it tells of.

    `fact` is `received`, `request`, `withdraw`, `cell`, `cyber` or `campaign`; `codes` holds
    codes, hashes and the town's own address only.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_waiting",
            "id",
            sqlite_where=db.text("done_at IS NULL"),
            postgresql_where=db.text("done_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    fact: Mapped[str] = mapped_column(String(12))
    case_id: Mapped[int | None] = mapped_column(BigId, index=True)
    version: Mapped[int] = mapped_column(Integer, default=0)
    codes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    result: Mapped[str | None] = mapped_column(String(200))


class CountPeriod(Model):
    """The period in which an area and category is counted for a whole year: written once.

    Without it an erasure or an import would move last year's volume over a threshold in the middle
    of the year, and the months that begin to be told would give back the weeks that were hidden.
    """

    __tablename__ = "count_period"

    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    family: Mapped[str] = mapped_column(String(8), primary_key=True)
    category: Mapped[str] = mapped_column(String(24), primary_key=True)
    area: Mapped[str] = mapped_column(String(14), primary_key=True)
    grain: Mapped[str] = mapped_column(String(8))


class PublishedCell(Model):
    """A cell of counts that was handed over: it never is again, with any figures."""

    __tablename__ = "published_cell"

    family: Mapped[str] = mapped_column(String(8), primary_key=True)
    category: Mapped[str] = mapped_column(String(24), primary_key=True)
    area: Mapped[str] = mapped_column(String(14), primary_key=True)
    period: Mapped[str] = mapped_column(String(8), primary_key=True)
