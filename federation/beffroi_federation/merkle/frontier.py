# SPDX-License-Identifier: AGPL-3.0-or-later
"""The frontier: the least of a tree that can be extended and compared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from beffroi_federation.errors import Malformed
from beffroi_federation.merkle.hashing import (
    EMPTY_ROOT,
    HASH_BYTES,
    MAX_SIZE,
    must_be_hashes,
    row_above,
    split_hashes,
)


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root of a tree by the roots of its perfect subtrees, the largest first."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in hashes[-2::-1]:
        root = sha256(b"\x01" + left + root).digest()
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
        while row:  # one height after the other: pairs go up, an odd last one stays here
            if full & 1:
                row.insert(0, old.pop())
            if len(row) & 1:
                new.append(row.pop())
            row = row_above(row)
            full >>= 1
        return Frontier(size, (*old, *reversed(new)))

    def with_one(self, node: bytes) -> "Frontier":
        """Return the frontier after one leaf hash of 32 bytes, which nobody checks."""
        hashes, full = self.hashes, self.size
        last = len(hashes)
        while full & 1:
            last -= 1
            node, full = sha256(b"\x01" + hashes[last] + node).digest(), full >> 1
        made = object.__new__(Frontier)
        object.__setattr__(made, "size", self.size + 1)
        object.__setattr__(made, "hashes", (*hashes[:last], node))
        return made

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
