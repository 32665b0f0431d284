# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a reader asks of a town, as conversations that do no I/O.

A conversation is a generator: it yields what to fetch (`Ask`), is sent what came (`Fetched`), and
returns what it found. So one piece of code decides what is asked and believed, whoever carries
the questions: a plain fetcher (`converse`), or an engine with many transfers at once.

What is returned is bounded and well-formed, not verified: `beffroi_federation.verify` does that.
The caps are those of `docs/protocol/pulling.md`.
"""

import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from beffroi_federation.entries import MAX_CONTENT_BUNDLE, Content, parse_content_lines
from beffroi_federation.errors import Malformed, ProtocolError, Unreachable
from beffroi_federation.identity import IDENTITY_BYTES, WELL_KNOWN, Identity, parse_identity
from beffroi_federation.merkle import HASH_BYTES, TILE_WIDTH, consistency_proof
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
from beffroi_federation.url_policy import AddressRefused

OK, NOT_MODIFIED, NOT_FOUND, GONE = 200, 304, 404, 410

_ETAG = re.compile(r'(?:W/)?"[!#-~]{0,200}"')
_DIGITS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Ask:
    """A question: GET of a path below the prefix, or below the host if it begins with a slash.

    The answer has at most `max_bytes`, unpacked; with `etag` it may be 304.
    """

    path: str
    max_bytes: int
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: status 200, 304, 404 or 410, the unpacked body (of a 200 only), its ETag."""

    status: int
    body: bytes = field(repr=False)
    etag: str | None


T = TypeVar("T")
Talk = Generator[Ask, Fetched, T]
"""A conversation that ends with a T. An error of the network is thrown into it."""


class Getter(Protocol):
    """What carries one question after the other (`feed_client.Fetcher` does)."""

    def get(self, path: str, *, etag: str | None = None, max_bytes: int) -> Fetched:
        """Return the answer, or raise ProtocolError."""


def converse(talk: Talk[T], getter: Getter) -> T:
    """Carry a conversation to its end, one question after the other, and return what it found."""
    try:
        ask = next(talk)
        while True:
            try:
                answer = getter.get(ask.path, etag=ask.etag, max_bytes=ask.max_bytes)
            except ProtocolError as error:
                ask = talk.throw(error)
            else:
                ask = talk.send(answer)
    except StopIteration as end:
        found: T = end.value
        return found
    finally:
        talk.close()


def identity() -> Talk[Identity]:
    """Ask for the town's identity file, which stands at the root of its host."""
    answer = yield Ask(WELL_KNOWN, IDENTITY_BYTES)
    return parse_identity(_found(answer, "identity file").body)


def first(etag: str | None = None) -> Ask:
    """Return the question for the checkpoint, with which a conversation begins."""
    return Ask("checkpoint", MAX_NOTE, etag)


def checkpoint(etag: str | None = None) -> Talk[Fetched]:
    """Ask for the checkpoint's note as served; status 304 if it still has this ETag."""
    answer = yield first(etag)
    return answer if answer.status == NOT_MODIFIED else _found(answer, "checkpoint")


def bundle(index: int, width: int) -> Talk[tuple[bytes, ...]]:
    """Ask for the first `width` leaves of an entry bundle; `width` is that of a signed size."""
    path, full = bundle_path(index, width), bundle_path(index)
    data, got = yield from _growing(path, full, width, MAX_BUNDLE)
    return decode_bundle(data, got)[:width]


def leaves(start: int, end: int) -> Talk[list[bytes]]:
    """Ask for the entries from `start` to `end`, a verified size, by bundles."""
    found: list[bytes] = []
    for place in bundle_places(end, start):
        first = place.index * TILE_WIDTH
        found += (yield from bundle(place.index, place.width))[max(start - first, 0) :]
    return found


def tile(level: int, index: int, width: int) -> Talk[bytes]:
    """Ask for the first `width` hashes of a hash tile: exactly 32 * width bytes."""
    path, full = tile_path(level, index, width), tile_path(level, index)
    data, got = yield from _growing(path, full, width, TILE_WIDTH * HASH_BYTES)
    if len(data) != got * HASH_BYTES:
        raise Malformed("A tile does not have the length its place demands", length=len(data))
    return data[: width * HASH_BYTES]


def consistency(old: int, new: int) -> Talk[tuple[bytes, ...]]:
    """Ask for the tiles that prove that the tree of `new` leaves continues that of `old`."""
    tiles = _Tiles()
    while True:
        try:
            return consistency_proof(tiles, old, new)
        except _Wanted as wanted:
            tiles.known[wanted.place] = yield from tile(*wanted.place)


class _Wanted(Exception):
    """A tile is needed that nobody has asked for yet."""

    def __init__(self, place: tuple[int, int, int]) -> None:
        self.place = place


class _Tiles:
    """The tiles that were asked for so far (`merkle.HashReader`)."""

    def __init__(self) -> None:
        self.known: dict[tuple[int, int, int], bytes] = {}

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Return a tile, or say that it must be asked for."""
        try:
            return self.known[level, index, width]
        except KeyError:
            raise _Wanted((level, index, width)) from None


@dataclass(frozen=True, slots=True)
class ContentBody:
    """The contents of a bundle as served, in one bounded body; empty when `unchanged` (304)."""

    unchanged: bool
    etag: str | None
    body: bytes = field(default=b"", repr=False)


def contents(index: int, etag: str | None = None) -> Talk[ContentBody]:
    """Ask for the contents that belong to a bundle: a bounded body, not parsed.

    Nothing being served (404) is the same as no content being left.
    """
    answer = yield Ask(content_path(index), MAX_CONTENT_BUNDLE, etag)
    if answer.status == NOT_MODIFIED:
        return ContentBody(True, etag)
    if answer.status != OK:
        return ContentBody(False, None)
    return ContentBody(False, answer.etag, answer.body)


def read_contents(index: int, lines: Iterable[bytes]) -> Iterator[Content]:
    """Yield the contents of a bundle's lines; Malformed if one is none, or of another bundle."""
    for content in parse_content_lines(lines):
        if content.index // TILE_WIDTH != index:
            sentence = "A content is served with another bundle than its own"
            raise Malformed(sentence, index=content.index, bundle=index)
        yield content


def tail(start: int) -> Talk[Tail | None]:
    """Ask for entries and contents from `start` on; None if the town serves no tails."""
    answer = yield Ask(f"tail/{start}", TAIL_BYTES)
    if answer.status != OK:
        return None
    found = parse_tail(answer.body)
    if found.start != start:
        sentence = "A tail begins somewhere else than was asked for"
        raise Malformed(sentence, expected=start, got=found.start)
    return found


def tails(start: int, end: int) -> Talk[Tail | None]:
    """Ask for the entries from `start` to `end`, a verified size, and their contents, by tails.

    None if the town serves no tails, or stops serving them. The last tail may hold more than was
    asked for: the town may have published since.
    """
    found: list[bytes] = []
    lines: list[bytes] = []
    while start + len(found) < end:
        part = yield from tail(start + len(found))
        if part is None:
            return None
        if not part.leaves:
            raise Malformed("A tail is empty where the checkpoint says that entries are")
        found += part.leaves
        lines += part.lines
    return Tail(start, tuple(found), tuple(lines))


def _growing(path: str, full: str, width: int, max_bytes: int) -> Talk[tuple[bytes, int]]:
    """Ask for a tile's bytes and its width: a partial one may have been replaced by the full.

    The log may delete a partial tile once the full one exists (C2SP tlog-tiles).
    """
    answer = yield Ask(path, max_bytes)
    if answer.status != OK and width != TILE_WIDTH:
        answer, width = (yield Ask(full, max_bytes)), TILE_WIDTH
    return _found(answer, "part of the log").body, width


def _found(answer: Fetched, what: str) -> Fetched:
    """Return an answer that is there; Unreachable otherwise."""
    if answer.status != OK:
        raise Unreachable(f"The {what} is not served", status=answer.status)
    return answer


def require_answer(status: int, *, asked_etag: bool, retry_after: str = "") -> None:
    """Return if a status is an answer; raises AddressRefused for a redirect, Unreachable otherwise.

    `retry_after` is the header's text; only a number of seconds is honoured.
    """
    if 300 <= status < 400 and status != NOT_MODIFIED:
        raise AddressRefused("The town redirects; redirects are not followed", status=status)
    if status == NOT_MODIFIED and not asked_etag:
        raise Unreachable("The town says that nothing changed, which was not asked")
    if status not in (OK, NOT_MODIFIED, NOT_FOUND, GONE):
        details: dict[str, object] = {"status": status}
        if _DIGITS.fullmatch(retry_after):
            details["retry_after"] = int(retry_after)
        raise Unreachable("The town answers with an error", **details)


def good_etag(text: str) -> str | None:
    """Return an ETag header's text if it is one that may be sent back, or None."""
    return text if _ETAG.fullmatch(text) else None
