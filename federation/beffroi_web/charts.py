# SPDX-License-Identifier: AGPL-3.0-or-later
"""The geometry of small charts, for the macros that draw them as inline SVG.

Plain arithmetic: (label, value) pairs in, places in a box of abstract units out. Bars begin at
nought and the scale ends at a round number. A value may be `None`: shown as absent, never as
nought.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[str, float | None]

WIDTH, HEIGHT = 420.0, 210.0
"""The box of a line chart; small, so that its figures stay legible on a phone."""
_LEFT, _RIGHT, _ABOVE, _BELOW = 46.0, 16.0, 12.0, 28.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its label, its value, and its length in hundredths of the scale."""

    label: str
    value: float | None
    share: float


@dataclass(frozen=True, slots=True)
class Dot:
    """One value of a line and its place."""

    label: str
    value: float | None
    x: float
    y: float
    named: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line ready to be drawn: SVG path, dots, and (value, height) of each tick."""

    path: str
    dots: tuple[Dot, ...]
    ticks: tuple[tuple[float, float], ...]
    width: float = WIDTH
    height: float = HEIGHT


def bars(points: Sequence[Point]) -> tuple[Bar, ...]:
    """Return one bar a point, the longest value being near, never beyond, a hundred."""
    top = nice_top([value for _, value in points if value is not None])
    return tuple(
        Bar(label, value, round(max(0.0, value or 0) / top * 100, 2)) for label, value in points
    )


def line(points: Sequence[Point]) -> Line:
    """Return a line over evenly spaced points; it is broken where a value is absent.

    Only the first, the middle and the last point are named on the axis: names never touch.
    """
    top = nice_top([value for _, value in points if value is not None])
    wide, high = WIDTH - _LEFT - _RIGHT, HEIGHT - _ABOVE - _BELOW
    step = wide / max(1, len(points) - 1)
    named = {0, len(points) - 1} | ({len(points) // 2} if len(points) > 4 else set())
    dots = tuple(
        Dot(
            label,
            value,
            round(_LEFT + at * step, 1),
            round(_ABOVE + high - max(0.0, value or 0) / top * high, 1),
            at in named,
        )
        for at, (label, value) in enumerate(points)
    )
    path: list[str] = []
    pen_down = False
    for dot in dots:
        if dot.value is not None:
            path.append(f"{'L' if pen_down else 'M'}{dot.x} {dot.y}")
        pen_down = dot.value is not None
    ticks = tuple((top * part, round(_ABOVE + high - part * high, 1)) for part in (0.0, 0.5, 1.0))
    return Line(" ".join(path), dots, ticks)


def nice_top(values: Sequence[float]) -> float:
    """Return the round number (1, 2, 4, 6, 8 or 10 times a power of ten) that ends the scale.

    Counts below 2 end at 2, so that the tick in the middle is a whole number too.
    """
    highest = max(values, default=0)
    if highest <= 2:
        return 2.0
    power = 10.0 ** math.floor(math.log10(highest))
    return next(power * times for times in (1, 2, 4, 6, 8, 10) if power * times >= highest)
