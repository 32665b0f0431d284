# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads an Open311 GeoReport v2 `requests` answer, JSON or XML. Descriptions are citizens' words:
unread. Positions are not taken: an answer gives them to everybody, and here nothing needs them.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from beffroi.incidents.adapters.georeport import NotReadable, rows
from beffroi.incidents.rules import CATEGORIES
from beffroi.incidents.service import ImportedReport

PIECE = 65_536
LONGEST_ID = 60

_CATEGORY = (
    ("light", "lighting"),
    ("leucht", "lighting"),
    ("laterne", "lighting"),
    ("éclairage", "lighting"),
    ("pothole", "road"),
    ("straße", "road"),
    ("gehweg", "road"),
    ("voirie", "road"),
    ("müll", "waste"),
    ("abfall", "waste"),
    ("déchet", "waste"),
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


def category_of(service_name: str, service_code: str = "") -> str:
    """Return our category for a service of theirs; a town of ours has our codes."""
    known = CATEGORIES.get(service_code)
    if known is not None and known.listed and known.family == "street":
        return known.code
    folded = service_name.lower()
    return next((ours for theirs, ours in _CATEGORY if theirs in folded), "other_street")


def _moment(said: object) -> datetime:
    """Return a moment; one without a zone, which the specification forbids, is read as UTC."""
    at = datetime.fromisoformat(str(said).strip())
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _report(row: Mapping[str, Any], source: str, commune: str, shift: timedelta) -> ImportedReport:
    name, number = str(row.get("service_name") or ""), str(row["service_request_id"] or "").strip()
    if not number or len(number) > LONGEST_ID:
        raise ValueError("it has no service_request_id, or a very long one")
    at = _moment(row["requested_datetime"]) + shift
    closed = str(row.get("status") or "").strip().lower() == "closed"
    ended = row.get("updated_datetime") or row["requested_datetime"]
    return ImportedReport(
        source=f"open311:{source}:{number}",
        category=category_of(name, str(row.get("service_code") or "")),
        received_at=at,
        commune=commune,
        description=name[:200] or "Open311",
        unread=str(row.get("description") or "").strip()[:5000],
        closed_on=max(_moment(ended) + shift, at).date() if closed else None,
    )


def read(path: Path, *, commune: str, shift: timedelta) -> Iterator[ImportedReport | str]:
    """Yield a report for each request of an answer, or a sentence for one that cannot be read."""
    try:
        for number, row in enumerate(rows(_pieces(path)), 1):
            try:
                if isinstance(row, str):
                    raise ValueError(row)
                yield _report(row, path.stem[:40], commune, shift)
            except KeyError as error:
                yield f"request {number}: it has no {error.args[0]}"
            except (ValueError, TypeError, OverflowError) as error:
                yield f"request {number}: {error}"
    except (OSError, NotReadable) as error:
        yield f"{path.name}: {error}"


def newest(path: Path, *, until: datetime) -> datetime | None:
    """Return the newest moment in a file that is not after `until`, or None."""
    found = [
        r.received_at
        for r in read(path, commune="", shift=timedelta())
        if not isinstance(r, str) and r.received_at <= until
    ]
    return max(found, default=None)
