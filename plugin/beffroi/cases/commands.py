# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the worker does for cases by the clock: sweeping files that no row names."""

from datetime import datetime
from pathlib import Path

from beffroi.cases import queries
from beffroi.cases.adapters.files import sweep


def sweep_files(data_dir: Path, *, now: datetime) -> int:
    """Delete stored files without a row that are older than a day; return how many."""
    return sweep(data_dir / "files", queries.stored_names(), now=now)
