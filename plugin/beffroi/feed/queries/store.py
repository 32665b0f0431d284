# SPDX-License-Identifier: AGPL-3.0-or-later
"""The store that the protocol appends to, on the town's tables. Nothing loads the whole log."""

from collections.abc import Sequence
from itertools import repeat

from sqlalchemy import func, select, text

from beffroi.feed.models import FIRST_EPOCH, LogState
from beffroi.kernel.db import db
from beffroi.kernel.driver import copy_in, execute, execute_many, on_sqlite
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
        row = execute(_HEAD, self.log_id).fetchone()
        return Head(*row) if row else Head(0, 0, "")

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Return the first `width` hashes of a staged tile."""
        row = execute(_TILE, self.log_id, level, index).fetchone()
        if row is None or len(row[0]) < width * HASH_BYTES:
            raise Inconsistent("The log's store lacks a tile that its size implies", level=level)
        return bytes(row[0][: width * HASH_BYTES])

    def stage(self, first_index: int, leaves: Sequence[bytes], tiles: Sequence[Tile]) -> None:
        """Add leaves and put tiles in the place of what they grew from."""
        if first_index == 0:
            execute(_NEW, self.log_id)
        size = first_index + len(leaves)
        if execute(_GROWN, size, self.log_id, first_index).rowcount != 1:
            raise Inconsistent("Somebody else appended meanwhile", size=first_index)
        texts = [leaf.decode("ascii") for leaf in leaves]
        rows = zip(repeat(self.log_id), range(first_index, size), texts, strict=False)
        if on_sqlite():
            execute_many(_ENTRY, rows)
        else:
            copy_in(_ENTRIES, ("int4", "int8", "text"), rows)
        execute_many(_PUT_TILE, [(self.log_id, t.level, t.index, t.hashes) for t in tiles])

    def commit(self, note: str, size: int) -> None:
        """Make `note` the served checkpoint of the first `size` leaves."""
        execute(_NEW, self.log_id)
        if execute(_PUBLISHED, note, size, self.log_id, size, size).rowcount != 1:
            raise Inconsistent("A checkpoint does not fit the log's store", size=size)

    def read_leaves(self, first_index: int, count: int) -> Sequence[bytes]:
        """Return `count` leaves from `first_index` on, in order."""
        rows = execute(_LEAVES, self.log_id, first_index, first_index + count)
        return [leaf.encode("ascii") for (leaf,) in rows]


# Through the driver and not by objects: a proof is four short reads, a batch some hundred rows.
_HEAD = "SELECT size, published, note FROM log_state WHERE log_id = ?"
_NEW = (
    "INSERT INTO log_state (log_id, size, published, note) VALUES (?, 0, 0, '') "
    "ON CONFLICT (log_id) DO NOTHING"
)
_GROWN = "UPDATE log_state SET size = ? WHERE log_id = ? AND size = ?"
_PUBLISHED = (
    "UPDATE log_state SET note = ?, published = ? WHERE log_id = ? AND published <= ? AND size >= ?"
)
_TILE = 'SELECT hashes FROM log_tile WHERE log_id = ? AND level = ? AND "index" = ?'
_PUT_TILE = (
    'INSERT INTO log_tile (log_id, level, "index", hashes) VALUES (?, ?, ?, ?) '
    'ON CONFLICT (log_id, level, "index") DO UPDATE SET hashes = excluded.hashes'
)
_ENTRY = "INSERT INTO log_entry (log_id, position, leaf) VALUES (?, ?, ?)"
_ENTRIES = "COPY log_entry (log_id, position, leaf) FROM STDIN (FORMAT BINARY)"
_LEAVES = (
    "SELECT leaf FROM log_entry WHERE log_id = ? AND position >= ? AND position < ? "
    "ORDER BY position"
)
