# SPDX-License-Identifier: AGPL-3.0-or-later
"""The store that the protocol appends to, on the town's tables. Nothing loads the whole log."""

from collections.abc import Sequence

from sqlalchemy import func, select, text

from beffroi.feed.models import FIRST_EPOCH, LogEntry, LogState, LogTile
from beffroi.kernel.db import db
from beffroi_federation.errors import Inconsistent
from beffroi_federation.log import Head, Tile
from beffroi_federation.merkle import HASH_BYTES

TURN_KEY = 0x62656666_00000000
"""Our advisory lock: one for all epochs, since only the current one is written."""


def current_log() -> int:
    """Return the id of the current epoch's log; the first one's before there is any."""
    return int(db.session.scalar(select(func.max(LogState.log_id))) or FIRST_EPOCH)


class SqlLogStore:
    """The log store on the town's database; durable with the caller's transaction.

    It is the current epoch's log unless an id is given.
    """

    def __init__(self, log_id: int | None = None) -> None:
        self.log_id = current_log() if log_id is None else log_id

    def take_turn(self) -> None:
        """Wait until no other transaction appends or signs, and keep the turn until this one ends.

        SQLite has one writer at a time anyway.
        """
        if db.engine.dialect.name == "postgresql":
            key = {"log": TURN_KEY}
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
