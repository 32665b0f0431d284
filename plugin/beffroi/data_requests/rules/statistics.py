# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a data request counts in the town's statistics. Plain Python.

Only listed requests count. What one counts as is a `Counted`; `deltas` turns the step from one to
the next into what has to be added where, so that sums kept beside the requests are always those
that counting all of them would give, to the unit.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeVar

_Key = TypeVar("_Key")

ANSWERED = ("published", "refused", "redirected", "duplicate")
"""Statuses to which an official answer leads and that close a request."""

GIVEN_UP = "abandoned"

TOWN, THEME, DEPARTMENT = "town", "theme", "department"
DIMENSIONS = (TOWN, THEME, DEPARTMENT)

ALL_TIME = 0
"""The period that holds every request; others are a year (2026) or a quarter of one (20264)."""

NOWHERE = "0"
"""The code of requests that were given to no department."""

MEASURES = (
    *("received", "open", "in_time", "late", "undated", "given_up"),
    *("by_silence", "still_silent", *ANSWERED),
)
"""What is counted. `open in_time late undated given_up` part what was received: not answered yet;
answered by the day that the law gives, after it, or with no such day or none known; given up by who
asked. `by_silence`: silence became a refusal, of which `still_silent` have no answer to this day.
"""


class Place(NamedTuple):
    """One row of the sums: of which dimension, which period, which code in it."""

    dimension: str
    period: int
    code: str


@dataclass(frozen=True, slots=True)
class Counted:
    """What one listed request counts as. `days` are those from reception to the closing answer.

    `in_time` is None where no day is known on which it was answered, or by which it had to be.
    """

    quarter: int
    theme: str
    department: str
    status: str
    days: int | None
    in_time: bool | None
    silence: bool


def counted(
    *,
    received_on: date,
    due_on: date | None,
    closed_on: date | None,
    status: str,
    theme: str | None,
    department_id: int | None,
    silence: bool,
) -> Counted:
    """Return what a listed request counts as; `silence`: the law took silence for a refusal.

    An answer on the last day is in time (CRPA, R. 311-13). A closing day before the reception, as
    old registers have them, is no day.
    """
    days = None
    if status in ANSWERED and closed_on is not None and closed_on >= received_on:
        days = (closed_on - received_on).days
    in_time = None
    if days is not None and due_on is not None and closed_on is not None:
        in_time = closed_on <= due_on
    return Counted(
        quarter=quarter_of(received_on),
        theme=theme or "",
        department=NOWHERE if department_id is None else str(department_id),
        status=status,
        days=days,
        in_time=in_time,
        silence=silence,
    )


def quarter_of(day: date) -> int:
    """Return the quarter of a day as a number: 20264 is the fourth of 2026."""
    return day.year * 10 + (day.month + 2) // 3


def year_of(period: int) -> int:
    """Return the year of a period, 0 for the one that holds everything."""
    return period // 10 if period > 9999 else period


def period_name(period: int) -> str:
    """Return how data name a period: `all`, `2026` or `2026-Q4`."""
    if period == ALL_TIME:
        return "all"
    return f"{period // 10}-Q{period % 10}" if period > 9999 else str(period)


def measures(one: Counted) -> tuple[str, ...]:
    """Return the measures in which a request counts for one."""
    found = ["received"]
    is_open = one.status not in ANSWERED and one.status != GIVEN_UP
    if one.status in ANSWERED:
        punctual = {True: "in_time", False: "late", None: "undated"}
        found += [punctual[one.in_time], one.status]
    else:
        found.append("open" if is_open else "given_up")
    if one.silence:
        found.append("by_silence")
        if is_open:
            found.append("still_silent")
    return tuple(found)


def places(one: Counted) -> tuple[Place, ...]:
    """Return the rows in which a request counts: few, each one that some page shows."""
    year = one.quarter // 10
    periods = (ALL_TIME, year, one.quarter)
    return (
        *(Place(TOWN, period, "") for period in periods),
        *(Place(THEME, period, one.theme) for period in periods),
        Place(DEPARTMENT, year, one.department),
    )


@dataclass(frozen=True, slots=True)
class Deltas:
    """What to add to the sums: by place and measure, and by place and days of delay."""

    counts: Counter[tuple[Place, str]]
    delays: Counter[tuple[Place, int]]


def deltas(changes: Iterable[tuple[Counted | None, Counted | None]]) -> Deltas:
    """Return what changes of requests, each from one `Counted` to another, add to the sums.

    None is a request that does not count: not there yet, not listed, or removed.
    """
    sums = Deltas(Counter(), Counter())
    for before, after in changes:
        for one, sign in ((before, -1), (after, 1)):
            if one is None or before == after:
                continue
            for place in places(one):
                for measure in measures(one):
                    sums.counts[place, measure] += sign
                if one.days is not None:
                    sums.delays[place, one.days] += sign
    return Deltas(_without_noughts(sums.counts), _without_noughts(sums.delays))


def _without_noughts(sums: Counter[_Key]) -> Counter[_Key]:
    return Counter({key: number for key, number in sums.items() if number})


def quantile(delays: Sequence[tuple[int, int]], hundredths: int) -> int | None:
    """Return the number of days within which so many hundredths of the delays lie, exactly.

    `delays` are (days, how many), ascending. It is the smallest delay that at least that part does
    not exceed (nearest rank; PostgreSQL's `percentile_disc`); with 50, the median, the lower one.
    """
    total = sum(times for _, times in delays)
    rank = -(-total * hundredths // 100)
    for days, times in delays:
        rank -= times
        if rank <= 0:
            return days
    return None
