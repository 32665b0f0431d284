# SPDX-License-Identifier: AGPL-3.0-or-later
"""An export as a folder: written aside and put in place when whole, read with every hash checked.

Everything in it is for its owner only (0700, 0600): it holds what people wrote before masking.
"""

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from beffroi.backups import rules as backup_rules
from beffroi.backups.rules import Manifest, Member
from beffroi.moving.rules import package
from beffroi_web.cells import harmless

PIECE = 1_048_576
MOST_PACKAGE = 64 * 1_048_576


class FolderWriter:
    """Writes one export; nothing stands under its name before `finish`.

    A context manager: what was not finished is deleted. FileExistsError if the name is taken.
    """

    def __init__(self, folder: Path) -> None:
        if folder.exists():
            raise FileExistsError(f"{folder} exists; an export takes nobody's place")
        self._folder = folder
        self._draft = folder.with_name(folder.name + ".part")

    def __enter__(self) -> Self:
        """Begin anew; what an attempt that was cut off left goes."""
        shutil.rmtree(self._draft, ignore_errors=True)
        self._draft.mkdir(parents=True, mode=0o700)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Delete what was not finished."""
        shutil.rmtree(self._draft, ignore_errors=True)

    def add(self, path: str, pieces: Iterable[bytes]) -> str:
        """Write one file; return the SHA-256 of its bytes in hex."""
        digest = hashlib.sha256()
        with self._open(path) as file:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        return digest.hexdigest()

    def sheet(self, path: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """Write one sheet; return how many lines it has below its head."""
        count = 0

        def lines() -> Iterator[bytes]:
            nonlocal count
            said = _Said()
            table = csv.writer(said)
            table.writerow(columns)
            yield said.taken()
            for row in rows:
                count += 1
                table.writerow(["" if v is None else harmless(str(v)) for v in row])
                yield said.taken()

        self.add(path, lines())
        return count

    def finish(self) -> None:
        """Put the whole folder in its place."""
        os.rename(self._draft, self._folder)
        above = os.open(self._folder.parent, os.O_RDONLY)
        try:
            os.fsync(above)
        finally:
            os.close(above)

    def _open(self, path: str) -> Any:
        place = self._draft / path
        for folder in [*reversed(place.relative_to(self._draft).parents)][1:]:
            (self._draft / folder).mkdir(exist_ok=True, mode=0o700)
        return os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


class _Said:
    """What the standard library's writer of CSV writes to, line by line."""

    def __init__(self) -> None:
        self._text = ""

    def write(self, text: str) -> None:
        """Keep what is written."""
        self._text += text

    def taken(self) -> bytes:
        """Return what was written since, and forget it."""
        text, self._text = self._text, ""
        return text.encode()


class FolderReader:
    """Reads one export as `beffroi.backups` reads an archive; Invalid for whatever is not whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        path = folder / package.PACKAGE
        try:
            if path.stat().st_size > MOST_PACKAGE:
                raise package.not_an_export()
            data = path.read_bytes()
        except OSError as error:
            raise package.not_an_export() from error
        self.manifest: Manifest
        self.manifest, self._fields = package.parse_package(data)

    def check(self) -> None:
        """Return if every table and file is there and is what the description says."""
        for path, member in self._members():
            digest = hashlib.sha256()
            try:
                with (self._folder / path).open("rb") as file:
                    while piece := file.read(PIECE):
                        digest.update(piece)
            except OSError as error:
                raise backup_rules.damaged(path) from error
            if digest.hexdigest() != member.sha256:
                raise backup_rules.damaged(path)

    def lines(self, table: str) -> Iterator[bytes]:
        """Yield the lines of a table as a backup has them, the line of its columns first."""
        fields = self._fields[table]
        yield json.dumps([one.name for one in fields]).encode()
        with (self._folder / package.path_of(table)).open("rb") as file:
            for line in file:
                row = json.loads(line)
                yield json.dumps([package.tagged(row[f.name], f) for f in fields]).encode()

    def file(self, name: str) -> bytes:
        """Return an uploaded file."""
        return (self._folder / package.FILES / name).read_bytes()

    def _members(self) -> Iterator[tuple[str, Member]]:
        for name, member in self.manifest.tables.items():
            yield package.path_of(name), member
        for name, member in self.manifest.files.items():
            yield f"{package.FILES}/{name}", member
