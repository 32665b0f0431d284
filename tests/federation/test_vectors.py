# SPDX-License-Identifier: AGPL-3.0-or-later
"""The published histories: the good one is sound at every size, each bad one is found out.

The reader here is the protocol's own functions in the order of federation pulls, on files in
memory: no network, no database. Beside it stands one that shares no code with us.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from beffroi_federation import errors
from beffroi_federation.bodies import split_lines
from beffroi_federation.canonical import encode, parse
from beffroi_federation.checkpoint import Checkpoint, cosigners, open_checkpoint, parse_proof
from beffroi_federation.entries import (
    MAX_LINE,
    Content,
    Entry,
    EpochEntry,
    KeyEntry,
    parse_content_lines,
)
from beffroi_federation.identity import parse_identity
from beffroi_federation.log import grow
from beffroi_federation.merkle import Frontier, leaf_hash, verify_inclusion
from beffroi_federation.notes import Verifier
from beffroi_federation.receipts import NotYetProved, check_receipt
from beffroi_federation.tail import parse_tail
from beffroi_federation.tiles import (
    bundle_path,
    bundle_places,
    content_path,
    decode_bundle,
    tile_path,
    tile_places,
)
from beffroi_federation.verify import (
    ReplicaState,
    Verdict,
    accept_checkpoint,
    check_contents,
    extend,
    follow,
    read_entries,
)
from support import foreign_reader as foreign
from support.memory_log import MemoryLog
from support.protocol_vectors import (
    VECTORS,
    BadHistory,
    bad_histories,
    good_checkpoint,
    good_files,
    good_vkeys,
    worked,
)
from support.town_files import ORIGIN, read_files
from support.vectors.history import (
    NEXT_ORIGIN,
    OPEN,
    PROVED,
    RECEIVED,
    SIZES,
    TAIL_FROM,
    WITHDRAWN,
    WITNESS_NAME,
    good_town,
    next_vkey,
    request,
    witness_vkey,
)
from support.vectors.writing import FOLDERS, write

OWN, NEXT = good_vkeys()
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def keys(*vkeys: str) -> list[Verifier]:
    return [Verifier.from_text(vkey) for vkey in vkeys]


class Nothing:
    """A reader that has taken nothing yet."""

    def kind_at(self, index: int) -> str | None:
        return None

    def next_version(self, index: int) -> int | None:
        return None


def fetch(files: Mapping[str, bytes], path: str) -> bytes:
    if f"log/{path}" not in files:
        raise errors.Unreachable("The file is not served", path=path)
    return files[f"log/{path}"]


def read_leaves(files: Mapping[str, bytes], size: int) -> list[bytes]:
    return [
        leaf
        for place in bundle_places(size)
        for leaf in decode_bundle(fetch(files, bundle_path(place.index, place.width)), place.width)
    ]


def known_state(known: str | None, verifiers: list[Verifier]) -> ReplicaState:
    """Return the state of a reader that took the good history up to a checkpoint."""
    if known is None:
        return ReplicaState(ORIGIN)
    checkpoint = open_checkpoint(known, verifiers)
    leaves = read_leaves(good_files(), checkpoint.size)
    return extend(ReplicaState(ORIGIN), checkpoint, leaves)


def check_tiles(files: Mapping[str, bytes], size: int, leaves: list[bytes]) -> None:
    log = MemoryLog()
    log.stage(0, leaves, grow(log, 0, [leaf_hash(leaf) for leaf in leaves]))
    for place in tile_places(size):
        served = fetch(files, tile_path(place.level, place.index, place.width))
        if len(served) != 32 * place.width:
            raise errors.Malformed("A tile does not have 32 bytes a hash", index=place.index)
        if served != log.read_tile(place.level, place.index, place.width):
            raise errors.Inconsistent("A tile is not that of its entries", index=place.index)


def audit(
    files: Mapping[str, bytes], known: str | None = None, vkeys: Sequence[str] = (OWN,)
) -> dict[int, Verdict]:
    """Return what becomes of each record's content, or raise what is wrong with the history."""
    state = known_state(known, keys(*vkeys))
    note = files["log/checkpoint"]
    checkpoint = accept_checkpoint(state, note, keys(*vkeys), max_growth=5_000)
    leaves = read_leaves(files, checkpoint.size)
    extend(state, checkpoint, leaves[state.size :])
    extend(ReplicaState(ORIGIN), checkpoint, leaves)
    check_tiles(files, checkpoint.size, leaves)
    entries = dict(enumerate(read_entries(0, leaves)))
    consequences = follow(0, tuple(entries.values()), Nothing())
    return judge_contents(files, checkpoint, entries, frozenset(consequences.withdrawn))


def read_tail(case: BadHistory) -> None:
    """Take what a tail holds on top of what was known."""
    state = known_state(case.known, keys(*case.vkeys))
    tail = parse_tail(case.files[f"log/tail/{TAIL_FROM}"])
    checkpoint = open_checkpoint(case.files["log/checkpoint"], keys(*case.vkeys))
    extend(state, checkpoint, tail.leaves)


def read_proof(files: Mapping[str, bytes]) -> None:
    """Check the kept proof of the record at `PROVED`."""
    proof = parse_proof(files[f"log/proof/{PROVED}"])
    checkpoint = open_checkpoint(proof.note, keys(OWN))
    leaf = leaf_hash(read_leaves(good_files(), SIZES[-1])[PROVED])
    verify_inclusion(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)


def judge_contents(
    files: Mapping[str, bytes],
    checkpoint: Checkpoint,
    entries: dict[int, Entry],
    withdrawn: frozenset[int],
) -> dict[int, Verdict]:
    contents: dict[int, Content] = {}
    for place in bundle_places(checkpoint.size):
        lines = split_lines([fetch(files, content_path(place.index))], max_line=MAX_LINE)
        for content in parse_content_lines(lines):
            if content.index // 256 != place.index:
                raise errors.Malformed("A content stands in another bundle than its own")
            contents[content.index] = content
    first_seen = dict.fromkeys(entries, NOW - timedelta(days=30))
    return check_contents(entries, contents, withdrawn=withdrawn, first_seen=first_seen, now=NOW)


def read_as_record(verdicts: dict[int, Verdict]) -> None:
    """Read every open content as canonical JSON, which a record is before it is anything else."""
    for verdict in verdicts.values():
        if verdict.content is not None:
            value = parse(verdict.content.content)
            if encode(value) != verdict.content.content:
                raise errors.Malformed("A record is not canonical")


def test_writing_the_vectors_again_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path)
    for name in FOLDERS:
        assert read_files(tmp_path / name) == read_files(VECTORS / name)


def test_the_good_history_is_sound_and_its_contents_are_open_or_withdrawn() -> None:
    verdicts = audit(good_files())
    read_as_record(verdicts)
    states = {index: verdict.state.value for index, verdict in verdicts.items()}
    assert states == dict.fromkeys(OPEN, "open") | {WITHDRAWN: "withdrawn"}


def test_the_good_history_has_an_entry_of_each_kind_that_a_town_may_write() -> None:
    leaves = read_leaves(good_files(), SIZES[-1])
    leaves += read_leaves(read_files(VECTORS / "next-epoch"), 3)
    kinds = {entry.kind for entry in read_entries(0, leaves)}
    assert kinds == {"rec", "sup", "wdr", "key", "bat", "rcv", "epo"}


@pytest.mark.parametrize("size", SIZES)
def test_the_good_history_continues_each_of_its_checkpoints(size: int) -> None:
    assert audit(good_files(), good_checkpoint(size))


@pytest.mark.parametrize("vkeys", [(OWN,), (NEXT,), (OWN, NEXT), (OWN, witness_vkey())])
def test_in_a_rotation_either_key_is_enough(vkeys: tuple[str, ...]) -> None:
    assert audit(good_files(), vkeys=vkeys)


def test_before_the_next_key_is_announced_only_the_old_one_signs() -> None:
    for size in (5, 9, 12):
        with pytest.raises(errors.Unsigned):
            open_checkpoint(good_checkpoint(size), keys(NEXT))
    leaves = read_leaves(good_files(), SIZES[-1])
    assert read_entries(12, leaves[12:13]) == (KeyEntry(NEXT),)
    assert open_checkpoint(good_checkpoint(13), keys(NEXT)).size == 13


def test_the_last_checkpoint_is_cosigned_by_the_witness_and_the_earlier_ones_are_not() -> None:
    witness = keys(witness_vkey())
    assert cosigners(good_checkpoint(260), witness) == (WITNESS_NAME,)
    assert cosigners(good_checkpoint(13), witness) == ()


def test_the_next_epoch_begins_with_where_the_good_history_ended() -> None:
    files = read_files(VECTORS / "next-epoch")
    checkpoint = open_checkpoint(files["log/checkpoint"], keys(next_vkey(NEXT_ORIGIN)))
    leaves = read_leaves(files, checkpoint.size)
    extend(ReplicaState(NEXT_ORIGIN), checkpoint, leaves)
    first = read_entries(0, leaves)[0]
    ended = open_checkpoint(good_checkpoint(260), keys(OWN))
    assert first == EpochEntry(ended.origin, ended.size, ended.root)


def test_the_identity_of_the_good_history_names_its_keys() -> None:
    identity = parse_identity(good_files()[".well-known/beffroi.json"])
    assert identity.origin == ORIGIN
    assert identity.vkeys == (good_town(5).vkey(), next_vkey())


def test_the_tail_the_proof_and_the_receipt_of_the_good_history_hold() -> None:
    files = good_files()
    tail = parse_tail(files[f"log/tail/{TAIL_FROM}"])
    assert list(tail.leaves) == read_leaves(files, SIZES[-1])[TAIL_FROM:]
    assert [content.index for content in parse_content_lines(tail.lines)] == [6, 7]
    read_proof(files)
    assert check_receipt(files["kept/receipt.json"], keys(OWN)).index == RECEIVED
    kept = check_receipt(files[f"kept/{PROVED}.tlog-proof"], keys(OWN))
    assert (kept.index, kept.content) == (PROVED, request(1))
    with pytest.raises(NotYetProved):
        check_receipt(files["kept/receipt-before-its-batch.json"], keys(OWN))


def test_the_root_is_the_same_whether_or_not_a_content_still_exists() -> None:
    town = good_town()
    before = town.root()
    town.contents.clear()
    assert town.root() == before
    assert Frontier().extended(map(leaf_hash, town.leaves)).root() == before


@pytest.mark.parametrize("case", bad_histories(), ids=lambda case: case.name)
def test_a_wrong_history_is_found_out(case: BadHistory) -> None:
    if case.error is None:
        assert case.index is not None
        verdict = audit(case.files, case.known, case.vkeys)[case.index]
        assert verdict.state.value == case.state
        assert verdict.content is None
        return
    with pytest.raises(getattr(errors, case.error)):
        read_where(case)


def read_where(case: BadHistory) -> None:
    """Read that part of a wrong history which the case is about."""
    match case.where:
        case "log":
            audit(case.files, case.known, case.vkeys)
        case "record":
            read_as_record(audit(case.files, case.known, case.vkeys))
        case "tail":
            read_tail(case)
        case "proof":
            read_proof(case.files)
        case "receipt":
            check_receipt(case.files["kept/receipt.json"], keys(OWN))
        case "kept":
            check_receipt(case.files[f"kept/{PROVED}.tlog-proof"], keys(OWN))
        case "identity":
            parse_identity(case.files[".well-known/beffroi.json"])


# The same files before a reader that shares no code with us


def test_a_reader_written_from_the_pages_alone_agrees_on_the_good_history() -> None:
    files = good_files()
    reading = foreign.read(files.get, [OWN, NEXT, witness_vkey()], ORIGIN)
    assert reading.signed_by == (ORIGIN, ORIGIN, WITNESS_NAME)
    assert (reading.size, reading.root) == (260, good_town().root())
    assert reading.states == dict.fromkeys(OPEN, "open") | {WITHDRAWN: "withdrawn"}
    assert reading.newest == {3: 6, 4: 4, 7: 7, 8: 8}
    assert {first: foreign.members(text)["kind"] for first, text in reading.records.items()} == {
        3: "request", 4: "request", 7: "incident_summary"
    }  # fmt: skip
    assert not reading.unreleased & {1, 2}
    leaf = reading.leaves[PROVED]
    assert foreign.check_proof(files[f"log/proof/{PROVED}"], leaf, [OWN]) == (PROVED, 260)
    assert foreign.check_receipt(files["kept/receipt.json"], [OWN]) == RECEIVED
    assert foreign.check_kept(files[f"kept/{PROVED}.tlog-proof"], [OWN]) == (PROVED, request(1))
    following = read_files(VECTORS / "next-epoch")
    next_reading = foreign.read(following.get, [next_vkey(NEXT_ORIGIN)], NEXT_ORIGIN)
    assert next_reading.kinds == {0: "epo", 1: "bat", 2: "rec"}


@pytest.mark.parametrize("size", SIZES)
def test_that_reader_agrees_that_each_earlier_checkpoint_is_continued(size: int) -> None:
    known = good_checkpoint(size).encode()
    assert foreign.read(good_files().get, [OWN], ORIGIN, known).size == 260


@pytest.mark.parametrize(
    "case",
    [case for case in bad_histories() if case.where not in ("tail", "identity")],
    ids=lambda case: case.name,
)
def test_that_reader_finds_wrong_histories_out_too(case: BadHistory) -> None:
    if case.error is None:
        assert case.index is not None
        found = foreign_reading(case).states[case.index]
        assert {"absent": "missing"}.get(found, found) == case.state
    else:
        with pytest.raises(foreign.Wrong):
            read_where_as_a_foreigner(case)


def foreign_reading(case: BadHistory) -> foreign.Reading:
    known = case.known.encode() if case.known else None
    return foreign.read(case.files.get, case.vkeys, ORIGIN, known)


def read_where_as_a_foreigner(case: BadHistory) -> None:
    match case.where:
        case "log":
            foreign_reading(case)
        case "record":
            for content in foreign_reading(case).records.values():
                foreign.members(content)
        case "proof":
            leaf = read_leaves(good_files(), 260)[PROVED]
            foreign.check_proof(case.files[f"log/proof/{PROVED}"], leaf, [OWN])
        case "kept":
            foreign.check_kept(case.files[f"kept/{PROVED}.tlog-proof"], [OWN])
        case "receipt":
            foreign.check_receipt(case.files["kept/receipt.json"], [OWN])


def test_that_reader_agrees_on_every_worked_leaf() -> None:
    for case in worked("entries")["leaves"]:
        if case["kind"] != "chk":  # no town's log holds one
            foreign.members_of(case["leaf"].encode(), 0)
    for case in worked("entries")["refused"]:
        with pytest.raises(foreign.Wrong):
            foreign.members_of(case["leaf"].encode(), 1)
