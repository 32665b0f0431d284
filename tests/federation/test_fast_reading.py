# SPDX-License-Identifier: AGPL-3.0-or-later
"""The fast readers accept what the strict ones accept, and nothing else, on any bytes."""

import json
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from beffroi_federation.canonical import MAX_INTEGER, encode
from beffroi_federation.entries import (
    BatchEntry,
    CheckpointEntry,
    Entry,
    EpochEntry,
    KeyEntry,
    Reason,
    ReceivedEntry,
    RecordEntry,
    SupersedeEntry,
    WithdrawEntry,
    encode_content_line,
    encode_entry,
    parse_content_line,
    parse_entries,
    parse_entry,
)
from beffroi_federation.entries.contents import parse_strictly
from beffroi_federation.entries.leaves import parse_entry_strictly
from beffroi_federation.errors import Malformed, OverLimit, ProtocolError
from beffroi_federation.verify import read_entries
from support.protocol_vectors import worked

HASHES = st.binary(min_size=32, max_size=32)
INDEXES = st.integers(0, MAX_INTEGER) | st.integers(10**14, 10**16).map(
    lambda n: min(n, MAX_INTEGER)
)
ORIGINS = st.from_regex(r"[!-*,-~]{1,255}", fullmatch=True)
VKEY = worked("notes")["keys"][0]["vkey"]
ENTRIES: st.SearchStrategy[Entry] = st.one_of(
    st.builds(RecordEntry, HASHES, st.none() | INDEXES),
    st.builds(SupersedeEntry, HASHES, INDEXES),
    st.builds(WithdrawEntry, INDEXES, st.sampled_from(Reason)),
    st.builds(ReceivedEntry, HASHES),
    st.just(KeyEntry(VKEY)),
    st.builds(EpochEntry, ORIGINS, INDEXES.filter(bool), HASHES),
    st.builds(
        CheckpointEntry,
        ORIGINS,
        INDEXES.filter(bool),
        HASHES,
        st.binary(min_size=68, max_size=68),
    ),
    st.sampled_from([BatchEntry("2026-W01"), BatchEntry("2026-W53"), BatchEntry("2026-12-31")]),
)
PIECES = [
    b'"t":"rec"', b'"v":1', b'"v":2', b'"c":"', b'"q":', b'"i":', b'"n":0', b'"r":"erasure"',
    b"{", b"}", b",", b'"', b"\\", b"\n", b" ", b"0", b"-", b"1.0", b"1e3", b"true", b"9" * 17,
    b"\\u0041", b"\\ud800", b"\xff", b"\xc3\xa9", b"NaN", b"[", b"A" * 43, b"B" * 43, b"\x00",
]  # fmt: skip


def outcome(read: Callable[[bytes], object], data: bytes) -> object:
    """Return what a reader returns, or the class and sentence of what it raises."""
    try:
        return read(data)
    except ProtocolError as error:
        return type(error), error.sentence


@st.composite
def mutated(draw: st.DrawFn, originals: st.SearchStrategy[bytes]) -> bytes:
    """Bytes that were right once: cut, doubled, with bytes changed and pieces put in."""
    data = bytearray(draw(originals))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        match draw(st.integers(0, 4)):
            case 0 if at < len(data):
                data[at] = draw(st.integers(0, 255))
            case 1:
                data[at:at] = draw(st.sampled_from(PIECES))
            case 2:
                del data[at : at + draw(st.integers(1, 9))]
            case 3:
                end = draw(st.integers(at, len(data)))
                data[at:at] = data[at:end]
            case _:
                data += draw(st.binary(max_size=9))
    return bytes(data)


LEAVES = mutated(ENTRIES.map(encode_entry)) | st.binary(max_size=200)


@settings(max_examples=300)
@given(LEAVES)
@example(b'{"t":"rcv","v":1}')
@example(b'{"p":"2026-W40","t":"bat","v":1}\n')
@example(b'{"p":"2026-W40","t":"bat","v":1}\n{"p":"2026-W40","t":"bat","v":1}')
def test_a_leaf_is_read_as_the_grammar_reads_it(leaf: bytes) -> None:
    assert outcome(parse_entry, leaf) == outcome(parse_entry_strictly, leaf)


@settings(max_examples=300)
@given(st.lists(ENTRIES.map(encode_entry), max_size=300), st.data())
def test_many_leaves_at_once_are_the_same_leaves_one_by_one(
    leaves: list[bytes], data: st.DataObject
) -> None:
    expected = [parse_entry_strictly(leaf) for leaf in leaves]
    assert parse_entries(leaves) == expected
    if leaves:
        at = data.draw(st.integers(0, len(leaves) - 1))
        leaves[at] = data.draw(LEAVES)
        one_by_one = outcome(lambda _: [parse_entry_strictly(leaf) for leaf in leaves], b"")
        assert outcome(lambda _: parse_entries(leaves), b"") == one_by_one


@pytest.mark.parametrize("case", worked("entries")["refused"], ids=lambda case: case["why"])
def test_a_wrong_leaf_among_right_ones_is_refused_and_named(case: dict[str, str]) -> None:
    good = encode_entry(RecordEntry(bytes(32)))
    with pytest.raises((Malformed, OverLimit), match="Entry 1007"):
        read_entries(1000, [good] * 7 + [case["leaf"].encode()] + [good] * 300)


def test_a_line_feed_inside_a_leaf_never_makes_two_leaves_of_one() -> None:
    good = encode_entry(ReceivedEntry(bytes(32)))
    for leaves in (
        [good + b"\n" + good, b""],
        [b"", good + b"\n" + good],
        [good + b"\n" + good],
        [good + b"\n", good],
        [good[:5], good[5:] + b"\n" + good],
    ):
        with pytest.raises(Malformed):
            parse_entries(leaves)


CONTENTS = st.text(max_size=300) | st.sampled_from(
    ['{"v":1}', "\x00\x1f\x7f", "/\\\"'<>&", "é\u2028😀", "\n\r\t\b\f", ""]
)
LINES = st.builds(
    lambda index, salt, text: encode_content_line(index, salt, text.encode()),
    INDEXES,
    HASHES,
    CONTENTS,
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=9,
)
OTHER_JSON = st.dictionaries(st.sampled_from("disx"), JSON_VALUES).map(
    lambda value: json.dumps(value).encode()
)


@settings(max_examples=300)
@given(mutated(LINES) | OTHER_JSON | st.binary(max_size=200))
@example(b'{"d":"","i":0,"i":0,"s":"' + b"A" * 43 + b'"}')
@example(b'{"d":"\\ud800","i":0,"s":"' + b"A" * 43 + b'"}')
@example(b'{"d":"\xed\xa0\x80","i":0,"s":"' + b"A" * 43 + b'"}')
@example(b'{"d":"","i":1.0,"s":"' + b"A" * 43 + b'"}')
@example(b'{"d":"","i":-0,"s":"' + b"A" * 43 + b'"}')
@example(b'{"d":"","i":1e0,"s":"' + b"A" * 43 + b'"}')
@example(b'{"d":"","i":9007199254740992,"s":"' + b"A" * 43 + b'"}')
@example(b'{"d":"","i":99999999999999999999999999,"s":"' + b"A" * 43 + b'"}')
@example(b'{"d":"","i":0,"s":"' + b"A" * 42 + b'B"}')
@example(b'{"d":"","i":true,"s":"' + b"A" * 43 + b'"}')
@example(b'{"d":"","i":0,"s":"' + b"A" * 43 + b'","x":NaN}')
@example(b'{"d":"","i":0,"s":"' + b"A" * 43 + b'","x":' + b"[" * 20_000 + b"}")
@example(b'\xef\xbb\xbf{"d":"","i":0,"s":"' + b"A" * 43 + b'"}')
@example(b'{"d":"\\/\\u00e9","i":0,"s":"' + b"A" * 43 + b'"}')
@example(b'{"d":"' + b"x" * 16_385 + b'","i":0,"s":"' + b"A" * 43 + b'"}')
def test_a_content_line_is_read_as_the_strict_parser_reads_it(line: bytes) -> None:
    strictly = outcome(parse_strictly, line.removesuffix(b"\n"))
    assert outcome(parse_content_line, line) == strictly


@given(INDEXES, HASHES, CONTENTS | st.text())
def test_a_content_line_is_written_canonically(index: int, salt: bytes, text: str) -> None:
    line = encode_content_line(index, salt, text.encode())
    assert encode(json.loads(line)) + b"\n" == line


@pytest.mark.parametrize("index", [-1, MAX_INTEGER + 1])
def test_a_content_line_is_written_for_an_index_that_can_be(index: int) -> None:
    with pytest.raises(Malformed):
        encode_content_line(index, bytes(32), b"")
