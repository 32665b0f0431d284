# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of the registry.

A town is a public body; a log is one epoch of its feed, with the key a person approved. Events are
appended and never edited: they are what the audit page tells.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from beffroi_federation.aggregator.kernel.db import Model
from beffroi_federation.aggregator.towns.rules import STATES
from beffroi_web.database import BigId, UtcDateTime

BY_SIGN = String(200).with_variant(String(200, collation="C"), "postgresql")
"""Text in the order of its signs, so that an index finds beginnings."""


class Town(Model):
    """One public body. `state` is waiting, approved, quarantined or suspended."""

    __tablename__ = "town"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES!r}", name="state"),
        Index("ix_town_name_siren", "name", "siren"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    siren: Mapped[str] = mapped_column(String(9), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(16))
    url: Mapped[str] = mapped_column(String(500))
    contact: Mapped[str] = mapped_column(String(500), default="")
    population_band: Mapped[str] = mapped_column(String(16), default="")
    software: Mapped[str] = mapped_column(String(100), default="")
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="")
    dns: Mapped[str] = mapped_column(String(16))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_by: Mapped[str | None] = mapped_column(String(200))


class TownWord(Model):
    """A folded word of a town's name, or its SIREN, by which it is found."""

    __tablename__ = "town_word"

    word: Mapped[str] = mapped_column(BY_SIGN, primary_key=True)
    town_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("town.id"), primary_key=True, autoincrement=False, index=True
    )


class TownCommune(Model):
    """A commune that a town serves, by INSEE code."""

    __tablename__ = "town_commune"
    __table_args__ = (Index("ix_town_commune_insee", "insee"),)

    town_id: Mapped[int] = mapped_column(BigId, ForeignKey("town.id"), primary_key=True)
    insee: Mapped[str] = mapped_column(String(5), primary_key=True)


class Log(Model):
    """One epoch of a town's feed: the origin is pinned for life, the prefix may move.

    `vkey` is the current key; another one takes its place only by a `key` entry that both have
    signed, or by a person. `state` is waiting (a new epoch that nobody approved), current or ended;
    `active` says the same of current, one log a town.
    """

    __tablename__ = "log"
    __table_args__ = (CheckConstraint("state IN ('waiting', 'current', 'ended')", name="state"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    town_id: Mapped[int] = mapped_column(BigId, ForeignKey("town.id"), index=True)
    epoch: Mapped[int] = mapped_column(Integer)
    origin: Mapped[str] = mapped_column(String(255), unique=True)
    prefix: Mapped[str] = mapped_column(String(500))
    vkey: Mapped[str] = mapped_column(String(400))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    state: Mapped[str] = mapped_column(String(8), default="current", server_default="current")


class TownEvent(Model):
    """One thing that happened to a town; `step` is a key of `rules.SENTENCES`.

    `details` are bare values for the sentence and the evidence file; `evidence` is what was
    received (signed notes, leaves), size-capped, never a content or a salt.
    """

    __tablename__ = "town_event"
    __table_args__ = (Index("ix_town_event_town_id_id", "town_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    town_id: Mapped[int] = mapped_column(BigId, ForeignKey("town.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    step: Mapped[str] = mapped_column(String(24))
    by: Mapped[str] = mapped_column(String(200), default="")
    words: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    evidence: Mapped[bytes | None] = mapped_column(LargeBinary)
