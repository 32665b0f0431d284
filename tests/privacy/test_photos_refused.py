# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is no photo is refused with a code and a sentence that helps, and never passed through."""

import random
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from PIL import ImageFile

from beffroi_privacy.photo_files import MOST_PARTS, MOST_SCANS, format_of
from beffroi_privacy.photo_refusals import SENTENCES, PhotoRefused
from beffroi_privacy.photos import LIMITS, Limits, clean
from support.mutating import bounded, near
from support.photo_carriers import (
    CARRIERS,
    chunk,
    corners,
    encoded,
    png_with,
    riff,
    segment,
    words,
)  # fmt: skip
from support.photos import FILES, MORE, PLAIN, assert_bare, chance, cleaned

SMALL = Limits(edge=64, small_edge=16)


def refused(data: bytes, limits: Limits = LIMITS) -> str:
    with pytest.raises(PhotoRefused) as error:
        clean(data, chance=chance, limits=limits)
    return error.value.code


def box(brand: bytes, *more: bytes) -> bytes:
    said = brand + b"\0\0\0\0" + b"".join(more)
    return struct.pack(">I", len(said) + 8) + b"ftyp" + said + b"\0" * 64


OTHERS = {
    "an iPhone's photo": ("heic", box(b"heic", b"mif1", b"heic")),
    "its other brand": ("heic", box(b"mif1", b"heic")),
    "its burst": ("heic", box(b"msf1", b"hevc")),
    "AVIF": ("avif", box(b"avif", b"mif1", b"miaf")),
    "AVIF by its second brand": ("avif", box(b"mif1", b"avif")),
    "a film": ("unknown", box(b"isom", b"mp41")),
    "GIF": ("gif", encoded(corners(), "gif")),
    "TIFF": ("tiff", encoded(corners(), "tiff")),
    "big-endian TIFF": ("tiff", b"MM\0*\0\0\0\x08" + b"\0" * 50),
    "SVG": ("svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'),
    "SVG with a head": ("svg", b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- x -->\n<svg width="1"/>'),
    "PDF": ("pdf", b"%PDF-1.7\n" + b"\0" * 50),
    "BMP": ("unknown", encoded(corners(), "bmp")),
    "a text": ("unknown", b"Jean Dupont, 48.117"),
    "HTML": ("unknown", b"<!doctype html><title>x</title><img src=x onerror=y>"),
    "nothing": ("empty", b""),
    "a JPEG behind two bytes": ("unknown", b"\0\0" + PLAIN["jpeg"]),
    "a sound": ("unknown", b"RIFF\x10\0\0\0WAVEfmt "),
    "only a start": ("unknown", b"\xff\xd8"),
}  # fmt: skip


@pytest.mark.parametrize("what", OTHERS)
def test_other_formats_are_refused_by_their_content(what: str) -> None:
    code, data = OTHERS[what]
    assert format_of(data) == code
    assert refused(data) == code


def test_each_refusal_says_in_both_languages_what_to_do() -> None:
    for code in SENTENCES:
        error = PhotoRefused(code, most=15)
        french, english = error.sentence("fr"), error.sentence("en")
        assert french != english
        assert error.sentence("br") == english == str(error)
        assert "%" not in french + english
        assert "'" not in french
    assert "Le plus compatible" in PhotoRefused("heic").sentence("fr")
    assert "JPEG" in PhotoRefused("heic").sentence("en")
    assert {code for code, _ in OTHERS.values()} <= set(SENTENCES)


@pytest.mark.parametrize("kind", PLAIN)
def test_too_many_bytes_are_not_even_looked_at(kind: str) -> None:
    with pytest.raises(PhotoRefused) as error:
        clean(PLAIN[kind] + b"\0" * 2_000_000, chance=chance, limits=Limits(most_bytes=1 << 20))
    assert (error.value.code, error.value.values) == ("too heavy", {"most": 1})
    assert refused(b"\0" * (LIMITS.most_bytes + 1)) == "too heavy"


def huge_jpeg() -> bytes:
    file = bytearray(PLAIN["jpeg"])
    at = file.index(b"\xff\xc0")
    file[at + 5 : at + 9] = struct.pack(">HH", 65_000, 65_000)
    return bytes(file)


def huge_png() -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 1, 0, 0, 0, 0))
    pixels = zlib.compress(b"\0" * 6251, 9) * 2
    return PLAIN["png"][:8] + head + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def huge_webp() -> bytes:
    said = b"\x2f" + (16_383 | 16_383 << 14).to_bytes(4, "little") + b"\0" * 20
    return riff(b"RIFF", b"WEBP" + riff(b"VP8L", said))


@pytest.mark.parametrize("bomb", [huge_jpeg, huge_png, huge_webp])
def test_too_many_pixels_are_refused_before_anything_is_decoded(
    bomb: Callable[[], bytes],
) -> None:
    start = time.process_time()
    assert refused(bomb()) == "too large"
    assert time.process_time() - start < 0.5


def test_texts_that_unpack_to_gigabytes_are_never_unpacked() -> None:
    bomb = zlib.compress(b"\0" * 50_000_000, 9)
    start = time.process_time()
    photo = cleaned(png_with(b"zTXt", b"Author\0\0")(PLAIN["png"], bomb))
    assert time.process_time() - start < 1
    assert_bare(photo)


def test_a_jpeg_of_very_many_scans_is_refused() -> None:
    file = MORE["jpeg, progressive"]
    last = file.rindex(b"\xff\xda")
    assert refused(file[:last] + file[last:-2] * (MOST_SCANS + 1) + b"\xff\xd9") == "damaged"


def test_a_file_of_very_many_parts_is_refused_in_good_time() -> None:
    start = time.process_time()
    more = segment(0xFE, b"") * (MOST_PARTS + 1)
    assert refused(PLAIN["jpeg"][:2] + more + PLAIN["jpeg"][2:]) == "damaged"
    more = chunk(b"tEXt", b"") * (MOST_PARTS + 1)
    assert refused(PLAIN["png"][:33] + more + PLAIN["png"][33:]) == "damaged"
    body = b"WEBP" + riff(b"DUPO", b"") * (MOST_PARTS + 1) + PLAIN["webp"][12:]
    assert refused(riff(b"RIFF", body)) == "damaged"
    assert time.process_time() - start < 5


def test_a_jpeg_that_tells_two_sizes_is_refused() -> None:
    at = PLAIN["jpeg"].index(b"\xff\xc0")
    frame = PLAIN["jpeg"][at : at + 19]
    assert refused(PLAIN["jpeg"][:at] + frame + PLAIN["jpeg"][at:]) == "damaged"


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_cut_off_is_refused_wherever_it_was_cut(name: str) -> None:
    file = FILES[name]
    places = random.Random(name).sample(range(12, len(file)), 60)
    for place in [*places, len(file) - 1, len(file) - 2]:
        if name.startswith("webp") and place == len(file) - 1 and len(file) % 2:
            continue
        assert refused(file[:place]) in ("damaged", "unknown"), place
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


def test_a_changed_byte_of_a_png_is_noticed() -> None:
    file = PLAIN["png"]
    for place in range(8, len(file)):
        broken = bytearray(file)
        broken[place] ^= 0x20
        assert refused(bytes(broken)) in ("damaged", "too large"), place


SEEDS = [
    file
    for kind, plain in PLAIN.items()
    for file in (plain, *(carry(plain, words()) for carry in CARRIERS[kind].values()))
] + list(MORE.values())


@bounded
@given(near(SEEDS, (b"\xff\xd9", b"\xff\xda", b"\xff\xc0", b"IDAT", b"ANMF", b"VP8 ")))
def test_whatever_is_changed_in_a_file_it_is_refused_or_comes_out_bare(data: bytes) -> None:
    with suppress(PhotoRefused):
        assert_bare(cleaned(data, SMALL))


def test_the_package_works_without_pillow_until_a_photo_comes() -> None:
    program = (
        "import sys; sys.modules['PIL'] = None\n"
        "import beffroi_privacy.strong, beffroi_privacy.photos as photos\n"
        "try: photos.clean(b'GIF89a', chance=bytes)\n"
        "except photos.PhotoRefused as error: print(error.code)\n"
        "try: photos.clean(sys.stdin.buffer.read(), chance=bytes)\n"
        "except ImportError: print('install it')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=PLAIN["jpeg"], capture_output=True, check=True
    )
    assert done.stdout.split(b"\n")[:2] == [b"gif", b"install it"]
