# SPDX-License-Identifier: AGPL-3.0-or-later
"""The right edge of a tree whose tiles are kept: all that an append reads and changes.

The partial tile of each level with the frontier over it, so that appending hashes each new node
once. The edges of the last few appends are remembered by the size and root of their trees. A root
has one tree: where a store says which root it holds, nothing needs to be read, and an append that
was rolled back, or another process, can do no harm.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from beffroi_federation.merkle.frontier import Frontier, root_of
from beffroi_federation.merkle.hashing import (
    TILE_HEIGHT,
    TILE_WIDTH,
    split_hashes,
)
from beffroi_federation.merkle.reader import HashReader, read_tile

_REMEMBERED = 8
_remembered: dict[tuple[int, bytes], "Edge"] = {}


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile as it is now: level, index, and its 1 to 256 hashes one after the other."""

    level: int
    index: int
    hashes: bytes


@dataclass(frozen=True, slots=True)
class Edge:
    """The partial tiles of a tree, level 0 first (empty where there is none), and their frontiers.

    A frontier's size here is the number of hashes in its partial tile, 0 to 255.
    """

    size: int = 0
    tiles: tuple[bytes, ...] = ()
    frontiers: tuple[Frontier, ...] = ()

    @classmethod
    def read(cls, reader: HashReader, size: int, root: bytes | None = None) -> "Edge":
        """Return the edge of the tree of `size` leaves; reads at most one tile a level.

        Nothing is read where `root`, that of the same tree, is given and its edge is remembered.
        """
        known = _remembered.get((size, root)) if root is not None else None
        if known is not None:
            return known
        tiles = partial_tiles(reader, size)
        frontiers = (Frontier().extended(split_hashes(tile)) for tile in tiles)
        return cls(size, tiles, tuple(frontiers))

    def grown(self, leaf_hashes: Sequence[bytes]) -> tuple["Edge", list[Tile]]:
        """Return the edge after these leaf hashes, and every tile that changes, of every level."""
        if len(leaf_hashes) == 1 and self.size % TILE_WIDTH not in (0, TILE_WIDTH - 1):
            return self._with_one(leaf_hashes[0])
        tiles: list[Tile] = []
        edges: list[tuple[bytes, Frontier]] = list(zip(self.tiles, self.frontiers, strict=True))
        level, hashes, start = 0, list(leaf_hashes), self.size
        while hashes:
            if level == len(edges):
                edges.append((b"", Frontier()))
            row, frontier = edges[level]
            index, above = start // TILE_WIDTH, []
            for at, end in _spans(frontier.size, len(hashes)):
                part = hashes[at:end]
                row, frontier = row + b"".join(part), frontier.extended(part)
                tiles.append(Tile(level, index, row))
                if frontier.size == TILE_WIDTH:
                    above.append(frontier.hashes[0])
                    row, frontier, index = b"", Frontier(), index + 1
            edges[level] = row, frontier
            level, hashes, start = level + 1, above, start >> TILE_HEIGHT
        size = self.size + len(leaf_hashes)
        return Edge(size, tuple(e[0] for e in edges), tuple(e[1] for e in edges)), tiles

    def _with_one(self, leaf_hash: bytes) -> tuple["Edge", list[Tile]]:
        """Return what `grown` does, after one more hash in a tile that is begun and not filled."""
        row = self.tiles[0] + leaf_hash
        frontier = self.frontiers[0].with_one(leaf_hash)
        edge = Edge(self.size + 1, (row, *self.tiles[1:]), (frontier, *self.frontiers[1:]))
        return edge, [Tile(0, self.size // TILE_WIDTH, row)]

    def root(self) -> bytes:
        """Return the root of the tree."""
        return root_of([*chain.from_iterable(part.hashes for part in reversed(self.frontiers))])

    def remember(self, root: bytes) -> None:
        """Keep this edge, whose root is given, for the next append in this process."""
        _remembered[self.size, root] = self
        while len(_remembered) > _REMEMBERED:
            _remembered.pop(next(iter(_remembered)), None)


def forget_edges() -> None:
    """Forget every edge that this process holds; for benches and tests."""
    _remembered.clear()


def partial_tiles(reader: HashReader, size: int) -> tuple[bytes, ...]:
    """Return the partial tile of each level of a tree, empty where there is none."""
    tiles = []
    level, count = 0, size
    while count:
        index, width = divmod(count, TILE_WIDTH)
        tiles.append(read_tile(reader, level, index, width) if width else b"")
        level, count = level + 1, index
    return tuple(tiles)


def _spans(width: int, count: int) -> list[tuple[int, int]]:
    """Return how `count` hashes are cut into tiles, the first of which holds `width` already."""
    spans, at = [], 0
    while at < count:
        end = min(count, at + TILE_WIDTH - width)
        spans.append((at, end))
        at, width = end, 0
    return spans
