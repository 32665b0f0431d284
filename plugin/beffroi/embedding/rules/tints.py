# SPDX-License-Identifier: AGPL-3.0-or-later
"""Colours lent by another site: read from what was pasted, and measured. Plain Python.

Contrast is that of WCAG 2.2, criterion 1.4.3 (AA: 4.5 to 1), on the darkest light paper on which
the town's colour stands.
"""

import math
import re
from dataclasses import dataclass

from beffroi_web.colours import LIGHT_PAPER, contrast, readable_colours

MOST = 3
_PASTED = re.compile(
    r"(?:--(?P<name>[a-z0-9-]+)\s*:\s*)?(?P<code>#[0-9a-fA-F]{6}|#[0-9a-fA-F]{3})\b"
)


@dataclass(frozen=True, slots=True)
class Tint:
    """A colour as it was given, its contrast, and the colour that is worn for it with its own.

    `name` is what the other site calls it (`primary`), if that was said; `adjusted` says whether
    what is worn differs.
    """

    name: str
    colour: str
    ratio: float
    worn: str
    worn_ratio: float
    adjusted: bool


def measured(colour: str, name: str = "") -> Tint:
    """Return what becomes of a colour (`#rrggbb`); raises Invalid for what is none."""
    theme = readable_colours(colour.lower())
    return Tint(
        name, colour.lower(), _ratio(colour), theme.light, _ratio(theme.light), theme.adjusted
    )


def _ratio(colour: str) -> float:
    """Return the contrast on paper, cut after the first digit: 4.49 is not 4.5."""
    return math.floor(contrast(colour, LIGHT_PAPER) * 10) / 10


def pasted(words: str) -> list[Tint]:
    """Return the first three colours in a text, such as `--primary: #ef604d;` or `#e64`."""
    found: dict[str, Tint] = {}
    for one in _PASTED.finditer(words[:5000]):
        colour = _long(one["code"])
        if colour not in found and not (one["name"] or "").endswith("-rgb"):
            found[colour] = measured(colour, one["name"] or "")
    return list(found.values())[:MOST]


def _long(code: str) -> str:
    digits = code[1:].lower()
    return "#" + (digits if len(digits) == 6 else "".join(2 * one for one in digits))
