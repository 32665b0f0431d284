# SPDX-License-Identifier: AGPL-3.0-or-later
"""When batches are due. Plain Python: the moment, the zone and the origin are arguments.

A weekly batch is due on Monday at 03:00 on the town's own clock, a batch of withdrawals every day
at 03:00, both later by an offset that the log's origin fixes: a country of towns does not publish
in the same minute, and nobody learns from the hour of a batch when anything happened.

A **slot** is named by the ISO week or the day that it opens. Whoever comes late publishes the slot
that opened last, under its own name; slots that were missed altogether are never named, since a log
must not claim to have been signed when it was not.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

OPENS = time(3, 0)
SPREAD_MINUTES = 240


def iso_week(day: date) -> str:
    """Return the ISO week of a day as the log writes it, such as `2026-W47`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def offset_of(origin: str) -> timedelta:
    """Return by how much a log's batches are later than 03:00: whole minutes, below four hours."""
    digest = hashlib.sha256(f"beffroi/batches/v1\n{origin}".encode()).digest()
    return timedelta(minutes=int.from_bytes(digest[:8], "big") % SPREAD_MINUTES)


@dataclass(frozen=True, slots=True)
class Slot:
    """One batch of the calendar: the period that its marker names, and when it opens (UTC)."""

    period: str
    opens: datetime


@dataclass(frozen=True, slots=True)
class Calendar:
    """When the batches of one log are due: an IANA zone and the offset from 03:00 in it."""

    zone: str
    offset: timedelta

    def opens(self, day: date) -> datetime:
        """Return when the slot of a local day opens, in UTC.

        Where clocks jump over 03:00 or show it twice, it is the first moment that the day's rules
        give it; the offset is a duration and knows no clocks.
        """
        local = datetime.combine(day, OPENS, ZoneInfo(self.zone))
        return local.astimezone(UTC) + self.offset

    def _last(self, now: datetime, step: int, start: Callable[[date], date]) -> date:
        """Return the start of the period that opened last, from periods of `step` days."""
        day = start(now.astimezone(ZoneInfo(self.zone)).date()) + timedelta(days=2 * step)
        while self.opens(day) > now:
            day -= timedelta(days=step)
        return day

    def week(self, now: datetime) -> Slot:
        """Return the weekly slot that opened last."""
        monday = self._last(now, 7, _monday)
        return Slot(iso_week(monday), self.opens(monday))

    def day(self, now: datetime) -> Slot:
        """Return the daily slot that opened last."""
        day = self._last(now, 1, lambda d: d)
        return Slot(day.isoformat(), self.opens(day))

    def next_week(self, now: datetime) -> Slot:
        """Return the weekly slot that opens next."""
        monday = self._last(now, 7, _monday) + timedelta(days=7)
        return Slot(iso_week(monday), self.opens(monday))

    def next_day(self, now: datetime) -> Slot:
        """Return the daily slot that opens next."""
        day = self._last(now, 1, lambda d: d) + timedelta(days=1)
        return Slot(day.isoformat(), self.opens(day))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


OLDEST_READ, OLDEST_KEPT = timedelta(days=3), timedelta(days=4)
"""How old the day of a file of hints may be when it is read, and while it is kept."""


def is_timely(day: date, *, held: date | None, today: date) -> bool:
    """Say whether a file of hints of a day may be read: neither old, nor of the future, nor of a
    day before that of a file that was read already. All are days of UTC.
    """
    return today - OLDEST_READ <= day <= today and (held is None or held <= day)


def kept_since(today: date) -> date:
    """Return the day before which nothing of a file of hints is kept or shown."""
    return today - OLDEST_KEPT
