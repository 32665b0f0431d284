# SPDX-License-Identifier: AGPL-3.0-or-later
"""The Merkle tree of RFC 6962 section 2.1 over SHA-256: roots, proofs, and their verification.

Three ways to hold a tree, none of which holds the leaves:

- `Frontier`: size and the roots of the perfect subtrees (at most 63 hashes). Enough to append and
  to compare roots; what the aggregator keeps for each log.
- `HashReader`: tiles of 256 hashes (C2SP tlog-tiles); enough for any root and any proof.
- a root: enough to verify a proof (RFC 9162 sections 2.1.3.2 and 2.1.4.2).
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from beffroi_federation.errors import Inconsistent, Malformed

HASH_BYTES = 32
TILE_WIDTH = 256
TILE_HEIGHT = 8
MAX_SIZE = 2**63 - 1
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf, SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node, SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree's size and the roots of its perfect subtrees, the largest first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a number of hashes that is not the one this size has, or another length."""
        if not 0 <= self.size <= MAX_SIZE or len(self.hashes) != self.size.bit_count():
            raise Malformed("A frontier does not fit its size", size=self.size)
        _must_be_hashes(self.hashes)

    def extended(self, leaf_hashes: Iterable[bytes]) -> "Frontier":
        """Return the frontier after these leaf hashes (32 bytes each), in the log's order."""
        hashes = list(self.hashes)
        size = self.size
        for node in leaf_hashes:
            if len(node) != HASH_BYTES:
                raise Malformed("A hash does not have 32 bytes", length=len(node))
            full = size
            while full & 1:
                node = node_hash(hashes.pop(), node)
                full >>= 1
            hashes.append(node)
            size += 1
        return Frontier(size, tuple(hashes))

    def root(self) -> bytes:
        """Return the tree's root hash (32 bytes)."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root

    def to_bytes(self) -> bytes:
        """Return 8 bytes of size, big-endian, followed by the hashes."""
        return self.size.to_bytes(8, "big") + b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Frontier":
        """Return the frontier that `to_bytes` wrote; Malformed if the lengths do not fit."""
        if len(data) < 8 or (len(data) - 8) % HASH_BYTES:
            raise Malformed("A stored frontier has an impossible length", length=len(data))
        return cls(int.from_bytes(data[:8], "big"), split_hashes(data[8:]))


def split_hashes(data: bytes) -> tuple[bytes, ...]:
    """Return the 32-byte hashes that stand one after the other in `data`."""
    return tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES))


def tile_width(level: int, index: int, size: int) -> int:
    """Return how many hashes a tile holds in a tree of `size` leaves: 0 (no such tile) to 256."""
    return max(0, min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH))


def tile_root(hashes: bytes) -> bytes:
    """Return the root over 2, 4, … 256 hashes that stand one after the other (one: itself)."""
    row: Sequence[bytes] = split_hashes(hashes)
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


class HashReader(Protocol):
    """Where a tree's hash tiles are read from."""

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Return the first `width` (1 to 256) hashes of a tile: exactly 32 * width bytes.

        A tile that has grown since serves its head. Called only for tiles that the tree has.
        """


class _Tree:
    """One tree of a known size, read through its tiles; each tile is fetched once."""

    def __init__(self, reader: HashReader, size: int) -> None:
        self._reader = reader
        self._size = size
        self._tiles: dict[tuple[int, int], bytes] = {}

    def range_hash(self, begin: int, end: int) -> bytes:
        """Return the hash of leaves begin to end, a range that occurs in RFC 6962's proofs."""
        count = end - begin
        if count & (count - 1) == 0:  # a perfect subtree
            height = count.bit_length() - 1
            return self._perfect(height, begin >> height)
        middle = begin + _split(count)
        return node_hash(self.range_hash(begin, middle), self.range_hash(middle, end))

    def _perfect(self, height: int, index: int) -> bytes:
        level, inner = divmod(height, TILE_HEIGHT)
        tile, offset = divmod(index << inner, TILE_WIDTH)
        hashes = self._tile(level, tile)[HASH_BYTES * offset : HASH_BYTES * (offset + (1 << inner))]
        return tile_root(hashes)

    def _tile(self, level: int, index: int) -> bytes:
        if (level, index) not in self._tiles:
            width = tile_width(level, index, self._size)
            data = self._reader.read_tile(level, index, width)
            if len(data) != HASH_BYTES * width:
                raise Malformed(
                    "A tile does not have the length its place demands",
                    level=level,
                    index=index,
                    expected=HASH_BYTES * width,
                    length=len(data),
                )
            self._tiles[level, index] = data
        return self._tiles[level, index]


def _split(count: int) -> int:
    """Return the largest power of two strictly smaller than `count` (at least 2)."""
    return 1 << ((count - 1).bit_length() - 1)


def root_at(reader: HashReader, size: int) -> bytes:
    """Return the root of the first `size` leaves; reads at most one tile a level and its edge."""
    return _Tree(reader, size).range_hash(0, size) if size else EMPTY_ROOT


def inclusion_proof(reader: HashReader, index: int, size: int) -> tuple[bytes, ...]:
    """Return the proof that leaf `index` is in the tree of `size` leaves (RFC 6962 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    tree = _Tree(reader, size)
    begin, end = 0, size
    proof = []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            proof.append(tree.range_hash(middle, end))
            end = middle
        else:
            proof.append(tree.range_hash(begin, middle))
            begin = middle
    return tuple(reversed(proof))


def consistency_proof(reader: HashReader, old: int, new: int) -> tuple[bytes, ...]:
    """Return the proof that the tree of `new` leaves begins with that of `old` (RFC 6962 2.1.2).

    Empty when old is 0 or equals new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} cannot continue one of {old}")
    if old in (0, new):
        return ()
    tree = _Tree(reader, new)
    begin, end = 0, new
    proof = []
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            proof.append(tree.range_hash(middle, end))
            end = middle
        else:
            proof.append(tree.range_hash(begin, middle))
            begin = middle
    if begin:
        proof.append(tree.range_hash(begin, end))
    return tuple(reversed(proof))


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Return if the leaf hash is at `index` under this root of `size` leaves (RFC 9162 2.1.3.2).

    Raises Inconsistent otherwise, Malformed for hashes that do not have 32 bytes.
    """
    _must_be_hashes((leaf, root, *proof))
    if not 0 <= index < size:
        raise Inconsistent("The tree is too small for this index", index=index, size=size)
    position, last = index, size - 1
    node = leaf
    for sibling in proof:
        if last == 0:
            raise Inconsistent("The inclusion proof is too long", index=index, size=size)
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        position, last = position >> 1, last >> 1
    if last != 0 or node != root:
        raise Inconsistent("The inclusion proof does not lead to the root", index=index, size=size)


def verify_consistency(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Return if the tree of `new` leaves continues that of `old` leaves (RFC 9162 2.1.4.2).

    Raises Inconsistent otherwise, Malformed for hashes that do not have 32 bytes. Between equal
    sizes, and from nothing, the proof is empty; the root of nothing is EMPTY_ROOT.
    """
    _must_be_hashes((old_root, new_root, *proof))
    if not 0 <= old <= new:
        raise Inconsistent("The new tree is smaller than the old one", old=old, new=new)
    for size, root in ((old, old_root), (new, new_root)):
        if size == 0 and root != EMPTY_ROOT:
            raise Inconsistent("An empty tree has another root than this")
    if old in (0, new):
        if proof or (old == new and old_root != new_root):
            raise Inconsistent("Two roots for one size, or a proof where none is due", size=new)
        return
    old_seen, new_seen = _walk(old, new, proof, old_root)
    if old_seen != old_root or new_seen != new_root:
        raise Inconsistent("The consistency proof does not lead to both roots", old=old, new=new)


def _walk(old: int, new: int, proof: Sequence[bytes], old_root: bytes) -> tuple[bytes, bytes]:
    """Return the old and the new root that a consistency proof leads to, for 0 < old < new."""
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not steps:
        raise Inconsistent("The consistency proof is empty", old=old, new=new)
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    left = right = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            raise Inconsistent("The consistency proof is too long", old=old, new=new)
        if position & 1 or position == last:
            left, right = node_hash(sibling, left), node_hash(sibling, right)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            right = node_hash(right, sibling)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise Inconsistent("The consistency proof is too short", old=old, new=new)
    return left, right


def _must_be_hashes(values: Iterable[bytes]) -> None:
    for value in values:
        if len(value) != HASH_BYTES:
            raise Malformed("A hash does not have 32 bytes", length=len(value))
