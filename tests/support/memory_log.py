# SPDX-License-Identifier: AGPL-3.0-or-later
"""A log in memory, with transactions, for tests: the simplest store that keeps the contract."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from beffroi_federation.errors import Inconsistent
from beffroi_federation.log import Head, Tile
from beffroi_federation.merkle import HASH_BYTES


class MemoryLog:
    """Leaves and tiles in dictionaries. What a `transaction` block wrote is undone if it fails."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.published = 0
        self.note = ""
        self.tiles_read = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep what the block writes, or none of it."""
        before = (list(self.leaves), dict(self.tiles), self.published, self.note)
        try:
            yield
        except BaseException:
            self.leaves, self.tiles, self.published, self.note = before
            raise

    def head(self) -> Head:
        """Return where the log stands."""
        return Head(len(self.leaves), self.published, self.note)

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Return the head of a tile."""
        self.tiles_read += 1
        return self.tiles[level, index][: HASH_BYTES * width]

    def stage(
        self,
        first_index: int,
        leaves: Sequence[bytes],
        tiles: Sequence[Tile],
        *,
        root: bytes | None = None,
    ) -> None:
        """Add leaves and put tiles."""
        if first_index != len(self.leaves):
            raise Inconsistent("The log has grown meanwhile", size=len(self.leaves))
        self.leaves += leaves
        self.tiles |= {(tile.level, tile.index): tile.hashes for tile in tiles}

    def commit(self, note: str, size: int) -> None:
        """Make a note the served checkpoint."""
        if not self.published <= size <= len(self.leaves):
            raise Inconsistent("The checkpoint does not fit the log", size=size)
        self.published, self.note = size, note

    def read_leaves(self, first_index: int, count: int) -> Sequence[bytes]:
        """Return leaves in order."""
        return self.leaves[first_index : first_index + count]
