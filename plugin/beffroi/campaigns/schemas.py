# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes in from forms, and what goes out to a page: phase bar, action, cards, chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from babel.dates import format_skeleton
from flask import url_for
from flask_babel import format_date, get_locale, gettext, ngettext
from marshmallow import Schema, fields, validate

from beffroi.campaigns import rules
from beffroi.campaigns.queries import Edition
from beffroi.campaigns.queries.members import Member
from beffroi.campaigns.rules.survey import CHOICES, FEWEST_SHOWN
from beffroi.cases.schemas import card
from beffroi.data_requests.rules import OBJECTS, THEMES
from beffroi_web.cards import CaseCard
from beffroi_web.charts import Line, line
from beffroi_web.filters import number
from beffroi_web.words import N_

AROUND = timedelta(days=14)
"""How many days before and after a call its chart shows."""
_HOUR = r"^([01]?\d|2[0-3])[:h]([0-5]\d)$"


class SeriesForm(Schema):
    """A series as the desk sets it up; its title and words come in each language of the town."""

    theme = fields.String(validate=validate.OneOf(["", *THEMES]), load_default="")
    owed = fields.Integer(required=True, validate=validate.Range(1, rules.MOST_OWED))
    first_on = fields.Date(required=True)
    every_months = fields.Integer(required=True, validate=validate.Range(1, rules.MOST_MONTHS))
    weeks_call = fields.Integer(required=True, validate=validate.Range(1, rules.MOST_WEEKS))
    weeks_sorting = fields.Integer(required=True, validate=validate.Range(1, rules.MOST_WEEKS))
    weeks_research = fields.Integer(required=True, validate=validate.Range(1, rules.MOST_WEEKS))
    weeks_note = fields.Integer(required=True, validate=validate.Range(1, rules.MOST_WEEKS))
    active = fields.Boolean(load_default=False)


def weeks_of(data: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the lengths of the phases in a form."""
    return tuple(int(data[f"weeks_{phase}"]) for phase in rules.PHASES)


class MeetingForm(Schema):
    """A meet-up: what, where, on which day, from when until when (hours of the town)."""

    meeting = fields.String(required=True, validate=validate.Length(1, rules.LIMITS["title"]))
    place = fields.String(required=True, validate=validate.Length(1, rules.LIMITS["place"]))
    on = fields.Date(required=True)
    at = fields.String(required=True, validate=validate.Regexp(_HOUR))
    until = fields.String(required=True, validate=validate.Regexp(_HOUR))


class AssociationForm(Schema):
    """Who helps: a name, a SIREN or RNA number, a link."""

    name = fields.String(required=True, validate=validate.Length(2, rules.LIMITS["name"]))
    number = fields.String(validate=validate.Length(max=14), load_default="")
    url = fields.String(validate=validate.Length(max=500), load_default="")


# ---- pages --------------------------------------------------------------------------------------


def from_to(first: date, last: date, *, year: bool = True) -> str:
    """Return two days in words; the year once where both have the same, or not at all."""
    short = first.year == last.year
    begin = in_words(first, year=not short)
    end = in_words(last, year=year or not short)
    return str(gettext("%(first)s to %(last)s", first=begin, last=end))


def in_words(day: date, *, year: bool = True) -> str:
    """Return a day in the reader's language; the first of a month is `1er` in French."""
    if year:
        words = str(format_date(day, "long"))
    else:
        words = format_skeleton("MMMMd", day, locale=get_locale())
    return "1er " + words[2:] if words.startswith("1 ") and words[2:3].islower() else words


def phase_bar(plan: rules.Plan, today: date) -> list[tuple[str, str, str]]:
    """Return each phase as the bar has it: its name, its days in words, `past` `now` or `next`."""
    bar = []
    for phase, words in rules.PHASES.items():
        first, last = plan.span(phase)
        state = "past" if last < today else "next" if first > today else "now"
        bar.append((gettext(words), from_to(first, last, year=False), state))
    return bar


@dataclass(frozen=True, slots=True)
class Shown:
    """An edition as lists and the front page show it."""

    edition: Edition
    title: str
    words: str
    phase: str
    said: str
    bar: list[tuple[str, str, str]]
    url: str
    do: str
    do_url: str


def shown(one: Edition, today: date, lang: str, first: str) -> Shown:
    """Return an edition in the reader's language; `first` is the town's first language."""
    phase = one.plan.phase(today)
    url = url_for("campaigns.show", slug=one.slug)
    do, do_url = gettext("See the campaign"), url
    if phase == "call":
        do, do_url = (
            gettext("Make a request for this campaign"),
            url_for("data_requests.new", came_by=one.slug),
        )
    elif phase == "sorting":
        do, do_url = gettext("Rank the requests"), url + "#act"
    elif one.note_at is not None:
        do, do_url = gettext("Read the note"), url_for("campaigns.note", slug=one.slug)
    return Shown(
        edition=one,
        title=rules.in_language(one.titles, lang, first),
        words=rules.in_language(one.words, lang, first),
        phase=phase,
        said=_said(one.plan, phase, today),
        bar=phase_bar(one.plan, today),
        url=url,
        do=do,
        do_url=do_url,
    )


def _said(plan: rules.Plan, phase: str, today: date) -> str:
    """Return where an edition stands, in a sentence."""
    if phase == rules.PLANNED:
        return str(gettext("Begins on %(day)s", day=in_words(plan.call)))
    if phase == rules.OVER:
        return str(gettext("Ended on %(day)s", day=in_words(plan.over - timedelta(days=1))))
    left = (plan.span(phase)[1] - today).days
    words = gettext(rules.PHASES[phase])
    if left == 0:
        return str(gettext("%(phase)s, last day today", phase=words))
    return str(
        ngettext("%(phase)s, %(num)d day left", "%(phase)s, %(num)d days left", left, phase=words)
    )


def member_cards(one: Edition, found: Sequence[Member], today: date) -> list[CaseCard]:
    """Return the requests of an edition as cards, in the order of the survey once it is counted."""
    ordered = sorted(found, key=lambda m: (m.place is None, m.place or 0, m.eligible is False))
    return [_card(one, m, today) for m in ordered]


def _card(one: Edition, m: Member, today: date) -> CaseCard:
    facts = [gettext(OBJECTS[m.row.object])]
    if m.eligible is None:
        facts.append(gettext("Not sorted yet"))
    elif m.eligible and not one.counted:
        facts.append(gettext("Eligible"))
    if m.place and m.points is not None and (one.voters or 0) >= FEWEST_SHOWN:
        facts.append(ngettext("%(num)d point", "%(num)d points", m.points))
    summary = gettext("Not eligible: %(reason)s", reason=m.reason) if m.reason else ""
    mark = ""
    if m.place:
        mark = gettext("No. %(place)s", place=m.place)
    if m.place and m.place <= one.owed:
        owed = N_("No. %(place)s, answer given") if m.decided else N_("No. %(place)s, answer owed")
        mark = gettext(owed, place=m.place)
    return replace(card(m.row, today=today, facts=tuple(facts)), summary=summary, mark=mark)


def result_words(one: Edition) -> str:
    """Return how many voted, or that they were few: small numbers are not told."""
    voters = one.voters or 0
    if voters < FEWEST_SHOWN:
        return str(gettext("Fewer than %(few)s people voted.", few=FEWEST_SHOWN))
    return str(ngettext("%(num)d person voted.", "%(num)d people voted.", voters))


def choice_names() -> list[str]:
    """Return what the places on a ballot are called."""
    return [gettext("My first choice"), gettext("My second choice"), gettext("My third choice")][
        :CHOICES
    ]


@dataclass(frozen=True, slots=True)
class DayChart:
    """Requests per day around a call: the line, its points, and from where to where the call is."""

    drawn: Line
    points: list[tuple[str, int]]
    left: float
    width: float
    before: int
    during: int
    after: int | None


def day_chart(plan: rules.Plan, counts: Mapping[date, int], today: date) -> DayChart | None:
    """Return the chart of a call that has begun; days that have not come are not drawn."""
    if today < plan.call:
        return None
    first, end = plan.call - AROUND, min(plan.sorting + AROUND, today + timedelta(days=1))
    days = [first + timedelta(days=n) for n in range((end - first).days)]
    points = [(str(format_date(day, "d MMM")), counts.get(day, 0)) for day in days]
    drawn = line([(label, float(value)) for label, value in points])
    last_call = min(plan.sorting - timedelta(days=1), days[-1])
    left = drawn.dots[days.index(plan.call)].x
    right = drawn.dots[days.index(last_call)].x

    def total(begin: date, stop: date) -> int:
        return sum(counts.get(day, 0) for day in days if begin <= day < stop)

    return DayChart(
        drawn, points, left, max(right - left, 2.0), total(first, plan.call),
        total(plan.call, plan.sorting),
        total(plan.sorting, end) if today >= plan.sorting else None,
    )  # fmt: skip


def chart_summary(chart: DayChart) -> str:
    """Return what a chart shows in a sentence, for those who listen."""
    values = {"before": number(chart.before), "during": number(chart.during)}
    if chart.after is None:
        return str(
            gettext(
                "%(before)s requests in the two weeks before the call, %(during)s since it began.",
                **values,
            )
        )
    return str(
        gettext(
            "%(before)s requests in the two weeks before the call, %(during)s during it, "
            "%(after)s in the two weeks after.",
            after=number(chart.after),
            **values,
        )
    )
