# SPDX-License-Identifier: AGPL-3.0-or-later
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_web.charts import HEIGHT, WIDTH, bars, line, nice_top

COUNTS = st.lists(
    st.tuples(st.text(max_size=8), st.one_of(st.none(), st.integers(0, 10**9))), max_size=30
)


@pytest.mark.parametrize(("highest", "top"), [(0, 2), (1, 2), (3, 4), (7, 8), (51, 60), (100, 100),
                                              (101, 200), (999, 1000)])  # fmt: skip
def test_the_scale_ends_at_a_round_number(highest, top):
    assert nice_top([highest]) == top


@given(COUNTS)
def test_bars_begin_at_nought_and_stay_in_the_box(points):
    for bar in bars(points):
        assert 0 <= bar.share <= 100
        assert bool(bar.value) or bar.share == 0


@given(COUNTS)
def test_a_line_stays_in_its_box_and_breaks_where_a_value_is_absent(points):
    drawn = line(points)
    assert all(0 <= dot.x <= WIDTH and 0 <= dot.y <= HEIGHT for dot in drawn.dots)
    present = [value is not None for _, value in points]
    strokes = sum(
        now and not before for before, now in zip([False, *present], [*present, False], strict=True)
    )
    assert drawn.path.count("M") == strokes
    assert drawn.path.count("L") == sum(present) - strokes


def test_a_higher_count_stands_higher():
    low, high = line([("a", 1), ("b", 9)]).dots
    assert high.y < low.y
