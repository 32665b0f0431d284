# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bringing data requests in from files: in blocks, each its own unit of work, safe to run again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from beffroi.data_requests import service
from beffroi.data_requests.adapters import foi_summaries, udata
from beffroi.kernel.db import unit_of_work

BLOCK = 500

READERS = {"udata-discussions": udata, "foi-summaries": foi_summaries}
"""What `beffroi import KIND FILE` can read, by kind."""


def import_file(
    kind: str, path: Path, *, shift: timedelta, now: datetime, progress: Callable[[int], None]
) -> tuple[int, int, list[str]]:
    """Import a file; return how many were added and known, and a sentence for each bad row."""
    added = known = 0
    refused: list[str] = []
    source = iter(READERS[kind].read(path, shift=shift))
    while block := list(islice(source, BLOCK)):
        refused += [row for row in block if isinstance(row, str)]
        rows = [row for row in block if not isinstance(row, str)]
        refused += [f"{r.source}: a day that has not come yet" for r in rows if r.received_at > now]
        rows = [row for row in rows if row.received_at <= now]
        with unit_of_work():
            new, old = service.import_requests(rows, now=now)
        added, known = added + new, known + old
        progress(len(block))
    return added, known, refused
