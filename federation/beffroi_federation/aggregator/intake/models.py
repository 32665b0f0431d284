# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of the intake: how far each log was verified, and what is awaited from it."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from beffroi_federation.aggregator.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class LogState(Model):
    """How far a log was verified, and when it is asked again.

    `frontier` is `merkle.Frontier.to_bytes`; `note` the last checkpoint whose entries were all
    taken; `etag` its ETag. `refusals` and `misses` count failures in a row, of verification and of
    the network. `grown` is what was taken on `grown_on`. `no_tail_at` is when the town was found to
    serve no tails. `turn` counts the writes: whoever read an earlier turn was overtaken and writes
    nothing.
    """

    __tablename__ = "log_state"

    log_id: Mapped[int] = mapped_column(BigId, ForeignKey("log.id"), primary_key=True)
    frontier: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[bytes | None] = mapped_column(LargeBinary)
    etag: Mapped[str | None] = mapped_column(String(210))
    behind: Mapped[int] = mapped_column(Integer, default=0)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    refusals: Mapped[int] = mapped_column(Integer, default=0)
    misses: Mapped[int] = mapped_column(Integer, default=0)
    grown_on: Mapped[date | None] = mapped_column(Date)
    grown: Mapped[int] = mapped_column(Integer, default=0)
    no_tail_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    turn: Mapped[int] = mapped_column(BigId, default=0, server_default="0")


class ContentBundle(Model):
    """When the contents of a bundle were last compared with the log, and their ETag then."""

    __tablename__ = "content_bundle"

    log_id: Mapped[int] = mapped_column(BigId, ForeignKey("log.id"), primary_key=True)
    bundle: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    etag: Mapped[str | None] = mapped_column(String(210))
    checked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Absent(Model):
    """A content that is not served though nothing withdraws it, and since when."""

    __tablename__ = "absent_content"

    log_id: Mapped[int] = mapped_column(BigId, ForeignKey("log.id"), primary_key=True)
    position: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    since: Mapped[datetime] = mapped_column(UtcDateTime)


class PullClaim(Model):
    """A log that a job has taken on; where several machines pull, nobody else takes it before."""

    __tablename__ = "pull_claim"

    log_id: Mapped[int] = mapped_column(BigId, ForeignKey("log.id"), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
