# SPDX-License-Identifier: AGPL-3.0-or-later
"""From single reports to cells of counts that tell nothing of any one person.

A cell (area, category, period) is shown when at least k distinct parties stand behind it (5; 11
for a sensitive category), none of them behind more than half, and when no total or difference
gives a hidden cell back. `count` is what was received in the period, `closed` what was closed in
it; each needs k by itself. A cell is published once and never again, so that no later version can
be subtracted from an earlier one.

A suppressed cell covers everything from no report to too few, and also cells that are hidden only
to protect others: that it is there says nothing.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import Final, Literal

from beffroi_privacy.attack import Figure, Recovered, recover
from beffroi_privacy.periods import BANDS, GRAINS, Grain, delay_band, period_end, period_for
from beffroi_privacy.periods import period_name as period_name
from beffroi_privacy.tables import TOTAL, Place, hide

__all__ = [
    "BANDS",
    "GRAINS",
    "K_SENSITIVE",
    "TOTAL",
    "Cell",
    "Figure",
    "Grain",
    "K",
    "Recovered",
    "Report",
    "Totals",
    "delay_band",
    "figures",
    "may_show",
    "period_end",
    "period_for",
    "period_name",
    "protect",
    "publish_once",
    "recover",
]

K: Final = 5
"""Distinct parties that a shown figure needs; a choice of ours, not a threshold of law."""

K_SENSITIVE: Final = 11
"""The same for sensitive categories."""

CellKey = tuple[str, str, str, str]
"""Family, category, area and period: what is published once."""


@dataclass(frozen=True, slots=True)
class Report:
    """One report, as far as counting goes.

    `period` is the one it was received in, in the cell's fixed period. `party` stands for who sent
    it, None if unknown. `closed_period` is the period it was closed in, when not the same.
    """

    area: str
    category: str
    period: str
    party: str | None
    sensitive: bool = False
    closed: bool = False
    delay_days: int | None = None
    family: str = "street"
    closed_period: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """What may be published of a cell: with its figures, or suppressed and without any.

    `closed` and `delay` are None also where only the count may be shown. `delay` is the band of
    the median delay of what was closed; `delay_days` is that median, for making the band of a
    record, and is not for publication.
    """

    family: str
    category: str
    area: str
    period: str
    state: Literal["shown", "suppressed"]
    count: int | None = None
    closed: int | None = None
    delay: str | None = None
    delay_days: int | None = None

    @property
    def key(self) -> CellKey:
        """What names the cell for ever."""
        return self.family, self.category, self.area, self.period


@dataclass(frozen=True, slots=True)
class Totals:
    """Which totals are public beside the cells, and under which codes: none by default.

    `area` is the code of the whole body (its SIREN), `category` that of all categories.
    """

    area: str | None = None
    category: str | None = None


def may_show(reports: Collection[Report], *, k: int = K, k_sensitive: int = K_SENSITIVE) -> bool:
    """Say whether the number of these reports may be shown by itself.

    Unknown parties count one per report in ordinary categories. In sensitive ones they count for
    nobody, and for dominance they are taken to be the largest known party: the worst case.
    """
    sensitive = any(r.sensitive for r in reports)
    known = Counter(r.party for r in reports if r.party is not None)
    unknown = len(reports) - known.total()
    distinct = len(known) if sensitive else len(known) + unknown
    largest = max(known.values(), default=0)
    if sensitive:
        largest += unknown
    return distinct >= (k_sensitive if sensitive else k) and 2 * largest <= len(reports)


def protect(
    reports: Iterable[Report],
    *,
    areas: Sequence[str],
    categories: Sequence[str],
    period: str,
    family: str = "street",
    totals: Totals = Totals(),
    k: int = K,
    k_sensitive: int = K_SENSITIVE,
) -> list[Cell]:
    """Return every cell of one family and period, and of the totals that are public.

    All pairs of `areas` and `categories` come back, the empty ones suppressed like any small one.
    Reports of another family or period, or outside the table, are not looked at. `k` and
    `k_sensitive` may be raised; lower than 5 and 11 is refused (ValueError).
    """
    if k < K or k_sensitive < max(k, K_SENSITIVE):
        raise ValueError(f"k is at least {K}, and {K_SENSITIVE} for sensitive categories")
    inside = [r for r in reports if r.family == family and _inside(r, areas, categories)]
    received = _table([r for r in inside if r.period == period], areas, categories)
    done = [r for r in inside if r.closed and (r.closed_period or r.period) == period]
    closed = _table(done, areas, categories)
    unpublished = {p for p in received if _is_unpublished(p, totals)}

    def hidden_in(table: Mapping[Place, list[Report]], also: Collection[Place]) -> set[Place]:
        small = {p for p, rs in table.items() if not may_show(rs, k=k, k_sensitive=k_sensitive)}
        counts = {p: len(rs) for p, rs in table.items()}
        return hide(
            counts, (small | set(also)) - unpublished, unpublished=unpublished, least_width=k
        )

    no_count = hidden_in(received, ())
    no_closed = hidden_in(closed, no_count)
    cells = []
    for place in received:
        if place in unpublished:
            continue
        shown = None if place in no_count else received[place]
        finished = None if place in no_closed else closed[place]
        cells.append(_cell(_code(place, totals), family, period, shown, finished))
    return cells


def _inside(report: Report, areas: Sequence[str], categories: Sequence[str]) -> bool:
    return report.area in areas and report.category in categories


def _table(
    reports: Iterable[Report], areas: Sequence[str], categories: Sequence[str]
) -> dict[Place, list[Report]]:
    """Return the reports of each place of the table, totals included."""
    table: dict[Place, list[Report]] = {
        (area, category): [] for area in (*areas, TOTAL) for category in (*categories, TOTAL)
    }
    for report in reports:
        for area in (report.area, TOTAL):
            for category in (report.category, TOTAL):
                table[area, category].append(report)
    return table


def _is_unpublished(place: Place, totals: Totals) -> bool:
    return (place[0] == TOTAL and totals.area is None) or (
        place[1] == TOTAL and totals.category is None
    )


def _code(place: Place, totals: Totals) -> Place:
    """Return area and category as published: a total under its code."""
    area, category = place
    return (totals.area or TOTAL) if area == TOTAL else area, (
        (totals.category or TOTAL) if category == TOTAL else category
    )


def _cell(
    code: Place,
    family: str,
    period: str,
    shown: Sequence[Report] | None,
    finished: Sequence[Report] | None,
) -> Cell:
    area, category = code
    if shown is None:
        return Cell(family, category, area, period, "suppressed")
    if finished is None:
        return Cell(family, category, area, period, "shown", len(shown))
    delays = [r.delay_days for r in finished if r.delay_days is not None]
    days = median_low(delays) if len(delays) == len(finished) else None
    band = None if days is None else delay_band(days)
    return Cell(family, category, area, period, "shown", len(shown), len(finished), band, days)


def publish_once(cells: Iterable[Cell], published: Collection[CellKey]) -> list[Cell]:
    """Return the cells that were not published before; a correction never replaces a cell.

    ValueError if one key comes twice, which would be two versions of the same cell.
    """
    fresh = [cell for cell in cells if cell.key not in published]
    twice = [key for key, times in Counter(c.key for c in fresh).items() if times > 1]
    if twice:
        raise ValueError(f"a cell would be published twice: {twice[0]}")
    return fresh


def figures(
    cells: Iterable[Cell],
    *,
    areas: Sequence[str],
    categories: Sequence[str],
    totals: Totals,
    of: Literal["count", "closed"] = "count",
) -> list[Figure]:
    """Return what an attacker reads in published cells: sums of single counts, for `recover`."""
    read = []
    for cell in cells:
        value = cell.count if of == "count" else cell.closed
        if value is None:
            continue
        within = areas if cell.area == totals.area else (cell.area,)
        among = categories if cell.category == totals.category else (cell.category,)
        read.append(Figure(frozenset((a, c, cell.period) for a in within for c in among), value))
    return read
