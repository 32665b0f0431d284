# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which backups of a folder are kept: some by day, some by week, some by month. Plain Python.

Grandfather, father, son: of each of the newest days, ISO weeks and months that have one, the newest
backup is kept. Above all of it stands an end: what somebody had erased is in every backup from
before, so none is older than 35 days (the promise of `docs/explanation/erasure.md`), but for the
last good one, without which there would be none at all.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

MOST_DAYS = 35
HALF_IS_OLD = timedelta(days=1)
"""After that a half-written backup is nobody's any more: its writer has died."""

_NAME = re.compile(r"beffroi-(\d{9})-(\d{8}T\d{6}Z)\.backup(?:\.age)?(\.part)?")
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup in a folder. `whole`: we wrote it to its end, and it has the size that it had."""

    name: str
    made_at: datetime
    whole: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """How many are kept of days, weeks and months that have one, and for how many days at most."""

    daily: int
    weekly: int
    monthly: int
    days: int


def file_name(siren: str, made_at: datetime, *, sealed: bool) -> str:
    """Return the name of a backup in a folder of backups."""
    ending = ".age" if sealed else ""
    return f"beffroi-{siren}-{made_at.astimezone(UTC).strftime(_STAMP)}.backup{ending}"


def made_at_of(name: str, siren: str, *, half: bool = False) -> datetime | None:
    """Return when a file of this body's was made by its name; None if it is not named so.

    `half`: the name of one that is still being written, or whose writer has died.
    """
    found = _NAME.fullmatch(name)
    if found is None or found[1] != siren or bool(found[3]) is not half:
        return None
    try:
        return datetime.strptime(found[2], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def superfluous(kept: Iterable[Kept], plan: Plan, *, now: datetime) -> frozenset[str]:
    """Return the names of those that are kept no longer; `now` and `made_at` are aware moments.

    One that is not whole is never counted among the kept ones, and stays until it is too old: it
    may be good, made before our own notes were lost. Where none is whole nothing is deleted.
    """
    every = list(kept)
    whole = sorted((one for one in every if one.whole), key=_newest_first, reverse=True)
    if not whole:
        return frozenset()
    too_old = {one.name for one in every if now - one.made_at > timedelta(days=plan.days)}
    counted = (
        _newest_of_each(whole, _day, plan.daily)
        | _newest_of_each(whole, _week, plan.weekly)
        | _newest_of_each(whole, _month, plan.monthly)
    )
    uncounted = {one.name for one in whole} - counted
    return frozenset((too_old | uncounted) - {whole[0].name})


def _newest_first(one: Kept) -> tuple[datetime, str]:
    return one.made_at, one.name


def _newest_of_each(
    newest_first: Sequence[Kept], span: Callable[[date], Hashable], most: int
) -> set[str]:
    """Return the newest of each span of time, of the newest spans that have any."""
    found: dict[Hashable, str] = {}
    for one in newest_first:
        found.setdefault(span(one.made_at.astimezone(UTC).date()), one.name)
    return set(list(found.values())[:most])


def _day(day: date) -> Hashable:
    return day


def _week(day: date) -> Hashable:
    return tuple(day.isocalendar())[:2]


def _month(day: date) -> Hashable:
    return day.year, day.month
