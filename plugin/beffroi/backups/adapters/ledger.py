# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a town remembers of its backups, in its data folder: those it wrote, and the last proof.

The notes are a help, not a truth: without them every backup can still be restored.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from beffroi.backups.adapters import newest
from beffroi.kernel.extension import BackupStanding

NAME = "backups.json"


def wrote(data_dir: Path, file: Path) -> None:
    """Note a backup that is complete, by its name and size."""
    with _changed(data_dir) as notes:
        notes["sizes"] = {**_sizes(notes), file.name: file.stat().st_size}


def forget(data_dir: Path, names: set[str]) -> None:
    """Take away the notes of backups that are deleted."""
    with _changed(data_dir) as notes:
        notes["sizes"] = {n: size for n, size in _sizes(notes).items() if n not in names}


def sizes(data_dir: Path) -> dict[str, int]:
    """Return the sizes in bytes of the backups that were written here, by name."""
    return _sizes(_read(data_dir / NAME))


def verified(data_dir: Path, *, made_at: datetime, now: datetime) -> None:
    """Note that a backup, made at a moment, was restored into a scratch place and found whole."""
    with _changed(data_dir) as notes:
        notes["verified"] = {"at": now.isoformat(), "made_at": made_at.isoformat()}


def standing(data_dir: Path) -> BackupStanding:
    """Return when the newest backup was made here, and when one was last found whole."""
    try:
        said = _read(data_dir / NAME)["verified"]
        at, of = datetime.fromisoformat(said["at"]), datetime.fromisoformat(said["made_at"])
    except (KeyError, TypeError, ValueError):
        return BackupStanding(newest.made_at(data_dir), None, None)
    return BackupStanding(newest.made_at(data_dir), at, of)


def _sizes(notes: dict[str, Any]) -> dict[str, int]:
    said = notes.get("sizes")
    return {str(n): s for n, s in said.items() if isinstance(s, int)} if said else {}


def _read(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


@contextmanager
def _changed(data_dir: Path) -> Iterator[dict[str, Any]]:
    """Give the notes to be changed; they are put in place whole, one writer after the other."""
    handle = os.open(data_dir / f".{NAME}.lock", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        notes = _read(data_dir / NAME)
        yield notes
        half = data_dir / f".{NAME}"
        half.write_text(json.dumps(notes, indent=1, sort_keys=True), encoding="utf-8")
        os.replace(half, data_dir / NAME)
    finally:
        os.close(handle)
