# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the fast reader of canonical JSON returns is what the strict one returns, on any bytes."""

import json

from hypothesis import example, given, settings
from hypothesis import strategies as st

from beffroi_federation import canonical
from beffroi_federation.errors import ProtocolError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=20,
)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=20,
)


def strictly(data: bytes) -> object:
    """Return the object that the strict reader takes for canonical, or None."""
    try:
        value = canonical.parse(data)
    except ProtocolError:
        return None
    try:
        spelt = canonical.encode(value)
    except ValueError:
        return None
    return value if isinstance(value, dict) and spelt == data else None


@settings(max_examples=300)
@given(
    VALUES.map(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    | st.dictionaries(st.text(max_size=4), VALUES).map(
        lambda value: json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
    )
    | st.dictionaries(st.text(max_size=4), PLAIN).map(canonical.encode)
    | st.binary(max_size=60)
)
@example(b'{"a":1,"a":1}')
@example(b'{"a":1.0}')
@example(b'{"a":1.5}')
@example(b'{"a":-0}')
@example(b'{"a":1e5}')
@example(b'{"a":NaN}')
@example(b'{"a":9007199254740992}')
@example(b'{"a":18446744073709551616}')
@example(b'{"a":"\\ud800"}')
@example(b'{"a":"\xed\xa0\x80"}')
@example(b'{"a":"\\u00e9"}')
@example(b'{"a":"\\/"}')
@example(b'{"a":{"a":{"a":{"a":{}}}}}')
@example(b'{"a":{"a":{"a":{}}}}')
@example('{"\ue000":1,"\U00010000":1}'.encode())
@example('{"\U00010000":1,"\ue000":1}'.encode())
@example(b'{"b":1,"a":1}')
@example(b"[" * 3_000)
@example(b'{"a":' * 3_000)
@example(b"\xef\xbb\xbf{}")
def test_the_fast_reader_is_sure_of_canonical_objects_alone(data: bytes) -> None:
    value = canonical.parse_canonical(data)
    assert value is None or value == strictly(data)
    if value is not None:
        assert type(value) is dict
        assert canonical.encode(value) == data


@given(st.dictionaries(st.sampled_from(["v", "kind", "title"]), st.text() | st.integers(0, 9)))
def test_the_fast_reader_is_sure_of_what_records_look_like(
    value: dict[str, canonical.Json],
) -> None:
    assert canonical.parse_canonical(canonical.encode(value)) == value
