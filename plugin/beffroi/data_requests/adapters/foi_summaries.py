# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads access-to-information summaries as Canadian cities publish them (CSV, plain or gzip).

The abstract is written and already redacted by the city; it is released where our gate finds
nothing in it. Impossible dates and rows without words are said, never guessed.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from beffroi.data_requests.adapters.checking import checked, cut, moment, words_of
from beffroi.data_requests.adapters.sources import How, newest_of, table
from beffroi.data_requests.service import ImportedRequest

_MAY = ("identifier", "date_accepted", "date", "decision")
_DECISIONS = (
    ("in part", "published", "partly"),
    ("partial", "published", "partly"),
    ("no record", "refused", "not_held"),
    ("no responsive", "refused", "not_held"),
    ("nothing disclosed", "refused", "refused"),
    ("denied", "refused", "refused"),
    ("exempt", "refused", "refused"),
    ("all disclosed", "published", "published"),
    ("disclosed", "published", "published"),
    ("transfer", "redirected", "redirected"),
    ("abandon", "abandoned", None),
    ("withdrawn", "abandoned", None),
)


def decided(text: str) -> tuple[str, str | None]:
    """Return our status and outcome for a city's decision; open where it is not known."""
    folded = text.lower()
    for theirs, status, outcome in _DECISIONS:
        if theirs in folded:
            return status, outcome
    return "open", None


def _day(text: str) -> datetime:
    return moment(text.split("/")[0], "%Y-%m-%d", field="date")


def _closed(row: dict[str, str], at: datetime, shift: timedelta) -> date:
    """Return the day of the decision where the file gives a later one, else that of reception."""
    try:
        return max(at, _day(row.get("date") or "") + shift).date()
    except ValueError:
        return at.date()


def read(
    path: Path, *, shift: timedelta, how: How | None = None
) -> Iterator[ImportedRequest | str]:
    """Yield a request for each row, or a sentence for a row that cannot be read."""
    file = re.sub(r"[^\w.-]", "_", path.name[:30])
    for number, (line, row) in enumerate(table(path, needs=("abstract",), may=_MAY), 2):
        if isinstance(row, str):
            yield f"line {line}: {row}"
            continue
        try:
            source = f"foi:{file}:{row.get('identifier') or number}:{number}"
            yield _request(row, source, shift)
        except ValueError as error:
            yield f"line {line}: {error}"


def _request(row: dict[str, str], source: str, shift: timedelta) -> ImportedRequest:
    words = " ".join(words_of(row["abstract"], "wanted").split())
    if len(words) < 10:
        raise ValueError("no abstract")
    at = _day(row.get("date_accepted") or row.get("date") or "") + shift
    decision = words_of(row.get("decision"), "decision", 500)
    status, outcome = decided(decision)
    return checked(
        source=source,
        object="document",
        title=cut(words, 120),
        wanted=words,
        received_at=at,
        lang="en",
        official=True,
        status=status,
        outcome=outcome,
        decision=decision,
        answered_on=_closed(row, at, shift) if status != "open" else None,
        theme="GOVE",
    )


def newest(path: Path, *, until: datetime, how: How | None = None) -> datetime | None:
    """Return the newest moment in a file that is not after `until`, or None."""
    return newest_of(read(path, shift=timedelta(), how=how), until)
