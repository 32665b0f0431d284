# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of the witness: what was accepted of each log, and the nation's own log of it.

`witnessed` is the one place where it stands which history of a log this nation has agreed to; the
pull and the submissions both swap it there, row by row.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from beffroi_federation.aggregator.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class Witnessed(Model):
    """The last checkpoint that was accepted of a log; size 0 with the empty root before any.

    `origin_hash` names the log in the witness's addresses (lower-case hex SHA-256 of its origin).
    `note` is the checkpoint with the log's own signature, `since` when its size was accepted.
    `cosignature` is our line under it, made at `cosigned_at`; None until whoever holds the key has
    come by.
    """

    __tablename__ = "witnessed"

    log_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("log.id"), primary_key=True, autoincrement=False
    )
    origin_hash: Mapped[str] = mapped_column(String(64), unique=True)
    size: Mapped[int] = mapped_column(BigId)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    note: Mapped[str] = mapped_column(Text, default="")
    since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cosignature: Mapped[str | None] = mapped_column(String(512))
    cosigned_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class Accepted(Model):
    """A checkpoint that was accepted once, with its place in the nation's own log when it has one.

    `signature` is the 4-byte key ID and the 64 bytes of the log's signature.
    """

    __tablename__ = "accepted_checkpoint"
    __table_args__ = (UniqueConstraint("log_id", "size"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    log_id: Mapped[int] = mapped_column(BigId, ForeignKey("log.id"))
    size: Mapped[int] = mapped_column(BigId)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    signature: Mapped[bytes] = mapped_column(LargeBinary(68))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    position: Mapped[int | None] = mapped_column(BigId, index=True)


class WitnessTile(Model):
    """Hash tiles of a town's log from level 1 on, as they are now; level 0 is hashed when asked."""

    __tablename__ = "witness_tile"

    log_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("log.id"), primary_key=True, autoincrement=False
    )
    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class OwnLog(Model):
    """Where the nation's own log stands: one row, leaves staged, leaves published, its note."""

    __tablename__ = "own_log"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigId, default=0)
    published: Mapped[int] = mapped_column(BigId, default=0)
    note: Mapped[str] = mapped_column(Text, default="")


class OwnEntry(Model):
    """One leaf of the nation's own log, the exact bytes as ASCII text."""

    __tablename__ = "own_entry"

    position: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    leaf: Mapped[str] = mapped_column(Text)


class OwnTile(Model):
    """One hash tile of the nation's own log as it is now."""

    __tablename__ = "own_tile"

    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)
