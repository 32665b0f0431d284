# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hashes of leaves and nodes, and how they stand in tiles."""

import hashlib
from collections.abc import Iterable, Sequence

from beffroi_federation.errors import Malformed

HASH_BYTES = 32
TILE_WIDTH = 256
TILE_HEIGHT = 8
MAX_SIZE = 2**63 - 1
EMPTY_ROOT = hashlib.sha256(b"").digest()

_sha256 = hashlib.sha256


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf, SHA-256(0x00 || entry)."""
    return _sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """Return the hash of each leaf, in order."""
    return [_sha256(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node, SHA-256(0x01 || left || right)."""
    return _sha256(b"\x01" + left + right).digest()


def row_above(row: Sequence[bytes]) -> list[bytes]:
    """Return the hashes of the pairs of a row; an odd last hash has no pair and is left out."""
    hashes = iter(row)
    return [_sha256(b"\x01" + left + right).digest() for left, right in zip(hashes, hashes)]  # noqa: B905


def split_hashes(data: bytes) -> tuple[bytes, ...]:
    """Return the 32-byte hashes that stand one after the other in `data`."""
    return tuple([data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)])


def tile_width(level: int, index: int, size: int) -> int:
    """Return how many hashes a tile holds in a tree of `size` leaves: 0 (no such tile) to 256."""
    return max(0, min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH))


def tile_root(hashes: bytes) -> bytes:
    """Return the root over 2, 4, … 256 hashes that stand one after the other (one: itself)."""
    row: Sequence[bytes] = split_hashes(hashes)
    if not row or len(row) & (len(row) - 1):
        raise ValueError(f"{len(row)} hashes are no perfect tree")
    while len(row) > 1:
        row = row_above(row)
    return row[0]


def must_be_hashes(values: Iterable[bytes]) -> None:
    """Refuse (Malformed) hashes that do not have 32 bytes."""
    for length in set(map(len, values)):
        if length != HASH_BYTES:
            raise Malformed("A hash does not have 32 bytes", length=length)
