# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reading a town's feed through anything that fetches: addresses, caps, and the race of partials.

What is returned is bounded and well-formed, not verified: `beffroi_federation.verify` does that.
The caps are those of `docs/protocol/pulling.md`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from beffroi_federation.entries import (
    MAX_CONTENT_BUNDLE,
    MAX_LINE,
    Content,
    parse_content_lines,
)
from beffroi_federation.errors import Malformed, Unreachable
from beffroi_federation.identity import IDENTITY_BYTES, WELL_KNOWN, Identity, parse_identity
from beffroi_federation.merkle import HASH_BYTES, TILE_WIDTH
from beffroi_federation.notes import MAX_NOTE
from beffroi_federation.tail import TAIL_BYTES, Tail, parse_tail
from beffroi_federation.tiles import (
    MAX_BUNDLE,
    bundle_path,
    bundle_places,
    content_path,
    decode_bundle,
    tile_path,
)

OK, NOT_MODIFIED, NOT_FOUND, GONE = 200, 304, 404, 410


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: status 200, 304, 404 or 410, the unpacked body (of a 200 only), its ETag."""

    status: int
    body: bytes
    etag: str | None


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
        fetched = self._fetcher.get(WELL_KNOWN, max_bytes=IDENTITY_BYTES)
        return parse_identity(_found(fetched, "identity file").body)

    def checkpoint(self, etag: str | None = None) -> Fetched:
        """Return the checkpoint's note as served, or status 304 if it still has this ETag."""
        fetched = self._fetcher.get("checkpoint", etag=etag, max_bytes=MAX_NOTE)
        if fetched.status == NOT_MODIFIED:
            return fetched
        return _found(fetched, "checkpoint")

    def bundles(self, start: int, end: int) -> Iterator[tuple[int, tuple[bytes, ...]]]:
        """Yield (index of the first, leaves) for the entries from `start` to `end`, by bundle.

        `end` is the size of a verified checkpoint: partial bundles are asked for by no other.
        """
        for place in bundle_places(end, start):
            path = bundle_path(place.index, place.width)
            data, width = self._growing(path, bundle_path(place.index), place.width, MAX_BUNDLE)
            leaves = decode_bundle(data, width)[: place.width]
            first = place.index * TILE_WIDTH
            yield max(first, start), leaves[max(start - first, 0) :]

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Return the first `width` hashes of a hash tile (as `merkle.HashReader`)."""
        path, full = tile_path(level, index, width), tile_path(level, index)
        data, got = self._growing(path, full, width, TILE_WIDTH * HASH_BYTES)
        if len(data) != got * HASH_BYTES:
            raise Malformed("A tile does not have the length its place demands", length=len(data))
        return data[: width * HASH_BYTES]

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
        return Contents(False, answer.etag, _of_bundle(bundle, answer.lines))

    def tail(self, start: int) -> Tail | None:
        """Return entries and contents from `start` on, or None if the town serves no tails."""
        fetched = self._fetcher.get(f"tail/{start}", max_bytes=TAIL_BYTES)
        if fetched.status != OK:
            return None
        tail = parse_tail(fetched.body)
        if tail.start != start:
            sentence = "A tail begins somewhere else than was asked for"
            raise Malformed(sentence, expected=start, got=tail.start)
        return tail

    def _growing(self, path: str, full: str, width: int, max_bytes: int) -> tuple[bytes, int]:
        """Return a tile's bytes and its width: a partial one may have been replaced by the full.

        The log may delete a partial tile once the full one exists (C2SP tlog-tiles).
        """
        fetched = self._fetcher.get(path, max_bytes=max_bytes)
        if fetched.status != OK and width != TILE_WIDTH:
            fetched, width = self._fetcher.get(full, max_bytes=max_bytes), TILE_WIDTH
        return _found(fetched, "part of the log").body, width


def _of_bundle(bundle: int, lines: Iterator[bytes]) -> Iterator[Content]:
    """Yield the contents of lines, which must belong to this bundle."""
    for content in parse_content_lines(lines):
        if content.index // TILE_WIDTH != bundle:
            sentence = "A content is served with another bundle than its own"
            raise Malformed(sentence, index=content.index, bundle=bundle)
        yield content


def _found(fetched: Fetched, what: str) -> Fetched:
    """Return an answer that is there; Unreachable otherwise."""
    if fetched.status != OK:
        raise Unreachable(f"The {what} is not served", status=fetched.status)
    return fetched
