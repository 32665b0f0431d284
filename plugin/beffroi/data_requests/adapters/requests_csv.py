# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads a register of requests kept as a table (CSV, plain or gzip), by a mapping.

Only mapped columns are read. Those of the authors are read for one thing: to mask their names where
they stand in the texts; they themselves are not kept.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from beffroi.data_requests.adapters.checking import checked, cut, moment, words_of
from beffroi.data_requests.adapters.mapping import COLUMNS, NEEDED, RegisterMapping, read_mapping
from beffroi.data_requests.adapters.sources import How, newest_of, table
from beffroi.data_requests.service import ImportedRequest

AS_THEY_ARE = {name: name for name in COLUMNS}


def _mapping(path: Path, how: How) -> RegisterMapping:
    """Return the mapping; without one, columns are called as ours, and words are a citizen's."""
    if how.mapping is not None:
        return read_mapping(how.mapping)
    stem = re.sub("[^a-z0-9]+", "-", path.name.lower().split(".")[0]).strip("-")
    return RegisterMapping(name=stem[:40] or "register", language=how.language, columns=AS_THEY_ARE)


def read(
    path: Path, *, shift: timedelta, how: How | None = None
) -> Iterator[ImportedRequest | str]:
    """Yield a request for each row, or a sentence for a row that cannot be taken."""
    mapping = _mapping(path, how or How())
    columns = mapping.columns
    asked = set(columns.values()) | set(mapping.authors)
    needs = asked if columns is not AS_THEY_ARE else set(NEEDED)
    rows = table(
        path,
        needs=needs,
        may=asked - needs,
        encoding=mapping.encoding,
        delimiter=mapping.delimiter,
    )
    for line, cells in rows:
        if isinstance(cells, str):
            yield f"line {line}: {cells}"
            continue
        try:
            yield _request(cells, mapping, shift)
        except ValueError as error:
            yield f"line {line}: {error}"


def _request(cells: dict[str, str], mapping: RegisterMapping, shift: timedelta) -> ImportedRequest:
    def cell(name: str) -> str:
        return cells.get(mapping.columns.get(name, ""), "")

    number = words_of(cell("id"), "id", 70)
    if not number:
        raise ValueError("id: it is empty: the row could not be known again")
    title, wanted = cell("title"), cell("wanted")
    if not wanted or mapping.columns.get("wanted") == mapping.columns["title"]:
        # One column holds all: the wish has every word of it, so that a cut title loses none.
        wanted, title = title, cut(words_of(title, "wanted"), 120)
    answered = words_of(cell("answered"), "answered", 40)
    at = words_of(cell("received"), "received", 40)
    return checked(
        source=f"csv:{mapping.name}:{number}",
        title=title,
        wanted=wanted,
        received_at=moment(at, mapping.dates) + shift,
        lang=mapping.code("language", words_of(cell("language"), "language")) or mapping.language,
        official=mapping.official,
        object=mapping.code("object", words_of(cell("object"), "object")) or "dataset",
        theme=mapping.code("theme", words_of(cell("theme"), "theme")) or None,
        status=mapping.code("status", words_of(cell("status"), "status")) or "open",
        outcome=mapping.code("outcome", words_of(cell("outcome"), "outcome")) or None,
        decision=cell("answer"),
        answered_on=(
            (moment(answered, mapping.dates, field="answered") + shift).date() if answered else None
        ),
        url=cell("url"),
        planned=words_of(cell("planned"), "planned"),
        authors=[cells[name][:500] for name in mapping.authors],
    )


def newest(path: Path, *, until: datetime, how: How | None = None) -> datetime | None:
    """Return the newest moment in a file that is not after `until`, or None."""
    return newest_of(read(path, shift=timedelta(), how=how), until)
