# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bringing incidents in from files: in blocks, each its own unit of work, safe to run again."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TypeVar

from beffroi.incidents import service
from beffroi.incidents.adapters import dansmarue, open311, vcdb
from beffroi.kernel.db import unit_of_work

Row = TypeVar("Row")
BLOCK = 500

READERS = {"dansmarue-csv": dansmarue, "open311": open311, "vcdb-jsonl": vcdb}
"""What `beffroi import KIND FILE` can read, by kind."""


def in_blocks(rows: Iterable[Row], size: int = BLOCK) -> Iterator[list[Row]]:
    """Yield rows in lists of at most `size`."""
    source = iter(rows)
    while block := list(islice(source, size)):
        yield block


def import_file(
    kind: str,
    path: Path,
    *,
    communes: tuple[str, ...],
    shift: timedelta,
    now: datetime,
    progress: Callable[[int], None],
) -> tuple[int, int, list[str]]:
    """Import a file; return how many were added and known, and a sentence for each bad row."""
    added = known = 0
    refused: list[str] = []
    for block in in_blocks(READERS[kind].read(path, commune=communes[0], shift=shift)):
        refused += [row for row in block if isinstance(row, str)]
        rows = [row for row in block if not isinstance(row, str)]
        refused += [f"{r.source}: a day that has not come yet" for r in rows if r.received_at > now]
        rows = [row for row in rows if row.received_at <= now]
        with unit_of_work():
            done = service.import_reports(rows, communes=communes, now=now)
        added, known = added + done.added, known + done.known
        progress(len(block))
    return added, known, refused
