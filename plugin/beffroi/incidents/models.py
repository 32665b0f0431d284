# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an incident has beyond a case."""

from datetime import date
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
)
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
    """Where a report says that it is: degrees, WGS 84, as received; for the institution only.

    `address` is what it was found by, if that is how, and `reach` the metres from there within
    which it then is: 0 at the number of a house, half a street where no number was given.
    """

    __tablename__ = "incident_position"
    __table_args__ = (Index("ix_incident_position_place", "latitude", "longitude"),)

    case_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("case.id"), primary_key=True, autoincrement=False
    )
    latitude: Mapped[float] = mapped_column(Float(53))
    longitude: Mapped[float] = mapped_column(Float(53))
    reach: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    address: Mapped[str] = mapped_column(String(300), default="", server_default="")


class IncidentSpot(Model):
    """On which cell of level 0 (`rules.cells`) a report stands that everyone sees on the map."""

    __tablename__ = "incident_spot"
    __table_args__ = (
        Index("ix_incident_spot_cell", "y", "x", "open", "category", "case_id"),
        Index("ix_incident_spot_category", "category", "open", "y", "x", "case_id"),
    )

    case_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("case.id"), primary_key=True, autoincrement=False
    )
    y: Mapped[int] = mapped_column(Integer)
    x: Mapped[int] = mapped_column(Integer)
    category: Mapped[str] = mapped_column(String(24))
    open: Mapped[bool] = mapped_column(Boolean)


class IncidentArea(Model):
    """How many reports stand in a cell of a level: the sums of the spots, kept with them.

    The category "" stands for all of them together: most windows are asked for so.
    """

    __tablename__ = "incident_area"

    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    y: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    x: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    category: Mapped[str] = mapped_column(String(24), primary_key=True)
    open: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    reports: Mapped[int] = mapped_column(Integer)


class IncidentQuestion(Model):
    """A question of a category that was written at the desk; `retired` ones are asked no more."""

    __tablename__ = "incident_question"
    __table_args__ = (UniqueConstraint("category", "code"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    category: Mapped[str] = mapped_column(String(24))
    code: Mapped[str] = mapped_column(String(24))
    kind: Mapped[str] = mapped_column(String(8))
    words: Mapped[dict[str, Any]] = mapped_column(JSON)
    hint: Mapped[dict[str, Any]] = mapped_column(JSON)
    choices: Mapped[dict[str, Any]] = mapped_column(JSON)
    required: Mapped[bool] = mapped_column(Boolean)
    public: Mapped[bool] = mapped_column(Boolean)
    retired: Mapped[bool] = mapped_column(Boolean)


class IncidentAnswer(Model):
    """What was answered to a question of a report's category; for agents, but `public` ones.

    `value` is a text, the code of a choice, or a number with a point.
    """

    __tablename__ = "incident_answer"
    __table_args__ = (UniqueConstraint("case_id", "code"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    code: Mapped[str] = mapped_column(String(24))
    kind: Mapped[str] = mapped_column(String(8))
    value: Mapped[str] = mapped_column(String(500))
    public: Mapped[bool] = mapped_column(Boolean)
