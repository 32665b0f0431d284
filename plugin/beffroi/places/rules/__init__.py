# SPDX-License-Identifier: AGPL-3.0-or-later
"""An address and a place that was found. Plain Python.

Nothing is made up: a number that the file does not have is never given a point, and a street
without a number is its middle, with how far from it the rest of the street may be.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Point = tuple[float, float]
"""Latitude and longitude in degrees, WGS 84."""

NUMBER, STREET, CROSSING = "number", "street", "crossing"
MOST = 5
"""Places that are offered for some words."""
SURE = 0.95
"""From which score on a single address with its number is taken without asking."""
CORNER = 40
"""Metres between the nearest numbers of two streets, at most, for them to cross there."""
METRES_A_DEGREE = 111_320.0

CITIES = {
    **{f"751{n:02}": "75056" for n in range(1, 21)},
    **{f"6938{n}": "69123" for n in range(1, 10)},
    **{f"132{n:02}": "13055" for n in range(1, 17)},
}
"""The commune of each municipal arrondissement of Paris, Lyon and Marseille (INSEE, COG): the Base
Adresse Nationale writes the arrondissement where other communes have their own code."""


def commune_of(code: str) -> str:
    """Return the INSEE code of the commune that a code of a file of addresses belongs to."""
    return CITIES.get(code, code)


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a file: `number` 0 stands for none. `street` is the street's code.

    The code of a street is the first two parts of the national key of interoperability
    (`35238_1234`, AITF format BAL 1.3), the code of an address all of it (`35238_1234_00012_bis`).
    """

    commune: str
    street: str
    number: int
    suffix: str
    name: str
    postcode: str
    town: str
    also: tuple[str, ...]
    latitude: float
    longitude: float
    rank: int = 0
    """How well the position suits a visitor: the smallest is the one that is kept."""

    @property
    def key(self) -> tuple[int, str]:
        """Return what tells it from the others of its street."""
        return self.number, self.suffix


@dataclass(frozen=True, slots=True)
class Place:
    """A place that was found: where, how far from there it may still be, and in which words.

    `reach` is in metres, 0 for an address with its number. `missing` is a number that was asked
    for and that the street does not have in the file.
    """

    code: str
    kind: str
    label: str
    commune: str
    latitude: float
    longitude: float
    reach: int = 0
    missing: str = ""
    score: float = 1.0

    @property
    def point(self) -> Point:
        """Return latitude and longitude."""
        return self.latitude, self.longitude


@dataclass(frozen=True, slots=True)
class Found:
    """What some words may mean, the likeliest first; `more`: others are as likely."""

    places: Sequence[Place] = ()
    more: bool = False

    def surely(self) -> Place | None:
        """Return the one address, with its number, that the words must mean; else None."""
        if not self.places or self.more:
            return None
        first, *others = self.places
        if first.kind != NUMBER or first.missing or first.score < SURE:
            return None
        return None if any(one.score > first.score - 0.1 for one in others) else first


def metres(one: Point, other: Point) -> float:
    """Return the distance of two points that are near each other, in metres."""
    up = one[0] - other[0]
    right = (one[1] - other[1]) * math.cos(math.radians((one[0] + other[0]) / 2))
    return math.hypot(up, right) * METRES_A_DEGREE


def middle_of(points: Sequence[Point]) -> tuple[Point, int]:
    """Return the address nearest to the middle of a street, and the metres to its farthest end.

    The middle is one of the street's own points: that of a curved street may be in a garden.
    """
    centre = (
        sum(lat for lat, _ in points) / len(points),
        sum(long for _, long in points) / len(points),
    )
    middle = min(points, key=lambda one: (metres(one, centre), one))
    return middle, math.ceil(max(metres(one, middle) for one in points))


def crossing(one: Iterable[Point], other: Sequence[Point]) -> tuple[Point, int] | None:
    """Return where two streets cross: between their nearest numbers, and the metres to those.

    None where even those are more than `CORNER` apart.
    """
    near: dict[tuple[int, int], list[Point]] = {}
    for point in other:
        near.setdefault(_square(point), []).append(point)
    pairs = (
        (metres(a, b), a, b)
        for a in one
        for y, x in [_square(a)]
        for square in ((y + up, x + right) for up in (-1, 0, 1) for right in (-1, 0, 1))
        for b in near.get(square, ())
    )
    nearest = min(pairs, default=None)
    if nearest is None or nearest[0] > CORNER:
        return None
    far, a, b = nearest
    return ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), math.ceil(far / 2)


def _square(point: Point) -> tuple[int, int]:
    """Return the square of a grid in which a point is: wider than `CORNER` wherever France is."""
    size = 2 * CORNER / METRES_A_DEGREE
    return math.floor(point[0] / size), math.floor(point[1] / size)


def label_of(name: str, postcode: str, town: str, number: str = "", older: str = "") -> str:
    """Return an address on one line, as the postal service writes it."""
    place = " ".join(part for part in (postcode, town) if part)
    street = " ".join(part for part in (number, name) if part)
    return ", ".join(part for part in (street, older, place) if part)


def number_of(number: int, suffix: str) -> str:
    """Return a number as people write it: 12, 12 bis, 12 A."""
    said = suffix.upper() if len(suffix) == 1 else suffix
    return f"{number} {said}".strip()
