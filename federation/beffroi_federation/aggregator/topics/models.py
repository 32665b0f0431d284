# SPDX-License-Identifier: AGPL-3.0-or-later
"""Topics. Kept for good: which there are, where each record stands, what was corrected.

Kept: `topic`, `topic_place`, `topic_apart`, `topic_event`; they hold numbers, and the words of
curators, but nothing of a record. Derived, dropped and made again by a rebuild: `topic_member`,
`topic_profile`, `topic_mark`, `topic_due`, `hint`, `hint_source`. What is derived from a record
goes in the transaction in which the record goes, and so does the place of one that is withdrawn.
"""

from datetime import datetime

from sqlalchemy import Boolean, Float, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from beffroi_federation.aggregator.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class Topic(Model):
    """A topic that exists or existed; `into` is the one that it has become part of.

    `name_fr` and `name_en` are a curator's; `kept` says that a curator has decided about it, so
    that it is never merged into another by itself.
    """

    __tablename__ = "topic"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    born_at: Mapped[datetime] = mapped_column(UtcDateTime)
    into: Mapped[int | None] = mapped_column(BigId, index=True)
    kept: Mapped[bool] = mapped_column(Boolean, default=False)
    name_fr: Mapped[str] = mapped_column(String(200), default="")
    name_en: Mapped[str] = mapped_column(String(200), default="")


class TopicPlace(Model):
    """The topic in which a record stands, over rebuilds; `pinned` if a curator has put it there.

    `position` and `rules` are the record's version and the version of the rules that placed it.
    """

    __tablename__ = "topic_place"

    record_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    topic_id: Mapped[int] = mapped_column(BigId, index=True)
    position: Mapped[int] = mapped_column(BigId)
    rules: Mapped[int] = mapped_column(Integer)
    pinned: Mapped[bool] = mapped_column(Boolean)


class TopicApart(Model):
    """Two topics, the smaller id first, that a curator has parted: they never become one again."""

    __tablename__ = "topic_apart"

    one: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    other: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)


class TopicEvent(Model):
    """What became of a topic: begun, merged, split, moved, renamed; `by` is empty if by itself."""

    __tablename__ = "topic_event"
    __table_args__ = (Index("ix_topic_event_topic_id_id", "topic_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    topic_id: Mapped[int] = mapped_column(BigId)
    other_id: Mapped[int | None] = mapped_column(BigId)
    record_id: Mapped[int | None] = mapped_column(BigId)
    step: Mapped[str] = mapped_column(String(10))
    by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text)


class TopicMember(Model):
    """Derived: a request that is shown, in its topic. `state` is one of `rules.topic.STATES`.

    `marks` is what `rules.words` made of it, as JSON.
    """

    __tablename__ = "topic_member"
    __table_args__ = (
        Index("ix_topic_member_topic_id_state_demand_record_id",
              "topic_id", "state", "demand", "record_id"),
        Index("ix_topic_member_topic_id_town_id_state_theme",
              "topic_id", "town_id", "state", "theme"),
        Index("ix_topic_member_town_id_topic_id", "town_id", "topic_id"),
    )  # fmt: skip

    record_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    topic_id: Mapped[int] = mapped_column(BigId)
    town_id: Mapped[int] = mapped_column(BigId)
    state: Mapped[int] = mapped_column(Integer)
    demand: Mapped[int] = mapped_column(Integer)
    lang: Mapped[str] = mapped_column(String(8))
    theme: Mapped[str] = mapped_column(String(16))
    marks: Mapped[str] = mapped_column(Text)


class TopicProfile(Model):
    """Derived: a topic that has members: the sum of their marks, and its counts of towns.

    A town counts once, by the best that came of its requests. `title_fr` and `title_en` are the
    records whose titles stand for it.
    """

    __tablename__ = "topic_profile"
    __table_args__ = (
        Index("ix_topic_profile_towns_topic_id", "towns", "topic_id"),
        Index("ix_topic_profile_theme_towns_topic_id", "theme", "towns", "topic_id"),
        Index("ix_topic_profile_unmet", "theme", "waiting", "refused", "published", "topic_id"),
    )

    topic_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(Integer)
    marks: Mapped[str] = mapped_column(Text)
    theme: Mapped[str] = mapped_column(String(16), default="")
    towns: Mapped[int] = mapped_column(Integer, default=0)
    published: Mapped[int] = mapped_column(Integer, default=0)
    refused: Mapped[int] = mapped_column(Integer, default=0)
    waiting: Mapped[int] = mapped_column(Integer, default=0)
    title_fr: Mapped[int | None] = mapped_column(BigId)
    title_en: Mapped[int | None] = mapped_column(BigId)


class TopicMark(Model):
    """Derived: a mark by which a topic is found, and how much of it that mark makes."""

    __tablename__ = "topic_mark"
    __table_args__ = (
        Index("ix_topic_mark_mark_weight_topic_id", "mark", "weight", "topic_id"),
        Index("ix_topic_mark_topic_id", "topic_id"),
    )

    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    topic_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    weight: Mapped[float] = mapped_column(Float)


class TopicDue(Model):
    """Derived: a record that is new, changed or kept back, and is to be put into its topic."""

    __tablename__ = "topic_due"

    record_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)


class Hint(Model):
    """Derived: the signed file of hints for one town; gone as soon as a source of it goes."""

    __tablename__ = "hint"

    town_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    body: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class HintSource(Model):
    """Derived: a record of which a town's file of hints speaks."""

    __tablename__ = "hint_source"

    record_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    town_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
