# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which stretch of time a count is given for, fixed each January, and how delays become bands.

A small town's week holds two reports, and two reports are two persons. The period of each pair of
area and category is therefore chosen once a year from last year's volume (in the first year from
the town's population) and is never mixed within the year: each report lies in exactly one cell.
"""

from datetime import date, timedelta
from typing import Final, Literal

Grain = Literal["week", "month", "quarter", "year"]
"""The length of a period, the finest first in `GRAINS`."""

GRAINS: Final[tuple[Grain, ...]] = ("week", "month", "quarter", "year")

BANDS: Final = ("under-500", "500-1999", "2000-9999", "10000-49999", "50000-199999", "200000+")
"""Bands of population, as settings and the identity file name them."""

_FINEST: Final[dict[str, Grain]] = {"under-500": "year", "500-1999": "quarter"}
_FIRST_YEAR: Final[dict[str, Grain]] = {
    **_FINEST,
    "2000-9999": "quarter",
    "10000-49999": "month",
    "50000-199999": "month",
    "200000+": "week",
}
_PER_YEAR: Final[dict[Grain, int]] = {"week": 52, "month": 12, "quarter": 4, "year": 1}
_ROOM: Final = 2
"""A period is chosen whose expected count is this many times the threshold: volumes vary."""

_DELAYS: Final = ((7, "0-7"), (30, "8-30"), (90, "31-90"), (365, "91-365"))


def period_for(population_band: str, volume: int | None = None, *, threshold: int = 5) -> Grain:
    """Return the period of an area and category for a whole year.

    `volume` is the number of reports of the year before, None in the first year; `threshold` is
    the k of the category (5, or 11 for a sensitive one). However many reports there were, under
    2,000 inhabitants the finest period is the quarter, under 500 the year. ValueError for a band
    that is not in `BANDS`.
    """
    if population_band not in BANDS:
        raise ValueError(f"{population_band!r} is none of the bands {', '.join(BANDS)}")
    if volume is None:
        return _FIRST_YEAR[population_band]
    finest = _FINEST.get(population_band, "week")
    for grain in GRAINS[GRAINS.index(finest) :]:
        if volume >= _PER_YEAR[grain] * threshold * _ROOM:
            return grain
    return "year"


def period_name(day: date, grain: Grain) -> str:
    """Return the period in which a day lies: `2027-W03` (ISO 8601), `2027-01`, `2027-Q1`, `2027`.

    The first days of January may lie in the last week of the year before: they are counted there.
    """
    if grain == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04d}-W{week:02d}"
    if grain == "month":
        return f"{day.year:04d}-{day.month:02d}"
    if grain == "quarter":
        return f"{day.year:04d}-Q{(day.month + 2) // 3}"
    return f"{day.year:04d}"


def period_begin(name: str) -> date:
    """Return the first day of a period; ValueError if the name is not one of a period."""
    end = period_end(name)
    if name[4:6] == "-W":
        return end - timedelta(days=7)
    year = int(name[:4])
    if name[4:6] == "-Q":
        return date(year, int(name[6:]) * 3 - 2, 1)
    return date(year, int(name[5:]), 1) if len(name) > 4 else date(year, 1, 1)


def period_end(name: str) -> date:
    """Return the first day after a period; ValueError if the name is not one of a period."""
    year = int(name[:4])
    if name[4:6] == "-W":
        return date.fromisocalendar(year, int(name[6:]), 1) + timedelta(days=7)
    if name[4:6] == "-Q" and name[6:] in ("1", "2", "3", "4"):
        return _first_of_month(year, int(name[6:]) * 3 + 1)
    if name[4:5] == "-":
        return _first_of_month(year, date(year, int(name[5:]), 1).month + 1)
    if len(name) == 4:
        return date(year + 1, 1, 1)
    raise ValueError(f"{name!r} is not the name of a period")


def _first_of_month(year: int, month: int) -> date:
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def delay_band(days: int) -> str:
    """Return the band of a delay in whole days; ValueError for a negative one."""
    if days < 0:
        raise ValueError("a delay is not negative")
    return next((band for limit, band in _DELAYS if days <= limit), "366+")
