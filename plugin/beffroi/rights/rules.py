# SPDX-License-Identifier: AGPL-3.0-or-later
"""What must be kept apart when a case is erased, and until when. Plain Python.

A person may have everything erased, save what a law or a claim requires (GDPR, article 17(3)(b) and
(e)). Of a data request that is: while the institution owes an answer, and while a refusal, spoken
or silent, can be contested. The two months to turn to the CADA (CRPA, R. 343-1) do not run against
whom nobody told of them, and a court is then normally open for a year: hence the twelve months of
`BEFFROI_KEEP_FOR_APPEAL_MONTHS`. What archive law asks for is the town's archivist's to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from beffroi.legal.calendars import add_months
from beffroi_web.words import N_

REFUSALS = frozenset({"refused"})

REASONS: Mapping[str, str] = {
    "clock": N_("its legal delay is still running, and what becomes of it could be contested"),
    "appeal": N_("the refusal can still be contested"),
    "archive": N_("the law on public archives requires it"),
}
"""Why something is kept apart, in words."""

MAKE_ARCHIVE = "make-archive"
"""The job that makes a file with everything about a person."""

ERASE_WORD = N_("erase")
"""What somebody types to have the account erased, in the language of the page."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Why and until which day something is kept apart."""

    reason: str
    ends_on: date


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides about keeping a case apart: its clock, how it ended, and when."""

    status: str
    open: bool
    due_on: date | None
    closed_on: date | None
    received_on: date


def kept_apart(
    case: Standing, *, today: date, appeal_months: int, archive_months: int
) -> Keeping | None:
    """Return why and until when a case that is erased today is kept apart, or None: not at all.

    Where several reasons hold, the one that lasts longest.
    """
    found: list[Keeping] = []
    if case.due_on is not None and case.open:
        reason = "clock" if today <= case.due_on else "appeal"
        found.append(Keeping(reason, add_months(case.due_on, appeal_months)))
    elif case.status in REFUSALS and case.due_on is not None:
        since = case.closed_on or today
        found.append(Keeping("appeal", add_months(since, appeal_months)))
    if archive_months:
        since = case.closed_on or today
        found.append(Keeping("archive", add_months(since, archive_months)))
    lasting = [keeping for keeping in found if keeping.ends_on > today]
    return max(lasting, key=lambda keeping: keeping.ends_on, default=None)
