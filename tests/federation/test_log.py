# SPDX-License-Identifier: AGPL-3.0-or-later
"""The log in memory keeps the contract, and each crash that `log`'s docstring names is survived."""

from collections.abc import Sequence

import pytest

from beffroi_federation.checkpoint import open_checkpoint
from beffroi_federation.errors import Fork, Inconsistent, OverLimit, Rollback
from beffroi_federation.log import Head, append, publish
from beffroi_federation.merkle import root_at
from beffroi_federation.notes import Verifier
from beffroi_federation.signer import memory_signer
from beffroi_federation.signing import CheckpointSigner, MemoryState, Signed
from support.log_contract import (
    ORIGIN,
    SEED,
    Broken,
    LogContract,
    die_at_the_end,
    fill,
    leaves_from,
    naive_root,
)
from support.memory_log import MemoryLog


class TestMemoryLog(LogContract):
    @pytest.fixture
    def log(self) -> MemoryLog:
        return MemoryLog()


class DyingSigner:
    """A signer whose process dies once, before or after it has remembered the tree."""

    def __init__(self, signer: CheckpointSigner, *, after: bool) -> None:
        self._signer = signer
        self._after = after
        self._died = False

    def vkeys(self) -> tuple[str, ...]:
        return self._signer.vkeys()

    def sign(self, old_size: int, new_size: int, root: bytes, proof: Sequence[bytes]) -> str:
        if self._died:
            return self._signer.sign(old_size, new_size, root, proof)
        self._died = True
        if self._after:
            self._signer.sign(old_size, new_size, root, proof)
        raise Broken


class LyingSigner(DyingSigner):
    """A signer that gives back the note of another tree."""

    def sign(self, old_size: int, new_size: int, root: bytes, proof: Sequence[bytes]) -> str:
        return self._signer.sign(0, 0, root_at(MemoryLog(), 0), ())


def size_in(note: str, signer: CheckpointSigner) -> tuple[int, bytes]:
    checkpoint = open_checkpoint(note, [Verifier.from_text(key) for key in signer.vkeys()])
    return checkpoint.size, checkpoint.root


def test_a_crash_while_staging_leaves_the_log_as_it_was_and_the_batch_can_be_appended_again() -> (
    None
):
    log = MemoryLog()
    with pytest.raises(Broken):
        die_at_the_end(log, lambda: append(log, leaves_from(0, 300)))
    assert log.head() == Head(0, 0, "")
    fill(log, 300)
    assert root_at(log, 300) == naive_root(300)


def test_a_crash_between_staging_and_signing_is_mended_by_the_next_publication() -> None:
    log, signer = MemoryLog(), memory_signer(ORIGIN, SEED)
    fill(log, 5)  # … and the process dies here
    with log.transaction():
        note = publish(log, signer)
    assert size_in(note, signer) == (5, naive_root(5))
    assert log.head() == Head(5, 5, note)


def test_a_crash_before_the_signer_has_remembered_signs_nothing_and_is_asked_again() -> None:
    log, signer = MemoryLog(), DyingSigner(memory_signer(ORIGIN, SEED), after=False)
    fill(log, 5)
    with pytest.raises(Broken), log.transaction():
        publish(log, signer)
    assert log.head() == Head(5, 0, "")
    with log.transaction():
        assert size_in(publish(log, signer), signer) == (5, naive_root(5))


def test_a_crash_between_signing_and_committing_gets_the_same_note_again() -> None:
    log, state = MemoryLog(), MemoryState()
    signer = memory_signer(ORIGIN, SEED, state)
    fill(log, 5)
    with pytest.raises(Broken), log.transaction():
        publish(log, DyingSigner(signer, after=True))
    remembered = state.load()
    assert remembered is not None
    with log.transaction():
        assert publish(log, signer) == remembered.note
    assert log.head() == Head(5, 5, remembered.note)


def test_a_crash_after_the_signature_is_mended_even_when_entries_followed() -> None:
    log, signer = MemoryLog(), memory_signer(ORIGIN, SEED)
    fill(log, 3)
    with log.transaction():
        publish(log, signer)
    fill(log, 300)
    with pytest.raises(Broken), log.transaction():
        publish(log, DyingSigner(signer, after=True))
    fill(log, 600)
    with log.transaction():
        note = publish(log, signer)
    assert size_in(note, signer) == (600, naive_root(600))


def test_a_crash_while_committing_leaves_the_served_checkpoint_and_is_asked_again() -> None:
    log, signer = MemoryLog(), memory_signer(ORIGIN, SEED)
    fill(log, 5)
    with log.transaction():
        before = publish(log, signer)
    fill(log, 9)
    with pytest.raises(Broken):
        die_at_the_end(log, lambda: publish(log, signer))
    assert log.head() == Head(9, 5, before)
    with log.transaction():
        assert size_in(publish(log, signer), signer) == (9, naive_root(9))


def test_publishing_again_after_a_crash_past_the_commit_changes_nothing() -> None:
    log, signer = MemoryLog(), memory_signer(ORIGIN, SEED)
    fill(log, 5)
    with log.transaction():
        note = publish(log, signer)
        assert publish(log, DyingSigner(signer, after=False)) == note  # nobody is asked
    assert log.head() == Head(5, 5, note)


def test_a_log_restored_from_an_older_backup_is_not_signed() -> None:
    signer = memory_signer(ORIGIN, SEED)
    log, restored = MemoryLog(), MemoryLog()
    fill(log, 300)
    publish(log, signer)
    fill(restored, 200)
    with pytest.raises(Rollback):
        publish(restored, signer)
    append(restored, [b"other-%d" % i for i in range(100)])
    with pytest.raises(Fork):
        publish(restored, signer)
    append(restored, [b"more"])
    with pytest.raises(Inconsistent):
        publish(restored, signer)
    assert restored.head().published == 0


def test_a_signer_whose_memory_is_older_than_the_log_is_not_used() -> None:
    log, signer = MemoryLog(), memory_signer(ORIGIN, SEED)
    fill(log, 5)
    publish(log, signer)
    fill(log, 9)
    with pytest.raises(Rollback):
        publish(log, memory_signer(ORIGIN, SEED))
    assert log.head().published == 5


def test_a_signer_that_signs_another_tree_is_not_believed() -> None:
    log = MemoryLog()
    fill(log, 5)
    with pytest.raises(Inconsistent), log.transaction():
        publish(log, LyingSigner(memory_signer(ORIGIN, SEED), after=True))
    assert log.head() == Head(5, 0, "")


def test_a_signer_behind_by_the_note_of_another_history_is_refused() -> None:
    log = MemoryLog()
    fill(log, 9)
    forged = Signed(5, naive_root(4), "a note of some other tree")
    signer = memory_signer(ORIGIN, SEED, MemoryState(forged))
    with pytest.raises(Inconsistent):
        publish(log, signer)


@pytest.mark.parametrize("leaf", [b"", b"x" * 1_025])
def test_a_leaf_that_is_empty_or_overlong_is_never_staged(leaf: bytes) -> None:
    log = MemoryLog()
    with pytest.raises(OverLimit):
        append(log, [b"good", leaf])
    assert log.head().size == 0


def test_appending_nothing_changes_nothing_and_tells_the_root() -> None:
    log = MemoryLog()
    fill(log, 257)
    appended = append(log, [])
    assert (appended.first_index, appended.size, appended.root) == (257, 257, naive_root(257))


def test_appending_to_a_large_log_reads_a_few_tiles_and_not_the_log() -> None:
    log = MemoryLog()
    fill(log, 70_000)
    log.tiles_read = 0
    append(log, [b"one more"])
    assert log.tiles_read <= 6
