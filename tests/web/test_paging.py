# SPDX-License-Identifier: AGPL-3.0-or-later
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_web.errors import Invalid
from beffroi_web.paging import decode_cursor, encode_cursor, limit_from

VALUES = st.lists(
    st.one_of(st.none(), st.text(max_size=60), st.integers(-(2**63) + 1, 2**63 - 1)), max_size=4
)


@given(VALUES)
def test_a_cursor_gives_back_what_went_in_and_fits_in_an_address(values):
    cursor = encode_cursor(values)
    assert all(c.isascii() and (c.isalnum() or c in "-_") for c in cursor)
    if len(cursor) <= 600:
        assert decode_cursor(cursor) == tuple(values)


@given(st.text(max_size=700))
def test_anything_else_is_refused_and_never_breaks(text):
    refused = None
    try:
        decode_cursor(text)
    except Invalid as refusal:
        refused = refusal
    assert refused is None or set(refused.errors) == {"cursor"}


@pytest.mark.parametrize("text", ["e30", "WzEuNV0", "W3RydWVd", "WwE", "é", "W" * 601, "W1tdXQ"])
def test_a_cursor_of_another_shape_is_refused(text):
    with pytest.raises(Invalid):
        decode_cursor(text)


@pytest.mark.parametrize("value", [1.5, True, b"x", ("a",)])
def test_only_plain_values_go_into_a_cursor(value):
    with pytest.raises(TypeError):
        encode_cursor([value])


@pytest.mark.parametrize(("given_", "limit"), [({}, 20), ({"limit": ""}, 20), ({"limit": "1"}, 1),
                                              ({"limit": "200"}, 200)])  # fmt: skip
def test_the_page_size_has_a_default_and_bounds(given_, limit):
    assert limit_from(given_) == limit


@pytest.mark.parametrize("text", ["0", "201", "-1", "1e2", "٣", "x", "9" * 5000, "1.0", " 5"])
def test_a_page_size_that_is_none_is_refused(text):
    with pytest.raises(Invalid) as caught:
        limit_from({"limit": text})
    assert "limit" in caught.value.errors
