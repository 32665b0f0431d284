# SPDX-License-Identifier: AGPL-3.0-or-later
"""A place pointed at on a picture of a map, and coordinates that are typed. Plain Python."""

from dataclasses import dataclass

from beffroi_web.maps import NARROWEST, Point, Window, point_at

WIDTH, HEIGHT = 288, 216
"""The picture that is pointed at, in pixels of the page: without a script a browser says where it
was pointed at in those, so that it is as large on every screen, and fits the smallest."""
FARTHER = "farther"
"""The step of the form that shows more of the map."""
OUT, NEARER = 2.5, 0.3
SMALLEST = 4 * NARROWEST
"""Degrees of latitude of the window in which a pointed place is shown, at least."""


def degrees(said: str) -> float | None:
    """Return degrees as people type them, with a point or a comma; None if they are none."""
    try:
        return float(said.strip().replace("\u2212", "-").replace(",", "."))
    except ValueError:
        return None


def point(latitude: str, longitude: str) -> Point | None:
    """Return the point that was typed, if it is one on earth."""
    lat, long = degrees(latitude), degrees(longitude)
    if lat is None or long is None or not (abs(lat) <= 90 and abs(long) <= 180):
        return None
    return lat, long


@dataclass(frozen=True, slots=True)
class Pointed:
    """A point of the world, and the nearer window in which it can be looked at."""

    point: Point
    window: Window


def pointed(window: Window, x: str, y: str) -> Pointed | None:
    """Return what was pointed at on the picture of a window, in its units; None if nothing was.

    A picture that is activated by a key says 0 and 0, which is no place.
    """
    try:
        right, down = int(x), int(y)
    except ValueError:
        return None
    if (right, down) == (0, 0) or not (0 <= right <= WIDTH and 0 <= down <= HEIGHT):
        return None
    found = point_at(window, right, down, WIDTH, HEIGHT)
    size = window.north - window.south
    times = min(1.0, max(NEARER, SMALLEST / size))
    tall, wide = size * times, (window.east - window.west) * times
    return Pointed(found, Window.at(*found, tall, wide))
