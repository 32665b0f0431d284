# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sources on other participation sites, what they hold, hints that came, answers given there."""

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class BridgeSource(Model):
    """A source, and how its last reading went.

    `optional` are the fields that its probe found (None: not probed), `credentials` and
    `hook_secret` are sealed, `vanished` counts what waits for a person to say that it is gone.
    """

    __tablename__ = "bridge_source"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    address: Mapped[str] = mapped_column(String(500))
    component: Mapped[str] = mapped_column(String(20), default="")
    name: Mapped[str] = mapped_column(String(120), default="")
    mode: Mapped[str] = mapped_column(String(10))
    lang: Mapped[str] = mapped_column(String(8))
    optional: Mapped[str | None] = mapped_column(String(100))
    space: Mapped[str] = mapped_column(String(120), default="")
    credentials: Mapped[str | None] = mapped_column(Text)
    hook_secret: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    swept_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fault: Mapped[str | None] = mapped_column(Text)
    refused: Mapped[int] = mapped_column(Integer, default=0)
    requests: Mapped[int] = mapped_column(Integer, default=0)
    vanished: Mapped[int] = mapped_column(Integer, default=0)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BridgedItem(Model):
    """One item of a source: how it stands there, and its case if it became one.

    `title` is kept for what stays a link (a case has its own texts). `title` and `answer` are
    originals; only their public forms are shown. `light` tells whether it has to be read again,
    `digest` whether anything that is kept of it has changed. `turn` counts how often it came back.
    `labels` are lines in which the gate found nothing. `beside_id` is a request of this town that
    asks for the same; nothing of it follows the item.
    """

    __tablename__ = "bridged_item"
    __table_args__ = (UniqueConstraint("source_id", "external_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source_id: Mapped[int] = mapped_column(BigId, ForeignKey("bridge_source.id"))
    external_id: Mapped[str] = mapped_column(String(60))
    case_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    url: Mapped[str] = mapped_column(String(500))
    light: Mapped[str] = mapped_column(String(32))
    digest: Mapped[str] = mapped_column(String(32))
    lang: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(String(16))
    status_raw: Mapped[str] = mapped_column(String(60), default="")
    title: Mapped[str] = mapped_column(Text, default="")
    public_title: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="pending", index=True)
    answer: Mapped[str] = mapped_column(Text, default="")
    public_answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)
    supports: Mapped[int | None] = mapped_column(Integer)
    comments: Mapped[int | None] = mapped_column(Integer)
    labels: Mapped[str] = mapped_column(Text, default="")
    beside_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    turn: Mapped[int] = mapped_column(Integer, default=0)
    gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class HintTaken(Model):
    """A message of a source that was taken: it is taken once."""

    __tablename__ = "bridge_hint"
    __table_args__ = (UniqueConstraint("source_id", "mark"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source_id: Mapped[int] = mapped_column(BigId, ForeignKey("bridge_source.id"))
    mark: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class AnswerThere(Model):
    """An official answer that an agent sent to a source, once (`key`); the timeline says who."""

    __tablename__ = "bridge_answer"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    item_id: Mapped[int] = mapped_column(BigId, ForeignKey("bridged_item.id"), index=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    words: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fault: Mapped[str | None] = mapped_column(String(300))
