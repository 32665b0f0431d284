# SPDX-License-Identifier: AGPL-3.0-or-later
"""The body of an answer, unpacked in pieces and never beyond what was allowed for it.

Why this exists: a body of 10 MB that unpacks to 10 GB costs its sender nothing. Each piece is
unpacked into bounded steps, and every step is counted before the next is made. No I/O here.
"""

import zlib
from collections.abc import Iterable, Iterator

from beffroi_federation.errors import Bomb, Malformed, OverLimit

MAX_RATIO = 100
STEP_BYTES = 65_536
_SMALL = 16_384  # below this no ratio is looked at: a page of one repeated word is no bomb
_GZIP = 31  # zlib's way of saying "a gzip header and trailer"


class Unpacking:
    """One body being unpacked as its pieces come.

    `encoding` is the Content-Encoding: `` or `identity` or `gzip`; another one is Malformed, since
    it was not asked for. `take` and `end` raise OverLimit above `max_bytes`, packed or unpacked,
    or above a hundred times the packed size; Malformed for bytes that are not gzip, or not all of
    it.
    """

    def __init__(self, encoding: str, max_bytes: int) -> None:
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            raise Malformed("The body is packed in a way that was not asked for")
        self._stream = None if encoding in ("", "identity") else zlib.decompressobj(_GZIP)
        self._most = max_bytes
        self._packed = self._unpacked = 0

    def take(self, piece: bytes) -> Iterator[bytes]:
        """Yield what one more piece unpacks to, in steps of at most 64 KiB if it was packed."""
        self._packed += len(piece)
        if self._packed > self._most:
            raise OverLimit("The body is longer than it may be", expected=f"at most {self._most}")
        stream = self._stream
        if stream is None:
            yield piece
            return
        while piece and not stream.eof:
            try:
                step = stream.decompress(piece, STEP_BYTES)
            except zlib.error:
                raise Malformed("The body is not the gzip that it says it is") from None
            self._unpacked += len(step)
            _bound(self._packed, self._unpacked, self._most)
            piece = stream.unconsumed_tail
            if step:
                yield step
        if stream.unused_data or (piece and stream.eof):
            raise Malformed("Something follows the end of the gzip body")

    def end(self) -> None:
        """Refuse a packed body that stopped before its end."""
        if self._stream is not None and not self._stream.eof:
            raise Malformed("The gzip body ends before its end")


def unpack(pieces: Iterable[bytes], *, encoding: str, max_bytes: int) -> Iterator[bytes]:
    """Yield a whole body unpacked; see `Unpacking` for what is refused."""
    return _through(Unpacking(encoding, max_bytes), pieces)


def _through(unpacking: Unpacking, pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield from unpacking.take(piece)
    unpacking.end()


def _bound(packed: int, unpacked: int, max_bytes: int) -> None:
    """Refuse what has been unpacked so far if it is too much, or too much for what came."""
    if unpacked > max_bytes:
        raise Bomb("The body unpacks to more than it may", expected=f"at most {max_bytes}")
    if unpacked > _SMALL and unpacked > MAX_RATIO * packed:
        raise Bomb("The body unpacks to more than 100 times its size", packed=packed)


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
