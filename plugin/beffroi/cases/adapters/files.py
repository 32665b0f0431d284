# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where the bytes of a case's files are kept, apart from the rows that name them.

The order of effects: the bytes are written and synced under a random name first, then the row that
names them is committed. A crash between the two leaves bytes without a row: an orphan, which the
worker sweeps once it is a day old (a younger one may belong to a request that is still running).
A row without bytes cannot come about, and one that is found is a fault to be told.
"""

import os
import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

NAME = re.compile(r"[0-9a-f]{32}")
ORPHAN_AGE = timedelta(days=1)


class FileStore(Protocol):
    """Keeps bytes under random names; both methods may be called from several processes."""

    def put(self, name: str, data: bytes) -> None:
        """Keep bytes durably under a new name (32 hex characters); FileExistsError twice."""

    def get(self, name: str) -> bytes:
        """Return the bytes of a name, or raise FileNotFoundError."""


class FolderStore:
    """Files below one folder, spread over 256 sub-folders, readable by the service only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, name: str) -> Path:
        if not NAME.fullmatch(name):
            raise FileNotFoundError(f"{name!r} is not a stored name")
        return self.folder / name[:2] / name

    def put(self, name: str, data: bytes) -> None:
        """Keep bytes durably: written aside, synced, then put in place under the name."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_suffix(f".{os.getpid()}.part")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)
        finally:
            draft.unlink()

    def get(self, name: str) -> bytes:
        """Return the bytes of a name."""
        return self._path(name).read_bytes()

    def drop(self, name: str) -> None:
        """Delete the bytes of a name; nothing happens if there are none."""
        self._path(name).unlink(missing_ok=True)


def orphans(folder: Path, known: Collection[str], *, now: datetime) -> Iterator[Path]:
    """Yield stored files that no row names and that are older than a day, and old drafts."""
    for path in sorted(folder.glob("??/*")):
        age = now - datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if age >= ORPHAN_AGE and path.name not in known:
            yield path


def sweep(folder: Path, known: Collection[str], *, now: datetime) -> int:
    """Delete the orphans; return how many there were."""
    found = list(orphans(folder, known, now=now))
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)
