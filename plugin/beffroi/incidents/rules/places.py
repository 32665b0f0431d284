# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a report may be: what is wrong with a point that somebody gave. Plain Python.

Nothing is guessed and nothing is moved: a point that cannot be meant is asked for again.
"""

import math
from collections.abc import Mapping, Sequence

from beffroi_web.maps import Outline, Window
from beffroi_web.words import N_

MARGIN = 500
"""Metres by which a point may be outside the outline: a phone is not exact, nor is an edge."""

VAGUE = 500
"""Metres around its point within which a report on the public map is, at most."""

ONE_MISSING = "one missing"
NO_DEGREES = "no degrees"
ZERO = "zero"
SWAPPED = "swapped"
ELSEWHERE = "elsewhere"
OUTSIDE = "outside"

FAULT_WORDS: Mapping[str, str] = {
    ONE_MISSING: N_("A point has a latitude and a longitude: one of them is missing."),
    NO_DEGREES: N_("A point is written in decimal degrees, such as 48.1147 and -1.6794."),
    ZERO: N_("0 and 0 is a point in the sea off Africa: your device did not know where it was."),
    SWAPPED: N_("Latitude and longitude seem to have changed places: check them."),
    ELSEWHERE: N_("This point is in another part of the world: check it, or say it in words."),
    OUTSIDE: N_("This point is outside our territory: check it, or say in words where it is."),
}
"""What somebody reads of each fault of a point."""


def fault(
    latitude: float | None,
    longitude: float | None,
    communes: Sequence[str],
    outline: Outline | None = None,
) -> str | None:
    """Return what is wrong with a point in degrees (WGS 84), as a code, or None.

    With an outline a point must be inside it, give or take `MARGIN`; otherwise in the part of
    France in which the communes are. No point at all is right too: words do as well.
    """
    if latitude is None and longitude is None:
        return None
    if latitude is None or longitude is None:
        return ONE_MISSING
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        return NO_DEGREES
    if (latitude, longitude) == (0, 0):
        return ZERO
    if _is_here(latitude, longitude, communes, outline):
        return None
    if _is_here(longitude, latitude, communes, outline):
        return SWAPPED
    if abs(latitude) > 90 or abs(longitude) > 180:
        return NO_DEGREES
    return OUTSIDE if _in_part(latitude, longitude, communes) else ELSEWHERE


def _is_here(
    latitude: float, longitude: float, communes: Sequence[str], outline: Outline | None
) -> bool:
    if abs(latitude) > 90 or abs(longitude) > 180:
        return False
    if outline is not None:
        return outline.holds(latitude, longitude, MARGIN)
    return _in_part(latitude, longitude, communes)


def _in_part(latitude: float, longitude: float, communes: Sequence[str]) -> bool:
    boxes = [PARTS[part] for code in communes if (part := _part_of(code)) in PARTS]
    return not boxes or any(box.holds(latitude, longitude) for box in boxes)


def _part_of(commune: str) -> str:
    """Return which part of France a commune is in: `97x`, `98x`, or `` for the mainland."""
    if commune[:2] in {"97", "98"}:
        return commune[:3]
    return "" if commune[:2] <= "95" else "?"


PARTS: Mapping[str, Window] = {
    "": Window(41.2, -5.3, 51.2, 9.7),
    "971": Window(15.7, -61.9, 16.6, -60.9),
    "972": Window(14.3, -61.3, 15.0, -60.7),
    "973": Window(2.0, -54.7, 6.0, -51.5),
    "974": Window(-21.5, 55.1, -20.8, 56.0),
    "975": Window(46.7, -56.5, 47.2, -56.0),
    "976": Window(-13.1, 44.9, -12.6, 45.4),
}
"""The window of each part of France, with a margin; facts of geography."""
