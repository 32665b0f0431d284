# SPDX-License-Identifier: AGPL-3.0-or-later
"""When a campaign is in which phase, and when its next edition begins. Plain Python, days only.

A day is a calendar day in the town's zone and an argument. Phases follow each other without a gap;
each day belongs to exactly one of them, to what is before the edition, or to what is after it.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from beffroi.kernel.errors import Invalid
from beffroi.legal.calendars import add_months
from beffroi_web.words import N_

PHASES: Mapping[str, str] = {
    "call": N_("Call for requests"),
    "sorting": N_("Sorting and survey"),
    "research": N_("Research and publication"),
    "note": N_("Note"),
}
"""The phases in their order, with what people call them. The codes are those of records."""

PLANNED, OVER = "planned", "over"
ANNOUNCE = "announce-campaign"
"""The job that tells the operator's webhook of a step."""
STEPS: Mapping[str, str] = {
    **PHASES,
    "published": N_("The note is published"),
    OVER: N_("The campaign is over"),
}
"""What is written down of an edition, each once."""

WHAT_HAPPENS: Mapping[str, str] = {
    "call": N_("Say what the town should open: a dataset, a document, a source code."),
    "sorting": N_(
        "Agents say which requests are eligible, and why if one is not. "
        "Everybody who is signed in ranks the ones that matter most."
    ),
    "research": N_("The town looks for what was asked, and publishes it or says why not."),
    "note": N_("The town writes down what was published, what was not, and what comes next."),
}

WEEKS = (2, 2, 5, 3)
"""How long each phase lasts unless a town says otherwise."""
MOST_WEEKS, MOST_MONTHS, MOST_OWED = 26, 24, 50
LEAD = timedelta(weeks=4)
"""How long before its first day an edition is announced in the calendar."""
LIMITS: Mapping[str, int] = {
    "title": 120, "words": 2000, "reason": 500, "name": 120, "place": 200, "note": 20_000,
}  # fmt: skip
"""The most characters of each text of a campaign."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The first day of each phase of an edition, and the first day after it."""

    call: date
    sorting: date
    research: date
    note: date
    over: date

    def begins(self) -> tuple[tuple[str, date], ...]:
        """Return each step that comes of itself with its day, in order."""
        return tuple((name, getattr(self, name)) for name in (*PHASES, OVER))

    def phase(self, day: date) -> str:
        """Return the phase of a day: `planned` before the first, `over` after the last."""
        found = PLANNED
        for name, first in self.begins():
            if day >= first:
                found = name
        return found

    def span(self, phase: str) -> tuple[date, date]:
        """Return the first and the last day of a phase; of `over`, its first day twice."""
        begins = self.begins()
        place = [name for name, _ in begins].index(phase)
        first = begins[place][1]
        return (first, first) if phase == OVER else (first, begins[place + 1][1] - timedelta(1))

    def after(self, phase: str) -> date | None:
        """Return the day on which a phase ends and the next step comes; None after the last."""
        if phase == PLANNED:
            return self.call
        return None if phase == OVER else self.span(phase)[1] + timedelta(1)


def plan_of(first: date, weeks: Sequence[int]) -> Plan:
    """Return the plan of an edition that opens on a day; `weeks` are the lengths of its phases."""
    days = [first]
    for count in weeks:
        days.append(days[-1] + timedelta(weeks=count))
    return Plan(*days)


@dataclass(frozen=True, slots=True)
class Times:
    """From when to when something lasts, in UTC."""

    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When the editions of a series begin: the first day, every so many months, phase lengths."""

    first: date
    months: int
    weeks: tuple[int, ...] = WEEKS

    def start(self, turn: int) -> date:
        """Return the first day of the n-th edition (from nought).

        Counted from the first day, so that a series which begins on the 31st keeps to month ends.
        """
        return add_months(self.first, turn * self.months)

    def starts(self) -> Iterator[date]:
        """Give the first day of every edition, for ever."""
        turn = 0
        while True:
            yield self.start(turn)
            turn += 1

    def next_plan(self, *, not_before: date | None, today: date) -> Plan:
        """Return the plan of the first edition, from a day on, that can still be joined.

        One whose call has passed, while the town was off, is left out: nobody could take part.
        """
        for first in self.starts():
            plan = plan_of(first, self.weeks)
            if (not_before is None or first >= not_before) and today < plan.sorting:
                return plan
        raise AssertionError("a series has no end")

    def check(self) -> None:
        """Raise Invalid unless lengths are sensible and no edition runs into the next one.

        Looked at over 49 editions: with every interval that is all months of four years.
        """
        if not 1 <= self.months <= MOST_MONTHS:
            raise _wrong("every_months", N_("An edition comes every 1 to 24 months."))
        if len(self.weeks) != len(PHASES) or not all(1 <= w <= MOST_WEEKS for w in self.weeks):
            raise _wrong("weeks_call", N_("Each phase lasts 1 to 26 weeks."))
        shortest = min((self.start(n + 1) - self.start(n)).days for n in range(49))
        if sum(self.weeks) * 7 > shortest:
            raise _wrong(
                "every_months",
                N_("The phases take longer than the time until the next edition begins."),
            )


def moved(begins_at: datetime, ends_at: datetime, weeks: int, zone: tzinfo) -> Times:
    """Return a meet-up of one edition as it would be so many weeks later: same day of the week,
    same hour of the town's clock, as long as it was; summer time may lie between."""
    local = begins_at.astimezone(zone).replace(tzinfo=None) + timedelta(weeks=weeks)
    begins = local.replace(tzinfo=zone).astimezone(UTC)
    return Times(begins, begins + (ends_at - begins_at))


def weeks_between(one: date, other: date) -> int:
    """Return the whole weeks from the first day of one edition to that of another, rounded up: what
    was not before the one is not before the other."""
    return -(-(other - one).days // 7)


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors={field: [sentence]})


def quarter(day: date) -> str:
    """Return the quarter of a day, such as `2027-Q1`."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def slug(day: date, title: str, taken: Sequence[str] = ()) -> str:
    """Return the name of an edition in addresses: its quarter, and its title in plain letters."""
    plain = unicodedata.normalize("NFKD", title.lower()).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-")
    base = "-".join(part for part in (quarter(day).lower(), words) if part)
    found, number = base, 2
    while found in taken:
        found, number = f"{base}-{number}", number + 1
    return found


def checked(kind: str, words: str, field: str, *, needed: bool = True) -> str:
    """Return a text of a campaign trimmed; Invalid if it is missing, too long or not printable."""
    cleaned = words.replace("\r\n", "\n").replace("\r", "\n").strip()
    if needed and not cleaned:
        raise Invalid(N_("Something is missing."), errors={field: [N_("This is needed.")]})
    if len(cleaned) > LIMITS[kind]:
        sentence = N_("This text is too long.")
        raise Invalid(sentence, errors={field: [sentence]})
    if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]", cleaned):
        sentence = N_("This text holds characters that cannot be printed.")
        raise Invalid(sentence, errors={field: [sentence]})
    return cleaned


def in_language(words: Mapping[str, str], lang: str, default: str) -> str:
    """Return a text in a language, else in the town's first one, else in any that there is."""
    return words.get(lang) or words.get(default) or next(iter(words.values()), "")
