# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the figures on reports follow from single reports. Plain Python.

Only listed reports count, which everybody can find one by one: nothing of them is kept back here.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from beffroi.data_requests.rules.statistics import ALL_TIME, quantile

ALL = ""
"""The code of the row of all categories together."""


class Alike(Protocol):
    """Some reports that are alike; see `incidents.queries.statistics.Cell`."""

    @property
    def category(self) -> str:
        """The code of the category."""

    @property
    def quarter(self) -> int:
        """The quarter of reception, such as 20264."""

    @property
    def status(self) -> str:
        """The code of the status."""

    @property
    def days(self) -> int | None:
        """Days from reception to the end, None where there is none or it is not known."""

    @property
    def count(self) -> int:
        """How many they are."""


@dataclass(frozen=True, slots=True)
class Reports:
    """The reports of a period and category: how many in each status, and how long the ends took.

    `period` is 0 for all, a year (2026) or a quarter (20264); delays are in days.
    """

    category: str
    period: int
    by_status: Mapping[str, int]
    median: int | None
    ninetieth: int | None

    @property
    def received(self) -> int:
        """How many there are."""
        return sum(self.by_status.values())

    def among(self, statuses: Iterable[str]) -> int:
        """Return how many have one of some statuses."""
        return sum(self.by_status.get(one, 0) for one in statuses)


def figures(cells: Iterable[Alike]) -> dict[tuple[str, int], Reports]:
    """Return the figures by category ("" is all) and period: all time, each year, each quarter."""
    counts: dict[tuple[str, int], Counter[str]] = {}
    delays: dict[tuple[str, int], Counter[int]] = {}
    for one in cells:
        for category in (ALL, one.category):
            for period in (ALL_TIME, one.quarter // 10, one.quarter):
                key = category, period
                counts.setdefault(key, Counter())[one.status] += one.count
                if one.days is not None:
                    delays.setdefault(key, Counter())[one.days] += one.count
    made = {}
    for key in sorted(counts):
        spent = sorted(delays.get(key, {}).items())
        made[key] = Reports(
            *key, dict(counts[key]), median=quantile(spent, 50), ninetieth=quantile(spent, 90)
        )
    return made
