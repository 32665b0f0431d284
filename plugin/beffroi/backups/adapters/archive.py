# SPDX-License-Identifier: AGPL-3.0-or-later
"""Archives as ZIP files: written aside and put in place when whole, read with every hash checked.

Written with mode 0600: an archive holds what people wrote before anything was masked.
"""

import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, Self, cast

from beffroi.backups import rules
from beffroi.backups.adapters.sealed import Sealing
from beffroi.backups.rules import Manifest, Member
from beffroi.kernel.errors import Invalid

PIECE = 1_048_576
LONG_AGO = (1980, 1, 1, 0, 0, 0)


class Writer:
    """Writes one archive; nothing stands under its name before `finish`.

    A context manager: what was not finished is deleted. With `recipients` (age public keys) it is
    encrypted to them as it is written.
    """

    def __init__(self, path: Path, recipients: Sequence[str] = ()) -> None:
        self._path = path
        self._draft = path.with_name(path.name + ".part")
        handle = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._file: BinaryIO = os.fdopen(handle, "wb")
        self._sealing = Sealing(self._file, recipients) if recipients else None
        stream = cast("IO[bytes]", self._sealing or self._file)
        self._zip = zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file, and delete it if it was not finished."""
        self._draft.unlink(missing_ok=True)
        self._zip.fp = None  # it would write its end when it is collected
        if self._sealing is not None:
            self._sealing.abandon()
        with suppress(OSError):  # a full disk has been told already
            self._file.close()

    def add(self, path: str, pieces: Iterable[bytes]) -> str:
        """Write one member; return the SHA-256 of its bytes in hex."""
        digest = hashlib.sha256()
        info = zipfile.ZipInfo(path, LONG_AGO)
        info.compress_type = zipfile.ZIP_DEFLATED
        with self._zip.open(info, "w", force_zip64=True) as member:
            for piece in pieces:
                digest.update(piece)
                member.write(piece)
        return digest.hexdigest()

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest and put the whole archive in its place; FileExistsError if taken."""
        self.add(rules.MANIFEST, [rules.encode_manifest(manifest)])
        self._zip.close()
        if self._sealing is not None:
            self._sealing.finish()
        self._file.flush()
        os.fsync(self._file.fileno())
        os.link(self._draft, self._path)  # unlike a rename it takes nobody's place
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class Reader:
    """Reads one archive; a context manager. Raises `Invalid` for whatever is not whole."""

    def __init__(self, source: Path | BinaryIO) -> None:
        self._file = source.open("rb") if isinstance(source, Path) else source
        try:
            self._zip = zipfile.ZipFile(self._file)
            info = self._zip.getinfo(rules.MANIFEST)
            if info.file_size > rules.MAX_MANIFEST:
                raise rules.not_a_backup()
            self.manifest = rules.parse_manifest(self._zip.read(info))
        except Invalid:
            self._file.close()
            raise
        except Exception as error:  # zipfile's and zlib's ways of finding a damaged file are many
            self._file.close()
            raise rules.not_a_backup() from error

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._file.close()

    def check(self) -> None:
        """Return if every member is there and is what the manifest says, and nothing else is."""
        for path, member in self._members():
            digest = hashlib.sha256()
            for piece in self._pieces(path):
                digest.update(piece)
            if digest.hexdigest() != member.sha256:
                raise rules.damaged(path)
        known = {path for path, _ in self._members()} | {rules.MANIFEST}
        if set(self._zip.namelist()) != known:
            raise rules.damaged(rules.MANIFEST)

    def lines(self, table: str) -> Iterator[bytes]:
        """Yield the lines of a table, the line of its columns first."""
        with self._zip.open(rules.table_path(table)) as member:
            yield from member

    def file(self, name: str) -> bytes:
        """Return an uploaded file."""
        return self._zip.read(rules.file_path(name))

    def _members(self) -> Iterator[tuple[str, Member]]:
        for name, member in self.manifest.tables.items():
            yield rules.table_path(name), member
        for name, member in self.manifest.files.items():
            yield rules.file_path(name), member

    def _pieces(self, path: str) -> Iterator[bytes]:
        try:
            with self._zip.open(path) as member:
                while piece := member.read(PIECE):
                    yield piece
        except Exception as error:  # zipfile's and zlib's ways of finding a damaged file are many
            raise rules.damaged(path) from error
