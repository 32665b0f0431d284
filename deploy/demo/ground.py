# SPDX-License-Identifier: AGPL-3.0-or-later
"""The territory of each town of the demonstration: an invented outline around a real place.

No contour of a commune is shipped (they are others' data): the towns are invented, and so is their
edge. The middle of each is where its commune is, so that real reports fall inside.
"""

import json
import math
from pathlib import Path
from random import Random

from demo.places import Layout, Town

MIDDLES = {
    "75056": (48.8566, 2.3422, 6.2),
    "31555": (43.6045, 1.4440, 6.5),
    "35238": (48.0950, -1.6700, 9.0),
}
"""Latitude, longitude and kilometres from the middle to the edge, of the first commune."""
OTHERS = (48.2, -1.9, 3.0)
POINTS = 72
KILOMETRES_A_DEGREE = 111.32


def middle_of(town: Town) -> tuple[float, float, float]:
    """Return where a town is: latitude, longitude, kilometres to its edge."""
    return MIDDLES.get(town.communes[0], OTHERS)


def outline_of(town: Town) -> dict[str, object]:
    """Return an invented outline as GeoJSON, the same every time."""
    latitude, longitude, size = middle_of(town)
    random = Random(town.siren + "outline")  # noqa: S311  invented
    waves = [(n, random.uniform(0.02, 0.16 / n), random.uniform(0, math.tau)) for n in (2, 3, 5, 7)]
    ring = []
    for number in range(POINTS):
        turn = math.tau * number / POINTS
        far = size * (1 + sum(high * math.sin(n * turn + at) for n, high, at in waves))
        up = far * math.sin(turn) / KILOMETRES_A_DEGREE
        right = far * math.cos(turn) / KILOMETRES_A_DEGREE / math.cos(math.radians(latitude))
        ring.append([round(longitude + right, 5), round(latitude + up, 5)])
    return {
        "type": "Feature",
        "properties": {"name": town.name},
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
    }


def place_in(town: Town, random: Random) -> tuple[float, float]:
    """Return a point inside a town, nearer to its middle more often, in one of its streets."""
    latitude, longitude, size = middle_of(town)
    turn, far = random.uniform(0, math.tau), size * 0.75 * random.random()
    up = far * math.sin(turn) / KILOMETRES_A_DEGREE
    right = far * math.cos(turn) / KILOMETRES_A_DEGREE / math.cos(math.radians(latitude))
    return round(latitude + up, 6), round(longitude + right, 6)


def outline_file(layout: Layout, town: Town) -> Path:
    """Return where the outline of a town lies; it is written the first time."""
    path = layout.folder / "outlines" / f"{town.key}.geojson"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(outline_of(town)), encoding="utf-8")
    return path
