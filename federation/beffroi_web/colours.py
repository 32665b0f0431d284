# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's own colour, made readable.

A town gives one colour. It serves as text, as border and as ground of the primary button, on light
and on dark paper. Contrast is computed as WCAG 2.2 defines it (relative luminance, success
criterion 1.4.3) and the colour is darkened or lightened, keeping its hue, until each use reaches
4.5:1.
"""

import colorsys
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

from beffroi_web.errors import Invalid
from beffroi_web.words import N_

MINIMUM = 4.5
DARK_AIM = 6.0
"""What the dark scheme aims at: bright enough to rest the eye, above what the standard asks."""
LIGHT_PAPER = "#f2efe8"
"""The darkest ground on which the town's colour stands in the light scheme (`--paper-2`)."""
DARK_PAPER = "#262a2f"
"""A little lighter than any ground on which it stands in the dark scheme (`--paper-2`)."""
WHITE = "#ffffff"
DARK_INK = "#101214"

_HEX = re.compile(r"#[0-9a-fA-F]{6}\Z")


@dataclass(frozen=True, slots=True)
class Theme:
    """A town's colour for the light and the dark scheme, and what is written upon it."""

    light: str
    on_light: str
    dark: str
    on_dark: str
    adjusted: bool


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (`#rrggbb`), from 1 to 21, as WCAG 2.2 defines it."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def readable_colours(colour: str) -> Theme:
    """Return a town's colour adjusted to be readable; `Invalid` if it is not `#rrggbb`."""
    if not _HEX.match(colour):
        sentence = N_("%(colour)s is not a colour: write # and six digits or letters a to f.")
        raise Invalid(sentence, errors={"colour": [sentence]}, colour=colour)
    light = _until(colour, -0.01, (LIGHT_PAPER, WHITE), MINIMUM)
    dark = _until(colour, 0.01, (DARK_PAPER, DARK_INK), DARK_AIM)
    return Theme(light, WHITE, dark, DARK_INK, adjusted=light != colour.lower())


def theme_css(theme: Theme) -> str:
    """Return the style sheet that gives `web.css` the town's colour; only checked colours go in."""
    return (
        f":root {{ --town: {theme.light}; --on-town: {theme.on_light}; }}\n"
        "@media (prefers-color-scheme: dark) {\n"
        f"  :root:not(.light) {{ --town: {theme.dark}; --on-town: {theme.on_dark}; }}\n"
        "}\n"
        "@media print {\n"
        f"  :root:root {{ --town: {theme.light}; --on-town: {theme.on_light}; }}\n"
        "}\n"
    )


@lru_cache(maxsize=64)
def sheet_of(colour: str) -> tuple[str, str]:
    """Return the style sheet of a colour and the version that stands in its address."""
    sheet = theme_css(readable_colours(colour))
    return sheet, hashlib.sha256(sheet.encode()).hexdigest()[:12]


def _until(colour: str, step: float, grounds: tuple[str, ...], aim: float) -> str:
    """Move the lightness in small steps until the colour can be read on every ground."""
    red, green, blue = _channels(colour)
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    while True:
        tried = _hex(*colorsys.hls_to_rgb(hue, lightness, saturation))
        if all(contrast(tried, ground) >= aim for ground in grounds):
            return tried
        lightness = min(1.0, max(0.0, lightness + step))


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(red: float, green: float, blue: float) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in (red, green, blue))


def _luminance(colour: str) -> float:
    linear = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in _channels(colour)
    )
    red, green, blue = linear
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
