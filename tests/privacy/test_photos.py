# SPDX-License-Identifier: AGPL-3.0-or-later
"""Photos: no byte of what was written beside the pixels comes out, in any format or carrier."""

import io
import struct

import pytest
from PIL import Image
from PIL.Image import Transpose

from beffroi_privacy.photos import clean
from support.photo_carriers import (
    CARRIERS,
    EXIF,
    JPEG,
    PNG,
    TIME,
    WEBP,
    corners,
    encoded,
    every,
    jpeg_with,
    needles,
    png_with,
    readable,
    turned,
    webp_with,
    words,
)  # fmt: skip
from support.photos import (
    MORE,
    PLAIN,
    assert_bare,
    assert_upright,
    cleaned,
    opened,
    segments,
)  # fmt: skip

# ---- the matrix ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "carrier"), list(every()))
def test_nothing_of_what_a_carrier_says_comes_out(kind: str, carrier: str) -> None:
    carrying = CARRIERS[kind][carrier](PLAIN[kind], words())
    whole = readable(carrying)
    expected = [TIME] if carrier == "tIME" else [n for n in needles() if len(n) != 8]
    assert all(n in whole for n in expected), "the carrier of this test carries nothing"
    if carrier == "EXIF GPS":
        assert struct.pack("<II", 48117, 1000) in whole
    opened(carrying)  # and is a file that programs open
    photo = cleaned(carrying)
    assert_bare(photo)
    assert_upright(photo.full.data)
    assert_upright(photo.small.data)


@pytest.mark.parametrize("kind", PLAIN)
def test_all_carriers_at_once(kind: str) -> None:
    carrying = PLAIN[kind]
    if kind == "webp":
        flagged = [(b"EXIF", EXIF["EXIF author"]), (b"XMP ", bytes), (b"DUPO", bytes)]
        carrying = webp_with(0x0C, *flagged)(carrying, words()) + words()
    else:
        for name, carrier in CARRIERS[kind].items():
            if name not in ("second frame", "second picture", "comment before the last scan"):
                carrying = carrier(carrying, words())
    assert_bare(cleaned(carrying))


def test_the_search_of_these_tests_finds_what_is_hidden() -> None:
    for name in ("zTXt", "iTXt compressed", "ICC"):
        carrying = PNG[name](PLAIN["png"], words())
        assert not any(n in carrying for n in needles() if n != b"Dupont"), name
        assert b"48.117" in readable(carrying), name
    with pytest.raises(AssertionError):
        segments(JPEG["trailing bytes"](PLAIN["jpeg"], words()))


@pytest.mark.parametrize("name", MORE)
def test_every_way_to_store_colours_comes_out(name: str) -> None:
    kind = name.split(",")[0]
    file = MORE[name]
    carrier = {"jpeg": JPEG["EXIF GPS"], "png": PNG["iTXt"], "webp": lambda f, said: f + said}[kind]
    photo = cleaned(carrier(file, words()))
    assert_bare(photo)
    if not {"grey", "black", "palette"} & set(name.replace(",", " ").split()):
        assert_upright(photo.full.data, 70)
    assert (photo.full.width, photo.full.height) == (96, 64)


def test_the_first_picture_is_kept_of_several() -> None:
    for kind, carry in (
        ("jpeg", JPEG["second picture"]),
        ("png", PNG["second frame"]),
        ("webp", WEBP["second frame"]),
    ):
        file = carry(PLAIN[kind], words())
        assert getattr(opened(file), "n_frames", 1) == 2 or kind == "jpeg"
        assert_upright(cleaned(file).full.data)
    several = JPEG["second picture"](PLAIN["jpeg"], b"x")
    assert getattr(Image.open(io.BytesIO(several)), "n_frames", 1) == 2


def test_what_is_transparent_is_white() -> None:
    for kind, how in (("png", {}), ("webp", {"lossless": True}), ("webp", {"quality": 90})):
        image = Image.new("RGBA", (600, 600), (255, 0, 0, 0))
        image.paste((0, 0, 255, 255), (300, 0, 600, 600))
        result = opened(cleaned(encoded(image, kind, **how)).full.data)
        left, right = result.getpixel((150, 450)), result.getpixel((450, 450))
        assert isinstance(left, tuple)
        assert isinstance(right, tuple)
        assert min(left) > 250, kind
        assert right[2] > 240 > 20 > right[0], kind


def test_grey_of_16_bits_keeps_its_shades() -> None:
    image = Image.new("I;16", (64, 64), 0x8000)
    seen = opened(cleaned(encoded(image, "png")).full.data).getpixel((32, 32))
    assert isinstance(seen, tuple)
    assert all(abs(value - 0x80) < 4 for value in seen)


# ---- upright, and how large ---------------------------------------------------------------------

HELD = {
    1: None, 2: Transpose.FLIP_LEFT_RIGHT, 3: Transpose.ROTATE_180, 4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE, 6: Transpose.ROTATE_90, 7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_270,
}  # fmt: skip
"""How the camera turns an upright picture before it stores it, by EXIF's number."""


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", HELD)
@pytest.mark.parametrize("kind", PLAIN)
def test_pixels_stand_upright_however_the_camera_was_held(
    kind: str, orientation: int, order: str
) -> None:
    turn = HELD[orientation]
    stored = corners() if turn is None else corners().transpose(turn)
    how = {"quality": 90} if kind == "jpeg" else {"lossless": True} if kind == "webp" else {}
    exif = turned(orientation, order)
    carry = {
        "jpeg": jpeg_with(0xE1, b"Exif\0\0"),
        "png": png_with(b"eXIf"),
        "webp": webp_with(0x08, (b"EXIF", bytes)),
    }[kind]
    photo = cleaned(carry(encoded(stored, kind, **how), exif))
    assert (photo.full.width, photo.full.height) == (96, 64)
    assert_upright(photo.full.data)
    assert_upright(photo.small.data)
    assert_bare(photo)


@pytest.mark.parametrize(
    "exif",
    [
        b"", b"II", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", turned(0), turned(9),
        turned(6)[:-8], b"XX" + turned(6)[2:], b"\0" * 40, b"II*\0\x08\0\0\0\x01\0\x12\x01",
    ],
    ids=range(10),
)  # fmt: skip
def test_an_exif_that_makes_no_sense_leaves_the_picture_as_it_is(exif: bytes) -> None:
    photo = cleaned(jpeg_with(0xE1, b"Exif\0\0")(PLAIN["jpeg"], exif))
    assert_upright(photo.full.data)


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("size", [(3000, 1000), (1000, 3000), (2560, 2560), (40, 30), (1, 1)])
def test_the_longest_side_is_capped_and_nothing_is_enlarged(
    kind: str, size: tuple[int, int]
) -> None:
    photo = cleaned(encoded(Image.new("RGB", size, "grey"), kind))
    for picture, edge in ((photo.full, 2560), (photo.small, 480)):
        longest = max(size)
        assert max(picture.width, picture.height) == min(edge, longest)
        scale = min(1, edge / longest)
        assert abs(picture.width - size[0] * scale) <= 1
        assert abs(picture.height - size[1] * scale) <= 1
        assert opened(picture.data).size == (picture.width, picture.height)


def test_a_very_long_picture_keeps_one_pixel_of_width() -> None:
    photo = cleaned(encoded(Image.new("RGB", (1, 20_000), "grey"), "png"))
    assert (photo.full.width, photo.full.height) == (1, 2560)
    assert (photo.small.width, photo.small.height) == (1, 480)


def test_names_are_drawn_by_the_chance_that_is_given() -> None:
    drawn = iter([b"\x01" * 16, b"\x02" * 16])
    photo = clean(PLAIN["jpeg"], chance=lambda size: next(drawn)[:size])
    assert (photo.full.name, photo.small.name) == ("01" * 16, "02" * 16)
    assert cleaned(PLAIN["jpeg"]).full.name != cleaned(PLAIN["jpeg"]).full.name
