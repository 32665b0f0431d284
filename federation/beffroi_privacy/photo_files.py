# SPDX-License-Identifier: AGPL-3.0-or-later
"""The files that photos come in: which format, how large, which way up, and their pixels alone.

`bare` takes the bytes of a JPEG, PNG or WebP file apart and puts a file together that holds what
is needed to decode the pixels of its first picture, and nothing else: no EXIF, no XMP, no comment,
no profile, no second picture, nothing after the end. The decoder then never meets what a stranger
wrote beside the pixels (its decompressors of texts and readers of EXIF are not used at all), and
what it hands back cannot hold it. The size is read here too, before anything is decoded.

Nothing is decoded here. Only the way up is read from EXIF: one number from 1 to 8.
"""

import re
import zlib
from dataclasses import dataclass
from typing import Final, Literal

from beffroi_privacy.photo_refusals import PhotoRefused

Format = Literal["jpeg", "png", "webp"]

MOST_PARTS: Final = 65_536
"""Segments or chunks of one file; a photo has a few thousand at most."""
MOST_SCANS: Final = 100
"""Scans of one JPEG; a progressive photo has about ten. Each costs a pass over every pixel."""

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_KEPT: Final = _FRAMES | {0xC4, 0xCC, 0xDA, 0xDB, 0xDC, 0xDD}
_JFIF: Final = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
_ADOBE: Final = 12
_AFTER_SCAN: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_OTHERS: Final = (
    ("gif", re.compile(rb"GIF8[79]a")),
    ("tiff", re.compile(rb"II[*+]\x00|MM\x00[*+]")),
    ("pdf", re.compile(rb".{0,1024}%PDF-", re.DOTALL)),
    ("svg", re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:[?!].{0,4096}<)?svg[\s>]", re.DOTALL)),
)


@dataclass(frozen=True, slots=True)
class Bare:
    """A file with nothing but its first picture; `width` and `height` in pixels, before turning.

    `orientation` is that of EXIF: 1 is upright, 2 to 8 are the other ways to hold a camera.
    """

    format: Format
    data: bytes
    width: int
    height: int
    orientation: int


def format_of(data: bytes) -> str:
    """Return what a file is by its content: a `Format`, or a code of `PhotoRefused`."""
    if not data:
        return "empty"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(_PNG):
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        return _by_brand(data)
    for name, shape in _OTHERS:
        if shape.match(data):
            return name
    return "unknown"


def _by_brand(data: bytes) -> str:
    """Tell the pictures among the files that begin with a box of brands (films do as well)."""
    brands = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
    if b"avif" in brands or b"avis" in brands:
        return "avif"
    pictures = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
    return "heic" if any(brand in brands for brand in pictures) else "unknown"


def bare(data: bytes) -> Bare:
    """Return the first picture of a file and nothing else; raise PhotoRefused for what is none."""
    kind = format_of(data)
    if kind == "jpeg":
        return _jpeg(data)
    if kind == "png":
        return _png(data)
    if kind == "webp":
        return _webp(data)
    raise PhotoRefused(kind)


def _need(holds: bool) -> None:
    """Refuse a file that is not what its format says."""
    if not holds:
        raise PhotoRefused("damaged")


# ---- JPEG ---------------------------------------------------------------------------------------


class _Jpeg:
    """What has been read of a JPEG so far."""

    def __init__(self) -> None:
        self.kept = [b"\xff\xd8"]
        self.size: tuple[int, int] | None = None
        self.orientation = 0
        self.scans = 0

    def take(self, marker: int, said: bytes) -> None:
        """Keep a segment (its marker and what it says) if pixels depend on it."""
        if marker == 0xE0 and said.startswith(b"JFIF\x00") and len(self.kept) == 1:
            self.kept.append(_JFIF)
        elif marker == 0xE1 and said.startswith(b"Exif\x00") and not self.orientation:
            self.orientation = _orientation(said)
        elif marker == 0xEE and said.startswith(b"Adobe") and len(said) >= _ADOBE:
            self.keep(marker, said[:_ADOBE])  # says how colours are stored; the rest says nothing
        elif marker in _JPEG_KEPT:
            self.keep(marker, said)
        if marker in _FRAMES:
            _need(self.size is None and len(said) > 5)
            self.size = int.from_bytes(said[3:5], "big"), int.from_bytes(said[1:3], "big")

    def keep(self, marker: int, said: bytes) -> None:
        """Keep a segment as it is."""
        self.kept.append(bytes((0xFF, marker)) + (len(said) + 2).to_bytes(2, "big") + said)


def _jpeg(data: bytes) -> Bare:
    read, place = _Jpeg(), 2
    for _ in range(MOST_PARTS):
        while data[place : place + 2] == b"\xff\xff":  # fill bytes
            place += 1
        _need(data[place : place + 1] == b"\xff" and place + 1 < len(data))
        marker = data[place + 1]
        if marker == 0xD9:  # the end; a second picture or a stranger's words may follow
            break
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        end = place + 2 + length
        _need(marker >= 0xC0 and not 0xD0 <= marker <= 0xD8 and length >= 2 and end <= len(data))
        read.take(marker, data[place + 4 : end])
        place = end
        if marker == 0xDA:
            following = _AFTER_SCAN.search(data, place)
            read.scans += 1
            if following is None or read.scans > MOST_SCANS:
                raise PhotoRefused("damaged")
            read.kept.append(data[place : following.start()])
            place = following.start()
    else:
        raise PhotoRefused("damaged")
    if read.size is None or not read.scans or 0 in read.size:
        raise PhotoRefused("damaged")
    return Bare("jpeg", b"".join(read.kept) + b"\xff\xd9", *read.size, read.orientation or 1)


# ---- PNG ----------------------------------------------------------------------------------------


def _png(data: bytes) -> Bare:
    kept, place, orientation = [_PNG], len(_PNG), 0
    for number in range(MOST_PARTS):
        length = int.from_bytes(data[place : place + 4], "big")
        name, end = data[place + 4 : place + 8], place + 12 + length
        _need(end <= len(data) and (name == b"IHDR" and length == 13) == (number == 0))
        checked = zlib.crc32(data[place + 4 : end - 4]).to_bytes(4, "big")
        _need(checked == data[end - 4 : end])
        if name in _PNG_KEPT:
            kept.append(data[place:end])
        elif name == b"eXIf" and not orientation:
            orientation = _orientation(data[place + 8 : end - 4])
        place = end
        if name == b"IEND":
            break
    else:
        raise PhotoRefused("damaged")
    head = kept[1][8:]
    width, height = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:8], "big")
    _need(width > 0 and height > 0)
    return Bare("png", b"".join(kept), width, height, orientation or 1)


# ---- WebP ---------------------------------------------------------------------------------------


def _chunks(data: bytes, place: int, end: int) -> list[tuple[bytes, bytes]]:
    """Return the chunks of a RIFF file between two places: names and what each holds."""
    found: list[tuple[bytes, bytes]] = []
    while place + 8 <= end:
        length = int.from_bytes(data[place + 4 : place + 8], "little")
        _need(place + 8 + length <= end and len(found) < MOST_PARTS)
        found.append((data[place : place + 4], data[place + 8 : place + 8 + length]))
        place += 8 + length + length % 2
    return found


def _riff(name: bytes, said: bytes) -> bytes:
    return name + len(said).to_bytes(4, "little") + said + b"\x00" * (len(said) % 2)


def _webp(data: bytes) -> Bare:
    end = 8 + int.from_bytes(data[4:8], "little")
    _need(12 < end <= len(data))
    chunks = _chunks(data, 12, end)
    exif = next((said for name, said in chunks if name == b"EXIF"), b"")
    moving = next((said for name, said in chunks if name == b"ANMF"), None)
    parts = chunks if moving is None else _chunks(moving, 16, len(moving))
    alpha = next((said for name, said in parts if name == b"ALPH"), None)
    picture = next((part for part in parts if part[0] in (b"VP8 ", b"VP8L")), None)
    if picture is None:
        raise PhotoRefused("damaged")
    width, height = _webp_size(*picture)
    body = _riff(*picture)
    if alpha is not None and picture[0] == b"VP8 ":
        canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        body = _riff(b"VP8X", b"\x10\x00\x00\x00" + canvas) + _riff(b"ALPH", alpha) + body
    return Bare("webp", _riff(b"RIFF", b"WEBP" + body), width, height, _orientation(exif) or 1)


def _webp_size(name: bytes, said: bytes) -> tuple[int, int]:
    """Return width and height of a picture's own head: lossy, or lossless with 14 bits each."""
    if name == b"VP8 ":
        _need(len(said) >= 10 and said[3:6] == b"\x9d\x01\x2a")
        width = int.from_bytes(said[6:8], "little") & 0x3FFF
        height = int.from_bytes(said[8:10], "little") & 0x3FFF
        _need(width > 0 and height > 0)
        return width, height
    _need(len(said) >= 5 and said[:1] == b"\x2f")
    bits = int.from_bytes(said[1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


# ---- EXIF ---------------------------------------------------------------------------------------


def _orientation(exif: bytes) -> int:
    """Return the way up that EXIF tells, 1 to 8, or 0 where it tells none that makes sense."""
    tiff = exif[6:] if exif.startswith(b"Exif\x00") else exif
    if tiff[:2] not in (b"II", b"MM"):
        return 0
    order: Literal["little", "big"] = "little" if tiff[:2] == b"II" else "big"
    first = int.from_bytes(tiff[4:8], order)
    for number in range(int.from_bytes(tiff[first : first + 2], order)):
        entry = tiff[first + 2 + 12 * number :][:12]
        if len(entry) < 12:
            return 0
        if int.from_bytes(entry[:2], order) == 0x0112:
            said = int.from_bytes(entry[8:10], order)
            return said if 1 <= said <= 8 else 0
    return 0
