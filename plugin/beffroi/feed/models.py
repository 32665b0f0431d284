# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public log as tables: entries and tiles for ever, contents and salts as long as they may be.

`log_content` is the only one of these tables that erasing a person touches.
"""

from datetime import date, datetime

from sqlalchemy import Date, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from beffroi.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime

FIRST_EPOCH = 1
"""The log id of the first epoch; a later epoch is another log, whose id is its number."""


class LogState(Model):
    """Where a log stands: leaves staged, leaves under the served checkpoint, its note.

    `root` is that of the tree of all staged leaves, None where it was not worked out. The log with
    the highest id is the current one. `behind_since` is set while it is an old copy of
    itself, restored from a backup: nothing of it is served or added to until it has caught up.
    """

    __tablename__ = "log_state"

    log_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigId, default=0)
    published: Mapped[int] = mapped_column(BigId, default=0)
    note: Mapped[str] = mapped_column(Text, default="")
    root: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    behind_since: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LogBundle(Model):
    """Up to 256 leaves, as they are served: each after its length in two bytes."""

    __tablename__ = "log_bundle"

    log_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    leaves: Mapped[bytes] = mapped_column(LargeBinary)


class LogTail(Model):
    """A leaf behind the last bundle, which it will be part of: of what came a few at a time."""

    __tablename__ = "log_tail"
    __table_args__ = ({"sqlite_with_rowid": False},)

    log_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    leaf: Mapped[bytes] = mapped_column(LargeBinary)


class LogTile(Model):
    """One hash tile as it is now: 1 to 256 hashes of 32 bytes."""

    __tablename__ = "log_tile"

    log_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class LogContent(Model):
    """What a leaf commits to, and its salt; deleted when it is withdrawn."""

    __tablename__ = "log_content"

    log_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class LogFact(Model):
    """Which fact, in which version, is at which place: a fact's version enters the log once."""

    __tablename__ = "log_fact"
    __table_args__ = (UniqueConstraint("log_id", "fact", "version"),)

    log_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    fact: Mapped[str] = mapped_column(String(80), index=True)
    version: Mapped[int] = mapped_column(Integer)
    record_id: Mapped[str | None] = mapped_column(String(32))
    entry: Mapped[str] = mapped_column(String(3))


class LogBatch(Model):
    """Where the marker of a batch stands.

    `slot` is the period again where the calendar asked for the batch: each has one. A batch that is
    published at once has none.
    """

    __tablename__ = "log_batch"
    __table_args__ = (UniqueConstraint("log_id", "slot"),)

    log_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    period: Mapped[str] = mapped_column(String(10), index=True)
    slot: Mapped[str | None] = mapped_column(String(10))


class LogWitness(Model):
    """What one witness of the policy has seen of a log, and its cosignature of what it saw last.

    `seen` is the size that it had when it was asked last; `line` its cosignature of the checkpoint
    of `cosigned` entries, made at `cosigned_at` as it says, and at `asked_at` by our own clock.
    `due_at` is when it is asked next at the earliest, `failures` counts those in a row, `trouble`
    is the last one's sentence.
    """

    __tablename__ = "log_witness"

    log_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    vkey: Mapped[str] = mapped_column(String(400), primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    seen: Mapped[int] = mapped_column(BigId, default=0)
    cosigned: Mapped[int] = mapped_column(BigId, default=0)
    cosigned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    line: Mapped[str] = mapped_column(String(512), default="")
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    trouble: Mapped[str] = mapped_column(Text, default="")


class HintFile(Model):
    """What is known of the nation's file of hints: one row, whose `id` is 1.

    `day` is that of the newest file that was read, also after it is gone; `etag` is what it is
    asked for again with, empty where nothing is held. `read_at` is when it was last held to be
    current, `due_at` when it is asked for next; `trouble` is why it could not be read since.
    """

    __tablename__ = "hint_file"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    day: Mapped[date | None] = mapped_column(Date)
    etag: Mapped[str] = mapped_column(String(202), default="")
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    trouble: Mapped[str] = mapped_column(Text, default="")


class Hint(Model):
    """What other towns answered to one request of this one, as the file of hints said it.

    `said` is JSON: the topic with its counts, and public words of other towns. It is replaced with
    each file, and goes with it.
    """

    __tablename__ = "hint"

    case_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    said: Mapped[str] = mapped_column(Text)
