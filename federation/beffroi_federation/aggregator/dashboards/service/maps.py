# SPDX-License-Identifier: AGPL-3.0-or-later
"""The map of tiles, ready to be drawn as inline SVG: every word, colour and place computed here."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext

from beffroi_federation.aggregator.dashboards.rules.figures import (
    MEASURES,
    Figures,
    bounds,
    ranges,
    step,
    value_of,
)
from beffroi_federation.aggregator.dashboards.service.sentences import said
from beffroi_federation.aggregator.kernel.territories import (
    COLUMNS,
    NAMES,
    OVERSEAS_ROW,
    TILES,
)
from beffroi_web.filters import number

SIDE = 40
_APART = 30
"""Units between the mainland and the row of overseas territories, for its name."""


@dataclass(frozen=True, slots=True)
class Place:
    """One territory on the map: its corner, its colour (0 for none), what its tile says."""

    code: str
    name: str
    x: int
    y: int
    step: int
    short: str
    words: str
    url: str
    figures: Figures | None
    value: int | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """A map: its tiles, its legend as (colour, words), its size, where overseas begins."""

    measure: str
    places: tuple[Place, ...]
    legend: tuple[tuple[int, str], ...]
    width: int
    height: int
    overseas: int

    @property
    def taking_part(self) -> list[Place]:
        """Return the territories of which there are figures, the highest value first."""
        told = [place for place in self.places if place.figures is not None]
        return sorted(told, key=lambda one: (one.value is None, -(one.value or 0), one.code))


def drawn(figures: Mapping[str, Figures], measure: str) -> Drawn:
    """Return the map of a measure over territories; those without a figure are drawn empty."""
    values = {code: value_of(one, measure) for code, one in figures.items()}
    limits = bounds(measure, values.values())
    places = []
    for tile in TILES:
        one, value = figures.get(tile.code), values.get(tile.code)
        below = _APART if tile.row == OVERSEAS_ROW else 0
        words = said(measure, value)
        places.append(
            Place(
                code=tile.code,
                name=NAMES[tile.code],
                x=tile.column * SIDE,
                y=tile.row * SIDE + below,
                step=step(value, limits),
                short=_short(value),
                words=gettext("no town takes part") if one is None else words,
                url=url_for("dashboards.place", code=tile.code) if one is not None else "",
                figures=one,
                value=value,
            )
        )
    legend = [
        (colour, said(measure, low) if low == high
         else gettext("%(low)s to %(high)s", low=number(low), high=said(measure, high)))
        for colour, low, high in ranges(limits, values.values())
    ]  # fmt: skip
    top = OVERSEAS_ROW * SIDE
    return Drawn(measure, tuple(places), tuple(legend), COLUMNS * SIDE, top + _APART + SIDE, top)


def measure_from(text: str) -> str:
    """Return the measure that is asked for, the share of answers for anything else."""
    return text if text in MEASURES else "rate"


def _short(value: int | None) -> str:
    """Return a value in at most four signs, for a tile."""
    if value is None:
        return ""
    if value < 10_000:
        return str(value)
    return f"{value // 1_000}k" if value < 1_000_000 else f"{value // 1_000_000}M"
