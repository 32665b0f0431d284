# SPDX-License-Identifier: AGPL-3.0-or-later
"""A folder for trying a restore, inside the data folder: for its owner only, gone afterwards.

One at a time. What a crash left of an earlier try lies there in clear: the worker deletes it within
the hour, and the next try does so first.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from beffroi.kernel.errors import Conflict
from beffroi_web.words import N_

NAME = "trying-a-restore"


@contextmanager
def scratch(data_dir: Path) -> Iterator[Path]:
    """Give an empty folder; Conflict while somebody else has it."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = data_dir / NAME
    with _held(data_dir) as held:
        if not held:
            raise Conflict(N_("A backup is being tried already. Nothing changed."))
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def sweep(data_dir: Path) -> bool:
    """Delete what a crash left of a try, unless one is under way; say whether anything was."""
    folder = data_dir / NAME
    if not folder.exists():
        return False
    with _held(data_dir) as held:
        if held:
            shutil.rmtree(folder, ignore_errors=True)
        return held


@contextmanager
def _held(data_dir: Path) -> Iterator[bool]:
    """Hold the lock of the folder, which ends with its process; say whether it was to be had."""
    handle = os.open(data_dir / f".{NAME}.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)
