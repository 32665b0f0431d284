# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first date of a case under the French pack, and the codes that records carry."""

from datetime import date

from beffroi.legal.calendars import add_months
from beffroi.legal.packs import load

CLOCKED_OBJECTS = load("fr").objects


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
    return "in_time" if today < due else "implicit_refusal"
