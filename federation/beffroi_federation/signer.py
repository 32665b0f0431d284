# SPDX-License-Identifier: AGPL-3.0-or-later
"""The signer that holds a town's key: the only module that reads the seed.

Two files, both readable by their owner only:

- the seed: 32 random bytes, from which HKDF-SHA-256 (RFC 5869, no salt, the label as `info`)
  derives one key a label; `log-public` signs the log;
- the memory: the last tree that was signed. It is written whole to a second file, synced, and put
  in place by a rename, before the signature is given to anybody. It is not part of any backup: a
  memory that is missing, or that belongs to another log or key, locks the signer.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from beffroi_federation.canonical import encode
from beffroi_federation.canonical import parse as parse_json
from beffroi_federation.checkpoint import Checkpoint, open_checkpoint
from beffroi_federation.errors import (
    Fork,
    Inconsistent,
    Malformed,
    ProtocolError,
    Rollback,
    SignerLocked,
    Stale,
)
from beffroi_federation.merkle import EMPTY_ROOT, verify_consistency
from beffroi_federation.notes import Verifier, format_note, vkey
from beffroi_federation.notes import sign as sign_text
from beffroi_federation.signing import MemoryState, Signed, SignerState

SEED_BYTES = 32
LOG_LABEL = b"log-public"
NEVER_SIGNED = "never-signed"


class TreeSigner:
    """Signs one log's trees with a key, under the rules of `signing.Signer`, from any memory."""

    def __init__(self, origin: str, key: Ed25519PrivateKey, state: SignerState) -> None:
        self._origin = origin
        self._key = key
        self._state = state

    def vkey(self) -> str:
        """Return the vkey text of the key, under the origin as its name."""
        return vkey(self._origin, self._key.public_key().public_bytes_raw())

    def sign(self, old_size: int, new_size: int, root: bytes, proof: Sequence[bytes]) -> str:
        """Return the signed checkpoint of a tree that continues the last one; see `Signer`."""
        last = self._state.load()
        if last is not None and (new_size, root) == (last.size, last.root):
            return last.note
        self._check(last, old_size, new_size, root, proof)
        text = Checkpoint(self._origin, new_size, root).text()
        note = format_note(text, [sign_text(text, self._origin, self._key)])
        self._state.compare_and_swap(last, Signed(new_size, root, note))
        return note

    @staticmethod
    def _check(
        last: Signed | None, old_size: int, new_size: int, root: bytes, proof: Sequence[bytes]
    ) -> None:
        last_size, last_root = (last.size, last.root) if last else (0, EMPTY_ROOT)
        if new_size < last_size:
            raise Rollback(
                "The log is smaller than the last tree that was signed",
                last=last_size,
                asked=new_size,
            )
        if new_size == last_size and root != last_root:
            raise Fork("The log has another root than the one that was signed", size=last_size)
        if old_size != last_size:
            raise Stale("This is not the size that was signed last", last_size)
        verify_consistency(last_size, new_size, proof, last_root, root)


class LocalSigner(TreeSigner):
    """The signer of a town in its own process, with its seed and its memory in two files."""

    def __init__(self, origin: str, seed_path: Path, state_path: Path) -> None:
        key = derive_key(_read_seed(seed_path), LOG_LABEL)
        verifier = Verifier.from_text(vkey(origin, key.public_key().public_bytes_raw()))
        super().__init__(origin, key, FileState(state_path, verifier))


def memory_signer(origin: str, seed: bytes) -> TreeSigner:
    """Return a signer for tests: its Ed25519 key is the seed itself, its memory the process's."""
    return TreeSigner(origin, Ed25519PrivateKey.from_private_bytes(seed), MemoryState())


def derive_key(seed: bytes, label: bytes) -> Ed25519PrivateKey:
    """Return the Ed25519 key that HKDF-SHA-256 derives from a seed of 32 bytes for a label."""
    if len(seed) != SEED_BYTES:
        raise Malformed("A seed does not have 32 bytes")
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=label).derive(seed)
    return Ed25519PrivateKey.from_private_bytes(derived)


def create_seed(path: Path, seed: bytes) -> None:
    """Write 32 random bytes given by the caller as a seed file; FileExistsError if there is one."""
    if len(seed) != SEED_BYTES:
        raise Malformed("A seed does not have 32 bytes")
    _create(path, seed)


def create_state(path: Path) -> None:
    """Write the memory of a signer that has never signed; FileExistsError if there is one.

    Once in a log's life, when its origin is made: a signer whose memory is missing stays locked.
    """
    _create(path, encode({"state": NEVER_SIGNED}) + b"\n")


def _create(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _read_seed(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            seed = file.read(SEED_BYTES + 1)
    except OSError as error:
        raise SignerLocked("The seed file cannot be read", reason=error.strerror) from error
    if mode & 0o077:
        raise SignerLocked("The seed file can be read by others than its owner (make it 0600)")
    if len(seed) != SEED_BYTES:
        raise SignerLocked("The seed file does not hold 32 bytes")
    return seed


class FileState:
    """A signer's memory in a file, `{"note":…}` or `{"state":"never-signed"}`.

    Processes take turns by a lock on `<path>.lock`. The note's own signature is checked whenever it
    is read, so that the memory of another log or key is noticed.
    """

    def __init__(self, path: Path, verifier: Verifier) -> None:
        self._path = path
        self._verifier = verifier

    def load(self) -> Signed | None:
        """Return the last signed tree, None if nothing was signed; SignerLocked if unknown."""
        try:
            data = self._path.read_bytes()
        except OSError as error:
            raise SignerLocked(
                "The signer's memory cannot be read", reason=error.strerror
            ) from error
        try:
            members = parse_json(data, max_depth=1)
            if members == {"state": NEVER_SIGNED}:
                return None
            note = members.get("note") if isinstance(members, dict) else None
            if not isinstance(note, str):
                raise SignerLocked("The signer's memory is not in its format")
            checkpoint = open_checkpoint(note, [self._verifier])
        except SignerLocked:
            raise
        except ProtocolError as error:
            raise SignerLocked(
                "The signer's memory is not that of this log and key", reason=error.sentence
            ) from error
        return Signed(checkpoint.size, checkpoint.root, note)

    def compare_and_swap(self, expected: Signed | None, new: Signed) -> None:
        """Put `new` in place of `expected`, on disk before it returns; else Inconsistent."""
        with self._locked():
            if self.load() != expected:
                raise Inconsistent("Somebody else signed in the meantime")
            draft = self._path.with_name(self._path.name + ".new")
            draft.unlink(missing_ok=True)  # left by a crash before the rename: never given out
            _create(draft, encode({"note": new.note}) + b"\n")
            os.replace(draft, self._path)
            _sync_folder(self._path.parent)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(
            self._path.with_name(self._path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600
        )
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
