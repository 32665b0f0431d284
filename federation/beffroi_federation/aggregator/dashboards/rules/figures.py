# SPDX-License-Identifier: AGPL-3.0-or-later
"""Figures of towns, a département or the nation, and the colours in which a map shows them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from beffroi_federation.aggregator.national.rules import ANSWERED, OPEN
from beffroi_web.words import N_

STEPS = 5
"""Colours of a map, beside that of a place without a figure."""


@dataclass(frozen=True, slots=True)
class Basis:
    """The signed checkpoints that figures stand on; when the oldest and newest were verified."""

    checkpoints: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None

    def and_also(self, other: "Basis") -> "Basis":
        """Return the checkpoints of two groups of logs, which have none in common."""
        old = [one for one in (self.oldest, other.oldest) if one is not None]
        new = [one for one in (self.newest, other.newest) if one is not None]
        count = self.checkpoints + other.checkpoints
        return Basis(count, min(old, default=None), max(new, default=None))


@dataclass(slots=True)
class Figures:
    """Counts over some towns. `weeks` says how many answers took how many whole weeks.

    `towns` are approved; `verified` those of them whose whole log was verified at the last visit.
    `reported` and `closed` sum the incident counts that are shown, `protected` counts hidden cells.
    """

    towns: int = 0
    verified: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    weeks: dict[int, int] = field(default_factory=dict)
    reported: int = 0
    closed: int = 0
    protected: int = 0
    basis: Basis = Basis()

    @property
    def requests(self) -> int:
        """Return how many requests there are."""
        return sum(self.statuses.values())

    @property
    def open(self) -> int:
        """Return how many requests wait for an answer."""
        return sum(n for status, n in self.statuses.items() if status in OPEN)

    @property
    def answered(self) -> int:
        """Return how many requests have an official answer."""
        return sum(n for status, n in self.statuses.items() if status in ANSWERED)

    @property
    def rate(self) -> int | None:
        """Return the answered requests in a hundred, rounded down; None without requests."""
        return self.answered * 100 // self.requests if self.requests else None

    @property
    def delay(self) -> int | None:
        """Return the median of weeks between receipt and answer; None without answers."""
        return median(self.weeks)

    def count(self, what: str, code: str, n: int) -> None:
        """Take in one row of a tally: a `status`, `weeks` with their number, `cells`."""
        if what == "status":
            self.statuses[code] = self.statuses.get(code, 0) + n
        elif what == "weeks":
            self.weeks[int(code)] = self.weeks.get(int(code), 0) + n
        elif code == "reported":
            self.reported += n
        elif code == "closed":
            self.closed += n
        elif code == "protected":
            self.protected += n


def median(counts: Mapping[int, int]) -> int | None:
    """Return the lower median of values given with how often each occurs; None if none does."""
    left = (sum(counts.values()) + 1) // 2
    for value in sorted(counts):
        left -= counts[value]
        if counts[value] > 0 and left <= 0:
            return value
    return None


MEASURES = {
    "open": N_("Requests waiting for an answer"),
    "rate": N_("Requests answered, in a hundred"),
    "delay": N_("Median weeks until an answer"),
    "incidents": N_("Incidents reported"),
}
"""What a map can show, in words."""

MEASURE_NAMES = {
    "open": N_("Waiting"),
    "rate": N_("Answered"),
    "delay": N_("Delay"),
    "incidents": N_("Incidents"),
}
"""The same in one word, for a choice."""

_RATES = (20, 40, 60, 80)
_WEEKS = (1, 4, 8, 13)


def value_of(figures: Figures, measure: str) -> int | None:
    """Return what a map shows of some towns; None when there is nothing to say."""
    if measure == "rate":
        return figures.rate
    if measure == "delay":
        return figures.delay
    if measure == "incidents":
        return figures.reported or None
    return figures.open if figures.requests else None


def bounds(measure: str, values: Iterable[int | None]) -> tuple[int, ...]:
    """Return the highest value of each colour but the last, at most four of them, rising.

    Shares and weeks have fixed ones, so that two maps can be compared; counts go by halves of the
    largest, since a few places have far more than the others.
    """
    if measure == "rate":
        return _RATES
    if measure == "delay":
        return _WEEKS
    top = max((value for value in values if value is not None), default=0)
    found = {math.ceil(top / part) for part in (16, 8, 4, 2)}
    return tuple(sorted(one for one in found if 0 < one < top))


def step(value: int | None, limits: Sequence[int]) -> int:
    """Return the number of a value's colour, from 1; 0 for no value."""
    if value is None:
        return 0
    return 1 + sum(1 for limit in limits if value > limit)


def ranges(limits: Sequence[int], values: Iterable[int | None]) -> list[tuple[int, int, int]]:
    """Return (colour, from, to) of each colour of a legend, for what the values span."""
    known = [value for value in values if value is not None]
    if not known:
        return []
    low, found = min(0, *known) if len(known) > 1 else min(0, known[0]), []
    for number, limit in enumerate((*limits, max(known)), 1):
        if limit >= low:
            found.append((number, low, limit))
            low = limit + 1
    return found


@dataclass(slots=True)
class Sums:
    """The sums of published incident cells: cells with figures and without, and those figures."""

    shown: int = 0
    protected: int = 0
    reported: int = 0
    closed: int = 0

    def add(self, shown: int, protected: int, reported: int, closed: int) -> None:
        """Take in the sums of some cells."""
        self.shown += shown
        self.protected += protected
        self.reported += reported
        self.closed += closed


CellKey = tuple[str, str, str]
"""Family, category, and the span (a quarter, or a year) in which the cells' periods end."""


def years_of(cells: Iterable[CellKey]) -> list[str]:
    """Return the years of which there are cells, the newest first."""
    return sorted({span[:4] for _, _, span in cells}, reverse=True)


def by_category(
    cells: Mapping[CellKey, Sums], *, family: str = "", year: str = ""
) -> list[tuple[tuple[str, str], Sums]]:
    """Return the sums of each (family, category), the most reported first."""
    found: dict[tuple[str, str], Sums] = {}
    for (of, category, span), one in cells.items():
        if (not family or of == family) and span.startswith(year):
            sums = found.setdefault((of, category), Sums())
            sums.add(one.shown, one.protected, one.reported, one.closed)
    return sorted(found.items(), key=lambda one: (-one[1].reported, one[0]))


def by_quarter(
    cells: Mapping[CellKey, Sums], *, family: str = "", most: int = 12
) -> list[tuple[str, int | None]]:
    """Return the last quarters with what was reported in each, the oldest first.

    A quarter of which every cell is protected has None, never nought; cells of a whole year lie in
    no quarter.
    """
    found: dict[str, Sums] = {}
    for (of, _, span), one in cells.items():
        if len(span) > 4 and (not family or of == family):
            found.setdefault(span, Sums()).add(one.shown, one.protected, one.reported, one.closed)
    told = sorted(found.items())[-most:]
    return [(span, sums.reported if sums.shown else None) for span, sums in told]


LEAST_PEERS = 3
"""Bodies of the same size from which on a town is compared with them alone."""


def peers(
    sizes: Mapping[tuple[str, str], Figures], kind: str, band: str
) -> tuple[str, Figures] | None:
    """Return (band, figures) of the bodies with which one is compared; an empty band for its kind.

    They are those of its kind and population band where at least `LEAST_PEERS` are of it, the body
    itself among them; else all of its kind; None where even those are too few.
    """
    for wanted in ((band,) if band else ()) + ("",):
        found = sizes.get((kind, wanted))
        if found is not None and found.towns >= LEAST_PEERS:
            return wanted, found
    return None
