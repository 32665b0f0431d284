# SPDX-License-Identifier: AGPL-3.0-or-later
"""The national store.

Raw, as verified: `raw_entry` (leaves, never deleted) and `content` (contents with their salts, in
one small table, deleted by a withdrawal). Derived: everything else here; one command drops and
rebuilds it from the raw tables, and gives the same rows. Derived keys are computed from log and
position for that reason: `place(log_id, position)`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from beffroi_federation.aggregator.kernel.db import Model
from beffroi_web.database import BigId, UtcDateTime


class RawEntry(Model):
    """One leaf of a log, exactly as it was hashed, and when it was first taken."""

    __tablename__ = "raw_entry"

    log_id: Mapped[int] = mapped_column(BigId, ForeignKey("log.id"), primary_key=True)
    position: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    leaf: Mapped[bytes] = mapped_column(LargeBinary)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Content(Model):
    """The content that an entry commits to, with its salt; gone once it is withdrawn."""

    __tablename__ = "content"
    __table_args__ = (
        ForeignKeyConstraint(["log_id", "position"], ["raw_entry.log_id", "raw_entry.position"]),
    )

    log_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Item(Model):
    """Derived: one published version (`rec` or `sup` entry) and what became of it.

    `first` is the position of the record's first version, `next` that of the version after this
    one, `withdrawn` the code of the withdrawal that names it.
    """

    __tablename__ = "item"
    __table_args__ = (
        Index("ix_item_log_id_first", "log_id", "first"),
        Index(
            "ix_item_withdrawn",
            "log_id",
            "withdrawn",
            sqlite_where=text("withdrawn IS NOT NULL"),
            postgresql_where=text("withdrawn IS NOT NULL"),
        ),
    )

    log_id: Mapped[int] = mapped_column(BigId, ForeignKey("log.id"), primary_key=True)
    position: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    first: Mapped[int] = mapped_column(BigId)
    next: Mapped[int | None] = mapped_column(BigId)
    withdrawn: Mapped[str | None] = mapped_column(String(16))
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Received(Model):
    """Derived: a reception (`rcv` entry) and the record that answered it, if any."""

    __tablename__ = "received"
    __table_args__ = (
        Index(
            "ix_received_untold",
            "log_id",
            "seen_at",
            sqlite_where=text("released IS NULL"),
            postgresql_where=text("released IS NULL"),
        ),
    )

    log_id: Mapped[int] = mapped_column(BigId, ForeignKey("log.id"), primary_key=True)
    position: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    released: Mapped[int | None] = mapped_column(BigId)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Waiting(Model):
    """Records that were touched and are to be derived: those whose first version is in a range.

    The range goes from `begins` to `ends`, the latter left out. A row is written with what touched
    the records, in the same transaction, and goes with what is derived from them.
    """

    __tablename__ = "waiting"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    log_id: Mapped[int] = mapped_column(BigId, ForeignKey("log.id"), index=True)
    begins: Mapped[int] = mapped_column(BigId)
    ends: Mapped[int] = mapped_column(BigId)


class Record(Model):
    """Derived: the current, open version of a record that may be shown.

    `id` is `place(log_id, first)`; `known` holds the members of version 1 and is never queried;
    `demand` is the rank of the supports' band, 0 to 4.
    """

    __tablename__ = "record"
    __table_args__ = (
        Index("ix_record_kind_period_id", "kind", "period", "id"),
        Index("ix_record_kind_town_id_period_id", "kind", "town_id", "period", "id"),
        Index("ix_record_kind_status_period_id", "kind", "status", "period", "id"),
        Index("ix_record_kind_theme_period_id", "kind", "theme", "period", "id"),
        Index("ix_record_kind_commune_period_id", "kind", "commune", "period", "id"),
        Index("ix_record_kind_answered_id", "kind", "answered", "id"),
        Index("ix_record_kind_demand_id", "kind", "demand", "id"),
        Index("ix_record_town_id_kind_status", "town_id", "kind", "status"),
        Index("ix_record_kind_department_period_id", "kind", "department", "period", "id"),
        Index("ix_record_kind_seen_at_id", "kind", "seen_at", "id"),
        Index("ix_record_kind_theme_seen_at_id", "kind", "theme", "seen_at", "id"),
        Index("ix_record_kind_department_seen_at_id", "kind", "department", "seen_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    log_id: Mapped[int] = mapped_column(BigId, ForeignKey("log.id"))
    town_id: Mapped[int] = mapped_column(BigId, ForeignKey("town.id"))
    first: Mapped[int] = mapped_column(BigId)
    position: Mapped[int] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(String(24))
    period: Mapped[str] = mapped_column(String(8))
    commune: Mapped[str | None] = mapped_column(String(9))
    department: Mapped[str | None] = mapped_column(String(3))
    theme: Mapped[str | None] = mapped_column(String(12))
    status: Mapped[str | None] = mapped_column(String(16))
    outcome: Mapped[str | None] = mapped_column(String(20))
    clock: Mapped[str | None] = mapped_column(String(20))
    supports: Mapped[str | None] = mapped_column(String(8))
    demand: Mapped[int] = mapped_column(Integer)
    answered: Mapped[str | None] = mapped_column(String(8))
    title: Mapped[str | None] = mapped_column(Text)
    known: Mapped[dict[str, Any]] = mapped_column(JSON)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class IncidentCell(Model):
    """Derived: one published cell of counts; without figures when suppressed."""

    __tablename__ = "incident_cell"
    __table_args__ = (
        Index("ix_incident_cell_until_id", "until", "id"),
        Index("ix_incident_cell_town_id_until_id", "town_id", "until", "id"),
        Index("ix_incident_cell_department_until_id", "department", "until", "id"),
        Index("ix_incident_cell_seen_at_id", "seen_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    log_id: Mapped[int] = mapped_column(BigId, ForeignKey("log.id"))
    town_id: Mapped[int] = mapped_column(BigId, ForeignKey("town.id"))
    first: Mapped[int] = mapped_column(BigId)
    position: Mapped[int] = mapped_column(BigId)
    family: Mapped[str] = mapped_column(String(12))
    category: Mapped[str] = mapped_column(String(64))
    area: Mapped[str] = mapped_column(String(9), index=True)
    department: Mapped[str | None] = mapped_column(String(3))
    period: Mapped[str] = mapped_column(String(8))
    until: Mapped[str] = mapped_column(
        String(10)
    )  # the day after the period: weeks sort with years
    state: Mapped[str] = mapped_column(String(12))
    count: Mapped[int | None] = mapped_column(Integer)
    closed: Mapped[int | None] = mapped_column(Integer)
    delay: Mapped[str | None] = mapped_column(String(8))
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SetAside(Model):
    """Derived: a verified content that is not shown, and why; never what it says.

    `why` is held (the gate), unreadable, elsewhere or unknown (a kind of a later version).
    """

    __tablename__ = "set_aside"
    __table_args__ = (Index("ix_set_aside_town_id_why", "town_id", "why"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    log_id: Mapped[int] = mapped_column(BigId, ForeignKey("log.id"))
    town_id: Mapped[int] = mapped_column(BigId, ForeignKey("town.id"))
    position: Mapped[int] = mapped_column(BigId)
    why: Mapped[str] = mapped_column(String(12))
    labels: Mapped[str] = mapped_column(String(120))


class TownTally(Model):
    """Derived: how many records of a town are alike, so that no page counts records.

    `what` is status, theme, weeks (whole weeks between receipt and answer), cyber (class and
    quarter) or cells (the sums `reported`, `closed` and `protected` over all its cells); `code` is
    its value; `n` is never nought.
    """

    __tablename__ = "town_tally"

    town_id: Mapped[int] = mapped_column(BigId, ForeignKey("town.id"), primary_key=True)
    what: Mapped[str] = mapped_column(String(8), primary_key=True)
    code: Mapped[str] = mapped_column(String(48), primary_key=True)
    n: Mapped[int] = mapped_column(Integer)


class CellTally(Model):
    """Derived: the sums of a town's published cells, by category and quarter (or year).

    `shown` and `protected` count cells, `reported` and `closed` sum the figures of shown ones.
    """

    __tablename__ = "cell_tally"

    town_id: Mapped[int] = mapped_column(BigId, ForeignKey("town.id"), primary_key=True)
    family: Mapped[str] = mapped_column(String(12), primary_key=True)
    category: Mapped[str] = mapped_column(String(64), primary_key=True)
    span: Mapped[str] = mapped_column(String(8), primary_key=True)
    shown: Mapped[int] = mapped_column(Integer)
    protected: Mapped[int] = mapped_column(Integer)
    reported: Mapped[int] = mapped_column(Integer)
    closed: Mapped[int] = mapped_column(Integer)


class NationTally(Model):
    """Derived: sums over all towns, so that no page adds up 35,000 of them; with `NationMove`.

    `what` is cells (by family, category and quarter or year, as `CellTally`) or cyber (`category`
    is class and quarter, `shown` how many released incidents). Only who folds changes it.
    """

    __tablename__ = "nation_tally"

    what: Mapped[str] = mapped_column(String(8), primary_key=True)
    family: Mapped[str] = mapped_column(String(12), primary_key=True)
    category: Mapped[str] = mapped_column(String(64), primary_key=True)
    span: Mapped[str] = mapped_column(String(8), primary_key=True)
    shown: Mapped[int] = mapped_column(BigInteger)
    protected: Mapped[int] = mapped_column(BigInteger)
    reported: Mapped[int] = mapped_column(BigInteger)
    closed: Mapped[int] = mapped_column(BigInteger)


class NationMove(Model):
    """Derived: by how much a transaction moved the sums over all towns, until it is folded in.

    Rows are only ever added beside each other, so that pulls of different towns never wait.
    """

    __tablename__ = "nation_move"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    what: Mapped[str] = mapped_column(String(8))
    family: Mapped[str] = mapped_column(String(12))
    category: Mapped[str] = mapped_column(String(64))
    span: Mapped[str] = mapped_column(String(8))
    shown: Mapped[int] = mapped_column(Integer)
    protected: Mapped[int] = mapped_column(Integer)
    reported: Mapped[int] = mapped_column(Integer)
    closed: Mapped[int] = mapped_column(Integer)


class Tombstone(Model):
    """Derived: that a record was withdrawn, and when we saw it; nothing of what it said.

    `id` is what was the record's. A record that is shown again is none that is gone: readers leave
    its row aside.
    """

    __tablename__ = "tombstone"
    __table_args__ = (Index("ix_tombstone_at_id", "at", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    log_id: Mapped[int] = mapped_column(BigId, ForeignKey("log.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class HeldText(Model):
    """Kept for good: that a person holds a record back, with a public reason, until it is let go.

    `id` is the record's; its content stays in `content`, and is shown nowhere.
    """

    __tablename__ = "held_text"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    log_id: Mapped[int] = mapped_column(BigId, ForeignKey("log.id"), index=True)
    by: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
