# SPDX-License-Identifier: AGPL-3.0-or-later
"""A signer's memory on disk: the last tree it signed, and the seal that tells an old copy of it.

The memory is `{"note":…}` or `{"state":"never-signed"}`. The seal beside it names the memory that
counts by its SHA-256, size and root: a copy of the memory that is put back later does not fit the
seal, and locks the signer. A tree is remembered in this order, each step on disk before the next:

1. the seal admits the old memory and the new one;
2. the new memory takes the old one's place, by a rename;
3. the seal admits the new memory alone;
4. only now is the note given out.

A crash after 1 or 2 leaves a memory that the seal admits; reading it first does step 3 for it, so
that whatever is given out is always the only one admitted. Neither file is part of any backup.
Whoever puts back both, or the whole disk, is not noticed here: that is what witnesses are for.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from beffroi_federation.canonical import encode
from beffroi_federation.canonical import parse as parse_json
from beffroi_federation.checkpoint import open_checkpoint
from beffroi_federation.errors import Inconsistent, Malformed, ProtocolError, SignerLocked
from beffroi_federation.merkle import EMPTY_ROOT, HASH_BYTES
from beffroi_federation.notes import Verifier, decode_base64
from beffroi_federation.signer_keys import create_file, locked, replace_file, sync_folder
from beffroi_federation.signing import Floor, Signed

NEVER_SIGNED = "never-signed"
_NOTHING = encode({"state": NEVER_SIGNED}) + b"\n"

Step = Callable[[str], None]
"""Told the name of each point between two effects; a crash test dies there."""


def no_step(_name: str) -> None:
    """Do nothing: nobody watches."""


def create_state(path: Path) -> None:
    """Write the memory of a signer that has never signed; FileExistsError if there is one.

    Once in a log's life, when its origin is made: a signer whose memory is missing stays locked.
    """
    create_file(path, _NOTHING)
    seal = _seal_path(path)
    seal.unlink(missing_ok=True)
    create_file(seal, _encode_seal([_Admitted.of(_NOTHING, None)]))


def is_new(path: Path) -> bool:
    """Say whether the memory at this path is there and that of a signer that never signed."""
    try:
        return path.read_bytes() == _NOTHING
    except FileNotFoundError:
        return False


def discard(path: Path) -> None:
    """Remove a memory and its seal: the signer is locked until it has caught up."""
    path.unlink(missing_ok=True)
    _seal_path(path).unlink(missing_ok=True)
    sync_folder(path.parent)


@dataclass(frozen=True, slots=True)
class _Admitted:
    """One memory that the seal admits."""

    digest: str
    size: int
    root: bytes

    @classmethod
    def of(cls, data: bytes, signed: Signed | None) -> "_Admitted":
        size, root = (signed.size, signed.root) if signed else (0, EMPTY_ROOT)
        return cls(hashlib.sha256(data).hexdigest(), size, root)


def _seal_path(path: Path) -> Path:
    return path.with_name(path.name + ".seal")


def _encode_seal(admitted: Sequence[_Admitted]) -> bytes:
    listed = [
        {"digest": one.digest, "root": base64.b64encode(one.root).decode(), "size": one.size}
        for one in admitted
    ]
    return encode({"admitted": listed}) + b"\n"


def _decode_admitted(value: object) -> _Admitted:
    match value:
        case {"digest": str(digest), "root": str(root), "size": int(size)} if size >= 0:
            if len(raw := decode_base64(root)) == HASH_BYTES:
                return _Admitted(digest, size, raw)
    raise Malformed("The seal is not in its format")


class FileState:
    """A signer's memory in a file and its seal. Processes take turns by a lock on `<path>.lock`.

    `verifiers` gives the signer's own keys, as they are at that moment: the note's signature is
    checked whenever it is read, so that the memory of another log or key is noticed.
    """

    def __init__(
        self, path: Path, verifiers: Callable[[], Sequence[Verifier]], at: Step = no_step
    ) -> None:
        self._path = path
        self._seal = _seal_path(path)
        self._lock = path.with_name(path.name + ".lock")
        self._verifiers = verifiers
        self._at = at

    def load(self) -> Signed | None:
        """Return the last signed tree, None if nothing was signed; SignerLocked if unknown."""
        with locked(self._lock):
            return self._load()[1]

    def floor(self) -> Floor:
        """Return what was certainly given out, as far as the seal knows; nothing if it is gone."""
        with locked(self._lock):
            try:
                admitted = self._read_seal()
            except SignerLocked:
                return Floor(0, EMPTY_ROOT)
            return Floor(admitted[0].size, admitted[0].root)

    def compare_and_swap(self, expected: Signed | None, new: Signed) -> None:
        """Put `new` in place of `expected`, on disk before it returns; else Inconsistent."""
        with locked(self._lock):
            data, held = self._load()
            if held != expected:
                raise Inconsistent("Somebody else signed in the meantime")
            after = encode({"note": new.note}) + b"\n"
            replace_file(self._seal, self._sealing(_Admitted.of(data, held), (after, new)))
            self._at("sealed")
            replace_file(self._path, after)
            self._at("remembered")
            replace_file(self._seal, self._sealing((after, new)))

    def adopt(self, new: Signed) -> None:
        """Remember `new` although the memory is unknown; Inconsistent if it is known."""
        with locked(self._lock):
            try:
                self._load()
            except SignerLocked:
                pass
            else:
                raise Inconsistent("The signer remembers what it signed last")
            after = encode({"note": new.note}) + b"\n"
            # Written first: a crash here leaves a memory that does not fit the seal, thus locked.
            replace_file(self._path, after)
            self._at("adopted")
            replace_file(self._seal, self._sealing((after, new)))

    @staticmethod
    def _sealing(*admitted: _Admitted | tuple[bytes, Signed]) -> bytes:
        return _encode_seal(
            [one if isinstance(one, _Admitted) else _Admitted.of(*one) for one in admitted]
        )

    def _load(self) -> tuple[bytes, Signed | None]:
        """Return the memory's bytes and what they say, once they are the only ones admitted."""
        try:
            data = self._path.read_bytes()
        except OSError as error:
            raise SignerLocked(
                "The signer's memory cannot be read", reason=error.strerror
            ) from error
        signed = self._parse(data)
        admitted = self._read_seal()
        digest = hashlib.sha256(data).hexdigest()
        if digest not in {one.digest for one in admitted}:
            raise SignerLocked("The signer's memory is an old copy: it was put back, or changed")
        if len(admitted) > 1:
            replace_file(self._seal, _encode_seal([o for o in admitted if o.digest == digest][:1]))
        return data, signed

    def _parse(self, data: bytes) -> Signed | None:
        try:
            members = parse_json(data, max_depth=1)
            if members == {"state": NEVER_SIGNED}:
                return None
            note = members.get("note") if isinstance(members, dict) else None
            if not isinstance(note, str):
                raise SignerLocked("The signer's memory is not in its format")
            checkpoint = open_checkpoint(note, self._verifiers())
        except SignerLocked:
            raise
        except ProtocolError as error:
            raise SignerLocked(
                "The signer's memory is not that of this log and key", reason=error.sentence
            ) from error
        return Signed(checkpoint.size, checkpoint.root, note)

    def _read_seal(self) -> list[_Admitted]:
        try:
            members = parse_json(self._seal.read_bytes(), max_depth=3)
            listed = members.get("admitted") if isinstance(members, dict) else None
            if not isinstance(listed, list) or not 1 <= len(listed) <= 2:
                raise Malformed("The seal is not in its format")
            return [_decode_admitted(one) for one in listed]
        except OSError as error:
            raise SignerLocked(
                "The seal of the signer's memory cannot be read", reason=error.strerror
            ) from error
        except ProtocolError as error:
            raise SignerLocked("The seal of the signer's memory is not in its format") from error
