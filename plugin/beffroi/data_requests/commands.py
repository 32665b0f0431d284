# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done for data requests from outside: files read in blocks, and the clock's strokes."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path

from beffroi.data_requests import service
from beffroi.data_requests.adapters import foi_summaries, udata
from beffroi.data_requests.queries import clock as clocks
from beffroi.data_requests.service import clock as legal_clock
from beffroi.kernel.db import unit_of_work
from beffroi.legal.law import Law

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


def strike_clocks(law: Law, *, now: datetime, today: date) -> int:
    """Write what came of itself in requests until today; return how many events were new.

    Each request is a unit of work of its own. Only requests whose day has come are read.
    """
    struck = 0
    while case_ids := clocks.striking(today, BLOCK):
        for case_id in case_ids:
            with unit_of_work():
                struck += legal_clock.strike(case_id, law, now=now, today=today)
    return struck
