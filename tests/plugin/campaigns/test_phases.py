# SPDX-License-Identifier: AGPL-3.0-or-later
"""The phases of an edition, and when the next one begins: properties, not examples only."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.campaigns import rules
from beffroi.campaigns.rules import PHASES, Plan, Rhythm, plan_of
from beffroi.kernel.errors import Invalid

DAYS = st.dates(date(2024, 1, 1), date(2060, 12, 31))
WEEKS = st.tuples(*[st.integers(1, 8)] * 4)
RHYTHMS = st.builds(Rhythm, DAYS, st.integers(1, 24), WEEKS)


@given(DAYS, WEEKS)
def test_every_day_belongs_to_exactly_one_phase(first: date, weeks: tuple[int, ...]) -> None:
    plan = plan_of(first, weeks)
    days = [first + timedelta(n) for n in range(-3, sum(weeks) * 7 + 3)]
    for day in days:
        within = [p for p in PHASES if plan.span(p)[0] <= day <= plan.span(p)[1]]
        outside = "planned" if day < first else "over"
        assert within == ([] if plan.phase(day) in {"planned", "over"} else [plan.phase(day)])
        assert within or plan.phase(day) == outside
    lengths = [(plan.span(p)[1] - plan.span(p)[0]).days + 1 for p in PHASES]
    assert lengths == [7 * n for n in weeks]


@given(DAYS, WEEKS)
def test_each_change_leads_to_the_next_until_there_is_none(
    first: date, weeks: tuple[int, ...]
) -> None:
    plan, phase, found = plan_of(first, weeks), "planned", []
    while (day := plan.after(phase)) is not None:
        assert plan.phase(day - timedelta(1)) == phase
        phase = plan.phase(day)
        found.append(phase)
    assert found == [*PHASES, "over"]


def fits(rhythm: Rhythm) -> bool:
    """Whether the rule lets a series be set up so."""
    try:
        rhythm.check()
    except Invalid:
        return False
    return True


@given(RHYTHMS, st.integers(0, 200))
def test_editions_of_a_series_that_is_let_through_never_overlap(rhythm: Rhythm, turn: int) -> None:
    if fits(rhythm):
        plan = plan_of(rhythm.start(turn), rhythm.weeks)
        assert plan.over <= rhythm.start(turn + 1)


@given(RHYTHMS, DAYS)
def test_the_next_edition_can_still_be_joined_and_is_the_first_such(
    rhythm: Rhythm, today: date
) -> None:
    plan = rhythm.next_plan(not_before=None, today=today)
    assert today < plan.sorting
    before = [d for d in _starts(rhythm, plan) if today < plan_of(d, rhythm.weeks).sorting]
    assert before == []


def _starts(rhythm: Rhythm, plan: Plan) -> list[date]:
    found = []
    for start in rhythm.starts():
        if start >= plan.call:
            return found
        found.append(start)
    return found


def test_a_series_that_begins_on_the_last_day_keeps_to_month_ends() -> None:
    rhythm = Rhythm(date(2027, 11, 30), 3)
    days = [rhythm.start(n) for n in range(5)]
    assert [str(d) for d in days] == [
        "2027-11-30", "2028-02-29", "2028-05-30", "2028-08-30", "2028-11-30",
    ]  # fmt: skip
    monthly = Rhythm(date(2027, 1, 31), 1, (1, 1, 1, 1))
    assert [str(monthly.start(n)) for n in (1, 2, 3)] == ["2027-02-28", "2027-03-31", "2027-04-30"]
    monthly.check()  # February has 28 days, and four weeks fit
    with pytest.raises(Invalid):
        Rhythm(date(2027, 1, 31), 1, (2, 1, 1, 1)).check()


def test_the_quarter_as_asked_for_fits_and_says_its_own_name() -> None:
    Rhythm(date(2027, 1, 11), 3).check()
    plan = plan_of(date(2027, 1, 11), rules.WEEKS)
    assert [str(day) for _, day in plan.begins()] == [
        "2027-01-11", "2027-01-25", "2027-02-08", "2027-03-15", "2027-04-05",
    ]  # fmt: skip
    assert rules.slug(plan.call, "Données d’été : à vous !") == "2027-q1-donnees-dete-a-vous"
    assert rules.slug(plan.call, "!!", ["2027-q1"]) == "2027-q1-2"
