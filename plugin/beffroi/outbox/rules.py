# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which cells of counts are due, and what they may show. Plain Python.

The period of each (area, category) is fixed for a calendar year from the volume of the year before
(in the first year from the population band) and never mixed within it; each report lies in exactly
one cell; a cell is due once its period is over. What may be shown is `beffroi_privacy.counts`'.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from beffroi_privacy.counts import (
    K_SENSITIVE,
    Cell,
    CellKey,
    Grain,
    K,
    Report,
    period_end,
    period_for,
    period_name,
    protect,
)


@dataclass(frozen=True, slots=True)
class CountedReport:
    """One report as counting needs it: codes, days, and a number that stands for who sent it."""

    family: str
    category: str
    area: str
    received_on: date
    closed_on: date | None
    party: str | None
    sensitive: bool


Pair = tuple[str, str, str]
"""Family, category, area."""


def grains(
    pairs: Iterable[Pair],
    *,
    band: str,
    volumes: Mapping[Pair, int] | None,
    sensitive: Collection[str],
) -> dict[Pair, Grain]:
    """Return the period of each pair for one year; `volumes` is None in the town's first year."""
    chosen: dict[Pair, Grain] = {}
    for pair in pairs:
        threshold = K_SENSITIVE if pair[1] in sensitive else K
        volume = None if volumes is None else volumes.get(pair, 0)
        chosen[pair] = period_for(band, volume, threshold=threshold)
    return chosen


def due_cells(
    reports: Sequence[CountedReport],
    *,
    year_grains: Mapping[int, Mapping[Pair, Grain]],
    published: Collection[CellKey],
    since: date,
    today: date,
) -> list[Cell]:
    """Return the cells that were not published yet and whose period is over by `today`.

    Periods that ended before `since`, the day of the first public case, are left out.

    No total is published beside the cells, so each (family, area, period) is a table of its own.
    """
    tables: dict[tuple[str, str, str], list[Report]] = defaultdict(list)
    columns: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for year, pairs in year_grains.items():
        for (family, category, area), grain in pairs.items():
            for period in _periods_of(year, grain):
                if since < period_end(period) <= today:
                    columns[family, area, period].add(category)
    for report in reports:
        for period in {*_periods_touched(report, year_grains)}:
            if report.category in columns.get((report.family, report.area, period), ()):
                tables[report.family, report.area, period].append(_as_counted(report, year_grains))
    cells: list[Cell] = []
    for (family, area, period), categories in sorted(columns.items()):
        wanted = [c for c in sorted(categories) if (family, c, area, period) not in published]
        if wanted:
            cells += protect(
                tables.get((family, area, period), ()),
                areas=[area],
                categories=wanted,
                period=period,
                family=family,
            )
    return cells


def _grain(report: CountedReport, day: date, years: Mapping[int, Mapping[Pair, Grain]]) -> Grain:
    pair = (report.family, report.category, report.area)
    return years.get(day.year, {}).get(pair, "year")


def _period(report: CountedReport, day: date, years: Mapping[int, Mapping[Pair, Grain]]) -> str:
    return period_name(day, _grain(report, day, years))


def _periods_touched(
    report: CountedReport, years: Mapping[int, Mapping[Pair, Grain]]
) -> Iterable[str]:
    yield _period(report, report.received_on, years)
    if report.closed_on is not None:
        yield _period(report, report.closed_on, years)


def _as_counted(report: CountedReport, years: Mapping[int, Mapping[Pair, Grain]]) -> Report:
    closed = report.closed_on
    return Report(
        area=report.area,
        category=report.category,
        period=_period(report, report.received_on, years),
        party=report.party,
        sensitive=report.sensitive,
        closed=closed is not None,
        delay_days=(closed - report.received_on).days if closed else None,
        family=report.family,
        closed_period=_period(report, closed, years) if closed else None,
    )


@lru_cache(maxsize=64)
def _periods_of(year: int, grain: Grain) -> tuple[str, ...]:
    """Return the names of the periods of a grain that the days of a year fall in, in order."""
    names: dict[str, None] = {}
    day = date(year, 1, 1)
    while day.year == year:
        names[period_name(day, grain)] = None
        day = date.fromordinal(day.toordinal() + 1)
    return tuple(names)
