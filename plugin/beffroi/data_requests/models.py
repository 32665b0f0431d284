# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a data request has beyond a case."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class DataRequest(Model):
    """The codes of a data request, the receipt of what was received, and how its clock stands.

    `clock` is the code of its state, `clock_on` the day on which it strikes next. Both are empty
    for what was brought in from elsewhere: its clock was there.
    """

    __tablename__ = "data_request"

    case_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("case.id"), primary_key=True, autoincrement=False
    )
    object: Mapped[str] = mapped_column(String(20), index=True)
    theme: Mapped[str | None] = mapped_column(String(4), index=True)
    organisation: Mapped[str | None] = mapped_column(String(14))
    source: Mapped[str | None] = mapped_column(String(120), unique=True)
    receipt_salt: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    receipt_content: Mapped[bytes | None] = mapped_column(LargeBinary)
    clock: Mapped[str | None] = mapped_column(String(20))
    clock_on: Mapped[date | None] = mapped_column(Date, index=True)


class LegalEvent(Model):
    """One thing that the legal clock of a request follows from, or that came of itself.

    `code` is an event of the rule pack; each happens once to a case. `remedies` says that the
    remedies were named in it, `words` how, word for word and without anything personal. `number`
    and `meaning` are those of an opinion. Who wrote it down stands on the timeline.
    """

    __tablename__ = "legal_event"
    __table_args__ = (UniqueConstraint("case_id", "code"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"))
    code: Mapped[str] = mapped_column(String(40))
    on_day: Mapped[date] = mapped_column(Date)
    of_itself: Mapped[bool] = mapped_column(Boolean, default=False)
    remedies: Mapped[bool] = mapped_column(Boolean, default=False)
    number: Mapped[str | None] = mapped_column(String(20))
    meaning: Mapped[str | None] = mapped_column(String(20))
    words: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class PendingRequest(Model):
    """A request whose e-mail address waits to be confirmed; becomes a case, or is forgotten."""

    __tablename__ = "pending_request"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    lang: Mapped[str] = mapped_column(String(8))
    form: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    case_ref: Mapped[str | None] = mapped_column(String(16))


class CountedRequest(Model):
    """What a listed request counts as in the statistics now; a row for each one that counts.

    Codes only, as `rules.statistics.Counted` has them: the difference to what it should count as is
    what a change adds to the sums.
    """

    __tablename__ = "counted_request"

    case_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("case.id"), primary_key=True, autoincrement=False
    )
    quarter: Mapped[int] = mapped_column(Integer)
    theme: Mapped[str] = mapped_column(String(4))
    department: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(24))
    days: Mapped[int | None] = mapped_column(Integer)
    in_time: Mapped[bool | None] = mapped_column(Boolean)
    silence: Mapped[bool] = mapped_column(Boolean)


class RequestSum(Model):
    """How many listed requests of one period and code count in each measure, and their delays.

    `median` and `ninetieth` are days, worked out anew whenever a delay of this row changes.
    """

    __tablename__ = "request_sum"

    dimension: Mapped[str] = mapped_column(String(12), primary_key=True)
    period: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    received: Mapped[int] = mapped_column(Integer, default=0)
    open: Mapped[int] = mapped_column(Integer, default=0)
    in_time: Mapped[int] = mapped_column(Integer, default=0)
    late: Mapped[int] = mapped_column(Integer, default=0)
    undated: Mapped[int] = mapped_column(Integer, default=0)
    given_up: Mapped[int] = mapped_column(Integer, default=0)
    by_silence: Mapped[int] = mapped_column(Integer, default=0)
    still_silent: Mapped[int] = mapped_column(Integer, default=0)
    published: Mapped[int] = mapped_column(Integer, default=0)
    refused: Mapped[int] = mapped_column(Integer, default=0)
    redirected: Mapped[int] = mapped_column(Integer, default=0)
    duplicate: Mapped[int] = mapped_column(Integer, default=0)
    median: Mapped[int | None] = mapped_column(Integer)
    ninetieth: Mapped[int | None] = mapped_column(Integer)


class RequestDelay(Model):
    """How many listed requests of one period and code were answered after so many days."""

    __tablename__ = "request_delay"

    dimension: Mapped[str] = mapped_column(String(12), primary_key=True)
    period: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    days: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    times: Mapped[int] = mapped_column(Integer)


class RequestSumsVersion(Model):
    """One row: how often the sums have changed, by which readers know whether theirs are current.

    Who changes sums changes this row first: whoever comes second waits here, and nowhere else.
    """

    __tablename__ = "request_sums_version"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigId)


class AnswerDraft(Model):
    """An answer that is not given yet: for agents only, one a case, gone once it is published.

    `form` is what the desk sent, `state` a code of `rules.drafts.STATES`. `word` is what the second
    agent said when sending it back, or why it could not be published at its moment.
    """

    __tablename__ = "answer_draft"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("case.id"), unique=True)
    form: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(12))
    publish_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    written_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("account.id"))
    reviewed_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("account.id"))
    word: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AnswerTemplate(Model):
    """Words that answers begin with, as the town has them; `code` is the shipped one replaced."""

    __tablename__ = "answer_template"
    __table_args__ = (UniqueConstraint("kind", "code", "lang"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(
        String(16), default="data_request", server_default="data_request"
    )
    code: Mapped[str | None] = mapped_column(String(40))
    lang: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(120))
    outcome: Mapped[str] = mapped_column(String(24))
    words: Mapped[str] = mapped_column(Text)
