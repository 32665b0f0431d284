# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which files a copy of the public log is made of; an auditor reads it as if it were served."""

from collections.abc import Callable, Iterator

from beffroi.feed.queries.recovery import behind_since
from beffroi.feed.queries.store import SqlLogStore
from beffroi.feed.queries.witnesses import served_note
from beffroi_federation import log
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


def lasting_paths(size: int) -> Iterator[str]:
    """Give those of them that hold nothing that can be erased: hashes and entries."""
    for place in tile_places(size):
        yield tile_path(place.level, place.index, place.width)
    for place in bundle_places(size):
        yield bundle_path(place.index, place.width)


def lasting_files(known: int, has: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Give path and bytes of what a copy of `known` entries lacks, the checkpoint last.

    Nothing where the log here is shut after a restore, or shorter than the copy.
    """
    store = SqlLogStore()
    head = store.head()
    note = served_note(store, head)
    if not note or head.published < known or behind_since() is not None:
        return
    for place in tile_places(head.published):
        path = tile_path(place.level, place.index, place.width)
        if not has(path):
            data = log.tile_for(store, place.level, place.index, place.width)
            yield path, data or b""
    for place in bundle_places(head.published):
        path = bundle_path(place.index, place.width)
        if not has(path):
            yield path, log.bundle_for(store, store, place.index, place.width) or b""
    yield "checkpoint", note.encode()
