# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checkpoints in three lines, signed by the log itself; proofs that can be kept."""

from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from beffroi_federation.checkpoint import (
    Checkpoint,
    Proof,
    cosigners,
    open_checkpoint,
    parse,
    parse_proof,
)
from beffroi_federation.entries import (
    Receipt,
    ReceivedEntry,
    encode_entry,
    encode_receipt,
    parse_receipt,
)
from beffroi_federation.errors import Malformed, OverLimit, ProtocolError, Unsigned
from beffroi_federation.log import append, proof_for, publish
from beffroi_federation.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    leaf_hash,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from beffroi_federation.notes import Signature, Verifier, format_note, sign, vkey
from beffroi_federation.signer import memory_signer
from beffroi_federation.tiles import bundle_path, decode_bundle, tile_path
from beffroi_privacy.commitments import commit
from support.log_contract import fill
from support.log_vectors import log_vectors
from support.memory_log import MemoryLog
from support.protocol_vectors import worked

NOTES = worked("notes")
NOTE: str = NOTES["checkpoint_257"]
LOG, WITNESS = (Verifier.from_text(key["vkey"]) for key in NOTES["keys"])
ROOT = b64decode(worked("tree")["roots"]["257"])
LINES = "origin\n7\nv35ZehQJdCiKgEOCPb/OU1Nmcjg5TRhyAI5gfDHA430=\n"


def test_the_worked_checkpoint_is_read() -> None:
    checkpoint = open_checkpoint(NOTE, [LOG, WITNESS])
    assert checkpoint == Checkpoint("beffroi.example/c/99999", 257, ROOT)
    assert NOTE.startswith(checkpoint.text() + "\n")


@given(st.integers(1, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_every_checkpoint_reads_back(size: int, root: bytes) -> None:
    checkpoint = Checkpoint("beffroi.example/x", size, root)
    assert parse(checkpoint.text()) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n",
        LINES[:-1],
        LINES + "extension\n",
        LINES + "\n",
        LINES.replace("origin", ""),
        LINES.replace("origin", "an origin"),
        LINES.replace("origin", "a+b"),
        LINES.replace("\n7\n", "\n07\n"),
        LINES.replace("\n7\n", "\n+7\n"),
        LINES.replace("\n7\n", "\n-7\n"),
        LINES.replace("\n7\n", "\n7 \n"),
        LINES.replace("\n7\n", "\n0x7\n"),
        LINES.replace("\n7\n", "\n٧\n"),
        LINES.replace("\n7\n", "\n9223372036854775808\n"),
        LINES.replace("\n7\n", "\n0\n"),
        LINES.replace("430=", "431="),
        LINES.replace("430=", "43="),
        LINES.replace("430=", "430"),
        LINES.replace("/", "_"),
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text)


def test_an_endless_origin_is_refused() -> None:
    with pytest.raises(OverLimit):
        parse(LINES.replace("origin", "o" * 256))


def test_a_witness_alone_does_not_make_a_checkpoint() -> None:
    with pytest.raises(Unsigned):
        open_checkpoint(NOTE, [WITNESS])


def test_a_witness_that_goes_by_the_name_of_the_log_does_not_sign_for_it() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    text = Checkpoint("log.example", 257, ROOT).text()
    witness = Verifier.from_text(vkey("log.example", key.public_key().public_bytes_raw(), 4))
    cosignature = bytes(8) + key.sign(b"cosignature/v1\ntime 0\n" + text.encode())
    note = format_note(text, [Signature(witness.name, witness.key_id, cosignature)])
    assert cosigners(note, [witness]) == ("log.example",)
    with pytest.raises(Unsigned):
        open_checkpoint(note, [witness])


def test_a_known_key_under_another_name_does_not_sign_for_a_log() -> None:
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    other = Verifier.from_text(vkey("other.example", key.public_key().public_bytes_raw()))
    text = Checkpoint("beffroi.example/c/99999", 257, ROOT).text()
    note = format_note(text, [sign(text, "other.example", key)])
    with pytest.raises(Unsigned):
        open_checkpoint(note, [LOG, other])


def test_the_witnesses_that_cosigned_are_named() -> None:
    assert cosigners(NOTE, [LOG, WITNESS]) == ("witness.beffroi.example/w1",)
    assert cosigners(NOTE, []) == ()
    with pytest.raises(Unsigned):
        cosigners(NOTE.replace("ABlU", "ABlV"), [WITNESS])


def proof() -> Proof:
    log = MemoryLog()
    fill(log, 7)
    publish(log, memory_signer("beffroi.example/c/99999", bytes(range(32))))
    made = proof_for(log, 6)
    assert made is not None
    return made


def test_a_kept_proof_verifies_offline_from_its_text() -> None:
    kept = parse_proof(proof().text())
    assert kept == proof()
    checkpoint = open_checkpoint(kept.note, [LOG])
    leaf = leaf_hash(b"beffroi-test-6")
    verify_inclusion(leaf, kept.index, checkpoint.size, kept.hashes, checkpoint.root)
    assert kept.hashes == tuple(map(b64decode, worked("tree")["inclusion"][1]["proof"]))


TEXT = proof().text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT.replace("@v1", "@v2"),
        TEXT.replace("index 6", "index 06"),
        TEXT.replace("index 6\n", ""),
        TEXT.replace("index 6", "extra AAAA\nindex 6"),
        TEXT.replace("lWg=", "lWh="),
        TEXT.replace("\n", "\r\n"),
        TEXT[:-1],
        TEXT.encode() + b"\xff",
    ],
)
def test_what_is_not_a_proof_is_refused(text: str | bytes) -> None:
    with pytest.raises(Malformed):
        parse_proof(text)


def test_an_endless_proof_is_refused() -> None:
    with pytest.raises(OverLimit):
        parse_proof(TEXT.replace("index 6\n", "index 6\n" + "AAAA\n" * 64))
    with pytest.raises(OverLimit):
        parse_proof(" " * 100_000)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_checkpoint_or_a_proof_or_refused(data: bytes) -> None:
    for read in (lambda: open_checkpoint(data, [LOG]), lambda: parse_proof(data)):
        with pytest.raises(ProtocolError):
            read()


def test_a_receipt_shows_without_the_town_that_a_request_was_received() -> None:
    content, salt = "Les horaires des navettes, s'il vous plaît".encode(), bytes(range(32))
    log, signer = MemoryLog(), memory_signer("beffroi.example/c/99999", bytes(range(32)))
    fill(log, 300)
    received = append(log, [encode_entry(ReceivedEntry(commit(salt, content)))])
    publish(log, signer)
    made = proof_for(log, received.first_index)
    assert made is not None
    document = encode_receipt(
        Receipt("beffroi.example/c/99999", received.first_index, salt, content, made.text())
    )

    receipt = parse_receipt(document)
    kept = parse_proof(receipt.proof)
    checkpoint = open_checkpoint(kept.note, [LOG])
    leaf = encode_entry(ReceivedEntry(commit(receipt.salt, receipt.content)))
    assert (checkpoint.origin, kept.index) == (receipt.origin, receipt.index)
    verify_inclusion(leaf_hash(leaf), kept.index, checkpoint.size, kept.hashes, checkpoint.root)


class FilesAt:
    """The tiles of a log in a folder, each partial in its own file, as at one size."""

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        path = log_vectors() / "tessera-log" / tile_path(level, index, width)
        return path.read_bytes()


@pytest.mark.real_data
def test_a_log_written_by_another_implementation_is_accepted_at_all_its_sizes() -> None:
    folder = log_vectors() / "tessera-log"
    verifier = Verifier.from_text((folder / "vkey.txt").read_text().strip())
    notes = [(folder / f"checkpoint.{size}").read_bytes() for size in range(16)]
    checkpoints = [open_checkpoint(note, [verifier]) for note in notes]
    assert [checkpoint.size for checkpoint in checkpoints] == list(range(16))
    assert checkpoints[0].root == EMPTY_ROOT
    for checkpoint in checkpoints[1:]:
        size = checkpoint.size
        assert root_at(FilesAt(), size) == checkpoint.root
        leaves = decode_bundle((folder / bundle_path(0, size)).read_bytes(), size)
        assert Frontier().extended(map(leaf_hash, leaves)).root() == checkpoint.root
    for new in checkpoints:
        for old in checkpoints[: new.size + 1]:
            hashes = consistency_proof(FilesAt(), old.size, new.size)
            verify_consistency(old.size, new.size, hashes, old.root, new.root)
