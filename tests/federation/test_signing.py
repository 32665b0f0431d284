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
from beffroi_federation.signer_keys import derive_key
from beffroi_federation.signer_memory import FileState, create_state, discard, is_new
from beffroi_federation.signing import Floor, MemoryState, Signed, SignerState

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
        return lambda: FileState(tmp_path / "state", lambda: [VERIFIER])

    def test_a_memory_is_made_once(self, tmp_path: Path) -> None:
        create_state(tmp_path / "memory")
        with pytest.raises(FileExistsError):
            create_state(tmp_path / "memory")

    def test_only_its_owner_reads_the_memory(
        self, reopen: Callable[[], SignerState], tmp_path: Path
    ) -> None:
        reopen().compare_and_swap(None, signed(3))
        for name in ("state", "state.lock", "state.seal"):
            assert stat.S_IMODE(os.stat(tmp_path / name).st_mode) == 0o600

    @pytest.mark.parametrize("point", ["sealed", "remembered"])
    def test_a_crash_at_any_point_leaves_the_old_memory_or_the_new_one(
        self, reopen: Callable[[], SignerState], tmp_path: Path, point: str
    ) -> None:
        reopen().compare_and_swap(None, signed(3))

        def die(name: str) -> None:
            if name == point:
                raise KeyboardInterrupt

        dying = FileState(tmp_path / "state", lambda: [VERIFIER], die)
        with pytest.raises(KeyboardInterrupt):
            dying.compare_and_swap(signed(3), signed(5))
        held = reopen().load()
        assert held == (signed(3) if point == "sealed" else signed(5))
        reopen().compare_and_swap(held, signed(9))
        assert reopen().load() == signed(9)

    def test_a_crash_within_a_write_is_made_good_by_the_next(
        self,
        reopen: Callable[[], SignerState],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        reopen().compare_and_swap(None, signed(3))
        for survives in (0, 1, 2):
            done: list[object] = []

            def die(source: str, target: str, kept: list[object] = done, n: int = survives) -> None:
                if len(kept) == n:
                    raise KeyboardInterrupt
                kept.append(target)
                os.rename(source, target)

            held = reopen().load()
            assert held is not None
            with monkeypatch.context() as patch:
                patch.setattr(os, "replace", die)
                with pytest.raises(KeyboardInterrupt):
                    reopen().compare_and_swap(held, signed(held.size + 10))
            assert reopen().load() == (signed(held.size + 10) if survives > 1 else held)

    def test_an_old_copy_that_is_put_back_locks_the_signer(
        self, reopen: Callable[[], SignerState], tmp_path: Path
    ) -> None:
        copies = [(tmp_path / "state").read_bytes()]
        for before, after in ((None, 3), (3, 5)):
            reopen().compare_and_swap(signed(before) if before else None, signed(after))
            copies.append((tmp_path / "state").read_bytes())
        for old in copies[:2]:
            (tmp_path / "state").write_bytes(old)
            with pytest.raises(SignerLocked, match="old copy"):
                reopen().load()
            assert reopen().floor() == Floor(5, signed(5).root)
        (tmp_path / "state").write_bytes(copies[2])
        assert reopen().load() == signed(5)

    def test_what_was_read_after_a_crash_is_the_only_one_admitted_from_then_on(
        self, reopen: Callable[[], SignerState], tmp_path: Path
    ) -> None:
        reopen().compare_and_swap(None, signed(3))
        old = (tmp_path / "state").read_bytes()

        def die(name: str) -> None:
            if name == "remembered":
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            FileState(tmp_path / "state", lambda: [VERIFIER], die).compare_and_swap(
                signed(3), signed(5)
            )
        assert reopen().load() == signed(5)  # and may be given out from here on
        (tmp_path / "state").write_bytes(old)
        with pytest.raises(SignerLocked):
            reopen().load()

    def test_an_unknown_memory_is_replaced_by_one_that_is_adopted(
        self, reopen: Callable[[], SignerState], tmp_path: Path
    ) -> None:
        reopen().compare_and_swap(None, signed(3))
        with pytest.raises(Inconsistent):
            reopen().adopt(signed(5))
        (tmp_path / "state").unlink()
        reopen().adopt(signed(5))
        assert reopen().load() == signed(5)

    def test_a_discarded_memory_is_gone_with_its_seal(
        self, reopen: Callable[[], SignerState], tmp_path: Path
    ) -> None:
        assert is_new(tmp_path / "state")
        reopen().compare_and_swap(None, signed(3))
        assert not is_new(tmp_path / "state")
        discard(tmp_path / "state")
        assert reopen().floor().size == 0
        with pytest.raises(SignerLocked):
            reopen().load()

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
            FileState(tmp_path / "state", lambda: [other]).load()
