# SPDX-License-Identifier: AGPL-3.0-or-later
"""Days on which offices work: weekends and the public holidays of a territory.

The holidays come from the library `holidays`, which follows each country's law; this module knows
which of its calendars a French commune has, Alsace-Moselle and overseas included, and that for the
Freedom of Information Act a bank holiday anywhere in the United Kingdom is none of its working days
(s. 10(6)).
"""

import calendar
import sys
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from types import ModuleType

ONE = timedelta(days=1)
_FRENCH = {
    "57": "57", "67": "6AE", "68": "6AE", "971": "971", "972": "972", "973": "973", "974": "974",
    "975": "PM", "976": "976", "977": "BL", "978": "MF", "986": "WF", "987": "PF", "988": "NC",
}  # fmt: skip
"""The library's calendar of a department or overseas territory that has holidays of its own."""
_BRITISH = ("ENG", "NIR", "SCT", "WLS")


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later, or that month's last day where it has none."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month0 + 1)[1]
    return date(year, month0 + 1, min(day.day, last))


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days of a territory; `days` are the holidays of each of its parts."""

    days: tuple[Container[date], ...]

    def is_working(self, day: date) -> bool:
        """Say whether offices work on a day."""
        return day.weekday() < 5 and not any(day in one for one in self.days)

    def first_working(self, day: date) -> date:
        """Return the day itself, or the next one on which offices work."""
        while not self.is_working(day):
            day += ONE
        return day

    def add_working_days(self, day: date, count: int, *, paused: Iterable[date] = ()) -> date:
        """Return the `count`-th working day after `day`; days in `paused` do not count."""
        skipped = frozenset(paused)
        while count:
            day += ONE
            if day not in skipped and self.is_working(day):
                count -= 1
        return day


def calendar_of(country: str, communes: Iterable[str] = ()) -> Calendar:
    """Return the calendar of a country, and of the territory where its communes lie.

    `communes` are INSEE codes; a body on two sides of a border gets the holidays of both.
    ValueError for a country that has no calendar here.
    """
    if country == "UK":
        return _calendar("GB", _BRITISH)
    if country != "FR":
        raise ValueError(f"no calendar for {country}")
    found = {_FRENCH.get(code[:3]) or _FRENCH.get(code[:2]) or "" for code in communes} or {""}
    return _calendar("FR", tuple(sorted(found)))


@cache
def _calendar(country: str, parts: tuple[str, ...]) -> Calendar:
    import holidays  # which only who asks for a calendar waits for

    _stand_in(Path(holidays.__file__).parent / "countries")
    return Calendar(tuple(holidays.country_holidays(country, subdiv=p or None) for p in parts))


def _stand_in(folder: Path) -> None:
    """Put an empty package in the place of the one that loads 250 countries to give one of them.

    They would be 8 MB in every process, and a third of a second.
    """
    package = ModuleType("holidays.countries")
    package.__path__ = [str(folder)]
    sys.modules.setdefault(package.__name__, package)
