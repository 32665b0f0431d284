# SPDX-License-Identifier: AGPL-3.0-or-later
"""The body of `/log/tail/<n>`: entries from n on with their contents, in one answer.

Why this exists: bundles and contents are addressed by 256, so that a town which adds three entries
a week makes its readers fetch up to 255 old ones again with each of two requests. The tail gives
what is new, and nothing that it says is trusted: the reader extends its frontier and compares the
root with the signed checkpoint, exactly as with bundles.

Format (`docs/protocol/pulling.md`), at most 1 MiB:

    {"contents":<count>,"entries":<count>,"start":<n>,"v":1} LF     canonical JSON
    <entries> times: uint16 big-endian length || entry              as in an entry bundle
    <contents> times: one content line LF                           as in a content bundle

A tail may stop before the end of the log; the reader knows the size from the checkpoint and asks
again from where the tail stopped. The town serves what `encode_tail` returns.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from beffroi_federation import canonical
from beffroi_federation.entries import MAX_LINE
from beffroi_federation.errors import Malformed, OverLimit
from beffroi_federation.tiles import MAX_LEAF

TAIL_BYTES = 1_048_576
_HEADER_BYTES = 256
_PLAIN = re.compile(
    rb'\{"contents":(0|[1-9][0-9]{0,5}),"entries":(0|[1-9][0-9]{0,5}),'
    rb'"start":(0|[1-9][0-9]{0,14}),"v":1\}'
)
"""How a first line is spelt; of any other the strict parser says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Tail:
    """What a tail holds, not yet verified: entries from `start` on, and content lines (no LF)."""

    start: int
    leaves: tuple[bytes, ...]
    lines: tuple[bytes, ...]


def encode_tail(start: int, leaves: Sequence[bytes], lines: Mapping[int, bytes]) -> bytes:
    """Return the body for the entries from `start` on, cut after as many as fit in 1 MiB.

    `lines` maps an index to its content line, with or without its LF; entries without content have
    none. An entry goes in together with its content line or not at all.
    """
    framed: list[bytes] = []
    contents: list[bytes] = []
    room = TAIL_BYTES - _HEADER_BYTES
    for index, leaf in enumerate(leaves, start):
        line = lines[index].removesuffix(b"\n") + b"\n" if index in lines else b""
        room -= 2 + len(leaf) + len(line)
        if room < 0:
            break
        framed.append(len(leaf).to_bytes(2, "big") + leaf)
        if line:
            contents.append(line)
    header = {"contents": len(contents), "entries": len(framed), "start": start, "v": 1}
    return b"".join((canonical.encode(header), b"\n", *framed, *contents))


def parse_tail(data: bytes) -> Tail:
    """Return what a tail holds; raises Malformed or OverLimit. Entries are not looked into."""
    if len(data) > TAIL_BYTES:
        raise OverLimit("A tail is longer than 1 MiB", bytes=len(data))
    first, found, _ = data[:_HEADER_BYTES].partition(b"\n")
    if not found:
        raise Malformed("A tail begins with a line of JSON")
    start, entries, contents = _header(first)
    position = len(first) + 1
    leaves: list[bytes] = []
    for _ in range(entries):
        length = int.from_bytes(data[position : position + 2], "big")
        leaf = data[position + 2 : position + 2 + length]
        if length > MAX_LEAF:
            raise OverLimit("An entry is longer than 1,024 bytes", bytes=length)
        if not length or len(leaf) != length:
            raise Malformed("A tail ends in the middle of its entries", entries=len(leaves))
        leaves.append(leaf)
        position += 2 + length
    return Tail(start, tuple(leaves), _lines(data[position:], contents))


def _header(line: bytes) -> tuple[int, int, int]:
    """Return start, number of entries and number of content lines of a tail's first line."""
    plain = _PLAIN.fullmatch(line)
    if plain is not None and int(plain[1]) <= int(plain[2]):
        return int(plain[3]), int(plain[2]), int(plain[1])
    value = canonical.parse(line)
    if not isinstance(value, dict) or value.get("v") != 1:
        raise Malformed("A tail begins with an object of version 1")
    numbers = []
    for name in ("start", "entries", "contents"):
        number = value.get(name)
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise Malformed(f"A tail's first line has no whole number `{name}`")
        numbers.append(number)
    start, entries, contents = numbers
    if contents > entries:
        raise Malformed("A tail has more contents than entries", entries=entries, contents=contents)
    return start, entries, contents


def _lines(data: bytes, expected: int) -> tuple[bytes, ...]:
    """Return the content lines of a tail, which are as many as its first line says."""
    lines = data.split(b"\n")
    if lines.pop() != b"" or len(lines) != expected:
        raise Malformed("A tail has another number of content lines than it says", said=expected)
    for line in lines:
        if len(line) > MAX_LINE:
            raise OverLimit("A content line is longer than 40,960 bytes", bytes=len(line))
    return tuple(lines)
