# SPDX-License-Identifier: AGPL-3.0-or-later
"""Remembers in the data folder when the newest backup was made; where it lies is not known here."""

import os
from datetime import datetime
from pathlib import Path

NAME = "newest-backup"


def note(data_dir: Path, now: datetime) -> None:
    """Write down that a backup is complete."""
    half = data_dir / f".{NAME}"
    half.write_text(now.isoformat(), encoding="ascii")
    os.replace(half, data_dir / NAME)


def made_at(data_dir: Path) -> datetime | None:
    """Return when the newest backup was made, or None if there was none here."""
    try:
        return datetime.fromisoformat((data_dir / NAME).read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None
