# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keys of a log's signer. This is the only module that reads a seed.

A seed is 32 random bytes, from which HKDF-SHA-256 (RFC 5869, no salt, the label as `info`) derives
one key a label; `log-public` signs the log. The seeds lie in one file, the key ring, that only its
owner can read:

    {"keys":[{"seed":S,"shown":true}],"origin":O,"retires":null,"v":1}

During a rotation there are two keys, the current one first; `retires` is the Unix second from which
the second signs alone, null while its entry has not been shown in the log. The file is always
replaced whole, by a rename; what it replaces is overwritten with zeros before it is removed.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from beffroi_federation.canonical import encode
from beffroi_federation.canonical import parse as parse_json
from beffroi_federation.entries import decode_base64url, encode_base64url
from beffroi_federation.errors import Inconsistent, Malformed, ProtocolError, SignerLocked
from beffroi_federation.notes import Verifier, check_name, vkey

SEED_BYTES = 32
LOG_LABEL = b"log-public"
MAX_RING = 4_096


def derive_key(seed: bytes, label: bytes) -> Ed25519PrivateKey:
    """Return the Ed25519 key that HKDF-SHA-256 derives from a seed of 32 bytes for a label."""
    if len(seed) != SEED_BYTES:
        raise Malformed("A seed does not have 32 bytes")
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=label).derive(seed)
    return Ed25519PrivateKey.from_private_bytes(derived)


@dataclass(frozen=True, slots=True)
class Keys:
    """A log's signing keys: the current one, its successor during a rotation, and until when.

    `retires` is the Unix second from which the successor signs alone, None before that is known.
    """

    origin: str
    current: Ed25519PrivateKey = field(repr=False)
    successor: Ed25519PrivateKey | None = field(default=None, repr=False)
    retires: int | None = None

    def all(self) -> tuple[Ed25519PrivateKey, ...]:
        """Return the keys that sign checkpoints, the current one first."""
        return (self.current,) if self.successor is None else (self.current, self.successor)

    def vkeys(self) -> tuple[str, ...]:
        """Return their vkey texts in the same order."""
        return tuple(vkey(self.origin, key.public_key().public_bytes_raw()) for key in self.all())

    def verifiers(self) -> tuple[Verifier, ...]:
        """Return their verifiers in the same order."""
        return tuple(Verifier.from_text(text) for text in self.vkeys())


class KeyHolder(Protocol):
    """Where a signer has its keys from, and where it writes how a rotation goes on."""

    def keys(self) -> Keys:
        """Return the keys as they are now; SignerLocked if they cannot be read."""

    def announced(self, retires: int) -> None:
        """Keep the second from which the successor signs alone, durably. Once kept it stays."""

    def retire(self) -> None:
        """Make the successor the current and only key, durably, and destroy the old one."""


class MemoryKeys:
    """Keys that live as long as the process; for tests."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def keys(self) -> Keys:
        """Return the keys."""
        return self._keys

    def rotate(self, successor: Ed25519PrivateKey) -> None:
        """Begin a rotation."""
        self._keys = replace(self._keys, successor=successor, retires=None)

    def announced(self, retires: int) -> None:
        """Keep when the successor begins to sign alone."""
        if self._keys.retires is None:
            self._keys = replace(self._keys, retires=retires)

    def retire(self) -> None:
        """Leave the successor alone."""
        assert self._keys.successor is not None  # noqa: S101  asked for in a rotation only
        self._keys = Keys(self._keys.origin, self._keys.successor)


@dataclass(frozen=True, slots=True)
class Seed:
    """A seed and whether its words were shown to somebody."""

    seed: bytes = field(repr=False)
    shown: bool = False


@dataclass(frozen=True, slots=True)
class Ring:
    """What the file of the keys holds: one seed, or two in a rotation, the current one first."""

    origin: str
    seeds: tuple[Seed, ...]
    retires: int | None = None

    def keys(self) -> Keys:
        """Return the keys that the seeds derive."""
        derived = [derive_key(one.seed, LOG_LABEL) for one in self.seeds]
        successor = derived[1] if len(derived) > 1 else None
        return Keys(self.origin, derived[0], successor, self.retires)


class KeyRing:
    """The file of a signer's keys. Several processes may use it; writers take turns by a lock."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def exists(self) -> bool:
        """Say whether there is a key."""
        return self._path.exists()

    def create(self, ring: Ring) -> None:
        """Write the first keys; FileExistsError if there are some."""
        create_file(self._path, _encode(ring))

    def read(self) -> Ring:
        """Return what the file holds; SignerLocked if it cannot be read or others can read it."""
        try:
            with self._path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                data = file.read(MAX_RING + 1)
        except OSError as error:
            raise SignerLocked("The key file cannot be read", reason=error.strerror) from error
        if mode & 0o077:
            raise SignerLocked("The key file can be read by others than its owner (make it 0600)")
        return _decode(data)

    def replace(self, expected: Ring, new: Ring) -> None:
        """Put `new` in place of `expected`, durably; Inconsistent if the file holds another.

        A crash leaves the one or the other. What was replaced is overwritten and removed; a crash
        before that is made good by the next `replace` or `sweep`.
        """
        with locked(self._path.with_name(self._path.name + ".lock")):
            if self.read() != expected:
                raise Inconsistent("The keys were changed in the meantime")
            self._sweep()
            draft = self._path.with_name(self._path.name + ".new")
            create_file(draft, _encode(new))
            os.link(self._path, self._path.with_name(self._path.name + ".old"))
            os.replace(draft, self._path)
            sync_folder(self._path.parent)
            self._sweep()

    def sweep(self) -> None:
        """Destroy what a crash left beside the file."""
        with locked(self._path.with_name(self._path.name + ".lock")):
            self._sweep()

    def _sweep(self) -> None:
        for suffix in (".new", ".old"):
            left = self._path.with_name(self._path.name + suffix)
            if not left.exists():
                continue
            # After a crash between the link and the rename, `.old` is the file itself.
            if not (self._path.exists() and left.samefile(self._path)):
                _overwrite(left)
            left.unlink()
        sync_folder(self._path.parent)

    def keys(self) -> Keys:
        """Return the keys as they are now."""
        return self.read().keys()

    def announced(self, retires: int) -> None:
        """Keep when the successor begins to sign alone."""
        ring = self.read()
        if len(ring.seeds) == 2 and ring.retires is None:
            self.replace(ring, replace(ring, retires=retires))

    def retire(self) -> None:
        """Leave the successor alone, and destroy the old seed."""
        ring = self.read()
        if len(ring.seeds) == 2 and ring.retires is not None:
            self.replace(ring, Ring(ring.origin, ring.seeds[1:]))


def _encode(ring: Ring) -> bytes:
    check_name(ring.origin)
    if not 1 <= len(ring.seeds) <= 2 or any(len(one.seed) != SEED_BYTES for one in ring.seeds):
        raise Malformed("A seed does not have 32 bytes")
    members = {
        "keys": [{"seed": encode_base64url(one.seed), "shown": one.shown} for one in ring.seeds],
        "origin": ring.origin,
        "retires": ring.retires,
        "v": 1,
    }
    return encode(members) + b"\n"


def _decode(data: bytes) -> Ring:
    """Return what the file's bytes say. No error ever quotes them."""
    broken = SignerLocked("The key file is not in its format")
    if len(data) > MAX_RING:
        raise broken
    try:
        match parse_json(data, max_depth=3):
            case {
                "keys": [_, *_] as keys,
                "origin": str(origin),
                "retires": int() | None as retires,
                "v": 1,
            } if len(keys) <= 2:
                check_name(origin)
                return Ring(origin, tuple(_seed(one) for one in keys), retires)
    except ProtocolError:
        raise broken from None
    raise broken


def _seed(value: object) -> Seed:
    match value:
        case {"seed": str(text), "shown": bool(shown)}:
            return Seed(decode_base64url(text, SEED_BYTES), shown)
    raise Malformed("This is not the text of a seed")


def _overwrite(path: Path) -> None:
    """Write zeros over a file: what can be done about bytes that a disk may keep elsewhere."""
    with path.open("r+b") as file:
        file.write(bytes(os.fstat(file.fileno()).st_size))
        file.flush()
        os.fsync(file.fileno())


def create_file(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Write a new file, with its name on disk when it returns; FileExistsError if there is one."""
    _create(path, data, mode)
    sync_folder(path.parent)


def replace_file(path: Path, data: bytes) -> None:
    """Put a file in the place of another, whole and on disk when it returns; mode 0600."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)  # left by a crash before the rename
    _create(draft, data, 0o600)  # its own name need not last
    os.replace(draft, path)
    sync_folder(path.parent)


def _create(path: Path, data: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Have a folder's names on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Run a block while no other process or thread holds the lock of this file."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
