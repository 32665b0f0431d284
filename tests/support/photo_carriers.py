# SPDX-License-Identifier: AGPL-3.0-or-later
"""Photos with something written beside their pixels, in every place that the formats have for it.

`JPEG`, `PNG` and `WEBP` name each carrier and give a function from a plain file and words to a file
that carries them; the bytes are put together here by hand, from the formats' own descriptions.
`readable` opens what a file holds compressed, so that nothing can hide in there from a search.
"""

import io
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from PIL import Image

Carrier = Callable[[bytes, bytes], bytes]
"""Puts words (raw bytes) into a file, and returns the file that carries them."""

MARKERS = ("48.117", "Dupont", "0639981234")
LATITUDE = 48117, 1000
"""The same latitude as a fraction of two numbers, as EXIF writes it."""


def words() -> bytes:
    """Return every marker in ASCII and in both orders of UTF-16, with room between."""
    spelt = [m.encode(code) for m in MARKERS for code in ("ascii", "utf-16-le", "utf-16-be")]
    return b" \x01 ".join(spelt)


def needles() -> list[bytes]:
    """Return every spelling of a marker that must not be found."""
    spelt = [m.encode(code) for m in MARKERS for code in ("ascii", "utf-16-le", "utf-16-be")]
    return [*spelt, struct.pack("<II", *LATITUDE), struct.pack(">II", *LATITUDE)]


def readable(data: bytes) -> bytes:
    """Return the bytes and whatever in them is a zlib stream, opened, also inside each other."""
    found, waiting = [data], [data]
    while waiting:
        one = waiting.pop()
        for start in (n for n in range(len(one) - 1) if one[n] == 0x78):
            if (one[start] << 8 | one[start + 1]) % 31:
                continue
            try:
                opened = zlib.decompressobj().decompress(one[start:], 1 << 22)
            except zlib.error:
                continue
            if len(opened) > 3:
                found.append(opened)
                waiting.append(opened)
    return b"\n".join(found)


# ---- pixels -------------------------------------------------------------------------------------

CORNERS = ((200, 30, 30), (30, 160, 30), (30, 30, 200), (230, 210, 40))
"""Top left, top right, bottom left, bottom right of the picture that shows which way up it is."""


def corners(width: int = 96, height: int = 64) -> Image.Image:
    """Return a picture whose four quarters have the colours of CORNERS."""
    image = Image.new("RGB", (width, height))
    for n, colour in enumerate(CORNERS):
        left, top = (n % 2) * width // 2, (n // 2) * height // 2
        image.paste(colour, (left, top, left + width // 2, top + height // 2))
    return image


def encoded(image: Image.Image, kind: str, **how: object) -> bytes:
    """Return a picture as a plain file of a format (`jpeg`, `png`, `webp`)."""
    out = io.BytesIO()
    image.save(out, kind.upper(), **how)
    return out.getvalue()


# ---- EXIF ---------------------------------------------------------------------------------------

Entry = tuple[int, int, bytes]
_UNIT = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}


def _directory(entries: Sequence[Entry], at: int, order: str, following: int = 0) -> bytes:
    """Return a directory that stands at an offset, with what does not fit in it behind it."""
    behind_at = at + 2 + 12 * len(entries) + 4
    head, behind = struct.pack(order + "H", len(entries)), b""
    for tag, kind, value in sorted(entries):
        head += struct.pack(order + "HHI", tag, kind, len(value) // _UNIT[kind])
        if len(value) <= 4:
            head += value.ljust(4, b"\0")
        else:
            head += struct.pack(order + "I", behind_at + len(behind))
            behind += value + b"\0" * (len(value) % 2)
    return head + struct.pack(order + "I", following) + behind


def tiff(
    *, order: str = "<", plain: Sequence[Entry] = (), camera: Sequence[Entry] = (),
    place: Sequence[Entry] = (), thumbnail: bytes = b"",
) -> bytes:  # fmt: skip
    """Return the body of EXIF: the main directory, and below it camera, place and thumbnail."""

    def main(camera_at: int, place_at: int, small_at: int) -> bytes:
        below = [(0x8769, 4, camera_at)] if camera else []
        below += [(0x8825, 4, place_at)] if place else []
        entries = [*plain, *((tag, kind, struct.pack(order + "I", to)) for tag, kind, to in below)]
        return _directory(entries, 8, order, small_at if thumbnail else 0)

    camera_at = 8 + len(main(0, 0, 0))
    camera_part = _directory(camera, camera_at, order) if camera else b""
    place_at = camera_at + len(camera_part)
    place_part = _directory(place, place_at, order) if place else b""
    small_at = place_at + len(place_part)
    small_part = b""
    if thumbnail:
        size = struct.pack(order + "I", len(thumbnail))
        start = struct.pack(order + "I", small_at + 2 + 24 + 4)
        small_part = _directory([(0x201, 4, start), (0x202, 4, size)], small_at, order) + thumbnail
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    return head + main(camera_at, place_at, small_at) + camera_part + place_part + small_part


def turned(orientation: int, order: str = "<") -> bytes:
    """Return EXIF that says only which way up the camera was held."""
    return tiff(order=order, plain=[(0x0112, 3, struct.pack(order + "H", orientation))])


def _place(said: bytes) -> bytes:
    degrees = struct.pack("<6I", *LATITUDE, 0, 1, 0, 1)
    return tiff(place=[(1, 2, b"N\0"), (2, 5, degrees), (0x1B, 7, b"ASCII\0\0\0" + said)])


def _author(said: bytes) -> bytes:
    utf16 = "".join(MARKERS).encode("utf-16-le")
    return tiff(order=">", plain=[(0x013B, 2, said), (0x9C9D, 1, utf16), (0x010E, 2, said)])


def _maker(said: bytes) -> bytes:
    return tiff(camera=[(0x927C, 7, b"Maker\0" + said), (0x9286, 7, b"UNICODE\0" + said)])


def _thumbnail(said: bytes) -> bytes:
    return tiff(thumbnail=jpeg_comment(encoded(corners(32, 16), "jpeg"), said))


EXIF: Mapping[str, Callable[[bytes], bytes]] = {
    "EXIF GPS": _place, "EXIF author": _author, "EXIF maker note": _maker,
    "EXIF thumbnail": _thumbnail,
}  # fmt: skip


def xmp(said: bytes) -> bytes:
    """Return a packet of XMP that says something."""
    return b'<?xpacket begin=""?><x:xmpmeta><rdf:li>' + said + b"</rdf:li></x:xmpmeta>"


def profile(said: bytes) -> bytes:
    """Return what looks like a colour profile whose description says something."""
    described = b"desc\0\0\0\0" + struct.pack(">I", len(said)) + said
    head = struct.pack(">I", 128 + 16 + len(described)) + b"\0" * 32 + b"acsp" + b"\0" * 88
    return head + struct.pack(">I4sII", 1, b"desc", 144, len(described)) + described


# ---- JPEG ---------------------------------------------------------------------------------------


def segment(marker: int, said: bytes) -> bytes:
    """Return one segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(said) + 2) + said


def jpeg_with(marker: int, before: bytes = b"", make: Callable[[bytes], bytes] = bytes) -> Carrier:
    """Return a carrier that puts one more segment behind the start of a JPEG."""
    return lambda file, said: file[:2] + segment(marker, before + make(said)) + file[2:]


jpeg_comment = jpeg_with(0xFE)


def _iptc(said: bytes) -> bytes:
    dataset = struct.pack(">BBBH", 0x1C, 2, 80, len(said)) + said
    return b"8BIM\x04\x04\0\0" + struct.pack(">I", len(dataset)) + dataset


def _second(file: bytes, said: bytes) -> bytes:
    """Put a second picture behind the first, as MPO does; the first one's index says where."""
    other = jpeg_comment(encoded(Image.new("RGB", (96, 64), (0, 0, 0)), "jpeg"), said)
    entries = b"".join(
        struct.pack("<IIIHH", kind, size, at, 0, 0)
        for kind, size, at in ((0x030000, len(file), 0), (0, len(other), len(file)))
    )
    index = b"II*\0" + struct.pack("<I", 8) + _directory(
        [(0xB000, 7, b"0100"), (0xB001, 4, struct.pack("<I", 2)), (0xB002, 7, entries)], 8, "<"
    )  # fmt: skip
    return file[:2] + segment(0xE2, b"MPF\0" + index) + file[2:] + other


def _before_scan(file: bytes, said: bytes) -> bytes:
    at = file.rindex(b"\xff\xda")
    return file[:at] + segment(0xFE, said) + segment(0xEF, said) + file[at:]


JPEG: Mapping[str, Carrier] = {
    **{name: jpeg_with(0xE1, b"Exif\0\0", make) for name, make in EXIF.items()},
    "XMP": jpeg_with(0xE1, b"http://ns.adobe.com/xap/1.0/\0", xmp),
    "extended XMP": jpeg_with(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 40),
    "IPTC": jpeg_with(0xED, b"Photoshop 3.0\0", _iptc),
    "comment": jpeg_comment,
    "comment before the last scan": _before_scan,
    "ICC": jpeg_with(0xE2, b"ICC_PROFILE\0\x01\x01", profile),
    "JFIF extension": jpeg_with(0xE0, b"JFXX\0\x10"),
    "words behind Adobe's": jpeg_with(0xEE, b"Adobe\0\x64\0\0\0\0\x01"),
    "trailing bytes": lambda file, said: file + said,
    "second picture": _second,
}


# ---- PNG ----------------------------------------------------------------------------------------


def chunk(name: bytes, said: bytes) -> bytes:
    """Return one chunk of a PNG, with its checksum."""
    return struct.pack(">I", len(said)) + name + said + zlib.crc32(name + said).to_bytes(4, "big")


def png_with(name: bytes, before: bytes = b"", make: Callable[[bytes], bytes] = bytes) -> Carrier:
    """Return a carrier that puts one chunk behind the head of a PNG and one before its end."""

    def carry(file: bytes, said: bytes) -> bytes:
        more = chunk(name, before + make(said))
        return file[:33] + more + file[33:-12] + more + file[-12:]

    return carry


def _once(carrier: Carrier) -> Carrier:
    """Keep what a carrier put behind the head only (some chunks may not stand twice)."""

    def carry(file: bytes, said: bytes) -> bytes:
        both = carrier(file, said)
        extra = (len(both) - len(file)) // 2
        return both[: -12 - extra] + both[-12:]

    return carry


def _second_frame(file: bytes, said: bytes) -> bytes:
    """Make a moving PNG of two frames; the words are bytes of the second one's pixels."""
    width, height = struct.unpack(">II", file[16:24])
    row = b"\0" + (said * (1 + 3 * width // len(said)))[: 3 * width]
    pixels = zlib.compress(row * height, 0)
    place = struct.pack(">IIIIHHBB", width, height, 0, 0, 1, 10, 0, 0)
    start = chunk(b"acTL", struct.pack(">II", 2, 0)) + chunk(b"fcTL", b"\0\0\0\0" + place)
    second = chunk(b"fcTL", b"\0\0\0\x01" + place) + chunk(b"fdAT", b"\0\0\0\x02" + pixels)
    return file[:33] + start + file[33:-12] + second + file[-12:]


TIME = struct.pack(">HBBBBB", 2026, 7, 14, 23, 59, 58)
"""The moment that the carrier `tIME` tells, in its own seven bytes."""


PNG: Mapping[str, Carrier] = {
    **{name: _once(png_with(b"eXIf", b"", make)) for name, make in EXIF.items()},
    "tEXt": png_with(b"tEXt", b"Author\0"),
    "zTXt": png_with(b"zTXt", b"Author\0\0", zlib.compress),
    "iTXt": png_with(b"iTXt", b"Author\0\0\0fr\0\0"),
    "iTXt compressed": png_with(b"iTXt", b"Author\0\x01\0fr\0\0", zlib.compress),
    "XMP": png_with(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0", xmp),
    "ICC": _once(png_with(b"iCCP", b"Dupont\0\0", lambda said: zlib.compress(profile(said)))),
    "tIME": lambda file, said: _once(png_with(b"tIME", TIME))(file, b""),
    "a chunk of one's own": png_with(b"duPo"),
    "trailing bytes": lambda file, said: file + said + chunk(b"tEXt", b"Author\0" + said),
    "second frame": _second_frame,
}


# ---- WebP ---------------------------------------------------------------------------------------


def riff(name: bytes, said: bytes) -> bytes:
    """Return one chunk of a WebP, padded to an even length."""
    return name + struct.pack("<I", len(said)) + said + b"\0" * (len(said) % 2)


def _size(file: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(file)) as image:
        return image.size


def webp_with(flag: int, *more: tuple[bytes, Callable[[bytes], bytes]]) -> Carrier:
    """Return a carrier that makes the extended form of a plain WebP, with chunks behind it."""

    def carry(file: bytes, said: bytes) -> bytes:
        width, height = _size(file)
        canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        head = riff(b"VP8X", bytes((flag, 0, 0, 0)) + canvas)
        made = [riff(name, make(said)) for name, make in more]
        first = made if flag == 0x20 else []
        body = b"WEBP" + b"".join((head, *first, file[12:], *([] if first else made)))
        return riff(b"RIFF", body)

    return carry


def _moving(file: bytes, said: bytes) -> bytes:
    """Make a moving WebP of two frames; the words stand in a chunk of the second one."""
    width, height = _size(file)
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    place = b"\0" * 6 + canvas + (100).to_bytes(3, "little") + b"\0"
    other = encoded(Image.new("RGB", (width, height), (0, 0, 0)), "webp", lossless=True)
    frames = riff(b"ANMF", place + file[12:])
    frames += riff(b"ANMF", place + other[12:] + riff(b"DUPO", said))
    head = riff(b"VP8X", b"\x02\0\0\0" + canvas) + riff(b"ANIM", b"\0" * 6)
    return riff(b"RIFF", b"WEBP" + head + frames)


WEBP: Mapping[str, Carrier] = {
    **{name: webp_with(0x08, (b"EXIF", make)) for name, make in EXIF.items()},
    "EXIF with a prefix": webp_with(0x08, (b"EXIF", lambda said: b"Exif\0\0" + _author(said))),
    "XMP": webp_with(0x04, (b"XMP ", xmp)),
    "ICC": webp_with(0x20, (b"ICCP", profile)),
    "a chunk of one's own": webp_with(0, (b"DUPO", bytes)),
    "trailing bytes": lambda file, said: file + said,
    "second frame": _moving,
}

CARRIERS: Mapping[str, Mapping[str, Carrier]] = {"jpeg": JPEG, "png": PNG, "webp": WEBP}


def every() -> Iterator[tuple[str, str]]:
    """Yield each format with each of its carriers, by name."""
    for kind, carriers in CARRIERS.items():
        for name in carriers:
            yield kind, name
