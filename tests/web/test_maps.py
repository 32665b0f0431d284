# SPDX-License-Identifier: AGPL-3.0-or-later
"""Maps drawn by the server: windows, outlines, and what a point of the picture stands for."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_web.maps import Mark, Outline, Window, draw, moves, point_at, read_outline

SQUARE = Outline((((48.0, 2.0), (48.0, 2.1), (48.1, 2.1), (48.1, 2.0)),))
HOLED = Outline((*SQUARE.rings, ((48.04, 2.04), (48.04, 2.06), (48.06, 2.06), (48.06, 2.04))))
windows = st.builds(
    Window.at, st.floats(-60, 60), st.floats(-170, 170), st.floats(0.002, 5), st.floats(0.002, 5)
)


@given(windows, st.floats(0, 1), st.floats(0, 1))
def test_a_point_of_the_picture_is_the_mark_that_was_drawn_there(
    window: Window, up: float, right: float
) -> None:
    latitude = window.south + up * (window.north - window.south)
    longitude = window.west + right * (window.east - window.west)
    drawn = draw(window, [Mark(latitude, longitude, "here")])
    [at] = drawn.marks
    back = drawn.place(at.x, at.y)
    unit = (drawn.window.north - drawn.window.south) / drawn.height
    assert back[0] == pytest.approx(latitude, abs=unit)
    assert point_at(window, at.x, at.y) == pytest.approx(back)
    shown = drawn.window.grown(1.0001)
    assert shown.holds(window.south, window.west)
    assert shown.holds(window.north, window.east)


@given(windows)
def test_a_window_in_an_address_is_read_as_it_was_written(window: Window) -> None:
    read = Window.of(str(window))
    assert read is not None
    assert str(read) == str(window)


@pytest.mark.parametrize(
    "said", ["", "1,2,3", "a,b,c,d", "2,0,1,1", "0,1,1,0", "nan,0,1,1", "0,0,inf,1", "-91,0,1,1"]
)
def test_what_is_no_window_is_none(said: str) -> None:
    assert Window.of(said) is None


def test_a_hole_is_outside_and_a_margin_lets_the_edge_in() -> None:
    assert HOLED.holds(48.02, 2.05)
    assert not HOLED.holds(48.05, 2.05)
    assert not SQUARE.holds(48.103, 2.05)
    assert SQUARE.holds(48.103, 2.05, metres=500)
    assert not SQUARE.holds(48.103, 2.05, metres=200)


def test_an_outline_is_read_from_any_geojson_and_nothing_else(tmp_path: Path) -> None:
    ring = [[x, y] for y, x in SQUARE.rings[0]]
    polygon = {"type": "Polygon", "coordinates": [ring]}
    many = {"type": "MultiPolygon", "coordinates": [[ring], [ring]]}
    feature = {"type": "Feature", "properties": {}, "geometry": many}
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [2, 48]}}
    whole = {"type": "FeatureCollection", "features": [feature, point]}
    file = tmp_path / "outline.geojson"
    for shape, rings in ((polygon, 1), (many, 2), (feature, 2), (whole, 2)):
        file.write_text(json.dumps(shape))
        assert len(read_outline(file).rings) == rings
    swapped = {"type": "Polygon", "coordinates": [[[148, 95], [149, 95], [149, 96], [148, 95]]]}
    for bad in (point, {"type": "FeatureCollection"}, [], "x", {"type": "Polygon"}, swapped):
        file.write_text(json.dumps(bad))
        with pytest.raises(ValueError, match=r"outline|JSON|Expecting"):
            read_outline(file)


def test_a_coast_of_many_points_is_drawn_with_few() -> None:
    coast = tuple((48 + n / 1e6, 2 + (n % 2) / 1e6) for n in range(5000))
    drawn = draw(SQUARE.window, [], Outline(((*coast, (48.0, 2.05)),)))
    assert drawn.path.count("L") < 50


@given(windows)
def test_a_map_is_never_moved_away_from_what_it_shows(window: Window) -> None:
    for _ in range(9):
        window = moves(window, SQUARE.window).get("north", window)
        for to in moves(window, SQUARE.window).values():
            assert to.meets(SQUARE.window)
    assert "farther" not in moves(SQUARE.window.grown(1.01), SQUARE.window)
