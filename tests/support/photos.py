# SPDX-License-Identifier: AGPL-3.0-or-later
"""Plain photos in every way that formats store them, and what must hold of a clean one."""

import hashlib
import io
from itertools import count

from PIL import Image

from beffroi_privacy.photos import LIMITS, Limits, Photo, clean
from support.photo_carriers import CORNERS, TIME, corners, encoded, needles, readable

PLAIN = {
    "jpeg": encoded(corners(), "jpeg", quality=90),
    "png": encoded(corners(), "png"),
    "webp": encoded(corners(), "webp", lossless=True),
}

MORE = {
    "jpeg, progressive": encoded(corners(), "jpeg", progressive=True),
    "jpeg, grey": encoded(corners().convert("L"), "jpeg"),
    "jpeg, four inks": encoded(corners().convert("CMYK"), "jpeg", quality=95),
    "png, palette": encoded(corners().convert("P", palette=Image.Palette.ADAPTIVE), "png"),
    "png, grey of 16 bits": encoded(corners().convert("I;16"), "png"),
    "png, black and white": encoded(corners().convert("1"), "png"),
    "png, transparent": encoded(corners().convert("RGBA"), "png"),
    "png, grey with transparency": encoded(corners().convert("LA"), "png"),
    "webp, lossy": encoded(corners(), "webp"),
    "webp, lossy and transparent": encoded(corners().convert("RGBA"), "webp", quality=80),
}


FILES = {**PLAIN, **MORE}

_drawn = count()


def chance(size: int) -> bytes:
    """Return bytes that are never the same twice, and the same in every run."""
    return hashlib.shake_256(b"%d" % next(_drawn)).digest(size)


def cleaned(data: bytes, limits: Limits = LIMITS) -> Photo:
    """Return a clean photo, named by the chance of the tests."""
    return clean(data, chance=chance, limits=limits)


def opened(data: bytes) -> Image.Image:
    """Return a picture as Pillow decodes it."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image


def segments(data: bytes) -> list[int]:
    """Return the markers of a JPEG that ends where it says, in order."""
    found, place = [], 2
    assert data[:2] == b"\xff\xd8"
    while True:
        assert data[place] == 0xFF, f"no marker at {place}"
        marker = data[place + 1]
        found.append(marker)
        if marker == 0xD9:
            assert place + 2 == len(data), "something follows the end"
            return found
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        while marker == 0xDA and (data[place] != 0xFF or data[place + 1] in (0, *range(208, 216))):
            place += 1


def assert_bare(photo: Photo) -> None:
    """Assert that neither picture holds a marker in any spelling, nor a place for one."""
    for picture in (photo.full, photo.small):
        whole = readable(picture.data)
        assert [n for n in (*needles(), TIME) if n in whole] == []
        assert set(segments(picture.data)) <= {0xE0, 0xDB, 0xC2, 0xC4, 0xDA, 0xD9}
        image = opened(picture.data)
        assert (image.format, image.mode) == ("JPEG", "RGB")
        assert set(image.info) <= {
            "jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression",
        }  # fmt: skip
        assert len(image.getexif()) == 0
        assert image.size == (picture.width, picture.height)


def assert_upright(data: bytes, tolerance: int = 40) -> None:
    """Assert that a picture of CORNERS has each colour in its own quarter."""
    image = opened(data).convert("RGB")
    w, h = image.size
    for n, colour in enumerate(CORNERS):
        seen = image.getpixel((w // 4 + (n % 2) * w // 2, h // 4 + (n // 2) * h // 2))
        assert isinstance(seen, tuple)
        assert max(abs(a - b) for a, b in zip(seen, colour, strict=True)) < tolerance, (n, seen)
