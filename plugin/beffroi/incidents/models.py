# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an incident has beyond a case."""

from datetime import date

from sqlalchemy import Boolean, Date, Float, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model
from beffroi_web.database import BigId


class Incident(Model):
    """Family, category and place codes of an incident; its words are texts of the case."""

    __tablename__ = "incident"
    __table_args__ = (Index("ix_incident_category_happened_on", "category", "happened_on"),)

    case_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("case.id"), primary_key=True, autoincrement=False
    )
    family: Mapped[str] = mapped_column(String(8), index=True)
    category: Mapped[str] = mapped_column(String(24))
    listed: Mapped[bool] = mapped_column(Boolean)
    happened_on: Mapped[date | None] = mapped_column(Date)
    source: Mapped[str | None] = mapped_column(String(120), unique=True)


class IncidentPosition(Model):
    """Where a report says that it is: degrees, WGS 84, as received; for the institution only."""

    __tablename__ = "incident_position"

    case_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("case.id"), primary_key=True, autoincrement=False
    )
    latitude: Mapped[float] = mapped_column(Float(53))
    longitude: Mapped[float] = mapped_column(Float(53))
