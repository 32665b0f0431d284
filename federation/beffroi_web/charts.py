# SPDX-License-Identifier: AGPL-3.0-or-later
"""The geometry of small charts, for the macros that draw them as inline SVG.

Plain arithmetic: a list of (label, value) in, places in a box of abstract units out. Bars begin at
nought; the scale ends at a round number. A value may be `None`: shown as absent, never as nought.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[str, float | None]


@dataclass(frozen=True, slots=True)
class Mark:
    """One value of a chart and its place: for a bar its box, for a line its point."""

    label: str
    value: float | None
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart ready to be drawn in a box of `width` by `height` units."""

    width: float
    height: float
    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, float], ...]
    path: str = ""


def bars(points: Sequence[Point], width: float = 640, row: float = 34, label: float = 0) -> Chart:
    """Return horizontal bars, one row a point; `label` units are kept free on the left."""
    top = nice_top([value for _, value in points if value is not None])
    room = width - label
    marks = tuple(
        Mark(name, value, label, at * row, (value or 0) / top * room, row)
        for at, (name, value) in enumerate(points)
    )
    return Chart(width, max(row, len(points) * row), marks, ())


def line(points: Sequence[Point], width: float = 640, height: float = 220) -> Chart:
    """Return a line over evenly spaced points, with three ticks; a gap where a value is absent."""
    top = nice_top([value for _, value in points if value is not None])
    left, right, above, below = 44.0, 12.0, 10.0, 26.0
    wide, high = width - left - right, height - above - below
    step = wide / max(1, len(points) - 1)
    marks = []
    path = []
    pen_down = False
    for at, (name, value) in enumerate(points):
        x = round(left + at * step, 1)
        y = round(above + high - (value or 0) / top * high, 1)
        marks.append(Mark(name, value, x, y, 0, 0))
        if value is None:
            pen_down = False
            continue
        path.append(f"{'L' if pen_down else 'M'}{x} {y}")
        pen_down = True
    ticks = tuple((top * share, round(above + high - share * high, 1)) for share in (0.0, 0.5, 1.0))
    return Chart(width, height, tuple(marks), ticks, " ".join(path))


def nice_top(values: Sequence[float]) -> float:
    """Return the round number (1, 2, 4, 5 or 10 times a power of ten) that ends the scale."""
    highest = max(values, default=0)
    if highest <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(highest))
    return next(power * times for times in (1, 2, 4, 5, 10) if power * times >= highest)
