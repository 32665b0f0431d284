# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a log asks of its signer, and what a signer must remember. No key is held here.

A signer is the reason why a log never forks: it signs only a strictly larger tree that it has
itself proved to continue the last one it signed, and it remembers that one before it answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from beffroi_federation.errors import Inconsistent


@dataclass(frozen=True, slots=True)
class Signed:
    """The last tree that was signed: its size, its root (32 bytes) and the whole signed note."""

    size: int
    root: bytes
    note: str


class Signer(Protocol):
    """Signs the checkpoints of one log, in this process or behind a socket."""

    def sign(self, old_size: int, new_size: int, root: bytes, proof: Sequence[bytes]) -> str:
        """Return the signed checkpoint note of the tree (new_size, root).

        `proof` shows that it continues the tree of `old_size`, the last one that was signed (0 when
        none was). Asked again for exactly the last tree, whatever the proof, it returns the same
        note: that is how a caller that died before keeping the note gets it back.

        Raises Stale when `old_size` is not the last one (its `size` says which is), Rollback for a
        smaller tree, Fork for the same size with another root, Inconsistent when the proof fails,
        SignerLocked when it does not know what it signed last. The tree is remembered, durably,
        before the note is returned. Safe to call from several threads and processes.
        """

    def vkey(self) -> str:
        """Return the vkey text of the key that signs now."""


class SignerState(Protocol):
    """What a signer remembers between two signatures. Never edited, never restored from a backup.

    Durable: a tree is on disk when `compare_and_swap` returns. Safe against several processes.
    """

    def load(self) -> Signed | None:
        """Return the last signed tree, None if nothing was ever signed; SignerLocked if unknown."""

    def compare_and_swap(self, expected: Signed | None, new: Signed) -> None:
        """Remember `new`, if and only if what is remembered is `expected`; else Inconsistent."""


class MemoryState:
    """A signer's memory that lives as long as the process; for tests."""

    def __init__(self, signed: Signed | None = None) -> None:
        self._signed = signed
        self._lock = Lock()

    def load(self) -> Signed | None:
        """Return the last signed tree."""
        return self._signed

    def compare_and_swap(self, expected: Signed | None, new: Signed) -> None:
        """Remember `new` if `expected` is what is remembered."""
        with self._lock:
            if self._signed != expected:
                raise Inconsistent("Somebody else signed in the meantime")
            self._signed = new
