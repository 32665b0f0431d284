# SPDX-License-Identifier: AGPL-3.0-or-later
"""Content lines: what is served beside the log, with its salt, and may be destroyed.

A line that is spelt canonically is read by a typed decoder and believed only because writing what
was read gives the same bytes again; every other line is for the strict parser, which alone decides
and says why. A test compares both on any bytes.
"""

from collections.abc import Iterable, Iterator
from operator import lt
from typing import NamedTuple

from msgspec import MsgspecError, Struct
from msgspec.json import Decoder, Encoder, encode

from beffroi_federation.canonical import MAX_INTEGER, Json
from beffroi_federation.canonical import parse as parse_json
from beffroi_federation.entries.base64url import (
    decode_base64url,
    decode_hashes,
    encode_base64url,
)
from beffroi_federation.entries.members import take_index, take_string
from beffroi_federation.errors import Malformed, OverLimit

MAX_CONTENT = 16_384
MAX_LINE = 40_960
MAX_CONTENT_BUNDLE = 12 * 1_048_576


class Content(Struct, frozen=True, gc=False):
    """What is served for one entry: index, salt (32 bytes) and the content's exact bytes."""

    index: int
    salt: bytes
    content: bytes

    def __repr__(self) -> str:
        """Return the index and a length; salt and content stay out of log lines."""
        return f"Content({self.index}, {len(self.content)} bytes)"


class _Line(Struct, gc=False):
    """A content line, its members in their canonical order."""

    d: str
    i: int
    s: str


_decode = Decoder(_Line).decode
_decode_lines = Decoder(_Line).decode_lines
_encode_lines = Encoder().encode_lines
_SURELY_SHORT = 6_800
"""A content of so many bytes stands in a line that is not too long, whatever its escapes."""


def encode_content_line(index: int, salt: bytes, content: bytes) -> bytes:
    r"""Return the line `{"d":…,"i":…,"s":…}` with its LF, as it is served.

    The content is UTF-8, at most 16,384 bytes (OverLimit), whatever it says.
    """
    if not 0 <= index <= MAX_INTEGER:
        raise Malformed("A content line has an index that no entry has")
    line = encode(_Line(utf8(content), index, encode_base64url(salt))) + b"\n"
    if len(line) > MAX_LINE:
        raise OverLimit("A content line is longer than 40,960 bytes", length=len(line))
    return line


def utf8(content: bytes) -> str:
    """Return a content as text; Malformed if it is not UTF-8, OverLimit beyond 16,384 bytes."""
    if len(content) > MAX_CONTENT:
        raise OverLimit("A content is longer than 16,384 bytes", length=len(content))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("A content is not UTF-8") from None


def parse_content_line(line: bytes) -> Content:
    """Return the content of one line, with or without its LF; Malformed or OverLimit if it is none.

    The line need not be canonical: what is verified is the content inside, by its commitment.
    """
    if len(line) > MAX_LINE:
        raise OverLimit("A content line is longer than 40,960 bytes", length=len(line))
    bare = line.removesuffix(b"\n")
    try:
        read = _decode(bare)
        if encode(read) != bare:
            return parse_strictly(bare)
    except (MsgspecError, UnicodeError, RecursionError):
        return parse_strictly(bare)
    content = read.d.encode()
    if not 0 <= read.i <= MAX_INTEGER or len(content) > MAX_CONTENT:
        return parse_strictly(bare)
    return Content(read.i, decode_base64url(read.s), content)


def parse_strictly(line: bytes) -> Content:
    """Return the content of a line in any spelling that strict JSON allows."""
    members = parse_json(line, max_depth=1)
    if not isinstance(members, dict) or members.keys() != {"d", "i", "s"}:
        raise Malformed("A content line does not have the members d, i and s")
    return content_of(members)


def content_of(members: dict[str, Json]) -> Content:
    """Return the content of members d, i and s; Malformed or OverLimit for other values."""
    content = take_string(members, "d").encode()
    if len(content) > MAX_CONTENT:
        raise OverLimit("A content is longer than 16,384 bytes", length=len(content))
    return Content(take_index(members, "i"), decode_base64url(take_string(members, "s")), content)


def parse_content_lines(lines: Iterable[bytes]) -> Iterator[Content]:
    """Yield the contents of a content bundle, line by line (`data.splitlines(True)`, or a stream).

    The indexes must rise strictly, so that no entry has two contents. The caller bounds the bundle
    (`MAX_CONTENT_BUNDLE`) and looks up whether each index belongs to it.
    """
    last = -1
    for line in lines:
        content = parse_content_line(line)
        if content.index <= last:
            raise Malformed("Content lines are not in the order of the log", index=content.index)
        last = content.index
        yield content


class Contents(NamedTuple):
    """The contents of many entries, a list of each member, all of one length."""

    indexes: list[int]
    salts: list[bytes]
    contents: list[bytes]


def parse_contents(body: bytes) -> Contents:
    """Return the contents of a body of lines, each ended by LF: a content bundle's, or a tail's.

    What `parse_content_lines` yields for its lines, and faster: a body that is spelt canonically is
    read at once, and believed only because writing what was read gives the same bytes again.
    Raises what that raises.
    """
    return _at_once(body) or _line_by_line(body)


def _at_once(body: bytes) -> Contents | None:
    """Return the contents of a body whose lines are all canonical and surely short enough."""
    try:
        read = _decode_lines(body)
        if _encode_lines(read) != body:
            return None
    except (MsgspecError, UnicodeError, RecursionError):
        return None
    indexes = [one.i for one in read]
    contents = [one.d.encode() for one in read]
    salts = decode_hashes([one.s for one in read])
    if (
        salts is None
        or (indexes and not 0 <= min(indexes) <= max(indexes) <= MAX_INTEGER)
        or max(map(len, contents), default=0) > _SURELY_SHORT
        or not all(map(lt, indexes, indexes[1:]))
    ):
        return None
    return Contents(indexes, salts, contents)


def _line_by_line(body: bytes) -> Contents:
    lines = body.split(b"\n")
    if lines.pop():
        raise Malformed("The body ends in the middle of a line")
    found = list(parse_content_lines(lines))
    return Contents(
        [one.index for one in found],
        [one.salt for one in found],
        [one.content for one in found],
    )
