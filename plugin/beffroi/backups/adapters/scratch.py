# SPDX-License-Identifier: AGPL-3.0-or-later
"""A folder for trying a restore, inside the data folder: for its owner only, gone afterwards.

One at a time. What a crash left of an earlier try is deleted first.
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
    handle = os.open(data_dir / f".{NAME}.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(N_("A backup is being tried already. Nothing changed.")) from error
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)
