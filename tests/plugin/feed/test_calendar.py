# SPDX-License-Identifier: AGPL-3.0-or-later
"""When batches are due: on every clock of the world, in every year."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beffroi.feed.rules import OPENS, SPREAD_MINUTES, Calendar, iso_week, offset_of

PARIS = "Europe/Paris"
ZONES = sorted(available_timezones())

zones = st.sampled_from(ZONES)
offsets = st.integers(0, SPREAD_MINUTES - 1).map(lambda n: timedelta(minutes=n))
calendars = st.builds(Calendar, zones, offsets)
moments = st.integers(0, 40 * 366 * 24 * 60).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(calendars, moments)
@example(Calendar(PARIS, timedelta(0)), datetime(2027, 1, 1, 0, tzinfo=UTC))
@example(Calendar(PARIS, timedelta(minutes=239)), datetime(2026, 12, 28, 2, tzinfo=UTC))
@example(Calendar("Antarctica/Troll", timedelta(0)), datetime(2027, 3, 28, 1, tzinfo=UTC))
def test_a_moment_lies_between_the_slot_that_opened_last_and_the_next(
    calendar: Calendar, now: datetime
) -> None:
    for last, following, longest in (
        (calendar.week(now), calendar.next_week(now), timedelta(days=7, hours=3)),
        (calendar.day(now), calendar.next_day(now), timedelta(days=1, hours=3)),
    ):
        assert last.opens <= now < following.opens
        assert following.opens - last.opens <= longest
        assert last.period != following.period


@given(calendars, moments)
def test_a_week_opens_on_its_own_monday_at_three_on_the_towns_clock(
    calendar: Calendar, now: datetime
) -> None:
    slot = calendar.week(now)
    local = (slot.opens - calendar.offset).astimezone(ZoneInfo(calendar.zone))
    assert local.weekday() == 0
    assert iso_week(local.date()) == slot.period
    assert local.time() == OPENS


@given(calendars, moments)
def test_a_day_opens_at_three_on_the_towns_clock_or_where_clocks_jumped_over_it(
    calendar: Calendar, now: datetime
) -> None:
    slot = calendar.day(now)
    local = (slot.opens - calendar.offset).astimezone(ZoneInfo(calendar.zone))
    assert local.date().isoformat() == slot.period
    assert time(3) <= local.time() < time(6)


@given(st.integers(2020, 2060), zones)
@example(2026, PARIS)
@example(2027, PARIS)
def test_every_week_of_a_year_has_one_slot_whether_there_are_52_or_53(year: int, zone: str) -> None:
    calendar = Calendar(zone, timedelta(minutes=77))
    now = calendar.week(datetime(year - 1, 12, 15, 12, tzinfo=UTC)).opens
    seen = []
    while now < datetime(year + 1, 1, 15, 12, tzinfo=UTC):
        slot = calendar.week(now)
        assert slot.opens == now
        seen.append(slot.period)
        now = calendar.next_week(now).opens
    last = date(year, 12, 28).isocalendar().week
    of_year = [period for period in seen if period.startswith(f"{year}-")]
    assert of_year == [f"{year}-W{week:02d}" for week in range(1, last + 1)]


def test_a_week_belongs_to_its_own_iso_year() -> None:
    assert iso_week(date(2027, 1, 1)) == "2026-W53"
    assert iso_week(date(2024, 12, 30)) == "2025-W01"
    at = Calendar(PARIS, timedelta(0)).week(datetime(2027, 1, 2, tzinfo=UTC))
    assert (at.period, at.opens) == ("2026-W53", datetime(2026, 12, 28, 2, tzinfo=UTC))


def test_summer_and_winter_keep_three_o_clock_and_move_the_moment() -> None:
    paris = Calendar(PARIS, timedelta(0))
    assert paris.opens(date(2027, 3, 27)) == datetime(2027, 3, 27, 2, tzinfo=UTC)
    assert paris.opens(date(2027, 3, 28)) == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert paris.opens(date(2027, 10, 31)) == datetime(2027, 10, 31, 2, tzinfo=UTC)
    overseas = Calendar("Indian/Reunion", timedelta(0))
    assert overseas.opens(date(2027, 3, 28)) == datetime(2027, 3, 27, 23, tzinfo=UTC)


@given(st.text(min_size=1, max_size=80))
def test_the_offset_of_a_log_is_fixed_and_below_four_hours(origin: str) -> None:
    offset = offset_of(origin)
    assert offset == offset_of(origin)
    assert timedelta(0) <= offset < timedelta(hours=4)
    assert offset.seconds % 60 == 0


def test_a_country_of_towns_is_spread_over_the_four_hours() -> None:
    minutes = [offset_of(f"ville-{n}.example/beffroi/{n:09d}/1").seconds // 60 for n in range(9000)]
    quarters = [sum(m // 60 == hour for m in minutes) for hour in range(4)]
    assert all(2000 < count < 2500 for count in quarters), quarters


@pytest.mark.parametrize("origin", ["demandes.ville.example/beffroi/210000006/1"])
def test_the_offset_does_not_move_from_one_release_to_the_next(origin: str) -> None:
    assert offset_of(origin) == timedelta(minutes=157)
