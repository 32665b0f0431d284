# SPDX-License-Identifier: AGPL-3.0-or-later
"""One grammar for leaves, and content lines that cannot smuggle anything."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_federation.canonical import MAX_INTEGER
from beffroi_federation.entries import (
    MAX_LINE,
    BatchEntry,
    CheckpointEntry,
    Content,
    Entry,
    EpochEntry,
    KeyEntry,
    Reason,
    Receipt,
    ReceivedEntry,
    RecordEntry,
    SupersedeEntry,
    WithdrawEntry,
    encode_content_line,
    encode_entry,
    encode_receipt,
    parse_content_line,
    parse_content_lines,
    parse_entry,
    parse_receipt,
)
from beffroi_federation.errors import Malformed, OverLimit, ProtocolError
from beffroi_federation.merkle import EMPTY_ROOT, Frontier, leaf_hash
from beffroi_federation.notes import vkey
from beffroi_privacy.commitments import commit
from support.protocol_vectors import worked

SALT = bytes(range(32))
INDEXES = st.integers(0, MAX_INTEGER)
COMMITMENTS = st.binary(min_size=32, max_size=32)
SIGNATURES = st.binary(min_size=68, max_size=68)
ORIGINS = st.from_regex(r"[!-*,-~]{1,255}", fullmatch=True)
VKEY = worked("notes")["keys"][0]["vkey"]
ENTRIES: st.SearchStrategy[Entry] = st.one_of(
    st.builds(RecordEntry, COMMITMENTS, st.none() | INDEXES),
    st.builds(SupersedeEntry, COMMITMENTS, INDEXES),
    st.builds(WithdrawEntry, INDEXES, st.sampled_from(Reason)),
    st.builds(ReceivedEntry, COMMITMENTS),
    st.just(KeyEntry(VKEY)),
    st.builds(EpochEntry, ORIGINS, INDEXES.filter(bool), COMMITMENTS),
    st.builds(CheckpointEntry, ORIGINS, INDEXES.filter(bool), COMMITMENTS, SIGNATURES),
    st.sampled_from([BatchEntry("2026-W01"), BatchEntry("2026-W53"), BatchEntry("2026-12-31")]),
)


def test_the_worked_record_has_the_worked_leaf_and_roots() -> None:
    case = worked("entries")["record"]
    commitment = commit(bytes.fromhex(case["salt_hex"]), case["content"].encode())
    assert commitment.hex() == case["commitment_hex"]
    leaf = encode_entry(RecordEntry(commitment))
    assert leaf == case["leaf"].encode()
    assert leaf_hash(leaf).hex() == case["leaf_hash_hex"]
    then = encode_entry(WithdrawEntry(0, Reason.ERASURE))
    assert then == case["then"].encode()
    root = Frontier().extended([leaf_hash(leaf), leaf_hash(then)]).root()
    assert base64.b64encode(root).decode() == case["root_2"]


def test_each_kind_of_leaf_reads_and_writes_back() -> None:
    kinds = set()
    for case in worked("entries")["leaves"]:
        entry = parse_entry(case["leaf"].encode())
        assert entry.kind == case["kind"]
        assert encode_entry(entry) == case["leaf"].encode()
        kinds.add(entry.kind)
    assert kinds >= {"rec", "sup", "wdr", "key", "bat", "rcv"}


@given(ENTRIES)
def test_every_entry_reads_back_from_its_leaf(entry: Entry) -> None:
    leaf = encode_entry(entry)
    assert leaf.isascii()
    assert len(leaf) <= 1_024
    assert parse_entry(leaf) == entry


@pytest.mark.parametrize("case", worked("entries")["refused"], ids=lambda case: case["why"])
def test_a_leaf_that_is_not_in_the_grammar_is_refused(case: dict[str, str]) -> None:
    with pytest.raises(Malformed):
        parse_entry(case["leaf"].encode())


@given(ENTRIES, st.data())
def test_a_changed_byte_makes_another_entry_or_none(entry: Entry, data: st.DataObject) -> None:
    leaf = encode_entry(entry)
    at = data.draw(st.integers(0, len(leaf) - 1))
    changed = bytearray(leaf)
    changed[at] ^= data.draw(st.integers(1, 255))
    try:
        assert parse_entry(bytes(changed)) != entry
    except ProtocolError:
        pass


def test_a_leaf_is_ascii_even_where_its_key_has_a_name_that_is_not() -> None:
    entry = KeyEntry(vkey("mairie-d-été.example", bytes(32)))
    with pytest.raises(Malformed):
        encode_entry(entry)


def test_an_overlong_leaf_is_refused_before_it_is_read() -> None:
    with pytest.raises(OverLimit):
        parse_entry(b"[" * 1_025)


@pytest.mark.parametrize(
    "entry",
    [
        RecordEntry(b"short"),
        RecordEntry(SALT, -1),
        SupersedeEntry(SALT, -1),
        BatchEntry("this week"),
        KeyEntry("no key"),
        EpochEntry("an origin with spaces", 1, SALT),
        EpochEntry("o", 0, SALT),
        EpochEntry("o", 1, SALT[1:]),
        EpochEntry("o", -1, SALT),
        CheckpointEntry("o", 1, SALT, SALT),
        CheckpointEntry("o+p", 1, SALT, SALT * 2 + SALT[:4]),
    ],
)
def test_an_entry_that_nobody_could_read_is_not_written(entry: Entry) -> None:
    with pytest.raises(Malformed):
        encode_entry(entry)


def test_an_origin_beyond_255_bytes_is_in_no_entry() -> None:
    with pytest.raises(OverLimit):
        encode_entry(EpochEntry("o" * 256, 1, SALT))


def test_an_epoch_after_a_log_without_entries_names_the_empty_tree() -> None:
    assert parse_entry(encode_entry(EpochEntry("o", 0, EMPTY_ROOT))) == EpochEntry(
        "o", 0, EMPTY_ROOT
    )


@given(INDEXES, COMMITMENTS, st.text(max_size=200))
def test_a_content_line_gives_back_the_exact_bytes(index: int, salt: bytes, text: str) -> None:
    line = encode_content_line(index, salt, text.encode())
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert parse_content_line(line) == Content(index, salt, text.encode())
    assert parse_content_line(line[:-1]) == Content(index, salt, text.encode())


def test_a_content_of_the_largest_size_has_a_line_within_the_limit() -> None:
    line = encode_content_line(MAX_INTEGER, SALT, b'"' * 16_384)
    assert len(line) <= MAX_LINE
    with pytest.raises(OverLimit):
        encode_content_line(0, SALT, b"x" * 16_385)
    with pytest.raises(OverLimit):
        encode_content_line(0, SALT, b"\x01" * 16_384)  # six bytes each in JSON


@pytest.mark.parametrize("content", [b"\xff", b"\xed\xa0\x80"])
def test_a_content_that_is_not_utf8_is_not_served(content: bytes) -> None:
    with pytest.raises(Malformed):
        encode_content_line(0, SALT, content)


S = '"s":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"'


@pytest.mark.parametrize(
    "line",
    [
        "",
        "[]",
        "{}",
        '{"d":"x","i":0}',
        '{"d":"x","i":0,' + S + ',"x":1}',
        '{"d":1,"i":0,' + S + "}",
        '{"d":"x","i":-1,' + S + "}",
        '{"d":"x","i":true,' + S + "}",
        '{"d":"x","d":"y","i":0,' + S + "}",
        '{"d":"x","i":0.0,' + S + "}",
        '{"d":"\\ud800","i":0,' + S + "}",
        '{"d":"x","i":0,"s":"AAEC"}',
        '{"d":"x","i":0,"s":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9"}',
    ],
)
def test_a_line_that_is_no_content_is_refused(line: str) -> None:
    with pytest.raises(Malformed):
        parse_content_line(line.encode())


def test_an_overlong_line_or_content_is_refused() -> None:
    with pytest.raises(OverLimit):
        parse_content_line(b" " * (MAX_LINE + 1))
    with pytest.raises(OverLimit):
        parse_content_line(b'{"d":"%s","i":0,%s}' % (b"x" * 16_385, S.encode()))
    with pytest.raises(OverLimit):
        parse_content_line(b'{"d":[[]],"i":0,%s}' % S.encode())


def test_the_lines_of_a_bundle_come_in_the_order_of_the_log() -> None:
    lines = [encode_content_line(i, SALT, b"x") for i in (3, 4, 9)]
    assert [c.index for c in parse_content_lines(lines)] == [3, 4, 9]
    for wrong in ([lines[1], lines[0]], [lines[0], lines[0]]):
        with pytest.raises(Malformed):
            list(parse_content_lines(wrong))


@given(INDEXES, COMMITMENTS, st.text(max_size=50), st.sampled_from(["", "c2sp.org/…\n"]))
def test_a_receipt_reads_back(index: int, salt: bytes, text: str, proof: str) -> None:
    receipt = Receipt("beffroi.example/beffroi/210000006/1", index, salt, text.encode(), proof)
    assert parse_receipt(encode_receipt(receipt)) == receipt


@pytest.mark.parametrize(
    "document",
    [
        "[]",
        "{}",
        '{"d":"x","i":0,"o":"o",' + S + ',"t":"receipt","v":2}',
        '{"d":"x","i":0,"o":"o",' + S + ',"t":"other","v":1}',
        '{"d":"x","i":0,"o":"o","q":1,' + S + ',"t":"receipt","v":1}',
        '{"d":"x","i":0,"o":1,' + S + ',"t":"receipt","v":1}',
    ],
)
def test_a_document_that_is_no_receipt_is_refused(document: str) -> None:
    with pytest.raises(Malformed):
        parse_receipt(document.encode())


def test_an_endless_receipt_is_refused() -> None:
    with pytest.raises(OverLimit):
        parse_receipt(b" " * 300_000)
