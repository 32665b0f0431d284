# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a report on a public site has beyond an incident; read by who is on its list only.

The words of who reported it, and of the thread, are texts of the case. Everything here is the
institution's: codes, moments, what it noted, whom it told.
"""

from datetime import date, datetime

from sqlalchemy import Boolean, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class CyberCase(Model):
    """The codes of one case: what it is, whom it concerns, until when nothing is said of it.

    `addresses` holds what the reporter gave, one a line, as typed. `embargo_zone` is the IANA name
    of the zone in which the embargo was set. A record is allowed by an agent (`allowed_at`), and
    made once nothing hinders it any more (`made_at`).
    """

    __tablename__ = "cyber_case"

    case_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("case.id"), primary_key=True, autoincrement=False
    )
    site: Mapped[str] = mapped_column(String(253))
    owner: Mapped[str] = mapped_column(String(8))
    owner_name: Mapped[str | None] = mapped_column(String(200))
    addresses: Mapped[str] = mapped_column(Text, default="")
    personal_data: Mapped[bool] = mapped_column(Boolean, default=False)
    rsit: Mapped[str | None] = mapped_column(String(80))
    severity: Mapped[str] = mapped_column(String(8), default="")
    surface: Mapped[str | None] = mapped_column(String(20))
    tlp: Mapped[str] = mapped_column(String(12))
    embargo_until: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    embargo_zone: Mapped[str] = mapped_column(String(64))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    record_id: Mapped[str | None] = mapped_column(String(32), unique=True)
    allowed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    made_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CyberReader(Model):
    """Somebody who needs to know of a case; nobody else sees that it exists."""

    __tablename__ = "cyber_reader"

    case_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("case.id"), primary_key=True, autoincrement=False
    )
    account_id: Mapped[int] = mapped_column(
        BigId,
        ForeignKey("account.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    )
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)


class CyberSite(Model):
    """A public site that the town declares as its own, or knows as another body's."""

    __tablename__ = "cyber_site"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    host: Mapped[str] = mapped_column(String(253), unique=True)
    ours: Mapped[bool] = mapped_column(Boolean)
    name: Mapped[str] = mapped_column(String(200))
    contact: Mapped[str | None] = mapped_column(String(254))


class CyberStep(Model):
    """One step of the institution in a case: a code, a rule of law that it tells of, words.

    `who` keeps which account wrote it, for the list of readers; it never leaves with the file.
    """

    __tablename__ = "cyber_step"
    __table_args__ = (Index("ix_cyber_step_case_id_id", "case_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    code: Mapped[str] = mapped_column(String(24))
    rule: Mapped[str | None] = mapped_column(String(40))
    words: Mapped[str] = mapped_column(Text, default="")
    who: Mapped[int | None] = mapped_column(BigId, ForeignKey("account.id", ondelete="SET NULL"))


class CyberTask(Model):
    """Something that has to be done in a case, and whether it was."""

    __tablename__ = "cyber_task"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    words: Mapped[str] = mapped_column(String(500))
    due_on: Mapped[date | None] = mapped_column(Date)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CyberContact(Model):
    """A body that is told of a case: host, CSIRT, other body; and when it answered."""

    __tablename__ = "cyber_contact"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    role: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(254))
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class CyberClock(Model):
    """One legal delay that runs in a case: its rule, when it began, when it is over (if ever).

    `struck_at` is when the worker wrote that it was over: once. `met_at` is when what it asks was
    done; `dropped_at` when an agent found that it does not apply.
    """

    __tablename__ = "cyber_clock"
    __table_args__ = (UniqueConstraint("case_id", "rule"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    rule: Mapped[str] = mapped_column(String(40))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    struck_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    met_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dropped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
