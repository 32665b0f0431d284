# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading a town's feed through anything that fetches: addresses, caps, and the race of partials.

What is returned is bounded and well-formed, not verified: `beffroi_federation.verify` does that.
The caps are those of `docs/protocol/pulling.md`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from beffroi_federation import asking
from beffroi_federation.asking import (
    GONE,
    NOT_FOUND,
    NOT_MODIFIED,
    OK,
    Fetched,
    Talk,
    converse,
    read_contents,
)
from beffroi_federation.entries import MAX_CONTENT_BUNDLE, MAX_LINE, Content
from beffroi_federation.identity import Identity
from beffroi_federation.merkle import TILE_WIDTH
from beffroi_federation.tail import Tail
from beffroi_federation.tiles import bundle_places, content_path

__all__ = [
    "GONE",
    "NOT_FOUND",
    "NOT_MODIFIED",
    "OK",
    "Contents",
    "FeedClient",
    "Fetched",
    "Fetcher",
    "Streamed",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer whose body is read line by line; each line has its LF."""

    status: int
    lines: Iterator[bytes]
    etag: str | None


class Fetcher(Protocol):
    """Fetches what stands under one prefix. Not safe for several threads at once.

    A path is relative to the prefix; one that begins with a slash is relative to the host. Every
    other status than 200, 304, 404 and 410 is raised as Unreachable, with `status` and, where it
    was said, `retry_after` (seconds) among its details. Nothing is tried twice.
    """

    def get(self, path: str, *, etag: str | None = None, max_bytes: int) -> Fetched:
        """Return an answer of at most `max_bytes`, unpacked; OverLimit beyond."""

    def lines(
        self, path: str, *, etag: str | None = None, max_bytes: int, max_line: int
    ) -> Streamed:
        """Return an answer to be read line by line, holding one line at a time."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a bundle, parsed while they are read; none when `unchanged` (304)."""

    unchanged: bool
    etag: str | None
    lines: Iterator[Content]


class FeedClient:
    """The feed of one town, by what one asks of it rather than by path."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    def identity(self) -> Identity:
        """Return the town's identity file, found at the root of its host."""
        return converse(asking.identity(), self._fetcher)

    def checkpoint(self, etag: str | None = None) -> Fetched:
        """Return the checkpoint's note as served, or status 304 if it still has this ETag."""
        return converse(asking.checkpoint(etag), self._fetcher)

    def bundles(self, start: int, end: int) -> Iterator[tuple[int, tuple[bytes, ...]]]:
        """Yield (index of the first, leaves) for the entries from `start` to `end`, by bundle.

        `end` is the size of a verified checkpoint: partial bundles are asked for by no other.
        """
        for place in bundle_places(end, start):
            leaves = converse(asking.bundle(place.index, place.width), self._fetcher)
            first = place.index * TILE_WIDTH
            yield max(first, start), leaves[max(start - first, 0) :]

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Return the first `width` hashes of a hash tile (as `merkle.HashReader`)."""
        return converse(asking.tile(level, index, width), self._fetcher)

    def contents(self, bundle: int, etag: str | None = None) -> Contents:
        """Return the contents that belong to a bundle, in the order of the log, bounded.

        Nothing being served (404) is the same as no content being left. Reading raises Malformed
        for a line that is none, or of an entry of another bundle, and OverLimit for the caps.
        """
        answer = self._fetcher.lines(
            content_path(bundle), etag=etag, max_bytes=MAX_CONTENT_BUNDLE, max_line=MAX_LINE
        )
        if answer.status == NOT_MODIFIED:
            return Contents(True, etag, iter(()))
        if answer.status != OK:
            return Contents(False, None, iter(()))
        return Contents(False, answer.etag, read_contents(bundle, answer.lines))

    def carry(self, talk: Talk[T]) -> T:
        """Carry a conversation to its end, one question after the other."""
        return converse(talk, self._fetcher)

    def tail(self, start: int) -> Tail | None:
        """Return entries and contents from `start` on, or None if the town serves no tails."""
        return converse(asking.tail(start), self._fetcher)

    def tails(self, start: int, end: int) -> Tail | None:
        """Return the entries from `start` to `end`, a verified size, with their contents, by tails.

        There may be more than these, published since. None if the town serves no tails.
        """
        return converse(asking.tails(start, end), self._fetcher)
