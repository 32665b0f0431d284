# SPDX-License-Identifier: AGPL-3.0-or-later
"""Roots and proofs of a tree that is read through its tiles (RFC 6962 sections 2.1.1 and 2.1.2).

A full tile is kept with all its inner nodes, 511 hashes in one piece of 16 KiB, under its own root
hash. That root stands in the tile above, up to the partial tiles, whose hashes make the tree's own
root. So whatever is taken from the cache is what this tree holds, whichever log, epoch, database or
transaction it came from before; and a tile that was changed in a store is found when it is read.
"""

from functools import lru_cache

from beffroi_federation.errors import Inconsistent
from beffroi_federation.merkle.edge import Edge, partial_tiles
from beffroi_federation.merkle.hashing import (
    EMPTY_ROOT,
    HASH_BYTES,
    TILE_HEIGHT,
    TILE_WIDTH,
    node_hash,
    row_above,
    split_hashes,
)
from beffroi_federation.merkle.reader import HashReader, read_tile

__all__ = [
    "HashReader",
    "Tree",
    "consistency_proof",
    "forget_tiles",
    "inclusion_proof",
    "root_at",
]

MOST_TILES = 4_096
"""How many full tiles are kept, of 16 KiB each: those of a log of a million entries."""


class Tiles:
    """Full tiles with their inner nodes, by root hash: what was used lately, at most `most`.

    Two halves: what is asked for moves to the young one; when that is full it becomes the old one,
    and what was old is forgotten. Threads need no lock: the worst of a race is a tile read twice.
    """

    def __init__(self, most: int = MOST_TILES) -> None:
        self._half = most // 2
        self._young: dict[bytes, bytes] = {}
        self._old: dict[bytes, bytes] = {}

    def get(self, root: bytes) -> bytes | None:
        """Return the nodes of a tile, if they are here."""
        nodes = self._young.get(root)
        if nodes is None and (nodes := self._old.get(root)) is not None:
            self.put(root, nodes)
        return nodes

    def put(self, root: bytes, nodes: bytes) -> None:
        """Keep the nodes of a tile."""
        if len(self._young) >= self._half:
            self._old, self._young = self._young, {}
        self._young[root] = nodes

    def __len__(self) -> int:
        """Return how many tiles are here."""
        return len(self._young) + len(self._old)

    def clear(self) -> None:
        """Forget everything."""
        self._young, self._old = {}, {}


_tiles = Tiles()


def forget_tiles() -> None:
    """Forget every tile that is kept in memory: what a bench calls a cold cache."""
    _tiles.clear()
    _rows.cache_clear()


def _place(row: int, offset: int) -> slice:
    """Return where a node of a full tile stands: row 0 are its hashes, row 8 its root."""
    at = HASH_BYTES * ((2 * TILE_WIDTH) - (2 * TILE_WIDTH >> row) + offset)
    return slice(at, at + HASH_BYTES)


_HASHES = tuple(_place(0, offset) for offset in range(TILE_WIDTH))
_SIBLINGS = tuple(
    tuple(_place(row, (offset >> row) ^ 1) for row in range(TILE_HEIGHT))
    for offset in range(TILE_WIDTH)
)
"""For each hash of a full tile, the siblings of the nodes above it, one of each row."""


@lru_cache(maxsize=64)
def _rows(hashes: bytes) -> tuple[tuple[bytes, ...], ...]:
    """Return the rows of complete nodes over the hashes of a partial tile, those first."""
    rows = [split_hashes(hashes)]
    while len(rows[-1]) > 1:
        rows.append(tuple(row_above(rows[-1])))
    return tuple(rows)


def _nodes(hashes: bytes) -> bytes:
    """Return the 511 nodes of a full tile, row after row."""
    rows = [split_hashes(hashes)]
    while len(rows[-1]) > 1:
        rows.append(tuple(row_above(rows[-1])))
    return b"".join(map(b"".join, rows))


class Tree:
    """A tree of a known size. Its partial tiles are read now, full ones when a proof needs them.

    One of these may be kept and used by many threads; what it reads from does not change.
    """

    def __init__(self, reader: HashReader, size: int) -> None:
        self.size = size
        self._partial = [_rows(tile) if tile else () for tile in partial_tiles(reader, size)]
        self._ends = self._edge()
        self.root = self._ends[-1] if self._ends else EMPTY_ROOT

    def _edge(self) -> list[bytes]:
        """Return the hash of what is left of the tree at each height, beginning at the last node.

        From height `_from` (that of the smallest perfect subtree) up to the root; below it, every
        last node is a perfect one.
        """
        if not self.size:
            self._from = 0
            return []
        height = self._from = (self.size & -self.size).bit_length() - 1
        last = (self.size - 1) >> height
        ends = [self._partial_node(height, last)]
        while last:
            end = ends[-1]
            if last & 1:
                end = node_hash(self._partial_node(height, last - 1), end)
            ends.append(end)
            height, last = height + 1, last >> 1
        return ends

    def _partial_node(self, height: int, index: int) -> bytes:
        """Return a complete node of a partial tile."""
        level, row = divmod(height, TILE_HEIGHT)
        return self._partial[level][row][index & ((TILE_WIDTH >> row) - 1)]

    def inclusion(self, reader: HashReader, index: int) -> tuple[bytes, ...]:
        """Return the proof that leaf `index` is in this tree (RFC 6962 2.1.1)."""
        if not 0 <= index < self.size:
            raise ValueError(f"there is no leaf {index} in a tree of {self.size}")
        return tuple(self._siblings(reader, 0, index))

    def consistency(self, reader: HashReader, old: int) -> tuple[bytes, ...]:
        """Return the proof that this tree begins with that of `old` leaves (RFC 6962 2.1.2)."""
        if not 0 <= old <= self.size:
            raise ValueError(f"a tree of {self.size} cannot continue one of {old}")
        if old in (0, self.size):
            return ()
        height = (old & -old).bit_length() - 1
        index = (old - 1) >> height
        siblings = self._siblings(reader, height, index)
        if not index:  # a perfect tree: its root is what the verifier begins with
            return tuple(siblings)
        return (self._node(reader, height, index), *siblings)

    def _siblings(self, reader: HashReader, height: int, index: int) -> list[bytes]:
        """Return the sibling of each node on the way from one node up to the root."""
        found: list[bytes] = []
        last = (self.size - 1) >> height
        while last:
            level, row = divmod(height, TILE_HEIGHT)
            tile = index >> (TILE_HEIGHT - row)
            if tile < self.size >> TILE_HEIGHT * (level + 1):
                nodes = self._full(reader, level, tile)
                places = _SIBLINGS[(index << row) & (TILE_WIDTH - 1)][row:]
                found += [nodes[place] for place in places]
                index, step = tile, TILE_HEIGHT - row
            else:
                if index & 1:
                    found.append(self._partial_node(height, index - 1))
                elif index + 1 < last:
                    found.append(self._partial_node(height, index + 1))
                elif index + 1 == last:
                    found.append(self._last(height, last))
                index, step = index >> 1, 1
            height, last = height + step, last >> step
        return found

    def _last(self, height: int, last: int) -> bytes:
        """Return the hash of the last node of a height, which may not be complete."""
        if height < self._from:
            return self._partial_node(height, last)
        return self._ends[height - self._from]

    def _node(self, reader: HashReader, height: int, index: int) -> bytes:
        """Return a complete node."""
        level, row = divmod(height, TILE_HEIGHT)
        tile = index >> (TILE_HEIGHT - row)
        if tile < self.size >> TILE_HEIGHT * (level + 1):
            nodes = self._full(reader, level, tile)
            return nodes[_place(row, index & ((TILE_WIDTH >> row) - 1))]
        return self._partial_node(height, index)

    def _full(self, reader: HashReader, level: int, index: int) -> bytes:
        """Return the 511 nodes of a full tile; its root must be the hash in the tile above."""
        above, offset = index // TILE_WIDTH, index % TILE_WIDTH
        if above < self.size >> TILE_HEIGHT * (level + 2):
            root = self._full(reader, level + 1, above)[_HASHES[offset]]
        else:
            root = self._partial[level + 1][0][offset]
        nodes = _tiles.get(root)
        if nodes is None:
            nodes = _nodes(read_tile(reader, level, index, TILE_WIDTH))
            if nodes[-HASH_BYTES:] != root:
                raise Inconsistent(
                    "A tile does not lead to the hash in the tile above it",
                    level=level,
                    index=index,
                )
            _tiles.put(root, nodes)
        return nodes


def root_at(reader: HashReader, size: int) -> bytes:
    """Return the root of the first `size` leaves; reads at most one tile a level."""
    return Edge.read(reader, size).root()


def inclusion_proof(reader: HashReader, index: int, size: int) -> tuple[bytes, ...]:
    """Return the proof that leaf `index` is in the tree of `size` leaves (RFC 6962 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    return Tree(reader, size).inclusion(reader, index)


def consistency_proof(reader: HashReader, old: int, new: int) -> tuple[bytes, ...]:
    """Return the proof that the tree of `new` leaves begins with that of `old` (RFC 6962 2.1.2).

    Empty when old is 0 or equals new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} cannot continue one of {old}")
    if old in (0, new):
        return ()
    return Tree(reader, new).consistency(reader, old)
