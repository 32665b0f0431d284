# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads discussions of a udata portal (CSV, plain or gzip): the first message of each is a request.

Messages are citizens' words with whatever they signed: all of them wait for an agent.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from beffroi.data_requests.adapters.checking import checked, cut, moment, words_of
from beffroi.data_requests.adapters.sources import How, newest_of, table
from beffroi.data_requests.service import ImportedRequest

_NEEDS = ("id_discussion", "title_discussion", "message", "created_discussion")


def read(
    path: Path, *, shift: timedelta, how: How | None = None
) -> Iterator[ImportedRequest | str]:
    """Yield a request for the first message of each discussion, or a sentence for a bad row."""
    lang = (how or How()).language
    seen: set[str] = set()
    for line, row in table(path, needs=_NEEDS, may=("user",)):
        if isinstance(row, str):
            yield f"line {line}: {row}"
            continue
        try:
            key = words_of(row["id_discussion"], "id_discussion", 70)
            if not key or key in seen:
                continue
            seen.add(key)
            yield checked(
                source=f"udata:{key}",
                title=cut(words_of(row["title_discussion"], "title_discussion", 1000), 200),
                wanted=row["message"],
                received_at=moment(row["created_discussion"], field="created_discussion") + shift,
                lang=lang,
                official=False,
                theme="ECON",
                authors=[row.get("user", "")[:500]],
            )
        except ValueError as error:
            yield f"line {line}: {error}"


def newest(path: Path, *, until: datetime, how: How | None = None) -> datetime | None:
    """Return the newest moment in a file that is not after `until`, or None."""
    return newest_of(read(path, shift=timedelta(), how=how), until)
