# SPDX-License-Identifier: AGPL-3.0-or-later
"""The sign of life of the worker: the time at which a file was touched."""

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

NAME = "worker.alive"


def beat(data_dir: Path, now: datetime) -> None:
    """Note that a worker has just done a turn; what cannot be noted is no reason to stop."""
    path = data_dir / NAME
    with suppress(OSError):
        path.touch(mode=0o600)
        os.utime(path, (now.timestamp(), now.timestamp()))


def last_beat(data_dir: Path) -> datetime | None:
    """Return when a worker last did a turn on this machine, or None if none ever did."""
    with suppress(OSError):
        return datetime.fromtimestamp((data_dir / NAME).stat().st_mtime, UTC)
    return None
