# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done for data requests from outside: files read in blocks, and the clock's strokes."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from beffroi.data_requests import service
from beffroi.data_requests.adapters import alaveteli, ckan, foi_summaries, requests_csv, udata
from beffroi.data_requests.adapters.mapping import MappingRefused
from beffroi.data_requests.adapters.sources import How, Unreadable
from beffroi.data_requests.queries import clock as clocks
from beffroi.data_requests.queries import drafts
from beffroi.data_requests.service import ImportedRequest
from beffroi.data_requests.service import clock as legal_clock
from beffroi.data_requests.service import drafts as drafting
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.errors import Refusal
from beffroi.legal.law import Law

__all__ = [
    "MAPPED",
    "READERS",
    "How",
    "MappingRefused",
    "Report",
    "import_file",
    "publish_drafts",
    "strike_clocks",
]

BLOCK = 500
MOST_SECONDS = 3600
"""How long one import may take; what is in stays, and a second run takes up the rest."""

READERS: dict[str, Any] = {
    "requests-csv": requests_csv,
    "ckan-datarequests": ckan,
    "alaveteli-json": alaveteli,
    "udata-discussions": udata,
    "foi-summaries": foi_summaries,
}
"""What `beffroi import KIND FILE` can read, by kind."""
MAPPED = ("requests-csv",)
"""The kinds that are read by a mapping."""


@dataclass(slots=True)
class Report:
    """What came of an import: `refused` and `changed` hold a sentence for each row.

    `stopped` says why a file was not read to its end. `waiting` is only counted in a dry run.
    """

    added: int = 0
    known: int = 0
    waiting: int = 0
    refused: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    stopped: str = ""


def import_file(
    kind: str,
    path: Path,
    *,
    how: How,
    shift: timedelta,
    now: datetime,
    progress: Callable[[int], None],
    dry_run: bool = False,
    seconds: Callable[[], float] = time.monotonic,
) -> Report:
    """Import a file in blocks, each its own unit of work; say what came of it.

    A dry run reads and checks all of it and writes nothing. Raises MappingRefused.
    """
    report, seen, until = Report(), set[str](), seconds() + MOST_SECONDS
    source = _to_its_end(READERS[kind].read(path, shift=shift, how=how), report)
    while block := list(islice(source, BLOCK)):
        rows = list(_taken(block, report, seen, now))
        if dry_run:
            found = service.look_up(rows, days=not shift)
            report.waiting += found.waiting()
        else:
            with unit_of_work():
                found = service.import_requests(rows, now=now, days=not shift)
        report.added += len(found.fresh)
        report.known += found.known
        report.changed += found.changed
        progress(len(block))
        if seconds() > until and not report.stopped:
            report.stopped = f"after {MOST_SECONDS // 60} minutes; run it again for the rest"
            break
    return report


def _to_its_end(rows: Iterable[ImportedRequest | str], report: Report) -> Iterator[Any]:
    """Yield rows until there are no more, or until the file cannot be read any further."""
    try:
        yield from rows
    except Unreadable as error:
        report.stopped = str(error)


def _taken(
    block: Iterable[ImportedRequest | str], report: Report, seen: set[str], now: datetime
) -> Iterator[ImportedRequest]:
    """Yield the rows that can be brought in; keep a sentence for each of the others."""
    for row in block:
        if isinstance(row, str):
            report.refused.append(row)
        elif row.source in seen:
            report.refused.append(f"{row.source}: this name stands in the file before")
        elif row.received_at > now or (row.closed_on and row.closed_on > now.date()):
            report.refused.append(f"{row.source}: a day that has not come yet")
        else:
            seen.add(row.source)
            yield row


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


def publish_drafts(law: Law, *, lang: str, now: datetime, today: date) -> int:
    """Give the answers whose moment has come; return how many were given.

    Each is a unit of work of its own. One that does not hold any more goes back to the desk with
    the reason, in `lang`.
    """
    given, seen = 0, set[int]()
    while case_ids := set(drafts.due(now, BLOCK)) - seen:
        seen |= case_ids
        for case_id in sorted(case_ids):
            try:
                with unit_of_work():
                    given += drafting.publish_due(case_id, now=now, today=today, law=law)
            except Refusal as why:
                with unit_of_work():
                    drafting.give_back(case_id, why, lang=lang, now=now)
    return given
