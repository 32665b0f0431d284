# SPDX-License-Identifier: AGPL-3.0-or-later
"""Maps that the server draws: an outline and marks in an SVG picture, without any tile server.

    {% import "web/maps.html" as maps %}
    {{ maps.map(drawn, _("Reports on a map")) }}

`drawn` is what `draw` returns. Places are degrees in WGS 84, latitude first, as people write them;
GeoJSON (RFC 7946) has them the other way round, which is undone where it is read. A map is small:
a degree of longitude is taken to be as long all over it as in its middle.
"""

import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

METRES_A_DEGREE = 111_320.0
"""Of latitude; of longitude it is this times the cosine of the latitude."""
WIDTH, HEIGHT = 480, 360
"""The usual size of a picture, in units of its own; it is shown as wide as there is room."""
NARROWEST = 0.002
"""Degrees of latitude of the smallest window: some two hundred metres."""
MOST_BYTES = 8 * 1_048_576
"""Of a file with an outline."""
_TILES = re.compile(r"https://[a-z0-9.-]+(:\d+)?/[^\s\"'<>;,]*", re.IGNORECASE)
_NEAR = 0.7
"""Units below which two points of an outline are one."""

Point = tuple[float, float]
"""Latitude and longitude."""


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of the world: its edges in degrees, none of which crosses the date line."""

    south: float
    west: float
    north: float
    east: float

    @classmethod
    def of(cls, said: str) -> "Window | None":
        """Return the window written `south,west,north,east`, or None where that is none."""
        try:
            south, west, north, east = (float(part) for part in said.split(","))
        except ValueError:
            return None
        # What is not a number fails every comparison.
        if -90 <= south < north <= 90 and -180 <= west < east <= 180:
            return cls(south, west, north, east)
        return None

    @classmethod
    def around(cls, points: Sequence[Point], margin: float = 0.06) -> "Window":
        """Return the window that holds some points, with a margin (a part of its size)."""
        souths, wests = [p[0] for p in points], [p[1] for p in points]
        tall = max(max(souths) - min(souths), NARROWEST)
        wide = max(max(wests) - min(wests), NARROWEST)
        middle = Window(min(souths), min(wests), max(souths), max(wests)).middle
        return cls.at(*middle, tall * (1 + 2 * margin), wide * (1 + 2 * margin))

    @classmethod
    def at(cls, latitude: float, longitude: float, tall: float, wide: float) -> "Window":
        """Return the window of a size in degrees around a point, cut where the world ends."""
        south, north = max(-90.0, latitude - tall / 2), min(90.0, latitude + tall / 2)
        west, east = max(-180.0, longitude - wide / 2), min(180.0, longitude + wide / 2)
        return cls(south, west, north, east)

    def __str__(self) -> str:
        """Return the window as an address holds it; five decimals are a metre."""
        return ",".join(f"{edge:.5f}" for edge in (self.south, self.west, self.north, self.east))

    @property
    def middle(self) -> Point:
        """Return the point in the middle."""
        return (self.south + self.north) / 2, (self.west + self.east) / 2

    def holds(self, latitude: float, longitude: float) -> bool:
        """Say whether a point is inside."""
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east

    def meets(self, other: "Window") -> bool:
        """Say whether this window and another have a piece in common."""
        return (
            self.south < other.north
            and other.south < self.north
            and self.west < other.east
            and other.west < self.east
        )

    def grown(self, times: float) -> "Window":
        """Return the window so many times as large around the same middle (under 1: nearer)."""
        least = NARROWEST / (self.north - self.south)
        times = max(times, least)
        return Window.at(
            *self.middle, (self.north - self.south) * times, (self.east - self.west) * times
        )

    def moved(self, up: float, right: float) -> "Window":
        """Return the window moved by parts of its own size."""
        latitude, longitude = self.middle
        tall, wide = self.north - self.south, self.east - self.west
        return Window.at(latitude + up * tall, longitude + right * wide, tall, wide)

    def shaped(self, width: float, height: float) -> "Window":
        """Return the smallest window around this one that a picture of a size shows undistorted."""
        latitude, longitude = self.middle
        narrow = max(math.cos(math.radians(latitude)), 0.01)
        tall, wide = self.north - self.south, (self.east - self.west) * narrow
        tall, wide = max(tall, wide * height / width), max(wide, tall * width / height)
        return Window.at(latitude, longitude, tall, wide / narrow)


def moves(window: Window, whole: Window) -> dict[str, Window]:
    """Return where a map can be moved from a window, by the name of the move.

    Never away from the whole of what it shows, farther than all of it, or nearer than makes sense:
    the addresses of a map end somewhere.
    """
    tall = window.north - window.south
    found = {
        "nearer": window.grown(0.5) if tall > 2 * NARROWEST else None,
        "farther": window.grown(2) if tall < whole.north - whole.south else None,
        "west": window.moved(0, -0.5),
        "north": window.moved(0.5, 0),
        "south": window.moved(-0.5, 0),
        "east": window.moved(0, 0.5),
    }
    return {name: to for name, to in found.items() if to is not None and to.meets(whole)}


@dataclass(frozen=True, slots=True)
class Outline:
    """The edge of a territory: closed rings of points, holes among them."""

    rings: tuple[tuple[Point, ...], ...]

    @property
    def window(self) -> Window:
        """Return the window around all of it."""
        return Window.around([point for ring in self.rings for point in ring])

    def holds(self, latitude: float, longitude: float, metres: float = 0) -> bool:
        """Say whether a point is inside, or no farther than so many metres outside."""
        inside = False
        for (y1, x1), (y2, x2) in self._edges():
            if (y1 > latitude) != (y2 > latitude):
                inside ^= longitude < (x2 - x1) * (latitude - y1) / (y2 - y1) + x1
        return inside or (metres > 0 and self._distance(latitude, longitude) <= metres)

    def _edges(self) -> Iterator[tuple[Point, Point]]:
        for ring in self.rings:
            yield from zip(ring, (*ring[1:], ring[0]), strict=True)

    def _distance(self, latitude: float, longitude: float) -> float:
        """Return how many metres a point is from the nearest edge."""
        narrow = math.cos(math.radians(latitude))
        nearest = math.inf
        for (y1, x1), (y2, x2) in self._edges():
            ay, ax = y1 - latitude, (x1 - longitude) * narrow
            by, bx = y2 - y1, (x2 - x1) * narrow
            long = by * by + bx * bx
            along = 0.0 if long == 0 else min(1.0, max(0.0, -(ay * by + ax * bx) / long))
            nearest = min(nearest, math.hypot(ay + along * by, ax + along * bx))
        return nearest * METRES_A_DEGREE


def read_outline(path: Path) -> Outline:
    """Return the outline in a GeoJSON file: polygons, alone or in features; ValueError if none.

    Points lie between -90 and 90, and -180 and 180 degrees; anything but polygons is left aside.
    """
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"the outline is larger than {MOST_BYTES} bytes")
    try:
        rings = tuple(_rings(json.loads(path.read_text(encoding="utf-8"))))
    except (KeyError, TypeError, IndexError, RecursionError) as fault:
        raise ValueError("the outline is not GeoJSON") from fault
    if not rings:
        raise ValueError("there is no polygon in the outline")
    return Outline(rings)


def has_outline(path: Path) -> bool:
    """Say whether there is an outline in a file."""
    try:
        return bool(read_outline(path))
    except (OSError, ValueError):
        return False


def are_tiles(address: str) -> bool:
    """Say whether an address names tiles, `https://…/{z}/{x}/{y}…`; none at all is right too."""
    named = all(part in address for part in ("{z}", "{x}", "{y}"))
    return not address or (named and bool(_TILES.fullmatch(address)))


def _rings(shape: Any) -> Iterator[tuple[Point, ...]]:
    kind = shape["type"]
    if kind == "FeatureCollection":
        for one in shape["features"]:
            yield from _rings(one)
    elif kind == "Feature" and shape["geometry"]:
        yield from _rings(shape["geometry"])
    elif kind == "GeometryCollection":
        for one in shape["geometries"]:
            yield from _rings(one)
    elif kind in {"Polygon", "MultiPolygon"}:
        polygons = [shape["coordinates"]] if kind == "Polygon" else shape["coordinates"]
        for ring in (ring for polygon in polygons for ring in polygon):
            points = tuple((float(y), float(x)) for x, y, *_ in ring)
            if not all(-90 <= y <= 90 and -180 <= x <= 180 for y, x in points):
                raise ValueError("the outline has points that are nowhere on earth")
            if len(points) > 3:
                yield points


# ---- pictures -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at a place: what it is in words, where it leads, how many things it stands for.

    Tones are those of badges. A `count` of 0 is a plain point without a number.
    """

    latitude: float
    longitude: float
    label: str
    url: str = ""
    count: int = 0
    tone: str = "active"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A mark as it stands in the picture."""

    x: float
    y: float
    radius: float
    mark: Mark


@dataclass(frozen=True, slots=True)
class Scale:
    """A length in the picture, and the metres that it stands for."""

    length: float
    metres: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture: size in units of its own, window, the outline as an SVG path, the marks."""

    width: int
    height: int
    window: Window
    path: str
    marks: tuple[Drawn, ...]
    scale: Scale

    def place(self, x: float, y: float) -> Point:
        """Return the point of the world under a point of the picture."""
        return _place(self.window, self.width, self.height, x, y)


def draw(
    window: Window,
    marks: Sequence[Mark] = (),
    outline: Outline | None = None,
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
) -> Drawing:
    """Return the picture of a window, widened to the picture's shape; marks outside are left out.

    The largest marks are drawn first, so that none hides a smaller one.
    """
    window = window.shaped(width, height)
    most = max((mark.count for mark in marks), default=0)
    drawn = []
    for one in sorted(marks, key=lambda one: -one.count):
        x, y = _xy(window, width, height, one.latitude, one.longitude)
        if 0 <= x <= width and 0 <= y <= height:
            drawn.append(Drawn(x, y, _radius(one, most), one))
    path = _path(outline, window, width, height) if outline else ""
    return Drawing(width, height, window, path, tuple(drawn), _scale(window, width))


def point_at(window: Window, x: float, y: float, width: int = WIDTH, height: int = HEIGHT) -> Point:
    """Return the point of the world under a point of the picture that `draw` makes of a window."""
    return _place(window.shaped(width, height), width, height, x, y)


def _place(window: Window, width: int, height: int, x: float, y: float) -> Point:
    latitude = window.north - y / height * (window.north - window.south)
    return latitude, window.west + x / width * (window.east - window.west)


def _xy(
    window: Window, width: int, height: int, latitude: float, longitude: float
) -> tuple[float, float]:
    x = (longitude - window.west) / (window.east - window.west) * width
    return round(x, 1), round((window.north - latitude) / (window.north - window.south) * height, 1)


def _radius(mark: Mark, most: int) -> float:
    """Return a mark's radius: a point is small; the area of a number grows with it."""
    if mark.count == 0:
        return 8.0
    return round(16 + 8 * math.sqrt(mark.count / most), 1)


def _path(outline: Outline, window: Window, width: int, height: int) -> str:
    """Return an outline as the data of an SVG path, without what nobody could tell apart."""
    said = []
    for ring in outline.rings:
        kept: list[tuple[float, float]] = []
        for latitude, longitude in ring:
            at = _xy(window, width, height, latitude, longitude)
            if not kept or math.hypot(at[0] - kept[-1][0], at[1] - kept[-1][1]) >= _NEAR:
                kept.append(at)
        if len(kept) > 2:
            said.append("M" + "L".join(f"{x:g} {y:g}" for x, y in kept) + "Z")
    return "".join(said)


def _scale(window: Window, width: int) -> Scale:
    """Return a round length of at most a third of the picture."""
    narrow = math.cos(math.radians(window.middle[0]))
    unit = (window.east - window.west) * narrow * METRES_A_DEGREE / width
    most = unit * width / 3
    step = 10 ** math.floor(math.log10(max(most, 1)))
    metres = next(step * times for times in (5, 2, 1) if step * times <= max(most, 1))
    return Scale(round(metres / unit, 1), int(metres))
