# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every parser of what strangers send: whatever comes, a value or a ProtocolError, and soon.

Three kinds of input: valid ones with a few things changed, inputs made to be costly, and values
that are written and read back. `BEFFROI_FUZZ_EXAMPLES=20000` makes a long night of it.
"""

import gzip
import json
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_federation import canonical, checkpoint, notes
from beffroi_federation.aggregator.witness.rules import parse_submission
from beffroi_federation.bodies import split_lines, unpack
from beffroi_federation.checkpoint import Checkpoint, Proof, open_checkpoint, parse_proof
from beffroi_federation.entries import (
    MAX_LINE,
    Receipt,
    encode_content_line,
    encode_receipt,
    parse_content_line,
    parse_content_lines,
    parse_entries,
    parse_entry,
    parse_receipt,
)
from beffroi_federation.errors import ProtocolError
from beffroi_federation.identity import Identity, encode_identity, parse_identity
from beffroi_federation.merkle import Frontier, leaf_hash
from beffroi_federation.notes import Signature, Verifier, format_note
from beffroi_federation.policy import parse_policy
from beffroi_federation.receipts import check_receipt
from beffroi_federation.records import read_record
from beffroi_federation.signed_requests import read_headers
from beffroi_federation.tail import encode_tail, parse_tail
from beffroi_federation.tiles import (
    MAX_INDEX,
    bundle_path,
    content_path,
    decode_bundle,
    encode_bundle,
    parse_content_path,
    parse_tile_path,
    tile_path,
)
from beffroi_federation.url_policy import check_prefix, is_public
from support.mutating import bounded, near
from support.protocol_vectors import good_checkpoint, good_files, good_vkeys, worked
from support.vectors.history import witness_vkey

FILES = good_files()
NOTE = good_checkpoint(260).encode()
KEYS = [Verifier.from_text(text) for text in (*good_vkeys(), witness_vkey())]
LEAVES = [case["leaf"].encode() for case in worked("entries")["leaves"]]
LINES = FILES["log/content/000"].splitlines(keepends=True)
RECORDS = [json.loads(line)["d"].encode() for line in LINES]
POLICY = f"""log {good_vkeys()[0]} https://beffroi.example/log
witness w1 {witness_vkey()} https://witness.example/
group all any w1
quorum all
""".encode()


def text_of(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    """Return a parser of bytes for one of text: what is no UTF-8 reaches it by other letters."""
    return lambda data: parse(data.decode("utf-8", "surrogateescape"))


def read_gzip(data: bytes) -> object:
    return sum(map(len, unpack([data], encoding="gzip", max_bytes=65_536)))


def read_lines(data: bytes) -> object:
    return list(parse_content_lines(split_lines([data], max_line=MAX_LINE)))


def read_two_headers(data: bytes) -> object:
    time_value, _, signature = data.decode("latin-1").partition(" ")
    return read_headers(time_value, signature)


@dataclass(frozen=True)
class Parser:
    """A parser by its name, and valid inputs of it."""

    name: str
    parse: Callable[[bytes], object]
    seeds: Sequence[bytes]


PARSERS = [
    Parser("note", notes.parse, [NOTE]),
    Parser("signed note", lambda data: notes.open_note(data, KEYS), [NOTE]),
    Parser("checkpoint", lambda data: open_checkpoint(data, KEYS), [NOTE]),
    Parser("checkpoint text", text_of(checkpoint.parse), [NOTE.partition(b"\n\n")[0] + b"\n"]),
    Parser("size", text_of(checkpoint.parse_size), [b"0", b"260", b"9223372036854775807"]),
    Parser("vkey", text_of(Verifier.from_text), [text.vkey().encode() for text in KEYS]),
    Parser("base64", text_of(notes.decode_base64), [b"AAAA", b"AA==", b"A" * 43 + b"="]),
    Parser("policy", parse_policy, [POLICY]),
    Parser("proof", parse_proof, [FILES["log/proof/3"]]),
    Parser("receipt", parse_receipt, [FILES["kept/receipt.json"]]),
    Parser("checked receipt", lambda data: check_receipt(data, KEYS), [FILES["kept/receipt.json"]]),
    Parser("leaf", parse_entry, LEAVES),
    Parser("leaves", lambda data: parse_entries(data.split(b"|")), [b"|".join(LEAVES)]),
    Parser("content line", parse_content_line, LINES),
    Parser("content lines", read_lines, [b"".join(LINES)]),
    Parser("bundle", lambda data: decode_bundle(data, 5), [encode_bundle(LEAVES[:5])]),
    Parser("tile path", text_of(parse_tile_path), [b"000", b"x001/x234/067", b"x001/000.p/17"]),
    Parser("content path", text_of(parse_content_path), [b"000", b"x001/x234/067"]),
    Parser("tail", parse_tail, [FILES["log/tail/5"]]),
    Parser("identity", parse_identity, [FILES[".well-known/beffroi.json"]]),
    Parser("canonical JSON", canonical.parse, [*RECORDS, *LEAVES]),
    Parser("record", read_record, RECORDS),
    Parser("frontier", Frontier.from_bytes, [Frontier().extended([leaf_hash(b"")] * 7).to_bytes()]),
    Parser("gzip body", read_gzip, [gzip.compress(NOTE, mtime=0)]),
    Parser("witness request", parse_submission, [b"old 0\n\n" + NOTE]),
    Parser("headers of a signed request", read_two_headers, [b"1700000000 " + b"A" * 86 + b"=="]),
    Parser("address", text_of(check_prefix), [b"https://beffroi.example/log"]),
]
EACH = pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name.replace(" ", "-"))


def outcome(parse: Callable[[bytes], object], data: bytes) -> object:
    """Return what a parser returned, or the class of the ProtocolError it raised."""
    try:
        return parse(data)
    except ProtocolError as error:
        sentence = error.diagnostics()
        assert sentence
        assert sentence.isprintable()
        return type(error)


@EACH
def test_a_parser_reads_its_valid_inputs(parser: Parser) -> None:
    for seed in parser.seeds:
        parser.parse(seed)


@EACH
@bounded
@given(data=st.data())
def test_whatever_comes_a_parser_answers_or_refuses(parser: Parser, data: st.DataObject) -> None:
    given_bytes = data.draw(near(parser.seeds))
    assert outcome(parser.parse, given_bytes) == outcome(parser.parse, given_bytes)


def test_what_a_stranger_writes_never_moves_somebodys_terminal() -> None:
    receipt = parse_receipt(FILES["kept/receipt.json"])
    forged = encode_receipt(replace(receipt, origin="\x1b[2J\u202e\x07" + receipt.origin))
    with pytest.raises(ProtocolError) as caught:
        check_receipt(forged, KEYS)
    assert caught.value.diagnostics().isprintable()
    assert "\\u001b[2J\\u202e\\u0007beffroi" in caught.value.diagnostics()


COSTLY = {
    "nothing": b"",
    "deep lists": b"[" * 2**20,
    "deep objects": b'{"a":' * 2**18,
    "a long number": b"9" * 2**20,
    "a long negative exponent": b'{"v":1e-' + b"9" * 2**18 + b"}",
    "many members": b"{" + b",".join(b'"%d":0' % i for i in range(80_000)) + b"}",
    "many escapes": b'"' + b"\\u0041" * 2**17 + b'"',
    "many lines": b"\n" * 2**20,
    "many signature lines": b"a\n\n" + "— a AAAAAAAA\n".encode() * 40_000,
    "a long name": b"a\n\n" + "— ".encode() + b"a" * 2**20 + b" AAAA\n",
    "a long base64": b"A" * 2**20,
    "many paths": b"x000/" * 2**17 + b"000",
    "spaces": b" " * 2**20,
    "zeroes": bytes(2**20),
    "not UTF-8": b"\xff" * 2**20,
    "a bomb": gzip.compress(bytes(2**26), mtime=0),
    "proof hashes": b"c2sp.org/tlog-proof@v1\nindex 0\n" + (b"A" * 43 + b"=\n") * 20_000,
    "a policy of groups": b"".join(b"group g%d any g%d\n" % (i + 1, i) for i in range(30_000)),
    "a tail of empty entries": b'{"contents":0,"entries":500000,"start":0,"v":1}\n' + bytes(10**6),
}
MOST_SECONDS = 2.0
MOST_BYTES = 64 * 2**20


@EACH
@pytest.mark.parametrize("name", COSTLY)
def test_no_input_costs_a_parser_much_time_or_memory(parser: Parser, name: str) -> None:
    data = COSTLY[name]
    tracemalloc.start()
    try:
        began = time.process_time()
        outcome(parser.parse, data)
        seconds = time.process_time() - began
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert seconds < MOST_SECONDS
    assert peak < MOST_BYTES


# What is written is read back

NAMES = st.from_regex(r"[a-z0-9.é/-]{1,40}", fullmatch=True)
HASHES = st.binary(min_size=32, max_size=32)
SIZES = st.integers(1, 2**63 - 1)
CHECKPOINTS = st.builds(Checkpoint, NAMES, SIZES, HASHES)
SIGNATURES = st.lists(
    st.builds(
        Signature,
        NAMES,
        st.binary(min_size=4, max_size=4),
        st.binary(min_size=1, max_size=100),
    ),
    min_size=1,
    max_size=16,
    unique_by=lambda one: (one.name, one.key_id),
)
PLAIN = st.text(st.characters(codec="utf-8"), max_size=300)


@bounded
@given(CHECKPOINTS, SIGNATURES)
def test_a_checkpoint_is_read_as_it_was_written(
    written: Checkpoint, signatures: list[Signature]
) -> None:
    parsed = notes.parse(format_note(written.text(), signatures))
    assert checkpoint.parse(parsed.text) == written
    assert list(parsed.signatures) == signatures


@bounded
@given(CHECKPOINTS, SIGNATURES, st.integers(0, 2**63 - 1), st.lists(HASHES, max_size=63))
def test_a_proof_is_read_as_it_was_written(
    written: Checkpoint, signatures: list[Signature], index: int, hashes: list[bytes]
) -> None:
    proof = Proof(index, tuple(hashes), format_note(written.text(), signatures))
    assert parse_proof(proof.text()) == proof


@bounded
@given(st.integers(0, 2**53 - 1), HASHES, PLAIN)
def test_a_content_line_is_read_as_it_was_written(index: int, salt: bytes, text: str) -> None:
    line = encode_content_line(index, salt, text.encode())
    content = parse_content_line(line)
    assert (content.index, content.salt, content.content) == (index, salt, text.encode())
    assert line.count(b"\n") == 1


@bounded
@given(NAMES, st.integers(0, 2**53 - 1), HASHES, PLAIN, st.sampled_from(["", "a proof\n"]))
def test_a_receipt_is_read_as_it_was_written(
    origin: str, index: int, salt: bytes, text: str, proof: str
) -> None:
    receipt = Receipt(origin, index, salt, text.encode(), proof)
    assert parse_receipt(encode_receipt(receipt)) == receipt


@bounded
@given(
    st.integers(0, 2**40),
    st.lists(
        st.tuples(st.binary(min_size=1, max_size=1_024), st.none() | st.binary(max_size=50)),
        max_size=60,
    ),
)
def test_a_tail_is_read_as_it_was_written(
    start: int, entries: list[tuple[bytes, bytes | None]]
) -> None:
    leaves = [leaf for leaf, _ in entries]
    lines = {start + at: line.replace(b"\n", b"") for at, (_, line) in enumerate(entries) if line}
    lines = {at: line for at, line in lines.items() if line}
    tail = parse_tail(encode_tail(start, leaves, lines))
    assert (tail.start, list(tail.leaves)) == (start, leaves)
    assert list(tail.lines) == list(lines.values())


@bounded
@given(st.lists(st.binary(max_size=1_024), min_size=1, max_size=256))
def test_a_bundle_is_read_as_it_was_written(leaves: list[bytes]) -> None:
    assert list(decode_bundle(encode_bundle(leaves), len(leaves))) == leaves


@bounded
@given(st.integers(0, MAX_INDEX), st.integers(1, 256), st.integers(0, 8))
def test_a_path_is_read_as_it_was_written(index: int, width: int, level: int) -> None:
    place = tile_path(level, index, width).removeprefix(f"tile/{level}/")
    assert parse_tile_path(place) == (index, width)
    assert bundle_path(index, width) == f"tile/entries/{place}"
    assert parse_content_path(content_path(index).removeprefix("content/")) == index


@bounded
@given(st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=300))
def test_an_identity_is_read_as_it_was_written(name: str) -> None:
    good = parse_identity(FILES[".well-known/beffroi.json"])
    named: Identity = replace(good, name="".join(c for c in name if c.isprintable()))
    assert parse_identity(encode_identity(named)) == named


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PLAIN, inner, max_size=4),
    max_leaves=12,
)


@bounded
@given(VALUES)
def test_canonical_json_is_read_as_it_was_written(value: canonical.Json) -> None:
    written = canonical.encode(value)
    assert canonical.parse(written, max_depth=40) == value
    assert json.loads(written) == value


@bounded
@given(st.lists(HASHES, max_size=70))
def test_a_frontier_is_read_as_it_was_written(hashes: list[bytes]) -> None:
    frontier = Frontier().extended(hashes)
    assert Frontier.from_bytes(frontier.to_bytes()) == frontier


@bounded
@given(st.lists(st.binary(max_size=2_000), max_size=8), st.integers(1, 400))
def test_a_gzip_body_is_read_as_it_was_written_however_it_arrives(
    parts: list[bytes], piece: int
) -> None:
    body = b"".join(parts)
    packed = gzip.compress(body, mtime=0)
    pieces = [packed[at : at + piece] for at in range(0, len(packed), piece)]
    assert b"".join(unpack(pieces, encoding="gzip", max_bytes=16_384)) == body


@bounded
@given(st.ip_addresses().map(str) | near([b"192.168.0.1", b"::ffff:10.0.0.1"]).map(repr))
def test_an_address_of_this_machine_or_its_neighbours_is_never_public(address: str) -> None:
    if is_public(address):
        assert not address.startswith(("10.", "127.", "192.168.", "169.254.", "fe80", "fc", "fd"))
