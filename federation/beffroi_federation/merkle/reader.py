# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a tree's hash tiles are read from."""

from typing import Protocol

from beffroi_federation.errors import Malformed
from beffroi_federation.merkle.hashing import HASH_BYTES


class HashReader(Protocol):
    """Where a tree's hash tiles are read from."""

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Return the first `width` (1 to 256) hashes of a tile: exactly 32 * width bytes.

        A tile that has grown since serves its head. Called only for tiles that the tree has.
        """


def read_tile(reader: HashReader, level: int, index: int, width: int) -> bytes:
    """Return a tile's bytes; Malformed if they are more or fewer than asked for."""
    data = reader.read_tile(level, index, width)
    if len(data) != HASH_BYTES * width:
        raise Malformed(
            "A tile does not have the length its place demands",
            level=level,
            index=index,
            expected=HASH_BYTES * width,
            length=len(data),
        )
    return data
