# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done for cases by the clock, and after a restore: files without rows, the index, items
of lists."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from beffroi.cases import queries
from beffroi.cases.adapters.files import sweep
from beffroi.cases.queries import similar
from beffroi.cases.queries.listing import Listing
from beffroi.cases.service.listing import keep_some_items
from beffroi.kernel import search
from beffroi.kernel.db import unit_of_work

AT_ONCE = 500
MOST_KEPT = 20_000
"""Cases of which what lists give is put together in one go: some seconds of work."""


def sweep_files(data_dir: Path, *, now: datetime) -> int:
    """Delete stored files without a row that are older than a day; return how many."""
    return sweep(data_dir / "files", queries.stored_names(), now=now)


def index_again() -> int:
    """Make the index of public words anew from the released texts; return how many cases it has.

    After a restore: the index is not part of a backup.
    """
    count = 0
    after = 0
    while some := queries.released_words(after, AT_ONCE):
        after = some[-1].case_id
        with unit_of_work():
            for case in some:
                search.remove(case.case_id, case.received_at)
            shown = [case.searched for case in some if case.searched is not None]
            search.put_many(shown)
            similar.put(case.near for case in some)
        count += len(shown)
    with unit_of_work():
        similar.count_again()
    return count


def keep_items(listings: Sequence[Listing], *, most: int = MOST_KEPT) -> tuple[int, bool]:
    """Put together what the lists give of cases that changed, up to `most`.

    Return of how many, and whether somebody who was changing a case kept it from going on.
    """
    count = 0
    while count < most:
        with unit_of_work():
            some = keep_some_items(listings, AT_ONCE)
        if some is None:
            return count, True
        count += some
        if some < AT_ONCE:
            break
    return count, False


def count_words() -> int:
    """Count anew in how many requests each word stands; return how many requests there are.

    The first time, as after an upgrade, the cases that are there are put into the index before.
    """
    if not similar.are_counted():
        after = 0
        while some := queries.released_words(after, AT_ONCE):
            after = some[-1].case_id
            with unit_of_work():
                similar.put(case.near for case in some)
    with unit_of_work():
        return similar.count_again()
