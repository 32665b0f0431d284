# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where tiles, entry bundles and contents stand, and how a bundle is written (C2SP tlog-tiles).

    tile/<level>/<N>[.p/<W>]       hashes: 32 * W bytes
    tile/entries/<N>[.p/<W>]       leaves: each a 2-byte big-endian length and its bytes
    content/<N>                    contents of the same 256 entries; changes when one is withdrawn

N is written in groups of three digits, all but the last with an `x` (1234067 is `x001/x234/067`).
W is the width of a partial tile, 1 to 255; a full tile (256) has no suffix.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from beffroi_federation.errors import Malformed, OverLimit
from beffroi_federation.merkle import TILE_HEIGHT, TILE_WIDTH, tile_width

MAX_LEAF = 1_024
MAX_BUNDLE = TILE_WIDTH * (2 + MAX_LEAF)
MAX_INDEX = 2**55 - 1

_PLACE = re.compile(r"((?:x[0-9]{3}/){0,5})([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True)
class Place:
    """A tile or bundle: its level (0 for bundles), its number and its width (1 to 256)."""

    level: int
    index: int
    width: int


def _place(index: int, width: int) -> str:
    if not 0 <= index <= MAX_INDEX or not 1 <= width <= TILE_WIDTH:
        raise ValueError(f"there is no tile {index} of width {width}")
    digits = f"{index:d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return path if width == TILE_WIDTH else f"{path}.p/{width}"


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a hash tile, relative to the log's prefix."""
    return f"tile/{level}/{_place(index, width)}"


def bundle_path(index: int, width: int = TILE_WIDTH) -> str:
    """Return the path of an entry bundle, relative to the log's prefix."""
    return f"tile/entries/{_place(index, width)}"


def content_path(index: int) -> str:
    """Return the path of the contents that belong to bundle `index`."""
    return f"content/{_place(index, TILE_WIDTH)}"


def parse_tile_path(path: str) -> tuple[int, int]:
    """Return (index, width) of the last part of a tile's or bundle's path, `x001/234.p/7`.

    Any other spelling of the same number is Malformed: each tile has one address.
    """
    match = _PLACE.fullmatch(path)
    if match is None:
        raise Malformed("This is not the path of a tile")
    index = int(match[1].replace("x", "").replace("/", "") + match[2])
    width = int(match[3] or TILE_WIDTH)
    if index > MAX_INDEX or width > TILE_WIDTH or _place(index, width) != path:
        raise Malformed("This is not the path of a tile")
    return index, width


def parse_content_path(path: str) -> int:
    """Return the number in the last part of a content bundle's path; it has no partial form."""
    index, width = parse_tile_path(path)
    if width != TILE_WIDTH:
        raise Malformed("Contents have no partial form")
    return index


def bundle_places(size: int, start: int = 0) -> Iterator[Place]:
    """Yield the bundles of a log of `size` entries that hold entry `start` and later ones."""
    for index in range(start // TILE_WIDTH, -(-size // TILE_WIDTH)):
        yield Place(0, index, tile_width(0, index, size))


def tile_places(size: int, start: int = 0) -> Iterator[Place]:
    """Yield the hash tiles of a tree of `size`, of every level, that changed since size `start`."""
    level = 0
    while size >> (TILE_HEIGHT * level):
        count, before = size >> (TILE_HEIGHT * level), start >> (TILE_HEIGHT * level)
        for index in range(before // TILE_WIDTH, -(-count // TILE_WIDTH)):
            if tile_width(level, index, start) != (width := tile_width(level, index, size)):
                yield Place(level, index, width)
        level += 1


def encode_bundle(leaves: Sequence[bytes]) -> bytes:
    """Return 1 to 256 leaves as an entry bundle; OverLimit for a leaf above 1,024 bytes."""
    if not 1 <= len(leaves) <= TILE_WIDTH:
        raise ValueError(f"a bundle holds 1 to 256 leaves, not {len(leaves)}")
    return encode_leaves(leaves)


def encode_leaves(leaves: Sequence[bytes]) -> bytes:
    """Return leaves as they stand in a bundle, each after its length; OverLimit for a long one."""
    try:
        return b"".join([_LENGTHS[len(leaf)] + leaf for leaf in leaves])
    except IndexError:
        raise OverLimit("A leaf is longer than 1,024 bytes", allowed=MAX_LEAF) from None


def decode_bundle(data: bytes, width: int) -> tuple[bytes, ...]:
    """Return the leaves of a bundle that must hold exactly `width` of them.

    Raises Malformed if the bundle ends early, holds more, or a leaf runs over its end; OverLimit
    for a leaf above 1,024 bytes.
    """
    leaves, end = _leaves(data, width)
    if len(leaves) < width or end > len(data):
        raise Malformed("A bundle ends in the middle of a leaf", leaves=width)
    if end < len(data):
        raise Malformed("A bundle holds more than its leaves", expected=width)
    return tuple(leaves)


def decode_leaves(data: bytes) -> tuple[bytes, ...]:
    """Return the leaves of a bundle, however many it holds; raises as `decode_bundle`."""
    leaves, end = _leaves(data, TILE_WIDTH)
    if end != len(data):
        raise Malformed("A bundle ends in the middle of a leaf, or holds more than 256")
    return tuple(leaves)


def bundle_head(data: bytes, width: int) -> bytes:
    """Return the part of a bundle that holds its first `width` leaves; Malformed if it has fewer.

    What a partial bundle was before it grew.
    """
    leaves, end = _leaves(data, width)
    if len(leaves) < width or end > len(data):
        raise Malformed("A bundle holds fewer leaves than were asked for", expected=width)
    return data[:end]


_LENGTHS = tuple(length.to_bytes(2, "big") for length in range(MAX_LEAF + 1))


def _leaves(data: bytes, most: int) -> tuple[list[bytes], int]:
    """Return up to `most` leaves, and where the last one ends: beyond the data if it is cut off."""
    leaves: list[bytes] = []
    append = leaves.append
    at, begin, size = 0, 0, len(data)
    try:
        while at < size and len(leaves) < most:
            begin = at + 2
            at = begin + (data[at] << 8 | data[at + 1])
            append(data[begin:at])
    except IndexError:  # half of a length
        return leaves, size + 1
    if at - begin > MAX_LEAF or (leaves and max(map(len, leaves)) > MAX_LEAF):
        raise OverLimit("A leaf is longer than 1,024 bytes", allowed=MAX_LEAF)
    return leaves, at
