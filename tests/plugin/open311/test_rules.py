# SPDX-License-Identifier: AGPL-3.0-or-later
"""Parameters, statuses and places of an exchange by GeoReport v2."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.cases.rules import ELSEWHERE_WORDS, INCIDENT_STATUSES
from beffroi.open311 import rules
from beffroi.open311.rules import NotTaken

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2027, 1, 12, 11, tzinfo=UTC)
MOMENTS = st.builds(
    datetime.astimezone,
    st.integers(631_152_000, 3_786_912_000).map(lambda s: datetime.fromtimestamp(s, UTC)),
    st.sampled_from([UTC, PARIS]),
)


def test_every_status_of_ours_has_a_word_of_the_extension_and_every_word_of_it_has_ours() -> None:
    assert set(rules.EXTENDED) == set(INCIDENT_STATUSES)
    assert set(rules.EXTENDED.values()) <= set(rules.SAID)
    assert set(rules.SAID.values()) == set(ELSEWHERE_WORDS)
    assert rules.foreign_status("closed", "Fixed ") == "fixed"
    assert rules.foreign_status("Open", "we come on monday") == "open"
    assert rules.foreign_status("closed", "") == "closed"


@given(MOMENTS)
def test_a_moment_is_read_as_it_is_written_also_through_an_address(at: datetime) -> None:
    written = at.isoformat()
    assert rules.moment(written, PARIS) == at
    assert rules.moment(written.replace("+", " "), PARIS) == at  # what an address makes of it


@given(st.text(max_size=30))
def test_whatever_is_no_moment_is_refused_as_such(said: str) -> None:
    try:
        assert rules.moment(said, PARIS).tzinfo is not None
    except ValueError:
        pass


def test_without_a_zone_it_is_the_town_s_time_and_a_day_is_its_beginning() -> None:
    assert rules.moment("2027-07-01", PARIS).isoformat() == "2027-07-01T00:00:00+02:00"
    assert rules.moment("2027-07-01T08:00", PARIS) == datetime(2027, 7, 1, 6, tzinfo=UTC)
    for wrong in ("01/07/2027", "2027-13-01", "2027-07-01T25:00:00Z", "9999-12-31T00:00:00Z"):
        with pytest.raises(ValueError, match=r"."):
            rules.moment(wrong, PARIS)


@given(st.none() | MOMENTS, st.none() | MOMENTS)
def test_no_span_is_longer_than_ninety_days_nor_outside_what_was_asked(
    start: datetime | None, end: datetime | None
) -> None:
    since, until = rules.window(start, end, NOW)
    assert until - since <= timedelta(days=90)
    if start and end and start <= end:
        assert start <= since
        assert until == min(end, NOW)
    if not start and not end:
        assert (since, until) == (NOW - timedelta(days=90), NOW)


@pytest.mark.parametrize(
    ("lat", "long", "communes", "said"),
    [
        ("48.85", "", ["75056"], "long was not provided"),
        ("", "2.35", ["75056"], "lat was not provided"),
        ("0", "0.0", ["99999"], "both 0"),
        ("2.35", "48.85", ["75056"], "changed places"),
        ("48.85", "2.35", ["97411"], "part of the world"),
        ("nan", "2.35", ["99999"], "decimal degrees"),
        ("48,85", "2,35", ["99999"], "decimal degrees"),
        ("91", "2", ["99999"], "decimal degrees"),
    ],
)
def test_a_place_that_cannot_be_is_asked_again(
    lat: str, long: str, communes: list[str], said: str
) -> None:
    place, faults = rules.position(lat, long, communes)
    assert place is None
    assert said in faults[0].description


def test_a_place_in_the_town_s_part_of_the_world_is_taken() -> None:
    assert rules.position("48.85", "2.35", ["75056"]) == ((48.85, 2.35), [])
    assert rules.position("-21.1", "55.5", ["97411"]) == ((-21.1, 55.5), [])
    assert rules.position("41.9", "8.7", ["2A004"]) == ((41.9, 8.7), [])
    assert rules.position("", "", ["75056"]) == (None, [])


@pytest.mark.parametrize("words", ["<b>gras</b>", "x <br/> y", "<!-- x -->", "a &lt;b", "&#60;"])
def test_markup_is_found(words: str) -> None:
    assert "HTML" in rules.word_faults("description", words, 4000)[0].description


@pytest.mark.parametrize("words", ["a < b et b > c", "<3", "M&Ms; R&D", "5 < 6", "il dit : > 3"])
def test_plain_words_are_no_markup(words: str) -> None:
    assert rules.word_faults("description", words, 4000) == []


def test_statuses_and_numbers_are_checked() -> None:
    assert rules.statuses("") is None
    assert rules.statuses("open,closed") is None
    assert (rules.statuses("open"), rules.statuses("Closed")) == (True, False)
    with pytest.raises(NotTaken):
        rules.statuses("open,resolved")
    assert rules.number("page", "", 1, 10) == 1
    for wrong in ("0", "-1", "11", "1e3", "٣", "1" * 30):
        with pytest.raises(NotTaken):
            rules.number("page", wrong, 1, 10)
