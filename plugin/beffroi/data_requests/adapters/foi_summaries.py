# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads access-to-information summaries as Canadian cities publish them (CSV, plain or gzip).

The abstract is written and already redacted by the city; it is released where our gate finds
nothing in it. Impossible dates and rows without words are said, never guessed.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from beffroi.data_requests.adapters.udata import open_text
from beffroi.data_requests.service import ImportedRequest

YEARS = range(1990, 2100)
"""What may be the year of a request: published files have 1301 and 3101 where a day was meant."""
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
    first = text.split("/")[0].strip()
    day = datetime.strptime(first, "%Y-%m-%d").replace(hour=10, tzinfo=UTC)
    if day.year not in YEARS:
        raise ValueError(f"an impossible date: {first}")
    return day


def _closed(row: dict[str, str], at: datetime, shift: timedelta) -> date:
    """Return the day of the decision where the file gives a later one, else that of reception."""
    try:
        return max(at, _day(row.get("date") or "") + shift).date()
    except ValueError:
        return at.date()


def read(path: Path, *, shift: timedelta) -> Iterator[ImportedRequest | str]:
    """Yield a request for each row, or a sentence for a row that cannot be read."""
    with open_text(path) as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            try:
                words = " ".join((row.get("abstract") or "").split())
                if len(words) < 10:
                    raise ValueError("no abstract")
                at = _day(row.get("date_accepted") or row.get("date") or "") + shift
                decision = (row.get("decision") or "").strip()
                status, outcome = decided(decision)
                yield ImportedRequest(
                    source=f"foi:{path.name[:30]}:{row.get('identifier') or number}:{number}",
                    object="document",
                    title=words if len(words) <= 120 else words[:118].rsplit(" ", 1)[0] + " …",
                    wanted=words[:2000],
                    received_at=at,
                    lang="en",
                    official=True,
                    status=status,
                    outcome=outcome,
                    decision=decision[:500],
                    closed_on=_closed(row, at, shift) if status != "open" else None,
                    theme="GOVE",
                )
            except (KeyError, ValueError, TypeError) as error:
                yield f"row {number}: {error}"


def newest(path: Path, *, until: datetime) -> datetime | None:
    """Return the newest moment in a file that is not after `until`, or None."""
    rows = read(path, shift=timedelta())
    found = [r.received_at for r in rows if not isinstance(r, str) and r.received_at <= until]
    return max(found, default=None)
