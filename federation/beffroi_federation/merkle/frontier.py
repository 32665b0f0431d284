# SPDX-License-Identifier: AGPL-3.0-or-later
"""The frontier: the least of a tree that can be extended and compared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from beffroi_federation.errors import Malformed
from beffroi_federation.merkle.hashing import (
    EMPTY_ROOT,
    HASH_BYTES,
    MAX_SIZE,
    must_be_hashes,
    node_hash,
    row_above,
    split_hashes,
)


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root of a tree by the roots of its perfect subtrees, the largest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in hashes[-2::-1]:
        root = node_hash(left, root)
    return root


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree's size and the roots of its perfect subtrees, the largest first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a number of hashes that is not the one this size has, or another length."""
        if not 0 <= self.size <= MAX_SIZE or len(self.hashes) != self.size.bit_count():
            raise Malformed("A frontier does not fit its size", size=self.size)
        must_be_hashes(self.hashes)

    def extended(self, leaf_hashes: Iterable[bytes]) -> "Frontier":
        """Return the frontier after these leaf hashes (32 bytes each), in the log's order."""
        row = list(leaf_hashes)
        must_be_hashes(row)
        size, full = self.size + len(row), self.size
        old, new = list(self.hashes), []
        if len(row) == 1:  # what the loop below does, for an append of one entry
            node = row[0]
            while full & 1:
                node, full = node_hash(old.pop(), node), full >> 1
            return Frontier(size, (*old, node))
        while row:  # one height after the other: pairs go up, an odd last one stays here
            if full & 1:
                row.insert(0, old.pop())
            if len(row) & 1:
                new.append(row.pop())
            row = row_above(row)
            full >>= 1
        return Frontier(size, (*old, *reversed(new)))

    def root(self) -> bytes:
        """Return the tree's root hash (32 bytes)."""
        return root_of(self.hashes)

    def to_bytes(self) -> bytes:
        """Return 8 bytes of size, big-endian, followed by the hashes."""
        return self.size.to_bytes(8, "big") + b"".join(self.hashes)

    @staticmethod
    def size_of(data: bytes) -> int:
        """Return the size that `to_bytes` wrote, without reading the hashes."""
        return int.from_bytes(data[:8], "big")

    @classmethod
    def from_bytes(cls, data: bytes) -> "Frontier":
        """Return the frontier that `to_bytes` wrote; Malformed if the lengths do not fit."""
        if len(data) < 8 or (len(data) - 8) % HASH_BYTES:
            raise Malformed("A stored frontier has an impossible length", length=len(data))
        return cls(int.from_bytes(data[:8], "big"), split_hashes(data[8:]))
