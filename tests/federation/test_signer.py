# SPDX-License-Identifier: AGPL-3.0-or-later
"""The signer signs only what continues its last tree, and keeps its seed to itself."""

import hashlib
import hmac
import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beffroi_federation.checkpoint import open_checkpoint
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
from beffroi_federation.signer import (
    LocalSigner,
    TreeSigner,
    create_seed,
    create_state,
    derive_key,
    memory_signer,
)
from beffroi_federation.signing import MemoryState, Signed
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
def files(tmp_path: Path) -> tuple[Path, Path]:
    create_seed(tmp_path / "seed", SEED)
    create_state(tmp_path / "state")
    return tmp_path / "seed", tmp_path / "state"


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
    signer = TreeSigner(ORIGIN, derive_key(SEED, b"log-public"), state)
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
    signer = TreeSigner(ORIGIN, derive_key(SEED, b"log-public"), state)
    with pytest.raises(Inconsistent):
        signer.sign(0, 5, naive_root(5), ())
    remembered = state.load()
    assert remembered is not None
    assert remembered.note == "theirs"


def test_threads_that_ask_at_once_never_get_two_trees_signed(
    files: tuple[Path, Path], log: MemoryLog
) -> None:
    notes: list[str] = []

    def ask(size: int) -> None:
        try:
            notes.append(LocalSigner(ORIGIN, *files).sign(0, size, naive_root(size), ()))
        except Inconsistent:
            pass

    threads = [threading.Thread(target=ask, args=(size,)) for size in (5, 6, 7, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(notes) == 1


def test_a_restarted_signer_remembers(files: tuple[Path, Path], log: MemoryLog) -> None:
    note = LocalSigner(ORIGIN, *files).sign(0, 5, naive_root(5), ())
    again = LocalSigner(ORIGIN, *files)
    assert again.sign(0, 5, naive_root(5), ()) == note
    with pytest.raises(Fork):
        again.sign(0, 5, leaf_hash(b"x"), ())
    again.sign(5, 9, naive_root(9), consistency_proof(log, 5, 9))


def test_a_signer_without_memory_signs_nothing(files: tuple[Path, Path]) -> None:
    files[1].unlink()
    signer = LocalSigner(ORIGIN, *files)
    with pytest.raises(SignerLocked):
        signer.sign(0, 5, naive_root(5), ())
    assert not files[1].exists()


def test_a_memory_made_with_another_seed_locks_the_signer(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    LocalSigner(ORIGIN, *files).sign(0, 5, naive_root(5), ())
    create_seed(tmp_path / "other", bytes(32))
    with pytest.raises(SignerLocked):
        LocalSigner(ORIGIN, tmp_path / "other", files[1]).sign(0, 5, naive_root(5), ())


def test_the_key_is_derived_as_rfc_5869_says() -> None:
    extracted = hmac.new(bytes(32), SEED, hashlib.sha256).digest()
    expanded = hmac.new(extracted, b"log-public\x01", hashlib.sha256).digest()
    assert derive_key(SEED, b"log-public").private_bytes_raw() == expanded
    assert derive_key(SEED, b"log-cert").private_bytes_raw() != expanded


def test_the_seed_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    create_seed(tmp_path / "seed", SEED)
    assert stat.S_IMODE(os.stat(tmp_path / "seed").st_mode) == 0o600
    with pytest.raises(FileExistsError):
        create_seed(tmp_path / "seed", bytes(32))
    assert (tmp_path / "seed").read_bytes() == SEED


@pytest.mark.parametrize("seed", [b"", SEED[:31], SEED + b"\n"])
def test_a_seed_of_another_length_is_refused(
    files: tuple[Path, Path], tmp_path: Path, seed: bytes
) -> None:
    with pytest.raises(Malformed):
        create_seed(tmp_path / "new", seed)
    files[0].write_bytes(seed)
    with pytest.raises(SignerLocked):
        LocalSigner(ORIGIN, *files)


def test_a_seed_that_others_can_read_is_not_used(files: tuple[Path, Path]) -> None:
    files[0].chmod(0o640)
    with pytest.raises(SignerLocked):
        LocalSigner(ORIGIN, *files)


def test_a_missing_seed_locks_the_signer(files: tuple[Path, Path]) -> None:
    files[0].unlink()
    with pytest.raises(SignerLocked):
        LocalSigner(ORIGIN, *files)


def test_no_error_and_no_representation_shows_the_seed(files: tuple[Path, Path]) -> None:
    signer = LocalSigner(ORIGIN, *files)
    shown = repr(signer) + repr(vars(signer))
    files[0].write_bytes(SEED * 2)
    with pytest.raises(SignerLocked) as caught:
        LocalSigner(ORIGIN, *files)
    shown += caught.value.diagnostics() + repr(caught.value.details)
    assert SEED.hex() not in shown
    assert repr(SEED) not in shown
