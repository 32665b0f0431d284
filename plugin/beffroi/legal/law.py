# SPDX-License-Identifier: AGPL-3.0-or-later
"""The law that holds for a town: its rule pack, and the calendar of where it lies."""

from collections.abc import Iterable
from dataclasses import dataclass

from beffroi.legal.calendars import Calendar, calendar_of
from beffroi.legal.clock import Facts, Timetable, timetable
from beffroi.legal.packs import Pack, load


@dataclass(frozen=True, slots=True)
class Law:
    """A pack and a calendar; what happened goes in, the timetable comes out."""

    pack: Pack
    calendar: Calendar

    def timetable(self, facts: Facts) -> Timetable:
        """Return every date that follows from what happened."""
        return timetable(self.pack, facts, self.calendar)


def law_of(communes: Iterable[str], pack: str = "fr") -> Law:
    """Return the law of a town that serves these communes (INSEE codes)."""
    found = load(pack)
    return Law(found, calendar_of(found.country, communes))
