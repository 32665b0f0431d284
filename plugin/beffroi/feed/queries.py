# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the log, and the store that the protocol appends to. Nothing loads the whole log."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select, text

from beffroi.feed.models import EPOCH_1, LogBatch, LogContent, LogEntry, LogFact, LogState, LogTile
from beffroi.kernel.db import db
from beffroi_federation.errors import Inconsistent
from beffroi_federation.log import Head, Tile
from beffroi_federation.merkle import HASH_BYTES

TURN_KEY = 0x62656666_00000000
"""Where our advisory locks begin; the log's id is added."""


class SqlLogStore:
    """The log store on the town's database; durable with the caller's transaction."""

    def __init__(self, log_id: int = EPOCH_1) -> None:
        self.log_id = log_id

    def take_turn(self) -> None:
        """Wait until no other transaction appends or signs, and keep the turn until this one ends.

        SQLite has one writer at a time anyway.
        """
        if db.engine.dialect.name == "postgresql":
            key = {"log": TURN_KEY + self.log_id}
            db.session.execute(text("SELECT pg_advisory_xact_lock(:log)"), key)

    def head(self) -> Head:
        """Return where the log stands."""
        row = db.session.execute(
            select(LogState.size, LogState.published, LogState.note).where(
                LogState.log_id == self.log_id
            )
        ).first()
        return Head(row.size, row.published, row.note) if row else Head(0, 0, "")

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Return the first `width` hashes of a staged tile."""
        hashes = db.session.scalar(
            select(LogTile.hashes).where(
                LogTile.log_id == self.log_id, LogTile.level == level, LogTile.index == index
            )
        )
        if hashes is None or len(hashes) < width * HASH_BYTES:
            raise Inconsistent("The log's store lacks a tile that its size implies", level=level)
        return bytes(hashes[: width * HASH_BYTES])

    def stage(self, first_index: int, leaves: Sequence[bytes], tiles: Sequence[Tile]) -> None:
        """Add leaves and put tiles in the place of what they grew from."""
        state = db.session.get(LogState, self.log_id)
        if state is None:
            state = LogState(log_id=self.log_id, size=0, published=0, note="")
            db.session.add(state)
            db.session.flush()
        if state.size != first_index:
            raise Inconsistent("Somebody else appended meanwhile", size=state.size)
        db.session.add_all(
            LogEntry(log_id=self.log_id, position=first_index + n, leaf=leaf.decode("ascii"))
            for n, leaf in enumerate(leaves)
        )
        for tile in tiles:
            row = db.session.get(LogTile, (self.log_id, tile.level, tile.index))
            if row is None:
                db.session.add(
                    LogTile(
                        log_id=self.log_id,
                        level=tile.level,
                        index=tile.index,
                        hashes=tile.hashes,
                    )
                )
            else:
                row.hashes = tile.hashes
        state.size = first_index + len(leaves)
        db.session.flush()

    def commit(self, note: str, size: int) -> None:
        """Make `note` the served checkpoint of the first `size` leaves."""
        state = db.session.get(LogState, self.log_id)
        if state is None:
            state = LogState(log_id=self.log_id, size=0, published=0, note="")
            db.session.add(state)
        if not state.published <= size <= state.size:
            raise Inconsistent("A checkpoint does not fit the log's store", size=size)
        state.note, state.published = note, size
        db.session.flush()

    def read_leaves(self, first_index: int, count: int) -> Sequence[bytes]:
        """Return `count` leaves from `first_index` on, in order."""
        rows = db.session.scalars(
            select(LogEntry.leaf)
            .where(LogEntry.log_id == self.log_id, LogEntry.position >= first_index)
            .order_by(LogEntry.position)
            .limit(count)
        )
        return [leaf.encode("ascii") for leaf in rows]


@dataclass(frozen=True, slots=True)
class Content:
    """One content that is still served."""

    position: int
    salt: bytes
    content: bytes


def contents(first: int, count: int, published: int, log_id: int = EPOCH_1) -> list[Content]:
    """Return the contents of up to `count` entries from `first` on, published ones only."""
    rows = db.session.execute(
        select(LogContent.position, LogContent.salt, LogContent.content)
        .where(LogContent.log_id == log_id, LogContent.position >= first)
        .where(LogContent.position < min(first + count, published))
        .order_by(LogContent.position)
    )
    return [Content(r.position, bytes(r.salt), bytes(r.content)) for r in rows]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where one version of a fact stands in the log."""

    position: int
    version: int
    record_id: str | None
    entry: str


# Put in order here and not in SQL: SQLite would else walk the whole log in the order of positions.
_PLACES = select(LogFact.position, LogFact.version, LogFact.record_id, LogFact.entry).where(
    LogFact.log_id == bindparam("log_id"), LogFact.fact == bindparam("fact")
)


def places(fact: str, log_id: int = EPOCH_1) -> list[Placed]:
    """Return every place of a fact, oldest first."""
    rows = db.session.execute(_PLACES, {"log_id": log_id, "fact": fact})
    found = [Placed(r.position, r.version, r.record_id, r.entry) for r in rows]
    return sorted(found, key=lambda placed: placed.position)


def proof_place(case_id: int) -> int | None:
    """Return the newest published place of a data request that is not withdrawn, or None."""
    live = live_places(f"request:{case_id}")
    published = SqlLogStore().head().published
    shown = [p.position for p in live if p.position < published]
    return shown[-1] if shown else None


def live_places(fact: str) -> list[Placed]:
    """Return the places of a fact that no withdrawal names, oldest first."""
    found = places(fact)
    gone = {withdrawn_by(place) for place in found if place.entry == "wdr"}
    return [p for p in found if p.entry != "wdr" and p.position not in gone]


def withdrawal_version(position: int) -> int:
    """Return the version under which a place's withdrawal is noted: one a place, below zero."""
    return -position - 1


def withdrawn_by(withdrawal: Placed) -> int:
    """Return the place that a withdrawal names."""
    return -withdrawal.version - 1


def has_batch(period: str, log_id: int = EPOCH_1) -> bool:
    """Say whether a period (an ISO week, or a day for withdrawals) has had its batch."""
    found = select(LogBatch.position).where(LogBatch.log_id == log_id, LogBatch.period == period)
    return db.session.scalar(found.limit(1)) is not None
