# SPDX-License-Identifier: AGPL-3.0-or-later
"""The clock of the running application; see `beffroi_web.clock` for what a clock is."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import current_app

from beffroi_web.clock import Clock


def the_clock() -> Clock:
    """Return the clock that the application was made with. For the edge only."""
    clock: Clock = current_app.extensions["beffroi"].clock
    return clock


def now() -> datetime:
    """Return the present moment in UTC. For the edge only: services are told the moment."""
    return the_clock().now()


def local_day(moment: datetime, zone: str) -> date:
    """Return the calendar day of a moment in the town's time zone (an IANA name)."""
    return moment.astimezone(ZoneInfo(zone)).date()


def today(moment: datetime | None = None) -> date:
    """Return the day that it is in the town now, or was at a moment. For the edge only."""
    zone: str = current_app.extensions["beffroi"].settings.time_zone
    return local_day(now() if moment is None else moment, zone)
