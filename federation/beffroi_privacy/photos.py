# SPDX-License-Identifier: AGPL-3.0-or-later
"""Photos that tell what they show and nothing else: no place, no name, no device.

A camera writes beside the pixels where, when, with what and by whom a photo was taken, often with a
small uncropped copy. `clean` keeps pixels only, by two walls of which each would do alone: the file
is taken apart and put together with nothing but its first picture (`photo_files`), and what the
decoder makes of it is painted on a new canvas and encoded anew. Nothing of the bytes as they were
sent is in what comes out; names are drawn by chance, since file names tell tales too.

What comes out is always JPEG: one format to serve and to trust. A transparent PNG or WebP is laid
on white; of an animation the first picture is kept. Colour profiles go as well, so that colours
beyond sRGB come out a little paler.

What the picture itself shows (faces, number plates, a letter box) is not looked for: a person has
to look at every photo before others see it.

Pillow does the decoding and is imported at the first photo: the rest of this package works without
it. Its switch for cut-off files, `ImageFile.LOAD_TRUNCATED_IMAGES`, stays off.
"""

import io
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from beffroi_privacy.photo_files import Bare, Format, bare
from beffroi_privacy.photo_refusals import PhotoRefused

if TYPE_CHECKING:
    from PIL import Image, ImageFile

MEDIA_TYPE: Final = "image/jpeg"
"""What every clean photo and thumbnail is."""
ACCEPTED: Final = ("image/jpeg", "image/png", "image/webp")
"""What is taken, in the words of a form's `accept`; the content decides, never the name."""
MEGABYTE: Final = 1_048_576
NAME_BYTES: Final = 16
_QUALITY, _SMALL_QUALITY = 85, 78
_STRIP = 256
_ONE_AT_A_TIME = threading.Lock()
"""Decoding takes up to some 300 MB: the threads of one process wait for each other."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken and what comes out.

    `most_bytes` of a file; `most_pixels` of a JPEG, which is decoded at the size that is needed,
    and `whole_pixels` of a PNG or WebP, which is decoded whole, up to 20 bytes a pixel;
    `edge` and `small_edge` are the longest sides of photo and thumbnail, in pixels.
    """

    most_bytes: int = 15 * MEGABYTE
    most_pixels: int = 50_000_000
    whole_pixels: int = 16_000_000
    edge: int = 2560
    small_edge: int = 480


LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Picture:
    """One JPEG that was painted anew; `name` is 32 hexadecimal characters, sizes are in pixels."""

    name: str
    data: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Photo:
    """A clean photo and its thumbnail, upright both."""

    full: Picture
    small: Picture


def clean(data: bytes, *, chance: Callable[[int], bytes], limits: Limits = LIMITS) -> Photo:
    """Return a photo's pixels as new files, from the bytes of a JPEG, PNG or WebP file.

    `chance` gives that many unpredictable bytes; the two names are made of them. Raises
    PhotoRefused, with a code and a sentence that helps, for anything that is not such a photo,
    is over a limit, or is damaged; ImportError where Pillow is not installed.
    """
    if len(data) > limits.most_bytes:
        raise PhotoRefused("too heavy", most=limits.most_bytes // MEGABYTE)
    picture = bare(data)
    most = limits.most_pixels if picture.format == "jpeg" else limits.whole_pixels
    if picture.width * picture.height > most:
        raise PhotoRefused("too large", most=most // 1_000_000)
    from PIL import Image

    with _ONE_AT_A_TIME:
        pixels = _pixels(picture, limits.edge)
    full = _painted(pixels, chance(NAME_BYTES).hex(), _QUALITY)
    pixels.thumbnail((limits.small_edge, limits.small_edge), Image.Resampling.LANCZOS)
    return Photo(full, _painted(pixels, chance(NAME_BYTES).hex(), _SMALL_QUALITY))


def _pixels(picture: Bare, edge: int) -> "Image.Image":
    """Decode a picture, at most so large, in colour, without transparency, upright."""
    from PIL import Image

    try:
        decoded = _opened(picture)
        if picture.format == "jpeg":
            scale = min(1.0, edge / max(picture.width, picture.height))
            needed = max(1, int(picture.width * scale)), max(1, int(picture.height * scale))
            decoded.draft(None, needed)  # decodes at a half, a quarter or an eighth, if enough
        decoded.load()
        flat = _on_white(decoded)
    except Exception as fault:  # whatever the decoder died of, this is no photo
        raise PhotoRefused("damaged") from fault
    flat.thumbnail((edge, edge), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return _upright(flat, picture.orientation)


def _opened(picture: Bare) -> "ImageFile.ImageFile":
    """Open a picture by the one decoder of its format: no other is ever tried on it."""
    from PIL import JpegImagePlugin, PngImagePlugin, WebPImagePlugin

    decoders: Mapping[Format, Callable[[io.BytesIO], ImageFile.ImageFile]] = {
        "jpeg": JpegImagePlugin.JpegImageFile,
        "png": PngImagePlugin.PngImageFile,
        "webp": WebPImagePlugin.WebPImageFile,
    }
    opened = decoders[picture.format](io.BytesIO(picture.data))
    if opened.size != (picture.width, picture.height):
        raise ValueError(f"the decoder sees {opened.size}, the head says otherwise")
    return opened


def _on_white(decoded: "Image.Image") -> "Image.Image":
    """Return a picture in RGB; what was transparent is white. Strip by strip, to spare memory."""
    from PIL import Image

    if decoded.mode.startswith(("I", "F")):  # 16 bits of grey: the upper eight are enough
        return decoded.convert("I").point([n >> 8 for n in range(65536)], "L").convert("RGB")
    if not decoded.has_transparency_data:
        return decoded.convert("RGB")
    canvas = Image.new("RGB", decoded.size, "white")
    for top in range(0, decoded.height, _STRIP):
        box = (0, top, decoded.width, min(top + _STRIP, decoded.height))
        strip = decoded.crop(box).convert("RGBA")
        canvas.paste(strip, box, strip)
    return canvas


def _upright(pixels: "Image.Image", orientation: int) -> "Image.Image":
    """Turn a picture that was taken in one of the eight ways of EXIF so that it stands upright."""
    from PIL.Image import Transpose

    turn = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }.get(orientation)
    return pixels if turn is None else pixels.transpose(turn)


def _painted(pixels: "Image.Image", name: str, quality: int) -> Picture:
    """Return pixels painted on a new canvas, which knows nothing but them, as a JPEG."""
    from PIL import Image

    canvas = Image.new("RGB", pixels.size)
    canvas.paste(pixels)
    out = io.BytesIO()
    canvas.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return Picture(name, out.getvalue(), *canvas.size)
