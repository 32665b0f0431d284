# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every store of a log must do; each store's tests derive from `LogContract`.

    class TestSqlLog(LogContract):
        @pytest.fixture
        def log(self, …) -> LogUnderTest: …

`LogUnderTest` is a new, empty store with `transaction()`: a block whose writes are kept when it
ends and undone when it raises, as the application's unit of work does.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

import pytest

from beffroi_federation.checkpoint import open_checkpoint
from beffroi_federation.errors import Inconsistent
from beffroi_federation.log import (
    Head,
    LeafReader,
    LogStore,
    append,
    bundle_for,
    proof_for,
    publish,
    tile_for,
)
from beffroi_federation.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    leaf_hash,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from beffroi_federation.notes import Verifier
from beffroi_federation.signer import memory_signer
from beffroi_federation.tiles import decode_bundle, tile_places

ORIGIN = "beffroi.example/beffroi/210000006/1"
SEED = bytes(range(32))
SIZES = (0, 1, 2, 255, 256, 257, 511, 513, 700)


class LogUnderTest(LogStore, LeafReader, Protocol):
    """A store of one log that reads its leaves too, and has transactions."""

    def transaction(self) -> AbstractContextManager[None]:
        """Keep what the block writes when it ends; undo it when it raises."""


class Broken(Exception):
    """The crash of a test."""


def leaves_from(first: int, end: int) -> list[bytes]:
    """Return test leaves that can be told apart."""
    return [b"beffroi-test-%d" % i for i in range(first, end)]


def naive_root(size: int) -> bytes:
    """Return the root of the first test leaves, computed without any tile."""
    return Frontier().extended(map(leaf_hash, leaves_from(0, size))).root()


def fill(log: LogUnderTest, size: int) -> None:
    """Append test leaves up to `size`, in one transaction."""
    with log.transaction():
        append(log, leaves_from(log.head().size, size))


def die_at_the_end(log: LogUnderTest, work: Callable[[], object]) -> None:
    """Do the work in a transaction that fails just before it would have been committed."""
    with log.transaction():
        work()
        raise Broken


class LogContract:
    """The contract. Derive, and give a fixture `log`."""

    def test_a_new_log_is_empty_and_has_no_checkpoint(self, log: LogUnderTest) -> None:
        assert log.head() == Head(0, 0, "")

    def test_every_batch_size_leads_to_the_root_of_the_naive_tree(self, log: LogUnderTest) -> None:
        for size in SIZES[1:]:
            with log.transaction():
                first = log.head().size
                appended = append(log, leaves_from(first, size))
            assert (appended.first_index, appended.size) == (first, size)
            assert appended.root == naive_root(size)

    def test_earlier_sizes_stay_readable_after_the_log_has_grown(self, log: LogUnderTest) -> None:
        fill(log, 700)
        for old in SIZES:
            assert root_at(log, old) == naive_root(old)
            proof = consistency_proof(log, old, 700)
            verify_consistency(old, 700, proof, naive_root(old), naive_root(700))

    def test_a_transaction_that_fails_leaves_the_log_as_it_was(self, log: LogUnderTest) -> None:
        fill(log, 255)
        with pytest.raises(Broken):
            die_at_the_end(log, lambda: append(log, leaves_from(255, 600)))
        assert log.head() == Head(255, 0, "")
        fill(log, 257)
        assert root_at(log, 257) == naive_root(257)

    def test_a_writer_that_comes_second_is_refused(self, log: LogUnderTest) -> None:
        fill(log, 3)
        with pytest.raises(Inconsistent), log.transaction():
            log.stage(2, [b"late"], [])
        assert log.head().size == 3

    def test_a_checkpoint_beyond_what_is_staged_is_refused(self, log: LogUnderTest) -> None:
        fill(log, 3)
        with pytest.raises(Inconsistent), log.transaction():
            log.commit("note", 4)
        assert log.head() == Head(3, 0, "")

    def test_a_checkpoint_smaller_than_the_served_one_is_refused(self, log: LogUnderTest) -> None:
        fill(log, 3)
        with log.transaction():
            log.commit("note", 3)
        with pytest.raises(Inconsistent), log.transaction():
            log.commit("older", 2)
        assert log.head() == Head(3, 3, "note")

    def test_nothing_beyond_the_checkpoint_is_served(self, log: LogUnderTest) -> None:
        fill(log, 257)
        with log.transaction():
            publish(log, memory_signer(ORIGIN, SEED))
        fill(log, 300)
        assert tile_for(log, 0, 1, 1) is not None
        assert tile_for(log, 0, 1, 2) is None
        assert bundle_for(log, log, 1, 2) is None
        assert proof_for(log, 256) is not None
        assert proof_for(log, 257) is None
        assert tile_for(log, 9, 0, 1) is None

    def test_what_is_served_is_the_whole_log(self, log: LogUnderTest) -> None:
        signer = memory_signer(ORIGIN, SEED)
        fill(log, 513)
        with log.transaction():
            note = publish(log, signer)
        checkpoint = open_checkpoint(note, [Verifier.from_text(signer.vkey())])
        assert (checkpoint.size, checkpoint.root) == (513, naive_root(513))
        served: list[bytes] = []
        for index, width in ((0, 256), (1, 256), (2, 1)):
            bundle = bundle_for(log, log, index, width)
            assert bundle is not None
            served += decode_bundle(bundle, width)
        assert served == leaves_from(0, 513)
        for place in tile_places(513):
            tile = tile_for(log, place.level, place.index, place.width)
            assert tile is not None
            assert len(tile) == 32 * place.width

    def test_each_entry_has_a_proof_that_leads_to_the_checkpoint(self, log: LogUnderTest) -> None:
        fill(log, 300)
        with log.transaction():
            publish(log, memory_signer(ORIGIN, SEED))
        for index in (0, 1, 255, 256, 299):
            proof = proof_for(log, index)
            assert proof is not None
            leaf = leaf_hash(b"beffroi-test-%d" % index)
            verify_inclusion(leaf, index, 300, proof.hashes, naive_root(300))

    def test_a_log_without_entries_can_be_published(self, log: LogUnderTest) -> None:
        signer = memory_signer(ORIGIN, SEED)
        with log.transaction():
            note = publish(log, signer)
        checkpoint = open_checkpoint(note, [Verifier.from_text(signer.vkey())])
        assert (checkpoint.size, checkpoint.root) == (0, EMPTY_ROOT)
        assert log.head() == Head(0, 0, note)
