# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which files a copy of the public log is made of; an auditor reads it as if it were served."""

from collections.abc import Iterator

from beffroi_federation.tiles import (
    bundle_path,
    bundle_places,
    content_path,
    tile_path,
    tile_places,
)


def copy_paths(size: int) -> Iterator[str]:
    """Give the paths below `/log/` of a log of `size` entries: hashes, entries, contents."""
    for place in tile_places(size):
        yield tile_path(place.level, place.index, place.width)
    for place in bundle_places(size):
        yield bundle_path(place.index, place.width)
        yield content_path(place.index)
