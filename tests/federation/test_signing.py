# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a signer remembers, in memory and on disk, keeps one contract."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from beffroi_federation.checkpoint import Checkpoint
from beffroi_federation.errors import Inconsistent, SignerLocked
from beffroi_federation.merkle import leaf_hash
from beffroi_federation.notes import Verifier, format_note, sign, vkey
from beffroi_federation.signer import FileState, create_state, derive_key
from beffroi_federation.signing import MemoryState, Signed, SignerState

ORIGIN = "beffroi.example/beffroi/210000006/1"
KEY = derive_key(bytes(range(32)), b"log-public")
VERIFIER = Verifier.from_text(vkey(ORIGIN, KEY.public_key().public_bytes_raw()))


def signed(size: int) -> Signed:
    checkpoint = Checkpoint(ORIGIN, size, leaf_hash(b"%d" % size))
    text = checkpoint.text()
    return Signed(size, checkpoint.root, format_note(text, [sign(text, ORIGIN, KEY)]))


class StateContract:
    """What every memory of a signer does."""

    @pytest.fixture
    def reopen(self) -> Callable[[], SignerState]:
        raise NotImplementedError

    def test_a_new_memory_has_never_signed(self, reopen: Callable[[], SignerState]) -> None:
        assert reopen().load() is None

    def test_a_tree_that_was_swapped_in_is_remembered(
        self, reopen: Callable[[], SignerState]
    ) -> None:
        reopen().compare_and_swap(None, signed(3))
        assert reopen().load() == signed(3)
        reopen().compare_and_swap(signed(3), signed(5))
        assert reopen().load() == signed(5)

    def test_a_swap_from_another_tree_is_refused_and_changes_nothing(
        self, reopen: Callable[[], SignerState]
    ) -> None:
        reopen().compare_and_swap(None, signed(3))
        for stale in (None, signed(2)):
            with pytest.raises(Inconsistent):
                reopen().compare_and_swap(stale, signed(9))
        assert reopen().load() == signed(3)


class TestMemoryState(StateContract):
    @pytest.fixture
    def reopen(self) -> Callable[[], SignerState]:
        state = MemoryState()
        return lambda: state


class TestFileState(StateContract):
    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Callable[[], SignerState]:
        create_state(tmp_path / "state")
        return lambda: FileState(tmp_path / "state", VERIFIER)

    def test_a_memory_is_made_once(self, tmp_path: Path) -> None:
        create_state(tmp_path / "memory")
        with pytest.raises(FileExistsError):
            create_state(tmp_path / "memory")

    def test_only_its_owner_reads_the_memory(
        self, reopen: Callable[[], SignerState], tmp_path: Path
    ) -> None:
        reopen().compare_and_swap(None, signed(3))
        for name in ("state", "state.lock"):
            assert stat.S_IMODE(os.stat(tmp_path / name).st_mode) == 0o600

    def test_a_crash_before_the_rename_leaves_the_old_memory(
        self,
        reopen: Callable[[], SignerState],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        reopen().compare_and_swap(None, signed(3))

        def die(source: object, target: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", die)
            with pytest.raises(KeyboardInterrupt):
                reopen().compare_and_swap(signed(3), signed(5))
        assert (tmp_path / "state.new").exists()
        assert reopen().load() == signed(3)
        reopen().compare_and_swap(signed(3), signed(5))
        assert reopen().load() == signed(5)

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"{",
            b"[]",
            b"{}",
            b'{"note":1}',
            b'{"note":"text"}',
            b'{"state":"signed"}',
            b'{"note":"x","note":"y"}',
            b"\xff",
        ],
    )
    def test_a_memory_that_cannot_be_understood_locks_the_signer(
        self, reopen: Callable[[], SignerState], tmp_path: Path, data: bytes
    ) -> None:
        (tmp_path / "state").write_bytes(data)
        with pytest.raises(SignerLocked):
            reopen().load()
        with pytest.raises(SignerLocked):
            reopen().compare_and_swap(None, signed(3))
        assert (tmp_path / "state").read_bytes() == data

    def test_a_missing_memory_locks_the_signer(
        self, reopen: Callable[[], SignerState], tmp_path: Path
    ) -> None:
        (tmp_path / "state").unlink()
        with pytest.raises(SignerLocked):
            reopen().load()
        with pytest.raises(SignerLocked):
            reopen().compare_and_swap(None, signed(3))
        assert not (tmp_path / "state").exists()

    def test_the_memory_of_another_log_locks_the_signer(
        self, reopen: Callable[[], SignerState], tmp_path: Path
    ) -> None:
        reopen().compare_and_swap(None, signed(3))
        other = Verifier.from_text(vkey(ORIGIN + "2", KEY.public_key().public_bytes_raw()))
        with pytest.raises(SignerLocked):
            FileState(tmp_path / "state", other).load()
