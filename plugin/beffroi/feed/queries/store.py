# SPDX-License-Identifier: AGPL-3.0-or-later
"""The store that the protocol appends to, on the town's tables. Nothing loads the whole log."""

from collections.abc import Iterator, Sequence

from sqlalchemy import text

from beffroi.feed.models import FIRST_EPOCH
from beffroi.kernel.db import db
from beffroi.kernel.driver import execute, execute_many, one, rows
from beffroi_federation.errors import Inconsistent
from beffroi_federation.log import Head, Tile
from beffroi_federation.merkle import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, leaf_hashes
from beffroi_federation.tiles import bundle_head, decode_leaves, encode_leaves

TURN_KEY = 0x62656666_00000000
"""Our advisory lock: one for all epochs, since only the current one is written."""

MAX_LEVEL = 7
FEW = 16
"""Leaves that are put down one a row when they come, if they do not fill their bundle."""


def current_log() -> int:
    """Return the id of the current epoch's log; the first one's before there is any."""
    found = one("SELECT max(log_id) FROM log_state")
    return int(found[0] or FIRST_EPOCH)


class SqlLogStore:
    """The log store on the town's database; durable with the caller's transaction.

    It is the current epoch's log unless an id is given.

    A few leaves at a time are rows of their own, the *tail*: a partial bundle and its tile are some
    14 KiB that each of them would write anew. The tail lies behind the last bundle, never fills it,
    and is folded into it when more comes than a few, when it would be full, and before anything is
    published or cut: what is served stands in bundles and tiles alone.
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
        row = one(_HEAD, self.log_id)
        if row is None:
            return Head(0, 0, "")
        size, published, note, root = row
        return Head(size, published, note, None if root is None else bytes(root))

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Return the first `width` hashes of a staged tile."""
        row = one(_TILE, self.log_id, level, index)
        hashes = bytes(row[0]) if row is not None else b""
        if level == 0 and len(hashes) < width * HASH_BYTES:
            first = index * TILE_WIDTH + len(hashes) // HASH_BYTES
            hashes += b"".join(leaf_hashes(self._tail(first, (index + 1) * TILE_WIDTH)))
        if len(hashes) < width * HASH_BYTES:
            raise Inconsistent("The log's store lacks a tile that its size implies", level=level)
        return hashes[: width * HASH_BYTES]

    def stage(
        self,
        first_index: int,
        leaves: Sequence[bytes],
        tiles: Sequence[Tile],
        *,
        root: bytes | None = None,
    ) -> None:
        """Add leaves and put tiles in the place of what they grew from."""
        if first_index == 0:
            execute(_NEW, self.log_id)
        size = first_index + len(leaves)
        if execute(_GROWN, size, root, self.log_id, first_index) != 1:
            raise Inconsistent("Somebody else appended meanwhile", size=first_index)
        width = first_index % TILE_WIDTH
        if len(leaves) <= FEW and width + len(leaves) < TILE_WIDTH:
            for position, leaf in enumerate(leaves, first_index):
                execute(_PUT_LEAF, self.log_id, position, leaf)
            return
        execute_many(_PUT_BUNDLE, self._bundles(first_index, leaves))
        execute_many(_PUT_TILE, [(self.log_id, t.level, t.index, t.hashes) for t in tiles])
        if width:
            execute(_CUT_TAIL, self.log_id)

    def _bundles(self, first_index: int, leaves: Sequence[bytes]) -> list[tuple[int, int, bytes]]:
        """Return the bundles that these leaves make or make longer."""
        index, width = divmod(first_index, TILE_WIDTH)
        before = self._bundle(index) if width else b""
        bundles, at = [], 0
        while at < len(leaves):
            end = at + TILE_WIDTH - width
            bundles.append((self.log_id, index, before + encode_leaves(leaves[at:end])))
            index, at, width, before = index + 1, end, 0, b""
        return bundles

    def _tail(self, first: int, end: int) -> list[bytes]:
        """Return the leaves that are rows of their own, from `first` on and below `end`."""
        return [bytes(leaf) for (leaf,) in rows(_TAIL, self.log_id, first, end)]

    def _fold(self) -> None:
        """Put the tail into the last bundle and its tile, which it does not fill."""
        last = one(_LAST, self.log_id)[0]
        if last is None:
            return
        index, place = divmod(last, TILE_WIDTH)
        hashes = self.read_tile(0, index, place + 1)
        execute(_PUT_BUNDLE, self.log_id, index, self._bundle(index))
        execute(_PUT_TILE, self.log_id, 0, index, hashes)
        execute(_CUT_TAIL, self.log_id)

    def cut(self, size: int) -> None:
        """Undo the staging of all entries from `size` on: their leaves and what they made of tiles.

        Raises Inconsistent for a size beneath what is published: that is never undone.
        """
        head = self.head()
        if not head.published <= size <= head.size:
            raise Inconsistent("Only what was never signed is taken back", size=size)
        self._fold()
        shorter = [
            (self.log_id, level, index, self.read_tile(level, index, width))
            for level, (index, width) in enumerate(_edges(size))
            if width
        ]
        index, width = divmod(size, TILE_WIDTH)
        kept = [(self.log_id, index, self.read_bundle(index, width))] if width else []
        execute(_CUT_BUNDLES, self.log_id, index)
        execute_many(_PUT_BUNDLE, kept)
        for level, (index, _) in enumerate(_edges(size)):
            execute(_CUT_TILES, self.log_id, level, index)
        execute_many(_PUT_TILE, shorter)
        execute(_CUT, size, self.log_id)

    def commit(self, note: str, size: int) -> None:
        """Make `note` the served checkpoint of the first `size` leaves."""
        execute(_NEW, self.log_id)
        self._fold()
        if execute(_PUBLISHED, note, size, self.log_id, size, size) != 1:
            raise Inconsistent("A checkpoint does not fit the log's store", size=size)

    def read_bundle(self, index: int, width: int) -> bytes:
        """Return the first `width` leaves of a staged bundle, as an entry bundle."""
        return bundle_head(self._bundle(index), width)

    def _bundle(self, index: int) -> bytes:
        """Return a bundle with all leaves that are staged."""
        row = one(_BUNDLE, self.log_id, index)
        tail = self._tail(index * TILE_WIDTH, (index + 1) * TILE_WIDTH)
        if row is None and not tail:
            raise Inconsistent("The log's store lacks a bundle that its size implies", index=index)
        return (bytes(row[0]) if row is not None else b"") + encode_leaves(tail)

    def read_leaves(self, first_index: int, count: int) -> Sequence[bytes]:
        """Return up to `count` leaves from `first_index` on, in order."""
        first, end = first_index // TILE_WIDTH, first_index + count
        leaves: list[bytes] = []
        for (data,) in rows(_BUNDLES, self.log_id, first, -(-end // TILE_WIDTH)):
            leaves += decode_leaves(bytes(data))
        if (reached := first * TILE_WIDTH + len(leaves)) < end:
            leaves += self._tail(reached, end)
        return leaves[first_index % TILE_WIDTH :][:count]

    def leaves_at(self, positions: Sequence[int]) -> list[bytes]:
        """Return the leaves at these places, in their order; each bundle is read once."""
        bundles: dict[int, Sequence[bytes]] = {}
        for index in {position // TILE_WIDTH for position in positions}:
            bundles[index] = self.read_leaves(index * TILE_WIDTH, TILE_WIDTH)
        return [bundles[place // TILE_WIDTH][place % TILE_WIDTH] for place in positions]


def _edges(size: int) -> Iterator[tuple[int, int]]:
    """Yield number and width of the last tile of each level; the width is 0 if it is full."""
    for level in range(MAX_LEVEL + 1):
        yield divmod(size >> (TILE_HEIGHT * level), TILE_WIDTH)


# Through the driver and not by objects: a proof is four short reads, a batch some hundred rows.
_HEAD = "SELECT size, published, note, root FROM log_state WHERE log_id = ?"
_NEW = (
    "INSERT INTO log_state (log_id, size, published, note) VALUES (?, 0, 0, '') "
    "ON CONFLICT (log_id) DO NOTHING"
)
_GROWN = "UPDATE log_state SET size = ?, root = ? WHERE log_id = ? AND size = ?"
_PUBLISHED = (
    "UPDATE log_state SET note = ?, published = ? WHERE log_id = ? AND published <= ? AND size >= ?"
)
_TILE = 'SELECT hashes FROM log_tile WHERE log_id = ? AND level = ? AND "index" = ?'
_PUT_TILE = (
    'INSERT INTO log_tile (log_id, level, "index", hashes) VALUES (?, ?, ?, ?) '
    'ON CONFLICT (log_id, level, "index") DO UPDATE SET hashes = excluded.hashes'
)
_PUT_BUNDLE = (
    'INSERT INTO log_bundle (log_id, "index", leaves) VALUES (?, ?, ?) '
    'ON CONFLICT (log_id, "index") DO UPDATE SET leaves = excluded.leaves'
)
_PUT_LEAF = "INSERT INTO log_tail (log_id, position, leaf) VALUES (?, ?, ?)"
_TAIL = (
    "SELECT leaf FROM log_tail WHERE log_id = ? AND position >= ? AND position < ? "
    "ORDER BY position"
)
_LAST = "SELECT max(position) FROM log_tail WHERE log_id = ?"
_CUT_TAIL = "DELETE FROM log_tail WHERE log_id = ?"
_BUNDLE = 'SELECT leaves FROM log_bundle WHERE log_id = ? AND "index" = ?'
_BUNDLES = (
    'SELECT leaves FROM log_bundle WHERE log_id = ? AND "index" >= ? AND "index" < ? '
    'ORDER BY "index"'
)
_CUT = "UPDATE log_state SET size = ?, root = NULL WHERE log_id = ?"
_CUT_BUNDLES = 'DELETE FROM log_bundle WHERE log_id = ? AND "index" >= ?'
_CUT_TILES = 'DELETE FROM log_tile WHERE log_id = ? AND level = ? AND "index" >= ?'
