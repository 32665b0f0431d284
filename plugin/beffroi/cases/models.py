# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables that data requests and incidents share.

Every text of a case is one row of `case_text` with its `original` (its author and agents only) and
its `public` words; contents sit in that one table so that erasing them is one place. Cases point at
parties, never at accounts. The timeline is appended to, never edited.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime

ERASED = "erased"
"""The kind of the party that stands in the place of the author of an erased case."""


class Party(Model):
    """Who a case, a comment or a support comes from; erasing a person empties this row."""

    __tablename__ = "party"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    account_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("account.id"), unique=True)
    email: Mapped[str | None] = mapped_column(String(254), index=True)
    name: Mapped[str | None] = mapped_column(String(200))
    postal: Mapped[str | None] = mapped_column(Text)
    organisation: Mapped[str | None] = mapped_column(String(14))
    lang: Mapped[str] = mapped_column(String(8), default="fr")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Department(Model):
    """A part of the institution that cases are assigned to."""

    __tablename__ = "department"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    email: Mapped[str | None] = mapped_column(String(254))


class RefCounter(Model):
    """The last reference number given in a year."""

    __tablename__ = "ref_counter"

    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(Integer)


class Case(Model):
    """What a data request and an incident share."""

    __tablename__ = "case"
    __table_args__ = (
        Index("ix_case_list", "kind", "visibility", "received_at", "id"),
        Index("ix_case_status", "kind", "visibility", "status", "received_at", "id"),
        Index("ix_case_supported", "kind", "visibility", "supports", "id"),
        Index("ix_case_desk", "open", "due_on", "id"),
        Index("ix_case_count", "kind", "visibility", "open"),
        Index("ix_case_changed", "kind", "visibility", "changed_at", "version", "supports", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(24))
    open: Mapped[bool] = mapped_column(Boolean, default=True)
    visibility: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(16))
    lang: Mapped[str] = mapped_column(String(8))
    commune: Mapped[str | None] = mapped_column(String(5), index=True)
    party_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("party.id"), index=True)
    department_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("department.id"))
    assigned_to: Mapped[int | None] = mapped_column(BigId, ForeignKey("account.id"))
    received_on: Mapped[date] = mapped_column(Date)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_on: Mapped[date | None] = mapped_column(Date)
    closed_on: Mapped[date | None] = mapped_column(Date)
    supports: Mapped[int] = mapped_column(Integer, default=0)
    version: Mapped[int] = mapped_column(Integer, default=0)
    sensitive: Mapped[bool] = mapped_column(Boolean, default=False)


class CaseItem(Model):
    """What the API's list gives of a listed case, kept as JSON without its address.

    Each case has one from its first moment; the database's triggers empty it in the transaction of
    whatever changes in the case, its texts, its answers or its kind's own row. None waits to be put
    together; of a case that is not listed it is an empty text.
    """

    __tablename__ = "case_item"
    __table_args__ = (
        Index(
            "ix_case_item_due", "case_id",
            sqlite_where=text("item IS NULL"), postgresql_where=text("item IS NULL"),
        ),
    )  # fmt: skip

    case_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("case.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    ref: Mapped[str | None] = mapped_column(String(16))
    item: Mapped[str | None] = mapped_column(Text)


class CaseText(Model):
    """One text of a case in its two forms; `public` is shown only while `state` is released.

    A text may also be `shown`: on the town's own pages by itself, read by no agent. What its author
    chose to hide stands in `hidden`, one a line. `verdict` and `reasons` are what the program said
    of it last (empty: it has to be read again); `sampled_on` is the week of the draw it was in.
    """

    __tablename__ = "case_text"
    __table_args__ = (Index("ix_case_text_case_id_role", "case_id", "role"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    role: Mapped[str] = mapped_column(String(16))
    original: Mapped[str] = mapped_column(Text)
    public: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="pending", index=True)
    version: Mapped[int] = mapped_column(Integer, default=0)
    lang: Mapped[str] = mapped_column(String(8))
    party_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("party.id"))
    voice: Mapped[str] = mapped_column(String(12), default="citizen")
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    released_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("account.id"))
    hidden: Mapped[str | None] = mapped_column(Text)
    verdict: Mapped[str | None] = mapped_column(String(8))
    reasons: Mapped[str | None] = mapped_column(String(400))
    sampled_on: Mapped[date | None] = mapped_column(Date)


class MaskDecision(Model):
    """What an agent decided about one place of a text: its keyed hash, never its words."""

    __tablename__ = "mask_decision"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    text_id: Mapped[int] = mapped_column(BigId, ForeignKey("case_text.id"))
    digest: Mapped[str] = mapped_column(String(64), index=True)
    label: Mapped[str] = mapped_column(String(12))
    decision: Mapped[str] = mapped_column(String(8))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    account_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("account.id"))


class SampleWeek(Model):
    """One weekly draw among the clean texts: how many there were, and how many were drawn."""

    __tablename__ = "sample_week"

    week: Mapped[date] = mapped_column(Date, primary_key=True)
    texts: Mapped[int] = mapped_column(Integer)
    drawn: Mapped[int] = mapped_column(Integer)
    drawn_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TextSample(Model):
    """A clean text that was drawn for an agent to read; `leak` is the verdict."""

    __tablename__ = "text_sample"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    text_id: Mapped[int] = mapped_column(BigId, ForeignKey("case_text.id"), unique=True)
    week: Mapped[date] = mapped_column(Date)
    drawn_at: Mapped[datetime] = mapped_column(UtcDateTime)
    judged_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    judged_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("account.id"))
    leak: Mapped[bool | None] = mapped_column(Boolean)


class TimelineRow(Model):
    """One thing that happened to a case; appended, never edited."""

    __tablename__ = "timeline"
    __table_args__ = (
        Index("ix_timeline_case_id_id", "case_id", "id"),
        Index(
            "ix_timeline_told",
            "at",
            sqlite_where=text("step IN ('moved', 'answered', 'reopened', 'updated')"),
            postgresql_where=text("step IN ('moved', 'answered', 'reopened', 'updated')"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    step: Mapped[str] = mapped_column(String(24))
    voice: Mapped[str] = mapped_column(String(12))
    account_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("account.id"))
    codes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    text_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("case_text.id"))
    public: Mapped[bool] = mapped_column(Boolean)


class OfficialAnswer(Model):
    """The institution's words on a case; a later answer is a new row."""

    __tablename__ = "official_answer"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    text_id: Mapped[int] = mapped_column(BigId, ForeignKey("case_text.id"))
    outcome: Mapped[str] = mapped_column(String(24))
    ground: Mapped[str | None] = mapped_column(String(40))
    url: Mapped[str | None] = mapped_column(String(500))
    planned: Mapped[str | None] = mapped_column(String(7))
    duplicate_of: Mapped[int | None] = mapped_column(BigId, ForeignKey("case.id"))
    licence: Mapped[str | None] = mapped_column(String(40))
    swhid: Mapped[str | None] = mapped_column(String(200))
    redirected_to: Mapped[str | None] = mapped_column(String(200))
    answered_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Support(Model):
    """One party's support of a case."""

    __tablename__ = "support"
    __table_args__ = (UniqueConstraint("case_id", "party_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    party_id: Mapped[int] = mapped_column(BigId, ForeignKey("party.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Follower(Model):
    """A party that is told of every official step, until `ended_at`."""

    __tablename__ = "follower"
    __table_args__ = (UniqueConstraint("case_id", "party_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    party_id: Mapped[int] = mapped_column(BigId, ForeignKey("party.id"))
    token: Mapped[str] = mapped_column(String(64), unique=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Subscriber(Model):
    """A party that is told once a day of what it subscribed to, and by which link that stops.

    Everything up to the timeline row `told_to`, of the moment `told_at`, has been told; `told_on`
    is the town's day on which that was last looked at.
    """

    __tablename__ = "subscriber"

    party_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("party.id"), primary_key=True, autoincrement=False
    )
    token: Mapped[str] = mapped_column(String(64), unique=True)
    told_to: Mapped[int] = mapped_column(BigId)
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)
    told_on: Mapped[date] = mapped_column(Date, index=True)


class Subscription(Model):
    """What a party is told of once a day: a theme (its code), or all of the town (empty)."""

    __tablename__ = "subscription"
    __table_args__ = (UniqueConstraint("party_id", "theme"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    party_id: Mapped[int] = mapped_column(BigId, ForeignKey("party.id"))
    theme: Mapped[str] = mapped_column(String(4), index=True)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PendingSubscription(Model):
    """A subscription whose e-mail address waits to be confirmed; used once, or forgotten."""

    __tablename__ = "pending_subscription"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(254), index=True)
    theme: Mapped[str] = mapped_column(String(4))
    lang: Mapped[str] = mapped_column(String(8))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class JoinOffer(Model):
    """A party that stood behind a repeated case is asked whether to stand behind the other one.

    `supports` and `follows` are what it did here and does not do there; `said` is its answer, yes
    or no, and empty until it has given one. Nothing moves before.
    """

    __tablename__ = "join_offer"
    __table_args__ = (UniqueConstraint("case_id", "other_id", "party_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    other_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    party_id: Mapped[int] = mapped_column(BigId, ForeignKey("party.id"), index=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    supports: Mapped[bool] = mapped_column(Boolean)
    follows: Mapped[bool] = mapped_column(Boolean)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    said: Mapped[str | None] = mapped_column(String(3))
    said_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class InternalNote(Model):
    """Words among agents; never public, never in a record."""

    __tablename__ = "internal_note"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("account.id"))
    words: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Attachment(Model):
    """A file of a case; its bytes are in the store before this row exists.

    A photo (`kind` photo) is the clean copy, `width` by `height` pixels, with a thumbnail under a
    name of its own; `alt` says what it shows. It is public only while `state` is released.
    """

    __tablename__ = "attachment"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(10))
    sha256: Mapped[str] = mapped_column(String(64))
    stored_name: Mapped[str] = mapped_column(String(64), unique=True)
    thumb_name: Mapped[str | None] = mapped_column(String(64), unique=True)
    width: Mapped[int | None] = mapped_column(Integer)
    height: Mapped[int | None] = mapped_column(Integer)
    alt: Mapped[str | None] = mapped_column(String(200))
    added_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
