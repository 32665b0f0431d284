# SPDX-License-Identifier: AGPL-3.0-or-later
"""`beffroi catalogue import | list`, and what the worker does: bring connected catalogues in.

An import reads a catalogue block by block, each block its own unit of work, so that the town goes
on meanwhile. Order of effects: the day's import is taken; datasets are kept as they come; what the
catalogue no longer names goes; the words are counted; how it went is written down. Broken off at
any point it has kept what came, forgotten nothing, and the next one begins anew.
"""

import argparse
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from beffroi.catalogue import queries, service
from beffroi.catalogue.adapters.reading import Opened, Refused, fetching
from beffroi.catalogue.queries import INDEX, Connected
from beffroi.catalogue.rules import MOST_DATASETS, BadRow
from beffroi.config import Settings
from beffroi.kernel.db import unit_of_work
from beffroi.kernel.nearby import Text
from beffroi_web.fetching import Fetching, Kept, NotFetched

log = logging.getLogger(__name__)

BLOCK = 500
SECONDS = 240.0
"""How long one import may take; the worker does nothing else meanwhile."""


@dataclass(slots=True)
class Report:
    """How one import went: datasets, and the first reasons of rows that were refused."""

    datasets: int = 0
    refused: int = 0
    gone: int = 0
    unchanged: bool = False
    fault: str = ""
    reasons: list[str] = field(default_factory=list)


def import_due(settings: Settings, *, now: datetime) -> int:
    """Import the catalogues whose day has come; return how many were tried."""
    with unit_of_work():
        service.connect(settings.catalogues)
    tried = 0
    for one in queries.catalogues():
        with unit_of_work():
            mine = service.begin(one.id, now=now)
        if mine:
            tried += 1
            report = bring(one, fetching(settings), now=now)
            if report.fault:
                log.warning("the catalogue %s was not imported: %s", one.address, report.fault)
    return tried


def bring(one: Connected, by: Fetching, *, now: datetime) -> Report:
    """Import one catalogue; what went wrong is in the report, and with the catalogue."""
    report = Report()
    seen: set[int] = set()
    kept: Kept | None = None
    try:
        kept = _read(one, by, report, seen)
        if report.unchanged:
            with unit_of_work():
                service.end(one.id, now=now)
            return report
        if not seen:
            raise NotFetched("It names no dataset that can be taken; what was there is kept")
        with unit_of_work():
            report.gone = service.forget_unseen(one.id, seen)
    except (NotFetched, BadRow) as fault:
        report.fault = str(fault)
    report.datasets = len(seen)
    with unit_of_work():
        INDEX.count_again()
        marks = (kept.etag, kept.modified) if kept and not report.fault else ("", "")
        service.end(one.id, now=now, fault=report.fault, refused=report.refused, kept=marks)
    return report


def _read(one: Connected, by: Fetching, report: Report, seen: set[int]) -> Kept:
    """Take every dataset of a catalogue; return by what to ask whether it has changed."""
    opened = Opened(one.kind, one.address, by, Kept(one.etag, one.modified), seconds=SECONDS)
    if opened.unchanged:
        report.unchanged = True
        return opened.kept
    refused = Refused()
    rows = opened.rows(refused)
    taken = 0
    try:
        while block := list(islice(rows, BLOCK)):
            taken += len(block)
            if taken > MOST_DATASETS:
                raise NotFetched(f"It names more than {MOST_DATASETS} datasets; the rest was left")
            with unit_of_work():
                seen |= service.take(one.id, block)
    finally:
        report.refused = refused.count
        report.reasons = [f"dataset {number}: {fault}" for number, fault in refused.reasons]
    return opened.kept


def index_again() -> int:
    """Make the index of datasets anew from their rows; return how many there are."""
    after = count = 0
    while some := queries.words_after(after, BLOCK):
        after = some[-1].id
        count += len(some)
        with unit_of_work():
            INDEX.put(Text(r.id, r.title, r.summary, r.publisher) for r in some)
    with unit_of_work():
        INDEX.count_again()
    return count


def arguments(parser: argparse.ArgumentParser) -> None:
    """Say what `beffroi catalogue` takes."""
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("import", help="import every connected catalogue now")
    verbs.add_parser("list", help="say which are connected and how their imports went")


def run(
    args: argparse.Namespace,
    settings: Settings,
    *,
    now: datetime,
    say: Callable[[str], None] = print,
) -> int:
    """Run one of the commands; 1 if a catalogue could not be imported."""
    with unit_of_work():
        service.connect(settings.catalogues)
    if args.verb == "list":
        for one in queries.catalogues():
            last = one.imported_at.isoformat(timespec="minutes") if one.imported_at else "never"
            say(f"{one.kind} {one.address}")
            say(f"  imported: {last}; {one.datasets} datasets, {one.refused} refused")
            if one.fault:
                say(f"  {one.fault}")
        return 0
    failed = 0
    for one in queries.catalogues():
        with unit_of_work():
            service.begin(one.id, now=now, again=True)
        report = bring(one, fetching(settings), now=now)
        failed += bool(report.fault)
        say(f"{one.kind} {one.address}")
        for line in _lines(report):
            say(f"  {line}")
    return 1 if failed else 0


def _lines(report: Report) -> Iterator[str]:
    if report.unchanged:
        yield "has not changed"
        return
    yield f"{report.datasets} datasets, {report.refused} refused, {report.gone} gone"
    if report.fault:
        yield report.fault
    yield from report.reasons
    if report.refused > len(report.reasons):
        yield f"… and {report.refused - len(report.reasons)} more"
