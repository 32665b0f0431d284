# SPDX-License-Identifier: AGPL-3.0-or-later
"""The signer signs only what continues its last tree, and keeps its seed to itself."""

import hashlib
import hmac
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi_federation.checkpoint import open_checkpoint
from beffroi_federation.entries import encode_base64url
from beffroi_federation.errors import (
    Fork,
    Inconsistent,
    Malformed,
    ProtocolError,
    Rollback,
    SignerLocked,
    Stale,
)
from beffroi_federation.merkle import EMPTY_ROOT, consistency_proof, leaf_hash
from beffroi_federation.notes import Verifier
from beffroi_federation.signed_requests import verify_request
from beffroi_federation.signer import TreeSigner, memory_signer
from beffroi_federation.signer_folder import SignerFolder, local_signer
from beffroi_federation.signer_keys import Ring, Seed, derive_key
from beffroi_federation.signing import MemoryState, Signed, Standing
from support.log_contract import fill, naive_root
from support.memory_log import MemoryLog
from support.protocol_vectors import worked

ORIGIN = "beffroi.example/c/99999"
SEED = bytes(range(32))


@pytest.fixture(scope="module")
def log() -> MemoryLog:
    log = MemoryLog()
    fill(log, 300)
    return log


@pytest.fixture
def folder(tmp_path: Path) -> SignerFolder:
    made = SignerFolder(tmp_path / "signer")
    made.create(ORIGIN, SEED)
    return made


def signed_to(log: MemoryLog, size: int) -> TreeSigner:
    signer = memory_signer(ORIGIN, SEED)
    signer.sign(0, size, naive_root(size), ())
    return signer


def test_the_worked_checkpoint_is_signed_byte_for_byte(log: MemoryLog) -> None:
    note = memory_signer(ORIGIN, SEED).sign(0, 257, naive_root(257), ())
    expected: str = worked("notes")["checkpoint_257"]
    assert note == expected[: expected.index("— witness")]


def test_a_larger_tree_with_its_proof_is_signed(log: MemoryLog) -> None:
    signer = signed_to(log, 5)
    note = signer.sign(5, 300, naive_root(300), consistency_proof(log, 5, 300))
    checkpoint = open_checkpoint(note, [Verifier.from_text(signer.vkey())])
    assert (checkpoint.size, checkpoint.root) == (300, naive_root(300))


def test_the_same_tree_asked_for_again_has_the_same_note_whatever_the_proof(
    log: MemoryLog,
) -> None:
    signer = signed_to(log, 5)
    note = signer.sign(5, 9, naive_root(9), consistency_proof(log, 5, 9))
    assert signer.sign(5, 9, naive_root(9), consistency_proof(log, 5, 9)) == note
    assert signer.sign(0, 9, naive_root(9), ()) == note


def test_the_empty_tree_is_signed_first_or_never(log: MemoryLog) -> None:
    signer = memory_signer(ORIGIN, SEED)
    note = signer.sign(0, 0, EMPTY_ROOT, ())
    assert signer.sign(0, 0, EMPTY_ROOT, ()) == note
    signer.sign(0, 5, naive_root(5), ())
    with pytest.raises(Rollback):
        signer.sign(0, 0, EMPTY_ROOT, ())
    with pytest.raises(ProtocolError):
        memory_signer(ORIGIN, SEED).sign(0, 0, leaf_hash(b"x"), ())


def test_a_smaller_tree_is_not_signed(log: MemoryLog) -> None:
    with pytest.raises(Rollback):
        signed_to(log, 9).sign(5, 8, naive_root(8), consistency_proof(log, 5, 8))


def test_another_tree_of_the_same_size_is_not_signed(log: MemoryLog) -> None:
    with pytest.raises(Fork):
        signed_to(log, 9).sign(9, 9, leaf_hash(b"x"), ())


def test_a_proof_from_another_size_says_which_size_was_signed(log: MemoryLog) -> None:
    signer = signed_to(log, 9)
    for old in (0, 5, 10):
        with pytest.raises(Stale) as caught:
            signer.sign(old, 20, naive_root(20), consistency_proof(log, old, 20))
        assert caught.value.size == 9


def test_a_tree_without_a_proof_that_holds_is_not_signed(log: MemoryLog) -> None:
    signer = signed_to(log, 9)
    proof = list(consistency_proof(log, 9, 20))
    for wrong in ([], proof[:-1], proof[::-1], [*proof, proof[0]]):
        with pytest.raises(Inconsistent):
            signer.sign(9, 20, naive_root(20), wrong)
    with pytest.raises(Inconsistent):
        signer.sign(9, 20, leaf_hash(b"x"), proof)
    with pytest.raises(Malformed):
        signer.sign(9, 20, naive_root(20), [b"short"])
    signer.sign(9, 20, naive_root(20), proof)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 300), max_size=8))
def test_whatever_is_asked_in_whatever_order_the_signed_sizes_only_grow(
    log: MemoryLog, sizes: list[int]
) -> None:
    state = MemoryState()
    signer = memory_signer(ORIGIN, SEED, state)
    largest = -1
    for size in sizes:
        last = state.load()
        old = last.size if last else 0
        try:
            signer.sign(old, size, naive_root(size), consistency_proof(log, min(old, size), size))
        except Rollback:
            assert size < largest
        else:
            assert size >= largest
            largest = size


class RacingState(MemoryState):
    """A memory in which somebody else signs between the look and the swap."""

    def compare_and_swap(self, expected: Signed | None, new: Signed) -> None:
        super().compare_and_swap(expected, Signed(4, naive_root(4), "theirs"))
        super().compare_and_swap(expected, new)


def test_of_two_signatures_at_once_one_is_never_given_out(log: MemoryLog) -> None:
    state = RacingState()
    signer = memory_signer(ORIGIN, SEED, state)
    with pytest.raises(Inconsistent):
        signer.sign(0, 5, naive_root(5), ())
    remembered = state.load()
    assert remembered is not None
    assert remembered.note == "theirs"


def test_threads_that_ask_at_once_never_get_two_trees_signed(
    folder: SignerFolder, log: MemoryLog
) -> None:
    notes: list[str] = []

    def ask(size: int) -> None:
        try:
            notes.append(local_signer(folder).sign(0, size, naive_root(size), ()))
        except Inconsistent:
            pass

    threads = [threading.Thread(target=ask, args=(size,)) for size in (5, 6, 7, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(notes) == 1


def test_a_restarted_signer_remembers(folder: SignerFolder, log: MemoryLog) -> None:
    note = local_signer(folder).sign(0, 5, naive_root(5), ())
    again = local_signer(folder)
    assert again.sign(0, 5, naive_root(5), ()) == note
    with pytest.raises(Fork):
        again.sign(0, 5, leaf_hash(b"x"), ())
    again.sign(5, 9, naive_root(9), consistency_proof(log, 5, 9))


def test_a_signer_without_memory_signs_nothing_and_says_so(folder: SignerFolder) -> None:
    folder.memory(ORIGIN).unlink()
    signer = local_signer(folder)
    with pytest.raises(SignerLocked):
        signer.sign(0, 5, naive_root(5), ())
    assert not folder.memory(ORIGIN).exists()
    standing = signer.state()
    assert standing.locked
    assert "locked" in standing.sentence()
    assert (standing.origin, standing.size) == (ORIGIN, 0)


def test_a_memory_made_with_another_seed_locks_the_signer(folder: SignerFolder) -> None:
    local_signer(folder).sign(0, 5, naive_root(5), ())
    ring = folder.ring.read()
    folder.ring.replace(ring, Ring(ORIGIN, (Seed(bytes(32)),)))
    with pytest.raises(SignerLocked):
        local_signer(folder).sign(0, 5, naive_root(5), ())


def test_a_signer_says_where_it_stands(folder: SignerFolder) -> None:
    signer = local_signer(folder)
    assert signer.state().kind is Standing.NEVER_SIGNED
    note = signer.sign(0, 5, naive_root(5), ())
    standing = signer.state()
    assert (standing.kind, standing.size, standing.root) == (Standing.SIGNED, 5, naive_root(5))
    assert standing.note == note
    assert standing.vkeys == (signer.vkey(),)
    assert (standing.successor, standing.announce, standing.retires) == ("", False, None)


def test_a_request_is_signed_by_the_current_key_although_the_signer_is_locked(
    folder: SignerFolder,
) -> None:
    folder.memory(ORIGIN).unlink()
    signer = local_signer(folder)
    signature = signer.sign_request("/witness/x/content/000", 1_800_000_000)
    verifiers = [Verifier.from_text(signer.vkey())]
    path, seconds = "/witness/x/content/000", 1_800_000_000
    verify_request(verifiers, ORIGIN, path, seconds, signature, now=seconds)
    with pytest.raises(Malformed):
        signer.sign_request("no path", seconds)


def test_the_key_is_derived_as_rfc_5869_says() -> None:
    extracted = hmac.new(bytes(32), SEED, hashlib.sha256).digest()
    expanded = hmac.new(extracted, b"log-public\x01", hashlib.sha256).digest()
    assert derive_key(SEED, b"log-public").private_bytes_raw() == expanded
    assert derive_key(SEED, b"log-cert").private_bytes_raw() != expanded


def test_no_error_and_no_representation_shows_the_seed(folder: SignerFolder) -> None:
    signer = local_signer(folder)
    ring = folder.ring.read()
    shown = repr(signer) + repr(vars(signer)) + repr(ring) + repr(ring.keys())
    path = folder.keys / "keyring"
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(SignerLocked) as caught:
        signer.vkey()
    shown += caught.value.diagnostics() + repr(caught.value.details)
    for secret in (SEED.hex(), repr(SEED), encode_base64url(SEED)):
        assert secret not in shown
