# SPDX-License-Identifier: AGPL-3.0-or-later
"""Until when nothing is said: a day, an hour and a time zone, never one without the others."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from beffroi.kernel.errors import Invalid
from beffroi_web.words import N_

FIRST = timedelta(days=90)
"""The embargo of a new case, from its reception (design 3.6)."""

OFFERED = (
    "Europe/Paris", "UTC", "America/Guadeloupe", "America/Martinique", "America/Cayenne",
    "America/Miquelon", "Indian/Reunion", "Indian/Mayotte", "Pacific/Noumea", "Pacific/Tahiti",
    "Pacific/Wallis", "Europe/London", "America/New_York",
)  # fmt: skip
"""The IANA zones to choose from, beside the town's own."""


def zones(own: str) -> tuple[str, ...]:
    """Return the zones to choose from, the town's own first."""
    return (own, *(zone for zone in OFFERED if zone != own))


def ends_at(day: date | None, hour: str, zone: str, *, own: str) -> datetime | None:
    """Return the moment (UTC) of a local day and hour (`09:30`) in a zone; None for no embargo.

    An hour that the clocks skip is asked for again; of one that they show twice it is the later,
    since an embargo that ends too soon cannot be taken back.
    """
    if day is None and not hour:
        return None
    if zone not in zones(own):
        raise Invalid(N_("Choose a time zone."), errors={"embargo_zone": [N_("Unknown.")]})
    if day is None or not hour:
        raise Invalid(
            N_("An embargo has a day, an hour and a time zone."),
            errors={"embargo_hour" if day else "embargo_day": [N_("Missing.")]},
        )
    try:
        at = datetime.combine(day, time.fromisoformat(hour), ZoneInfo(zone)).replace(fold=1)
    except ValueError:
        raise Invalid(
            N_("This is no hour."), errors={"embargo_hour": [N_("Write it as 09:30.")]}
        ) from None
    moment = at.astimezone(UTC)
    if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != at.replace(tzinfo=None):
        raise Invalid(
            N_("The clocks skip this hour on that day."),
            errors={"embargo_hour": [N_("Choose another hour.")]},
        )
    return moment
