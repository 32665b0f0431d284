# SPDX-License-Identifier: AGPL-3.0-or-later
"""The clock of one case: from what happened to every date that follows, by a pack.

Pure: what happened goes in as dates, what follows comes out. A delay that nobody stopped gives an
event at its end, on which other delays begin. Nothing here knows of supports, ranks or campaigns: a
clock never depends on demand.

How months are counted for a person (`Pack.prudent`). A silence that ends on 1 February at nought
hours has lasted all of 31 January: the two months from it end on 31 March. A letter that came on 3
May gives until 2 July. What falls on a weekend is not moved. So the date is never too late by any
reading of the law that we found; the reading that gives most time is `latest`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from beffroi.legal.calendars import ONE, Calendar, add_months
from beffroi.legal.packs import Delay, Pack

LATER = frozenset({"appeal", "confirmed_refusal"})
"""States that an express refusal does not end."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Days on which delays of a sort rest, both included; `until` is None while it lasts."""

    why: str
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What happened in a case: kind of thing asked for, events by code, circumstances, pauses."""

    object: str
    events: Mapping[str, date]
    circumstances: frozenset[str] = frozenset()
    pauses: tuple[Pause, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A delay of a case. `day` is the prudent last day of a right, or the day on which a duty ends.

    `latest` is the last day by the reading that gives most time; both are None where the law sets
    no day or the delay rests. `indicative`: no official source says this very date. `ended_on` is
    the day on which something stopped it, `ended_by` what.
    """

    delay: Delay
    began_on: date
    day: date | None
    latest: date | None
    indicative: bool
    ended_on: date | None = None
    ended_by: str = ""

    def is_open(self, today: date) -> bool:
        """Say whether it can still be used, or is still owed."""
        return (
            self.began_on <= today
            and (self.ended_on is None or self.ended_on > today)
            and (self.latest is None or today <= self.latest)
        )

    def is_missed(self) -> bool:
        """Say whether its last day passes before anything stops it."""
        return self.day is not None and (self.ended_on is None or self.ended_on > self.day)


@dataclass(frozen=True, slots=True)
class Timetable:
    """Every delay that began or will begin if nothing more happens, in the pack's order."""

    steps: tuple[Step, ...]
    events: Mapping[str, date]
    given: Mapping[str, date]
    clocked: bool

    def options(self, today: date) -> tuple[Step, ...]:
        """Return the rights that a person has today; what has expired is not offered."""
        return tuple(s for s in self.steps if s.delay.kind == "right" and s.is_open(today))

    def duties(self, today: date) -> tuple[Step, ...]:
        """Return what the institution owes today, what it is late with included."""
        return tuple(
            s for s in self.steps
            if s.delay.kind == "duty" and s.began_on <= today
            and (s.ended_on is None or s.ended_on > today)
        )  # fmt: skip

    def happened(self, after: date | None, until: date) -> tuple[tuple[str, date], ...]:
        """Return the events that came of themselves in (after, until], the oldest first."""
        found = [(code, day) for code, day in self.given.items()
                 if day <= until and (after is None or day > after)]  # fmt: skip
        return tuple(sorted(found, key=lambda one: one[1]))

    def next_event(self, after: date) -> date | None:
        """Return the next day on which something comes of itself, or None."""
        return min((day for day in self.given.values() if day > after), default=None)

    def state(self, today: date) -> str:
        """Return the code of a record's `clock` on a day."""
        if not self.clocked:
            return "none"
        reached = [s.delay.state for s in self.steps if s.delay.state and self._reached(s, today)]
        state = reached[-1] if reached else "in_time"
        answered = self.events.get("answered")
        if answered is not None and answered <= today:
            return self._punctual(answered)
        refused = self.events.get("refused")
        if refused is not None and refused <= today and state not in LATER:
            return self._punctual(refused)
        return state

    def _reached(self, step: Step, today: date) -> bool:
        """Say whether a delay has brought its state: a duty by its end, a right by its use."""
        if step.delay.kind == "duty":
            given = self.given.get(step.delay.gives)
            return given is not None and given <= today
        used = step.ended_by == step.delay.used_by and step.ended_on is not None
        return used and step.ended_on is not None and step.ended_on <= today

    def _punctual(self, on: date) -> str:
        first = self.steps[0]
        return "overdue" if first.day is not None and on > first.day else "in_time"


def timetable(pack: Pack, facts: Facts, calendar: Calendar) -> Timetable:
    """Return every date that follows from what happened, as long as nothing more does."""
    if facts.object not in pack.objects:
        return Timetable((), dict(facts.events), {}, clocked=False)
    events = dict(facts.events)
    given: dict[str, date] = {}
    steps: list[Step] = []
    for delay in pack.delays:
        step = _step(pack, delay, facts, events, given, calendar, steps)
        if step is None:
            continue
        steps.append(step)
        if delay.gives and step.day is not None and step.is_missed():
            came = step.day if pack.prudent else step.day + ONE
            given[delay.gives] = events[delay.gives] = came
    return Timetable(tuple(steps), events, given, clocked=True)


def _step(
    pack: Pack,
    delay: Delay,
    facts: Facts,
    events: Mapping[str, date],
    given: Mapping[str, date],
    calendar: Calendar,
    before: list[Step],
) -> Step | None:
    """Return a delay of a case, or None where it does not begin."""
    began = min(((events[e], e) for e in delay.after if e in events), default=None)
    if began is None or not delay.when <= facts.circumstances:
        return None
    if delay.unless & facts.circumstances:
        return None
    since, cause = began
    day, latest = _end(pack, delay, since, cause in given, facts, calendar)
    indicative = not delay.rule.official or day != latest
    if (joined := next((s for s in before if s.delay.code == delay.joins), None)) is not None:
        if joined.latest is not None and since > joined.latest:
            return None  # it only confirms what silence had refused before
        if day is not None and joined.day is not None:
            day, indicative = min(day, joined.day), True
    ends = delay.stops | {delay.used_by} - {""}
    stops = [(events[e], e) for e in ends if e in events and events[e] >= since]
    ended_on, ended_by = min(stops, default=(None, ""))
    return Step(delay, since, day, latest, indicative, ended_on, ended_by)


def _end(
    pack: Pack, delay: Delay, since: date, of_itself: bool, facts: Facts, calendar: Calendar
) -> tuple[date | None, date | None]:
    """Return the prudent and the latest last day; of a duty, twice the day on which it ends."""
    if delay.open_ended:
        return None, None
    paused = [pause for pause in facts.pauses if pause.why in delay.pauses]
    if any(pause.until is None and pause.since >= since for pause in paused):
        return None, None
    days = set(_days(paused))
    if delay.working_days:
        end = calendar.add_working_days(since, delay.working_days, paused=days)
        return end, end
    end = add_months(since, delay.months) + timedelta(days=len([d for d in days if d > since]))
    if delay.kind == "duty" or not pack.prudent:
        return end, end
    eve = add_months(since - ONE, delay.months) if of_itself else end - ONE
    return min(eve, end - ONE), calendar.first_working(end)


def _days(pauses: list[Pause]) -> Iterator[date]:
    for pause in pauses:
        day = pause.since
        while pause.until is not None and day <= pause.until:
            yield day
            day += ONE
