# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the statistics say and what they keep back. Plain Python.

Figures of the town and of themes count requests that everybody can list, so nothing of them is kept
back. Which department a request was given to is nobody's business outside: figures of departments
appear only where they tell it of no single request (`departments_shown`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from beffroi_privacy.counts import K
from beffroi_privacy.periods import delay_band
from beffroi_privacy.tables import TOTAL, Place, hide
from beffroi_web.words import N_

OTHERS = "others"
"""The code of the row of all departments that are not shown, and of requests given to none."""

BAND_WORDS = {
    "0-7": N_("up to 7 days"),
    "8-30": N_("8 to 30 days"),
    "31-90": N_("31 to 90 days"),
    "91-365": N_("91 to 365 days"),
    "366+": N_("over a year"),
}


@dataclass(frozen=True, slots=True)
class Department:
    """What a department counts in a year: `median` is in days; `named` is no for "none"."""

    code: str
    named: bool
    received: int
    in_time: int
    late: int
    answered: int
    median: int | None


@dataclass(frozen=True, slots=True)
class ShownDepartment:
    """The same as everybody may see it; None where it is kept back. `delay` is a band of days."""

    code: str
    received: int | None
    in_time: int | None
    late: int | None
    delay: str | None


def departments_shown(rows: Sequence[Department], least: int = K) -> tuple[ShownDepartment, ...]:
    """Return what may be shown of the departments of one year, the largest first.

    A department is named from `least` requests on, if as many were given to others; what is left is
    one row. A figure below `least` is kept back, nought included, and so are others from which,
    with the town's own figures, it could be worked out. Empty where nothing can be shown. A delay
    is a band, not a day: days are public one by one and would tell which request it was.
    """
    total = sum(row.received for row in rows)
    large = [row for row in rows if row.named and least <= row.received <= total - least]
    large.sort(key=lambda row: (-row.received, row.code))
    small = [row for row in rows if row not in large]
    while large and 0 < sum(row.received for row in small) < least:
        small.append(large.pop())
    if not large:
        return ()
    others = [_together(small)] if small else []
    if len(large) + len(others) < 2:
        return ()
    return _kept_back([*large, *others], least)


def _together(rows: Sequence[Department]) -> Department:
    return Department(
        code=OTHERS,
        named=False,
        received=sum(row.received for row in rows),
        in_time=sum(row.in_time for row in rows),
        late=sum(row.late for row in rows),
        answered=sum(row.answered for row in rows),
        median=None,
    )


def _parts(row: Department) -> dict[str, int]:
    return {
        "in_time": row.in_time,
        "late": row.late,
        "neither": row.received - row.in_time - row.late,
    }


def _kept_back(rows: Sequence[Department], least: int) -> tuple[ShownDepartment, ...]:
    """Return rows whose small parts cannot be worked out, totals of the town being known."""
    table = {row.code: _parts(row) for row in rows}
    sums = {part: sum(parts[part] for parts in table.values()) for part in _parts(rows[0])}
    known = [part for part, whole in sums.items() if whole]  # where there is none, none is known
    values: dict[Place, int] = {(code, p): table[code][p] for code in table for p in known}
    must = {place for place, count in values.items() if count < least}
    values |= {(row.code, TOTAL): row.received for row in rows}
    values |= {(TOTAL, part): sums[part] for part in known}
    values[TOTAL, TOTAL] = sum(sums.values())
    hidden = hide(values, must, least_width=1) if must else set()
    if any(area == TOTAL for area, _ in hidden):  # but the town's figures stand above the table
        hidden = {place for place in values if place[0] != TOTAL and place[1] != TOTAL}
    return tuple(_shown(row, hidden, least) for row in rows)


def _shown(row: Department, hidden: set[Place], least: int) -> ShownDepartment:
    parts = {p: None if (row.code, p) in hidden else n for p, n in _parts(row).items()}
    whole = None not in parts.values() and row.answered >= least and row.median is not None
    return ShownDepartment(
        code=row.code,
        received=None if (row.code, TOTAL) in hidden else row.received,
        in_time=parts["in_time"],
        late=parts["late"],
        delay=delay_band(row.median) if whole and row.median is not None else None,
    )


def per_cent(part: int, whole: int) -> int | None:
    """Return how many hundredths a part is, rounded down: a hundred means all. None of nothing."""
    return part * 100 // whole if whole else None
