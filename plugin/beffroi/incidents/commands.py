# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bringing incidents in from files: in blocks, each its own unit of work, safe to run again."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from beffroi.incidents import service
from beffroi.incidents.adapters import boston, dansmarue, konstanz, open311, vcdb, zurich
from beffroi.incidents.queries import exchange
from beffroi.kernel import bulk
from beffroi.kernel.db import unit_of_work
from beffroi_web.fetching import Fetching, Limits

Row = TypeVar("Row")
BLOCK = 1_000
"""Rows of one transaction; others who write wait for it, some tenths of a second."""
MOST_FETCHED = 64 * 1_048_576
"""Bytes of an answer that is fetched to be imported."""

READERS: Mapping[str, Any] = {
    "boston-csv": boston,
    "dansmarue-csv": dansmarue,
    "konstanz-csv": konstanz,
    "open311": open311,
    "vcdb-jsonl": vcdb,
    "zurich-csv": zurich,
}
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
    dry_run: bool = False,
) -> tuple[int, int, list[str]]:
    """Import a file; return how many were added and known, and a sentence for each bad row.

    With `dry_run` everything is read and checked, and nothing is written.
    """
    before: set[str] = set()
    added = known = 0
    refused: list[str] = []
    for block in in_blocks(READERS[kind].read(path, commune=communes[0], shift=shift)):
        refused += [row for row in block if isinstance(row, str)]
        rows = [row for row in block if not isinstance(row, str)]
        refused += [f"{r.source}: a day that has not come yet" for r in rows if r.received_at > now]
        rows = [row for row in rows if row.received_at <= now]
        if dry_run:
            sources = {row.source for row in rows} - before
            before |= sources
            fresh = len(sources - exchange.known_sources(list(sources)))
            added, known = added + fresh, known + len(rows) - fresh
            progress(len(block))
            continue
        lang = getattr(READERS[kind], "LANG", "fr")
        with unit_of_work():
            bulk.make_room()
            done = service.import_reports(rows, communes=communes, now=now, lang=lang)
        added, known = added + done.added, known + done.known
        progress(len(block))
    return added, known, refused


@contextmanager
def fetched(address: str, *, public_url: str) -> Iterator[Path]:
    """Fetch what stands at an address into a file for a while, named after its host.

    Rows are known by the host's name and their own number, so that a second import of the same
    endpoint adds only what is new. Raises NotFetched; loopback only where the town itself is there.
    """
    local = public_url.startswith("http://127.0.0.1:")
    prefix = "/".join(address.split("/")[:3])
    by = Fetching(
        user_agent=f"Beffroi ({public_url})",
        allowed_loopback=frozenset({prefix}) if local else frozenset(),
        limits=Limits(size=MOST_FETCHED),
    )
    body = by.get(address).body or b""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{prefix.partition('//')[2].replace(':', '-')}.answer"
        path.write_bytes(body)
        del body
        yield path
