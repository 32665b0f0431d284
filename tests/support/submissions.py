# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checkpoints of one key over any leaves, and what is sent to a witness with them."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_federation.checkpoint import Checkpoint
from beffroi_federation.log import grow
from beffroi_federation.merkle import consistency_proof, leaf_hash, root_at
from beffroi_federation.notes import format_note, sign, vkey
from support.memory_log import MemoryLog


def leaves_of(prefix: str, count: int) -> list[bytes]:
    """Return `count` leaves of plain text."""
    return [f"{prefix}-{at}".encode() for at in range(count)]


@dataclass
class Signing:
    """A key that signs any tree of its leaves, forks included."""

    origin: str
    key: Ed25519PrivateKey
    leaves: Sequence[bytes]
    _log: MemoryLog = field(init=False, default_factory=MemoryLog)

    def __post_init__(self) -> None:
        """Hash the leaves once."""
        hashes = [leaf_hash(leaf) for leaf in self.leaves]
        self._log.stage(0, self.leaves, grow(self._log, 0, hashes))

    @property
    def reader(self) -> MemoryLog:
        """Return where the tree's tiles are read from."""
        return self._log

    def vkey(self) -> str:
        """Return the vkey text of the key, by the origin's name."""
        return vkey(self.origin, self.key.public_key().public_bytes_raw())

    def root(self, size: int) -> bytes:
        """Return the root of the first leaves."""
        return root_at(self._log, size)

    def note(self, size: int) -> str:
        """Return the signed checkpoint of the first leaves."""
        text = Checkpoint(self.origin, size, self.root(size)).text()
        return format_note(text, [sign(text, self.origin, self.key)])

    def proof(self, old: int, size: int) -> list[bytes]:
        """Return the consistency proof between two sizes."""
        return list(consistency_proof(self._log, old, size))

    def submission(self, old: int, size: int, proof: Sequence[bytes] | None = None) -> bytes:
        """Return the body that is sent to a witness."""
        hashes = self.proof(old, size) if proof is None else proof
        return submission(old, hashes, self.note(size))


def submission(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """Return the body of an add-checkpoint request."""
    lines = "".join(f"{base64.b64encode(one).decode()}\n" for one in proof)
    return f"old {old}\n{lines}\n{note}".encode()
