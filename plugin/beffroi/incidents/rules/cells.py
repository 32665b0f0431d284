# SPDX-License-Identifier: AGPL-3.0-or-later
"""The grid by which the town says where reports are: never a point, always a cell. Plain Python.

The same grid lies over the whole world, so that a cell has one name: its row and column, counted
from the south pole and from 180 degrees west. A cell of level 0 is about 250 metres high (and as
wide, in the middle of France); each level doubles both. Which level is the finest that a town
shows is its setting; nothing that anybody outside the institution can ask for goes by anything
finer, so that asking often tells no more than looking once.
"""

from beffroi_web.maps import Point, Window

STEP_LATITUDE, STEP_LONGITUDE = 0.00225, 0.0034
"""Degrees that a cell of level 0 is high and wide."""
METRES = 250
"""About how high a cell of level 0 is."""
COARSEST = 10
SUMMED = (0, 2, 4, 6)
"""The levels for which counts are kept; those between are added up from the one below."""
EVERY = ""
"""The category of the sums over all categories."""


def level_of(metres: int) -> int:
    """Return the level whose cells are that many metres high: 250, 500, 1000, 2000."""
    return (metres // METRES).bit_length() - 1


def cell(latitude: float, longitude: float, level: int = 0) -> tuple[int, int]:
    """Return the row and column of the cell in which a point lies."""
    y = int((latitude + 90) / STEP_LATITUDE)
    x = int((longitude + 180) / STEP_LONGITUDE)
    return y >> level, x >> level


def window_of(y: int, x: int, level: int = 0) -> Window:
    """Return the edges of a cell."""
    tall, wide = STEP_LATITUDE * 2**level, STEP_LONGITUDE * 2**level
    return Window(y * tall - 90, x * wide - 180, (y + 1) * tall - 90, (x + 1) * wide - 180)


def middle_of(y: int, x: int, level: int = 0) -> Point:
    """Return the middle of a cell: all that anybody is told of where its reports are."""
    return window_of(y, x, level).middle


def span(window: Window, level: int = 0) -> tuple[int, int, int, int]:
    """Return the first and last row, and the first and last column, that a window touches."""
    south, west = cell(window.south, window.west, level)
    north, east = cell(window.north, window.east, level)
    return south, north, west, east


def level_for(window: Window, most: int, finest: int = 0) -> int:
    """Return the finest level, from `finest` on, at which a window has at most `most` cells."""
    for level in range(finest, COARSEST):
        south, north, west, east = span(window, level)
        if (north - south + 1) * (east - west + 1) <= most:
            return level
    return COARSEST


def summed_below(level: int) -> int:
    """Return the coarsest level with kept counts that is no coarser than this one."""
    return max(one for one in SUMMED if one <= level)
