# SPDX-License-Identifier: AGPL-3.0-or-later
"""Dates of the French access regime, first depth: the month after which silence is a refusal.

Source: code des relations entre le public et l'administration, articles R. 311-12 (silence is a
refusal) and R. 311-13 (one month from receipt). Only existing documents, data and source code
included, have this clock.
"""

import calendar
from datetime import date

CLOCKED_OBJECTS = frozenset({"dataset", "source_code", "algorithm", "document"})


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later, or that month's last day where it has none."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month0 + 1)[1]
    return date(year, month0 + 1, min(day.day, last))


def answer_due(wanted_object: str, received_on: date) -> date | None:
    """Return the day on which silence becomes an implicit refusal, or None without a clock."""
    if wanted_object not in CLOCKED_OBJECTS:
        return None
    return add_months(received_on, 1)


def clock_state(due: date | None, *, today: date, answered_on: date | None) -> str:
    """Return the record's `clock` code: none, in_time, overdue or implicit_refusal."""
    if due is None:
        return "none"
    if answered_on is not None:
        return "in_time" if answered_on <= due else "overdue"
    return "in_time" if today <= due else "implicit_refusal"
