# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a log asks of its signer, and what a signer must remember. No key is held here.

A signer is the reason why a log never forks: it signs only a strictly larger tree that it has
itself proved to continue the last one it signed, and it remembers that one before it answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import Protocol

from beffroi_federation.errors import Inconsistent
from beffroi_federation.merkle import EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Floor:
    """A tree (size, root of 32 bytes) below or beside which nothing may be signed any more."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """The last tree that was signed: its size, its root (32 bytes) and the whole signed note."""

    size: int
    root: bytes
    note: str


class Standing(StrEnum):
    """What a signer knows of its own past."""

    NEVER_SIGNED = "never-signed"
    SIGNED = "signed"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class SignerStanding:
    """Where a signer stands. It holds nothing secret.

    `size`, `root` and `note` are the last signed tree's; 0, the empty root and "" before there is
    one. When it is locked, `size` and `root` are a tree that it knows it has signed, often none:
    a proof for `catch_up` begins there. `reason` says in a sentence why it is locked; `successor`
    is the vkey of a key that is to follow and "" outside of a rotation; `announce` says that this
    key's entry has yet to be shown in the log; `retires` is the second (Unix time) from which the
    successor signs alone, None while that is not known.
    """

    kind: Standing
    origin: str
    vkeys: tuple[str, ...]
    size: int = 0
    root: bytes = EMPTY_ROOT
    note: str = ""
    reason: str = ""
    successor: str = ""
    announce: bool = False
    retires: int | None = None

    @property
    def locked(self) -> bool:
        """Whether it signs nothing before it has caught up."""
        return self.kind is Standing.LOCKED

    def sentence(self) -> str:
        """Return the standing in plain words."""
        if self.kind is Standing.LOCKED:
            return f"The signer is locked: {self.reason}"
        if self.kind is Standing.NEVER_SIGNED:
            return "The signer has never signed anything."
        return f"The signer last signed a log of {self.size} entries."


class CheckpointSigner(Protocol):
    """As much of a signer as publishing a log needs."""

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

    def vkeys(self) -> tuple[str, ...]:
        """Return the vkey texts of all keys that sign checkpoints now, the current one first.

        Two during a rotation: the current key stays the old one until its last day, its successor
        stands second; then the successor is the current and only one.
        """


class Signer(CheckpointSigner, Protocol):
    """Signs the checkpoints of one log, in this process or behind a socket."""

    def vkey(self) -> str:
        """Return the vkey text of the current key: the one that every reader knows."""

    def sign_request(self, path: str, seconds: int) -> bytes:
        """Return the current key's 64-byte signature of `signed_requests.request_text`.

        Works although the signer is locked, for it is how a town that lost its memory is given its
        own contents back. Raises Malformed for a path or time that no request can have.
        """

    def state(self) -> SignerStanding:
        """Return where the signer stands. A locked signer is a standing, not an error."""

    def catch_up(self, note: str, proof: Sequence[bytes] = ()) -> SignerStanding:
        """Adopt a checkpoint that this log signed and that a witness cosigned; return the standing.

        The witnesses are those the signer itself was told of, never the caller's. A locked signer
        takes it as its last tree. The consistency `proof` leads to it from `state().size` (from
        nothing, it is empty). It never goes back: an older checkpoint is Rollback, another root of
        the same size Fork, another history Inconsistent; its own last tree changes nothing.
        Unsigned when its own key or a witness is missing. Durable when it returns.
        """

    def announced(self, proof: str) -> SignerStanding:
        """Take the proof that a successor's `key` entry is in the log; its 30 days begin.

        `proof` is a tlog-proof of that entry under a checkpoint that both keys signed. Shown again
        it changes nothing. Raises Malformed, Unsigned or Inconsistent when it does not prove it.
        """


class SignerState(Protocol):
    """What a signer remembers between two signatures. Never edited, never restored from a backup.

    Durable: a tree is on disk when `compare_and_swap` returns. Safe against several processes.
    """

    def load(self) -> Signed | None:
        """Return the last signed tree, None if nothing was ever signed; SignerLocked if unknown."""

    def compare_and_swap(self, expected: Signed | None, new: Signed) -> None:
        """Remember `new`, if and only if what is remembered is `expected`; else Inconsistent."""

    def adopt(self, new: Signed) -> None:
        """Remember `new` although what was remembered is unknown; Inconsistent if it is known."""

    def floor(self) -> Floor:
        """Return a tree that was surely signed, although the last is unknown; size 0 if none."""


class MemoryState:
    """A signer's memory that lives as long as the process; for tests."""

    def __init__(self, signed: Signed | None = None) -> None:
        self._signed = signed
        self._lock = Lock()

    def adopt(self, new: Signed) -> None:
        """Refuse: this memory is always known."""
        raise Inconsistent("The signer remembers what it signed last")

    def floor(self) -> Floor:
        """Return the last signed tree."""
        return Floor(self._signed.size, self._signed.root) if self._signed else Floor(0, EMPTY_ROOT)

    def load(self) -> Signed | None:
        """Return the last signed tree."""
        return self._signed

    def compare_and_swap(self, expected: Signed | None, new: Signed) -> None:
        """Remember `new` if `expected` is what is remembered."""
        with self._lock:
            if self._signed != expected:
                raise Inconsistent("Somebody else signed in the meantime")
            self._signed = new
