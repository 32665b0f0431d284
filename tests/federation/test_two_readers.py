# SPDX-License-Identifier: AGPL-3.0-or-later
"""Our reader and one that shares no code with it accept the same bytes, and read the same in them.

The other one (`support.foreign_reader`) is written from the protocol's pages. Inputs are valid ones
with a few things changed, where two readers are likeliest to part. What only one of them accepts is
a fork in waiting: some readers follow a log that others refuse.
"""

from collections.abc import Callable

from hypothesis import example, given
from hypothesis import strategies as st

from beffroi_federation.canonical import parse as parse_json
from beffroi_federation.checkpoint import open_checkpoint, parse_proof
from beffroi_federation.entries import (
    CheckpointEntry,
    RecordEntry,
    SupersedeEntry,
    parse_content_line,
    parse_entry,
)
from beffroi_federation.errors import ProtocolError
from beffroi_federation.merkle import Frontier, leaf_hash, verify_inclusion
from beffroi_federation.notes import Verifier
from beffroi_federation.records import read_record
from beffroi_federation.tiles import bundle_path, decode_bundle, encode_bundle
from support import foreign_reader as foreign
from support.mutating import bounded, near
from support.protocol_vectors import good_checkpoint, good_files, good_vkeys, worked
from support.vectors.history import WITNESS_NAME, cosign, sign_with_next, witness_vkey

FILES = good_files()
KEYS = (*good_vkeys(), witness_vkey())
VERIFIERS = [Verifier.from_text(text) for text in KEYS]
NOTE = good_checkpoint(260)
LEAVES = [case["leaf"].encode() for case in worked("entries")["leaves"]]
REFUSED = [case["leaf"].encode() for case in worked("entries")["refused"]]
LINES = FILES["log/content/000"].splitlines(keepends=True)


def ours(read: Callable[[], object]) -> object:
    try:
        return read()
    except ProtocolError:
        return None


def theirs(read: Callable[[], object]) -> object:
    try:
        return read()
    except foreign.Wrong:
        return None


def entry_as_members(leaf: bytes) -> object:
    """Return what we read of a town's leaf, in the words of the other reader."""
    entry = parse_entry(leaf)
    if isinstance(entry, CheckpointEntry):
        return None
    committed = getattr(entry, "commitment", None)
    points = None
    if isinstance(entry, RecordEntry):
        points = entry.received
    elif isinstance(entry, SupersedeEntry):
        points = entry.replaces
    return entry.kind, committed, points


def members_as_entry(leaf: bytes) -> object:
    members = foreign.members_of(leaf, 0)
    committed = foreign.thirty_two(members["c"]) if "c" in members else None
    points = members.get("q", members.get("i")) if committed else None
    return members["t"], committed, points


@bounded
@given(near([*LEAVES, *REFUSED]))
@example(b'{"c":"' + b"A" * 43 + b'","q":true,"t":"rec","v":1}')
@example(b'{"n":0,"o":"a","r":"' + b"A" * 43 + b'","t":"epo","v":1}')
@example(b'{"n":1,"o":"a","r":"' + b"A" * 43 + b'","t":"epo","v":1}')
@example(b'{"n":1,"o":"a\\u007fb","r":"' + b"A" * 43 + b'","t":"epo","v":1}')
@example(b'{"n":1,"o":"a\x7fb","r":"' + b"A" * 43 + b'","t":"epo","v":1}')
def test_both_read_the_same_leaves(leaf: bytes) -> None:
    if len(leaf) <= 1_024:  # its length is judged where bundles are read
        assert ours(lambda: entry_as_members(leaf)) == theirs(lambda: members_as_entry(leaf))


@bounded
@given(near(LINES))
def test_both_read_the_same_content_lines(data: bytes) -> None:
    line = data.replace(b"\n", b"") + b"\n"

    def read_ours() -> object:
        content = parse_content_line(line)
        return content.index, content.salt, content.content

    assert ours(read_ours) == theirs(lambda: foreign.content_of(line[:-1]))


EXTRA = [line.encode() for line in NOTE.split("\n\n")[1].splitlines(keepends=True)]
OTHERS = [sign_with_next("x").line().encode(), cosign("x").line().encode()]


@bounded
@given(near([NOTE.encode(), good_checkpoint(5).encode()], [*EXTRA, *OTHERS]))
def test_both_open_the_same_checkpoints(note: bytes) -> None:
    def read_ours() -> object:
        checkpoint = open_checkpoint(note, VERIFIERS)
        return checkpoint.origin, checkpoint.size, checkpoint.root

    assert ours(read_ours) == theirs(lambda: foreign.open_checkpoint(note, KEYS)[:3])


TEXT = NOTE.partition("\n\n")[0].encode() + b"\n"


@bounded
@given(near([TEXT]))
def test_both_read_the_same_in_whatever_the_log_signs(text: bytes) -> None:
    signed = ours(lambda: _signed(text))
    if not isinstance(signed, bytes):
        return

    def read_ours() -> object:
        checkpoint = open_checkpoint(signed, VERIFIERS)
        return checkpoint.origin, checkpoint.size, checkpoint.root

    assert ours(read_ours) == theirs(lambda: foreign.open_checkpoint(signed, KEYS)[:3])


def _signed(text: bytes) -> bytes:
    """Return a text under the signatures of two known keys, or nothing where it is no text."""
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError:
        return b""
    lines = sign_with_next(decoded).line() + cosign(decoded).line()
    return f"{decoded}\n{lines}".encode()


@bounded
@given(near([encode_bundle(LEAVES[:7])]))
def test_both_read_the_same_bundles(data: bytes) -> None:
    def read_theirs() -> object:
        return tuple(foreign.leaves_of({f"log/{bundle_path(0, 7)}": data}.get, 7))

    assert ours(lambda: decode_bundle(data, 7)) == theirs(read_theirs)


@bounded
@given(near([content.encode() for content in (NOTE, '{"a":[1,{"é":"\\n"}],"b":null}')], LINES))
@example(b'{"\xf0\x90\x80\x80":0,"\xef\xbf\xbf":1}')
@example(b'{"\xef\xbf\xbf":0,"\xf0\x90\x80\x80":1}')
def test_both_read_the_same_canonical_json(data: bytes) -> None:
    def read_ours() -> object:
        return repr(parse_json(data))

    assert ours(read_ours) == theirs(lambda: repr(foreign.strict_json(data, 4)))


RECORDS = [content for _, _, content in map(foreign.content_of, LINES)]


@bounded
@given(near(RECORDS))
def test_what_we_read_as_a_record_is_one_to_both(content: bytes) -> None:
    read = ours(lambda: read_record(content))
    if read is not None:
        assert foreign.members(content)["kind"]


@bounded
@given(near([FILES["log/proof/3"]]))
def test_both_accept_the_same_proofs(proof: bytes) -> None:
    leaf = decode_bundle(FILES["log/tile/entries/000"], 256)[3]

    def read_ours() -> object:
        parsed = parse_proof(proof)
        checkpoint = open_checkpoint(parsed.note, VERIFIERS)
        root, size = checkpoint.root, checkpoint.size
        verify_inclusion(leaf_hash(leaf), parsed.index, size, parsed.hashes, root)
        return parsed.index, size

    assert ours(read_ours) == theirs(lambda: foreign.check_proof(proof, leaf, KEYS))


@bounded
@given(st.lists(st.binary(max_size=40), max_size=300))
def test_both_count_the_same_roots(leaves: list[bytes]) -> None:
    hashes = [leaf_hash(leaf) for leaf in leaves]
    assert hashes == [foreign.leaf_hash(leaf) for leaf in leaves]
    assert Frontier().extended(hashes).root() == foreign.tree_root(hashes)


def test_the_worked_cosigner_is_known_to_both() -> None:
    assert foreign.key_of(witness_vkey())[0] == WITNESS_NAME
