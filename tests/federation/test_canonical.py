# SPDX-License-Identifier: AGPL-3.0-or-later
"""One spelling on the way out, strictness on the way in."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_federation.canonical import MAX_INTEGER, encode, parse
from beffroi_federation.errors import Malformed, OverLimit, ProtocolError

SCALARS = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_reads_back_and_writes_the_same_again(value: object) -> None:
    written = encode(value)
    assert json.loads(written) == value
    assert encode(parse(written, max_depth=50)) == written


def test_members_are_ordered_by_utf16_units_and_strings_are_escaped_as_rfc_8785_says() -> None:
    value = {"\ufb33": 1, "\U0001f600": 2, "€": 3, "\r": 4, "1": 5, "": 6, "ö": 7}
    expected = '{"":6,"\\r":4,"1":5,"ö":7,"€":3,"\U0001f600":2,"\ufb33":1}'
    assert encode(value) == expected.encode()
    assert encode('\x00\x08\t\n\x0c\r\x1f"\\/\x7fé') == (
        '"\\u0000\\b\\t\\n\\f\\r\\u001f\\"\\\\/\x7fé"'.encode()
    )


def test_a_true_is_not_a_one() -> None:
    assert encode([True, 1, False, 0, None]) == b"[true,1,false,0,null]"


@pytest.mark.parametrize("value", [1.0, {1: 2}, b"bytes", {"a": {3}}, [float("nan")]])
def test_what_has_no_spelling_is_not_written(value: object) -> None:
    with pytest.raises(TypeError):
        encode(value)


@pytest.mark.parametrize("value", [2**53, -(2**53), "\ud800", {"\udfff": 1}])
def test_what_readers_would_not_agree_on_is_not_written(value: object) -> None:
    with pytest.raises(ValueError, match=r"integer|surrogate"):
        encode(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"nothing",
        b"{'a':1}",
        b'{"a":1,}',
        b'{"a":1} {"b":2}',
        b'{"a":1,"a":1}',
        b'[{"a":1,"\\u0061":2}]',
        b"1.0",
        b"1e3",
        b"-0",
        b"01",
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"9007199254740992",
        b"-9007199254740992",
        b"1" * 5_000,
        b'"\\ud800"',
        b'{"\\udc00":1}',
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b'\xef\xbb\xbf"bom"',
        b'"a\nb"',
        '{"a":1}'.encode("utf-16"),
    ],
)
def test_what_is_not_strict_json_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse(data)


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert parse(b'"\\ud83d\\ude00"') == "\U0001f600"


@pytest.mark.parametrize("data", [b"[[[[[]]]]]", b'{"a":{"a":{"a":{"a":[]}}}}', b"[" * 200_000])
def test_what_is_nested_deeper_than_allowed_is_refused(data: bytes) -> None:
    with pytest.raises(OverLimit if data.endswith((b"]", b"}")) else ProtocolError):
        parse(data)


def test_the_allowed_depth_counts_lists_and_objects() -> None:
    assert parse(b'{"a":[{"b":[1]}]}') == {"a": [{"b": [1]}]}
    assert parse(b"7", max_depth=0) == 7
    with pytest.raises(OverLimit):
        parse(b"[]", max_depth=0)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    try:
        value = parse(data)
    except ProtocolError:
        return
    assert parse(encode(value)) == value
