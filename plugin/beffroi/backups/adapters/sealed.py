# SPDX-License-Identifier: AGPL-3.0-or-later
"""Backups that only the holder of a key can read: the age format, version 1, X25519 recipients.

https://age-encryption.org/v1 (C2SP age): what is written here `age` and `rage` open, and the other
way round. Writing goes through a pipe and reading into a file without a name, so that neither needs
memory that grows with the backup, and a crash leaves nothing that can be read.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import BinaryIO

import pyrage
from pyrage.x25519 import Identity, Recipient

from beffroi.backups import rules
from beffroi.kernel.errors import Invalid
from beffroi_web.words import N_

BEGINNINGS = (b"age-encryption.org/v1", b"-----BEGIN AGE ENCRYPTED FILE-----")
SECRET = "AGE-SECRET-KEY-1"  # noqa: S105  how every secret key begins, not one of them
MOST_OF_A_KEY_FILE = 65_536
PIECE = 1_048_576


def new_key() -> Identity:
    """Draw a new pair; its text is the secret key."""
    return Identity.generate()


def key_file(pair: Identity) -> str:
    """Return a pair as `age-keygen` writes it, for `age --identity` too."""
    return f"# public key: {pair.to_public()}\n{pair}\n"


def keys_in(text: str) -> list[Identity]:
    """Return the secret keys of a key file; Invalid if it holds none, or another thing."""
    lines = [line.strip() for line in text.splitlines()]
    said = [line for line in lines if line and not line.startswith("#")]
    try:
        found = [Identity.from_str(one.upper()) for one in said]
    except pyrage.IdentityError as error:
        raise _no_key() from error
    if not found:
        raise _no_key()
    return found


def _no_key() -> Invalid:
    return Invalid(
        N_("What was given as the key is none: a secret key begins with AGE-SECRET-KEY-1.")
    )


def is_sealed(path: Path) -> bool:
    """Say whether a file begins as an encrypted one does."""
    with path.open("rb") as file:
        return file.read(len(BEGINNINGS[1])).startswith(BEGINNINGS)


class Sealing:
    """A stream that is encrypted into a file as it is written. Nothing seeks in it."""

    def __init__(self, file: BinaryIO, recipients: Sequence[str]) -> None:
        self._keys = [Recipient.from_str(one) for one in recipients]
        self._file = _Told(file)
        self._fault: Exception | None = None
        out, into = os.pipe()
        self._source = os.fdopen(out, "rb")
        self._pipe = os.fdopen(into, "wb", PIECE)
        self._thread = Thread(target=self._encrypt, name="sealing", daemon=True)
        self._thread.start()

    def _encrypt(self) -> None:
        try:
            pyrage.encrypt_io(self._source, self._file, self._keys)
        except Exception as error:  # told to the writer, who is in another thread
            self._fault = self._file.fault or error
        finally:
            self._source.close()  # whoever still writes is told by a broken pipe

    def write(self, data: bytes) -> int:
        """Take bytes; what went wrong in writing them down is raised here or at `finish`."""
        try:
            return self._pipe.write(data)
        except BrokenPipeError:
            self._raise()
            raise

    def flush(self) -> None:
        """Hand over what was taken."""
        try:
            self._pipe.flush()
        except BrokenPipeError:
            self._raise()
            raise

    def finish(self) -> None:
        """Write the end, without which the file counts as cut off."""
        self.flush()
        self._pipe.close()
        self._thread.join()
        self._raise()

    def abandon(self) -> None:
        """Stop, whatever state the file is in."""
        try:
            self._pipe.close()
        except BrokenPipeError:
            pass
        self._thread.join()

    def _raise(self) -> None:
        self._thread.join()
        if self._fault is not None:
            raise self._fault


class _Told:
    """A file that remembers what went wrong: pyrage passes on the words of an error only."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.fault: OSError | None = None

    def write(self, data: bytes) -> int:
        try:
            return self._file.write(data)
        except OSError as error:
            self.fault = error
            raise

    def flush(self) -> None:
        self._file.flush()


def opened(path: Path, keys: Sequence[Identity], folder: Path) -> BinaryIO:
    """Return what a sealed file holds, as a file without a name in `folder`: gone when closed.

    Invalid if no key opens it, or if it is not as it was written; OSError if there is no room.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    plain: BinaryIO = tempfile.TemporaryFile(dir=folder)
    target = _Told(plain)
    try:
        with path.open("rb") as file:
            pyrage.decrypt_io(file, target, keys)
        plain.seek(0)
    except BaseException as error:
        plain.close()
        if target.fault is not None:
            raise target.fault from None
        if isinstance(error, pyrage.DecryptError):
            if "No matching keys" in str(error):
                raise rules.not_for_this_key() from error
            raise rules.not_a_backup() from error
        if isinstance(error, OSError) and error.errno is None:
            raise rules.cut_or_changed() from error
        raise
    return plain
