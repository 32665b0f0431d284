# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who handles which street report, until when; and what the desk keeps to find them quickly."""

from datetime import date, datetime

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class StreetReport(Model):
    """One street report as the desk's queue is sorted and filtered; made anew at each change.

    Everything but `remind_on` stands on the case too: this row is there so that each order of the
    queue is that of an index. `department` is 0 and `due_on` the year 9999 where there is none.
    """

    __tablename__ = "street_report"
    __table_args__ = (
        Index("ix_street_report_due", "open", "due_on", "case_id"),
        Index("ix_street_report_department", "open", "department", "due_on", "case_id"),
        Index("ix_street_report_category", "open", "category", "due_on", "case_id"),
        Index("ix_street_report_remind", "remind_on"),
    )

    case_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("case.id"), primary_key=True, autoincrement=False
    )
    category: Mapped[str] = mapped_column(String(24))
    commune: Mapped[str | None] = mapped_column(String(5))
    status: Mapped[str] = mapped_column(String(24))
    open: Mapped[bool] = mapped_column(Boolean)
    department: Mapped[int] = mapped_column(BigId)
    assigned_to: Mapped[int | None] = mapped_column(BigId)
    due_on: Mapped[date] = mapped_column(Date)
    rule_id: Mapped[int | None] = mapped_column(BigId)
    remind_on: Mapped[date | None] = mapped_column(Date)


class StreetArea(Model):
    """A named part of the town: a polygon, names of streets and places, or both.

    `corners` are "latitude longitude" in degrees (WGS 84), one corner a line; `words` one a line.
    """

    __tablename__ = "street_area"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    corners: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)


class CompetentBody(Model):
    """Another body that is competent for some reports, and how it is reached."""

    __tablename__ = "competent_body"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    email: Mapped[str | None] = mapped_column(String(254))
    tool: Mapped[str | None] = mapped_column(String(32))
    contact: Mapped[str | None] = mapped_column(String(300))


class StreetRule(Model):
    """Which reports a department handles, or another body is competent for; the first that fits.

    A condition that is empty holds for every report; `words` are one a line, one of them is enough.
    """

    __tablename__ = "street_rule"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    place: Mapped[int] = mapped_column(Integer)
    category: Mapped[str | None] = mapped_column(String(24))
    commune: Mapped[str | None] = mapped_column(String(5))
    area_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("street_area.id"))
    words: Mapped[str] = mapped_column(Text)
    department_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("department.id"))
    body_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("competent_body.id"))


class StreetTarget(Model):
    """In how many working days a category is handled, and after how many a reminder is due."""

    __tablename__ = "street_target"

    category: Mapped[str] = mapped_column(String(24), primary_key=True)
    working_days: Mapped[int] = mapped_column(Integer)
    remind_days: Mapped[int] = mapped_column(Integer)


class SavedFilter(Model):
    """A narrowing of the queue that an agent gave a name; `query` is that of its address."""

    __tablename__ = "saved_filter"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = mapped_column(BigId, ForeignKey("account.id"))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(String(500))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Forwarding(Model):
    """A report that another body is competent for: when it was passed on, agreed to, answered.

    `state` is waiting (until its words are released), sent, answered or declined. `answer_text_id`
    is the text of the newest answer.
    """

    __tablename__ = "forwarding"

    case_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("case.id"), primary_key=True, autoincrement=False
    )
    body_id: Mapped[int] = mapped_column(BigId, ForeignKey("competent_body.id"), index=True)
    state: Mapped[str] = mapped_column(String(10))
    named_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    agreed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer_text_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case_text.id"))


class DonePhoto(Model):
    """A photo with which the institution shows what was done; by its name in the store."""

    __tablename__ = "done_photo"

    stored_name: Mapped[str] = mapped_column(String(64), primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), index=True)
