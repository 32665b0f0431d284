# SPDX-License-Identifier: AGPL-3.0-or-later
"""Until when a street report is to be handled: target delays in working days. Plain Python.

They are the institution's own promise, no rule of law. A working day is one on which offices of the
territory work (`beffroi.legal.calendars`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from beffroi.legal.calendars import Calendar
from beffroi_web.words import N_

NEVER = date(9999, 12, 31)
"""What stands in the place of a date where none was promised; it sorts last."""
LONGEST = 250
"""The most working days that a target may have: a year."""


@dataclass(frozen=True, slots=True)
class Target:
    """Working days until a report is to be handled, and between two reminders of a silent one."""

    working_days: int = 10
    remind_days: int = 10


TARGETS: Mapping[str, Target] = {
    "lighting": Target(10),
    "road": Target(15),
    "waste": Target(3, 5),
    "graffiti": Target(10),
    "greenery": Target(15),
    "furniture": Target(15),
    "signs": Target(5, 5),
    "water": Target(2, 2),
    "vehicles": Target(15),
    "neighbours": Target(10),
    "hygiene": Target(10),
    "persons": Target(1, 1),
}
"""What holds for a category until an administrator says otherwise."""


def target_of(category: str, own: Mapping[str, Target]) -> Target:
    """Return the target of a category: the town's own, else the shipped one."""
    return own.get(category) or TARGETS.get(category) or Target()


def due_on(received_on: date, target: Target, calendar: Calendar) -> date:
    """Return the day by which a report is to be handled; the day of reception does not count."""
    return calendar.add_working_days(received_on, target.working_days)


def next_reminder(today: date, target: Target, calendar: Calendar) -> date:
    """Return the day of the next reminder if nothing moves from today on."""
    return calendar.add_working_days(today, target.remind_days)


Standing = Literal["late", "today", "soon", "in_time", "none"]
SOON = 2
"""Working days before its date from which a report is due soon."""

STANDING_WORDS: Mapping[Standing, tuple[str, str]] = {
    "late": (N_("Past its date"), "late"),
    "today": (N_("Due today"), "waiting"),
    "soon": (N_("Due soon"), "waiting"),
    "in_time": (N_("In time"), "good"),
    "none": (N_("No date"), "neutral"),
}
"""How a report stands in words, with the tone of its badge."""


def standing(due: date | None, today: date, calendar: Calendar) -> Standing:
    """Return how an open report stands on a day."""
    if due is None or due == NEVER:
        return "none"
    if due < today:
        return "late"
    if due == today:
        return "today"
    return "soon" if due <= calendar.add_working_days(today, SOON) else "in_time"
