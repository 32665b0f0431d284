# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a report may be: points that cannot be meant are asked again, never guessed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi.incidents.rules import cells, places, pointing
from beffroi_web.maps import Outline, Window

BRETAGNE = ("35238",)
REUNION = ("97411",)
SQUARE = Outline((((48.05, -1.75), (48.05, -1.6), (48.15, -1.6), (48.15, -1.75)),))
degrees = st.floats(allow_nan=True, allow_infinity=True) | st.floats(-200, 200)


@pytest.mark.parametrize(
    ("latitude", "longitude", "outline", "said"),
    [
        (None, None, SQUARE, None),
        (48.1, -1.68, SQUARE, None),
        (48.1525, -1.68, SQUARE, None),  # 280 metres outside: a phone is not exact
        (48.16, -1.68, SQUARE, places.OUTSIDE),
        (48.6, -2.5, SQUARE, places.OUTSIDE),  # in the sea, off the coast
        (-1.68, 48.1, SQUARE, places.SWAPPED),
        (0, 0, SQUARE, places.ZERO),
        (0, 0, None, places.ZERO),
        (48.1, None, SQUARE, places.ONE_MISSING),
        (-1.68, 48.1, None, places.SWAPPED),
        (-21.1, 55.5, None, places.ELSEWHERE),
        (48.6, -2.5, None, None),  # without an outline the town cannot tell
        (math.nan, 1, None, places.NO_DEGREES),
        (math.inf, 1, SQUARE, places.NO_DEGREES),
        (148.1, -200, None, places.NO_DEGREES),
    ],
)
def test_what_is_wrong_with_a_point(
    latitude: float, longitude: float, outline: Outline | None, said: str | None
) -> None:
    assert places.fault(latitude, longitude, BRETAGNE, outline) == said


def test_each_part_of_france_is_where_it_is() -> None:
    assert places.fault(-21.1, 55.5, REUNION) is None
    assert places.fault(55.5, -21.1, REUNION) == places.SWAPPED
    assert places.fault(48.1, -1.68, REUNION) == places.ELSEWHERE
    assert set(places.FAULT_WORDS) >= {places.SWAPPED, places.ELSEWHERE, places.OUTSIDE}


@given(degrees, degrees)
def test_whatever_is_given_a_point_is_taken_only_inside(latitude: float, longitude: float) -> None:
    if places.fault(latitude, longitude, BRETAGNE, SQUARE) is None:
        assert SQUARE.holds(latitude, longitude, places.MARGIN)


@given(st.floats(-80, 80), st.floats(-170, 170), st.integers(0, 5))
def test_a_point_lies_in_its_cell_and_its_cell_in_the_larger_one(
    latitude: float, longitude: float, level: int
) -> None:
    y, x = cells.cell(latitude, longitude, level)
    assert cells.window_of(y, x, level).grown(1.000001).holds(latitude, longitude)
    assert cells.cell(latitude, longitude, level + 1) == (y >> 1, x >> 1)
    middle = cells.middle_of(y, x, level)
    assert cells.cell(*middle, level) == (y, x)


@given(st.floats(-60, 60), st.floats(-170, 170), st.floats(0.002, 4), st.integers(9, 500))
def test_a_window_has_never_more_cells_than_are_wanted(
    latitude: float, longitude: float, size: float, most: int
) -> None:
    window = Window.at(latitude, longitude, size, size)
    south, north, west, east = cells.span(window, cells.level_for(window, most))
    assert (north - south + 1) * (east - west + 1) <= most


def test_a_press_on_the_picture_is_a_point_and_a_key_is_none() -> None:
    window = SQUARE.window
    found = pointing.pointed(window, "144", "108")
    assert found is not None
    assert found.point == pytest.approx(window.middle, abs=0.002)
    assert found.window.north - found.window.south < window.north - window.south
    for x, y in (("0", "0"), ("", ""), ("x", "1"), ("9999", "3"), ("-1", "5")):
        assert pointing.pointed(window, x, y) is None
    assert pointing.point("48,1147", "\u22121,68") == (48.1147, -1.68)
    assert pointing.point("north", "1") is None
    assert [cells.level_of(metres) for metres in (250, 500, 1000, 2000)] == [0, 1, 2, 3]
