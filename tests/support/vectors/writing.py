# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every case, and writing all of it below a folder."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from support.town_files import write_files
from support.vectors.case import Case
from support.vectors.history import good_files, good_town, next_town
from support.vectors.wrong_entries import leaf_cases, record_cases, second_version_cases
from support.vectors.wrong_files import bundle_cases, content_cases
from support.vectors.wrong_histories import history_cases
from support.vectors.wrong_kept import kept_cases
from support.vectors.wrong_notes import note_cases

VECTORS = Path(__file__).parents[3] / "docs/protocol/vectors"
FOLDERS = ("good", "checkpoints", "next-epoch", "bad")


def cases() -> Iterator[Case]:
    """Yield every case."""
    yield from history_cases()
    yield from bundle_cases()
    yield from content_cases()
    yield from note_cases()
    yield from leaf_cases()
    yield from second_version_cases()
    yield from record_cases()
    yield from kept_cases()


def write(folder: Path) -> None:
    """Write the generated folders below a folder, in the place of what was there."""
    town = good_town()
    files = good_files(town)
    for name in FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
    write_files(folder / "good", files)
    write_files(folder / "next-epoch", next_town().files())
    notes = {f"{size}": note.encode() for size, note in town.notes.items()}
    write_files(folder / "checkpoints", notes)
    bad = {f"{case.name}.json": case.to_json(files).encode() for case in cases()}
    write_files(folder / "bad", bad)
