# SPDX-License-Identifier: AGPL-3.0-or-later
"""The body of an answer, unpacked in pieces and never beyond what was allowed for it.

Why this exists: a body of 10 MB that unpacks to 10 GB costs its sender nothing. Each piece is
unpacked into bounded steps, and every step is counted before the next is made. No I/O here.
"""

import zlib
from collections.abc import Iterable, Iterator

from beffroi_federation.errors import Malformed, OverLimit

MAX_RATIO = 100
STEP_BYTES = 65_536
_SMALL = 16_384  # below this no ratio is looked at: a page of one repeated word is no bomb
_GZIP = 31  # zlib's way of saying "a gzip header and trailer"


def unpack(pieces: Iterable[bytes], *, encoding: str, max_bytes: int) -> Iterator[bytes]:
    """Yield a body in pieces of at most 64 KiB, unpacked.

    `encoding` is the Content-Encoding: `` or `identity` or `gzip`; another one is Malformed, since
    it was not asked for. Raises OverLimit above `max_bytes`, packed or unpacked, or above a
    hundred times the packed size; Malformed for bytes that are not gzip, or not all of it.
    """
    if encoding in ("", "identity"):
        return _counted(pieces, max_bytes)
    if encoding in ("gzip", "x-gzip"):
        return _inflated(pieces, max_bytes)
    raise Malformed("The body is packed in a way that was not asked for")


def _counted(pieces: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    """Yield the pieces as long as they stay within `max_bytes` together."""
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > max_bytes:
            raise OverLimit("The body is longer than it may be", expected=f"at most {max_bytes}")
        yield piece


def _inflated(pieces: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    """Yield what one gzip stream holds, in bounded steps."""
    stream = zlib.decompressobj(_GZIP)
    packed = unpacked = 0
    for piece in _counted(pieces, max_bytes):
        packed += len(piece)
        while piece and not stream.eof:
            try:
                step = stream.decompress(piece, STEP_BYTES)
            except zlib.error:
                raise Malformed("The body is not the gzip that it says it is") from None
            unpacked += len(step)
            _bound(packed, unpacked, max_bytes)
            piece = stream.unconsumed_tail
            if step:
                yield step
        if stream.unused_data or (piece and stream.eof):
            raise Malformed("Something follows the end of the gzip body")
    if not stream.eof:
        raise Malformed("The gzip body ends before its end")


def _bound(packed: int, unpacked: int, max_bytes: int) -> None:
    """Refuse what has been unpacked so far if it is too much, or too much for what came."""
    if unpacked > max_bytes:
        raise OverLimit("The body unpacks to more than it may", expected=f"at most {max_bytes}")
    if unpacked > _SMALL and unpacked > MAX_RATIO * packed:
        raise OverLimit("The body unpacks to more than 100 times its size", packed=packed)


def split_lines(pieces: Iterable[bytes], *, max_line: int) -> Iterator[bytes]:
    """Yield the lines of a body, each with its LF and at most `max_line` bytes long.

    Holds no more than one line and one piece at a time. Raises OverLimit for a longer line,
    Malformed for a last line without LF.
    """
    rest = b""
    for piece in pieces:
        lines = (rest + piece).split(b"\n")
        rest = lines.pop()
        for line in lines:
            yield _short(line + b"\n", max_line)
        _short(rest, max_line)
    if rest:
        raise Malformed("The body ends in the middle of a line")


def _short(line: bytes, max_line: int) -> bytes:
    """Return a line that is not too long."""
    if len(line) > max_line:
        raise OverLimit("A line is longer than it may be", expected=f"at most {max_line}")
    return line
