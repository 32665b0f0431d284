# SPDX-License-Identifier: AGPL-3.0-or-later
"""The folder that a town's backups are written into: what lies there, and what goes."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from beffroi.backups.adapters import ledger
from beffroi.backups.adapters.sealed import is_sealed
from beffroi.backups.rules import rotation
from beffroi.backups.rules.rotation import Kept, Plan

PLAIN = b"PK\x03\x04"


def kept_in(folder: Path, siren: str, sizes: dict[str, int]) -> Iterator[Kept]:
    """Yield this body's backups: named as we name them, and beginning as ours do."""
    for path in sorted(folder.iterdir()):
        made_at = rotation.made_at_of(path.name, siren)
        if made_at is None or not _is_file(path) or not _begins_as_ours(path):
            continue
        yield Kept(path.name, made_at, sizes.get(path.name) == path.stat().st_size)


def rotate(folder: Path, plan: Plan, *, siren: str, data_dir: Path, now: datetime) -> list[str]:
    """Delete what the plan keeps no longer, and halves whose writer died; return the names."""
    kept = list(kept_in(folder, siren, ledger.sizes(data_dir)))
    gone = {*rotation.superfluous(kept, plan, now=now), *_old_halves(folder, siren, now)}
    for name in gone:
        (folder / name).unlink(missing_ok=True)
    if gone:
        ledger.forget(data_dir, gone)
    return sorted(gone)


def _old_halves(folder: Path, siren: str, now: datetime) -> Iterator[str]:
    for path in folder.iterdir():
        if rotation.made_at_of(path.name, siren, half=True) is None or not _is_file(path):
            continue
        touched = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if now - touched > rotation.HALF_IS_OLD:
            yield path.name


def _is_file(path: Path) -> bool:
    """Say whether it is a file itself, neither a folder nor a link to somewhere else."""
    with suppress(OSError):
        return stat.S_ISREG(os.lstat(path).st_mode)
    return False


def _begins_as_ours(path: Path) -> bool:
    try:
        if path.name.endswith(".age"):
            return is_sealed(path)
        with path.open("rb") as file:
            return file.read(len(PLAIN)) == PLAIN
    except OSError:
        return False
