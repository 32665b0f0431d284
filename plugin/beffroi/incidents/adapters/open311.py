# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads an Open311 GeoReport v2 `requests.json`. Descriptions are citizens' words: unread."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from beffroi.incidents.service import ImportedReport

_CATEGORY = (
    ("light", "lighting"),
    ("leucht", "lighting"),
    ("laterne", "lighting"),
    ("pothole", "road"),
    ("straße", "road"),
    ("gehweg", "road"),
    ("müll", "waste"),
    ("abfall", "waste"),
    ("graffiti", "graffiti"),
    ("grün", "greenery"),
    ("baum", "greenery"),
    ("tree", "greenery"),
    ("fahrzeug", "vehicles"),
    ("fahrräder", "vehicles"),
    ("ampel", "signs"),
    ("verkehr", "signs"),
    ("wasser", "water"),
    ("gully", "water"),
)


def category_of(service_name: str) -> str:
    """Return our category for a service of theirs."""
    folded = service_name.lower()
    return next((ours for theirs, ours in _CATEGORY if theirs in folded), "other_street")


def read(path: Path, *, commune: str, shift: timedelta) -> Iterator[ImportedReport | str]:
    """Yield a report for each request of an answer, or a sentence for one that cannot be read."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        yield f"{path.name}: {error}"
        return
    for number, row in enumerate(rows, 1):
        try:
            at = datetime.fromisoformat(row["requested_datetime"]) + shift
            closed = str(row.get("status", "")).lower() == "closed"
            updated = datetime.fromisoformat(row["updated_datetime"]) + shift if closed else None
            yield ImportedReport(
                source=f"open311:{path.stem[:40]}:{row['service_request_id']}",
                category=category_of(row.get("service_name") or ""),
                received_at=at,
                commune=commune,
                description=str(row.get("service_name") or "")[:500],
                unread=str(row.get("description") or "").strip()[:5000],
                closed_on=updated.date() if updated else None,
            )
        except (KeyError, ValueError, TypeError) as error:
            yield f"request {number}: {error}"


def newest(path: Path, *, until: datetime) -> datetime | None:
    """Return the newest moment in a file that is not after `until`, or None."""
    rows = read(path, commune="", shift=timedelta())
    found = [r.received_at for r in rows if not isinstance(r, str) and r.received_at <= until]
    return max(found, default=None)
