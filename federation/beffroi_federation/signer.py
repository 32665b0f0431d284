# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rules of a log's signer, over any keys and any memory.

It signs only a tree which it has itself proved to continue the last one it signed, and remembers
that one before it answers. In a rotation both keys sign, the current one first; the successor signs
alone 30 days after its entry was shown in the log. Keys are read anew for every request, so that a
command of the operator's takes effect at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import RLock
from time import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_federation.checkpoint import Checkpoint, open_checkpoint, parse_proof
from beffroi_federation.entries import KeyEntry, encode_entry
from beffroi_federation.errors import (
    Fork,
    Inconsistent,
    Rollback,
    SignerLocked,
    Stale,
    Unsigned,
)
from beffroi_federation.merkle import EMPTY_ROOT, leaf_hash, verify_consistency, verify_inclusion
from beffroi_federation.notes import Verifier, format_note, open_note, sign
from beffroi_federation.policy import Policy
from beffroi_federation.signed_requests import request_text
from beffroi_federation.signer_keys import KeyHolder, Keys, MemoryKeys
from beffroi_federation.signing import (
    Floor,
    MemoryState,
    Signed,
    SignerStanding,
    SignerState,
    Standing,
)

ROTATION_SECONDS = 30 * 24 * 3600
"""How long both keys sign, from the moment in which the successor's entry was shown in the log."""

Now = Callable[[], int]


def wall_clock() -> int:
    """Return the present second of Unix time."""
    return int(time())


class TreeSigner:
    """Signs one log's trees under the rules of `signing.Signer`, from any keys and memory.

    `policy` says whose cosignatures are enough to catch up; `now` gives Unix seconds.
    """

    def __init__(
        self,
        holder: KeyHolder,
        state: SignerState,
        *,
        policy: Policy | None = None,
        now: Now = wall_clock,
    ) -> None:
        self._holder = holder
        self._state = state
        self._policy = policy or Policy()
        self._now = now
        self._turn = RLock()

    def _keys(self) -> Keys:
        """Return the keys of this moment; the old one goes here when its days are over."""
        keys = self._holder.keys()
        if keys.successor is None or keys.retires is None or self._now() < keys.retires:
            return keys
        try:
            last = self._state.load()
        except SignerLocked:
            return keys
        if last is None or not _signed_by(last.note, keys.verifiers()[1]):
            return keys  # the memory could not be read any more without the old key
        self._holder.retire()
        return self._holder.keys()

    def vkey(self) -> str:
        """Return the vkey text of the current key, under the origin as its name."""
        return self.vkeys()[0]

    def vkeys(self) -> tuple[str, ...]:
        """Return the vkey texts of the keys that sign checkpoints now, the current one first."""
        with self._turn:
            return self._keys().vkeys()

    def sign(self, old_size: int, new_size: int, root: bytes, proof: Sequence[bytes]) -> str:
        """Return the signed checkpoint of a tree that continues the last one; see `Signer`."""
        with self._turn:
            keys = self._keys()
            last = self._state.load()
            if last is not None and (new_size, root) == (last.size, last.root):
                return last.note
            self._check(last, old_size, new_size, root, proof)
            text = Checkpoint(keys.origin, new_size, root).text()
            note = format_note(text, [sign(text, keys.origin, key) for key in keys.all()])
            self._state.compare_and_swap(last, Signed(new_size, root, note))
            return note

    @staticmethod
    def _check(
        last: Signed | None, old_size: int, new_size: int, root: bytes, proof: Sequence[bytes]
    ) -> None:
        last_size, last_root = (last.size, last.root) if last else (0, EMPTY_ROOT)
        _not_back(Floor(last_size, last_root), new_size, root)
        if old_size != last_size:
            raise Stale("This is not the size that was signed last", last_size)
        verify_consistency(last_size, new_size, proof, last_root, root)

    def sign_request(self, path: str, seconds: int) -> bytes:
        """Return the current key's 64-byte signature of a request; see `Signer`."""
        with self._turn:
            keys = self._keys()
            return sign(
                request_text(keys.origin, path, seconds), keys.origin, keys.current
            ).signature

    def state(self) -> SignerStanding:
        """Return where the signer stands; SignerLocked only when it has no key it can read."""
        with self._turn:
            keys = self._keys()
            vkeys = keys.vkeys()
            try:
                last = self._state.load()
            except SignerLocked as locked:
                floor = self._state.floor()
                standing = SignerStanding(
                    Standing.LOCKED, keys.origin, vkeys, floor.size, floor.root,
                    reason=locked.sentence,
                )  # fmt: skip
            else:
                standing = _standing(keys.origin, vkeys, last)
            if keys.successor is None:
                return standing
            return replace(
                standing,
                successor=vkeys[1],
                announce=keys.retires is None,
                retires=keys.retires,
            )

    def catch_up(self, note: str, proof: Sequence[bytes] = ()) -> SignerStanding:
        """Adopt a checkpoint of this log's that witnesses cosigned; see `Signer`."""
        with self._turn:
            own = self._keys().verifiers()
            checkpoint = open_checkpoint(note, [*own, *self._policy.verifiers()])
            self._want_witnesses(note)
            parsed, signers = open_note(note, own)
            lines = [s for s in parsed.signatures if s.key_id in {v.key_id for v in signers}]
            taken = Signed(checkpoint.size, checkpoint.root, format_note(parsed.text, lines))
            try:
                last = self._state.load()
            except SignerLocked:
                self._follow(self._state.floor(), taken, proof)
                self._state.adopt(taken)
            else:
                floor = Floor(last.size, last.root) if last else Floor(0, EMPTY_ROOT)
                self._follow(floor, taken, proof)
                if last is None or taken.size > last.size:
                    self._state.compare_and_swap(last, taken)
            return self.state()

    @staticmethod
    def _follow(floor: Floor, taken: Signed, proof: Sequence[bytes]) -> None:
        _not_back(floor, taken.size, taken.root)
        if taken.size > floor.size:
            verify_consistency(floor.size, taken.size, proof, floor.root, taken.root)

    def _want_witnesses(self, note: str) -> None:
        if not self._policy.witnesses:
            raise SignerLocked("The signer was told of no witness, so it cannot catch up with one")
        try:
            _, signers = open_note(note, self._policy.verifiers())
        except Unsigned as error:
            raise Unsigned("No witness that the signer was told of cosigned this") from error
        if not self._policy.satisfied(self._policy.signed_by(signers)):
            raise Unsigned("Too few of the witnesses the signer was told of cosigned this")

    def announced(self, proof: str) -> SignerStanding:
        """Take the proof that the successor's entry is in the log; see `Signer`."""
        with self._turn:
            keys = self._keys()
            if keys.successor is None or keys.retires is not None:
                return self.state()
            verifiers = keys.verifiers()
            taken = parse_proof(proof)
            checkpoint = open_checkpoint(taken.note, verifiers)
            if not all(_signed_by(taken.note, verifier) for verifier in verifiers):
                raise Unsigned("Both keys sign the checkpoint that shows the successor's entry")
            leaf = leaf_hash(encode_entry(KeyEntry(keys.vkeys()[1])))
            verify_inclusion(leaf, taken.index, checkpoint.size, taken.hashes, checkpoint.root)
            last = self._state.load()
            if last is None or last.size < checkpoint.size:
                raise Inconsistent("This checkpoint is not one that the signer remembers")
            self._holder.announced(self._now() + ROTATION_SECONDS)
            return self.state()


def _not_back(floor: Floor, size: int, root: bytes) -> None:
    if size < floor.size:
        raise Rollback(
            "The log is smaller than the last tree that was signed", last=floor.size, asked=size
        )
    if size == floor.size and root != floor.root:
        raise Fork("The log has another root than the one that was signed", size=size)


def _signed_by(note: str, verifier: Verifier) -> bool:
    try:
        open_note(note, [verifier])
    except Unsigned:
        return False
    return True


def _standing(origin: str, vkeys: tuple[str, ...], last: Signed | None) -> SignerStanding:
    if last is None:
        return SignerStanding(Standing.NEVER_SIGNED, origin, vkeys)
    return SignerStanding(Standing.SIGNED, origin, vkeys, last.size, last.root, last.note)


def memory_signer(
    origin: str, seed: bytes, state: SignerState | None = None, *, now: Now = wall_clock
) -> TreeSigner:
    """Return a signer for tests: its Ed25519 key is the seed itself, its memory the process's."""
    keys = Keys(origin, Ed25519PrivateKey.from_private_bytes(seed))
    return TreeSigner(MemoryKeys(keys), state or MemoryState(), now=now)
