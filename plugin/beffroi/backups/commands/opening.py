# SPDX-License-Identifier: AGPL-3.0-or-later
"""An archive that is open, whatever it was kept in, and the disk that has no room for it."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy.exc import DBAPIError

from beffroi.backups import rules
from beffroi.backups.adapters import sealed
from beffroi.backups.adapters.archive import Reader
from beffroi.backups.commands.keys import Keys
from beffroi.backups.rules import Manifest

FULL = {errno.ENOSPC, errno.EDQUOT}
SQLITE_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_WRITE}
POSTGRES_FULL = "53100"


class Archive(Protocol):
    """What a town can be put back from: a file of `beffroi backup`, or a folder of an export."""

    @property
    def manifest(self) -> Manifest:
        """What the archive says that it holds."""

    def check(self) -> None:
        """Return if it holds what it says, and nothing else; Invalid otherwise."""

    def lines(self, table: str) -> Iterator[bytes]:
        """Yield the lines of a table, the line of its columns first."""

    def file(self, name: str) -> bytes:
        """Return an uploaded file."""


@contextmanager
def opened(file: Path, keys: Keys, folder: Path) -> Iterator[Reader]:
    """Give the archive that a file holds; an encrypted one is opened into `folder`, namelessly.

    Invalid for what is no archive, is damaged, or is not for these keys.
    """
    if not sealed.is_sealed(file):
        with Reader(file) as archive:
            yield archive
        return
    with room(folder):
        plain = sealed.opened(file, keys(), folder)
    with plain, Reader(plain) as archive:
        yield archive


@contextmanager
def room(where: Path) -> Iterator[None]:
    """Say in a sentence that a disk is full, in place of what system or database say of it."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise rules.no_room(str(where)) from error
        raise
    except DBAPIError as error:
        if _is_full(error.orig):
            raise rules.no_room(str(where)) from error
        raise


def _is_full(fault: BaseException | None) -> bool:
    if isinstance(fault, sqlite3.Error):
        return getattr(fault, "sqlite_errorcode", 0) in SQLITE_FULL
    return getattr(fault, "sqlstate", None) == POSTGRES_FULL
