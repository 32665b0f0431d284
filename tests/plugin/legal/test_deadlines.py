# SPDX-License-Identifier: AGPL-3.0-or-later
import calendar
import subprocess
import sys
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.data_requests.rules import OBJECTS
from beffroi.legal.calendars import add_months
from beffroi.legal.deadlines import CLOCKED_OBJECTS, answer_due, clock_state

DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 31))


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2027, 1, 12), date(2027, 2, 12)),
        (date(2027, 1, 28), date(2027, 2, 28)),
        (date(2027, 1, 29), date(2027, 2, 28)),
        (date(2027, 1, 31), date(2027, 2, 28)),
        (date(2028, 1, 29), date(2028, 2, 29)),  # a leap year
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2100, 1, 30), date(2100, 2, 28)),  # a century that is none
        (date(2000, 1, 30), date(2000, 2, 29)),  # and one that is
        (date(2027, 3, 31), date(2027, 4, 30)),
        (date(2027, 12, 31), date(2028, 1, 31)),
        (date(2028, 2, 29), date(2028, 3, 29)),
    ],
)
def test_the_month_of_silence_ends_on_the_same_day_or_the_last(received: date, due: date) -> None:
    assert answer_due("dataset", received) == due


@given(DAYS, st.integers(0, 60))
def test_a_month_later_is_in_that_month_and_on_that_day_or_its_last(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == min(day.day, calendar.monthrange(later.year, later.month)[1])


@given(DAYS, DAYS)
def test_who_asks_later_is_never_owed_an_answer_sooner(one: date, other: date) -> None:
    first, second = sorted((one, other))
    first_due, second_due = answer_due("document", first), answer_due("document", second)
    assert first_due is not None
    assert second_due is not None
    assert first_due <= second_due


@given(DAYS)
def test_a_month_is_28_to_31_days(day: date) -> None:
    assert timedelta(28) <= add_months(day, 1) - day <= timedelta(31)


def test_what_exists_has_a_clock_and_what_must_be_made_has_none() -> None:
    assert set(OBJECTS) - CLOCKED_OBJECTS == {"api", "dataset_correction"}
    assert answer_due("api", date(2027, 1, 12)) is None
    assert clock_state(None, today=date(2027, 1, 12), answered_on=None) == "none"


@pytest.mark.parametrize(
    ("today", "answered_on", "state"),
    [
        (date(2027, 2, 11), None, "in_time"),
        (date(2027, 2, 12), None, "implicit_refusal"),  # born on that day, at nought hours
        (date(2027, 2, 13), None, "implicit_refusal"),
        (date(2027, 6, 1), date(2027, 2, 12), "in_time"),
        (date(2027, 6, 1), date(2027, 2, 13), "overdue"),
    ],
)
def test_the_clock_of_a_request_due_on_a_day(
    today: date, answered_on: date | None, state: str
) -> None:
    assert clock_state(date(2027, 2, 12), today=today, answered_on=answered_on) == state


def test_one_calendar_does_not_load_those_of_all_countries() -> None:
    """They are 8 MB in each process of a town (tests/stress/booted.py weighs them)."""
    script = (
        "import sys; from datetime import date; from beffroi.legal.calendars import calendar_of\n"
        "days = calendar_of('FR', ['67482', '97209'])\n"
        "assert not days.is_working(date(2026, 7, 14)) and days.is_working(date(2026, 7, 15))\n"
        "print(*(one for one in sys.modules if one.startswith('holidays.countries.')))"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert said.stdout.split() == ["holidays.countries.france"], said.stderr
