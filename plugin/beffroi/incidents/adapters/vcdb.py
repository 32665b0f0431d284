# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads VERIS incidents (JSON lines, plain or gzip) as cyber cases: never shown one by one."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from beffroi.incidents.service import ImportedReport


def category_of(incident: dict[str, Any]) -> str:
    """Return our category for an incident's actions and assets."""
    action = incident.get("action", {})
    varieties = {
        str(v).lower()
        for part in action.values()
        if isinstance(part, dict)
        for v in part.get("variety", [])
    }
    if "social" in action or any("phish" in v for v in varieties):
        return "phishing"
    if any("deface" in v for v in varieties) or "integrity" in incident.get("attribute", {}):
        return "defaced"
    if any("dos" in v for v in varieties):
        return "down"
    return "data_visible"


def read(path: Path, *, commune: str, shift: timedelta) -> Iterator[ImportedReport | str]:
    """Yield a case for each line, or a sentence for a line that cannot be read."""
    opened = (
        gzip.open(path, "rt", encoding="utf-8")
        if path.suffix == ".gz"
        else path.open(encoding="utf-8")
    )
    with opened as file:
        for number, line in enumerate(file, 1):
            try:
                incident = json.loads(line)
                when = incident["timeline"]["incident"]
                at = datetime(
                    int(when["year"]),
                    int(when.get("month") or 1),
                    int(when.get("day") or 1),
                    9,
                    tzinfo=UTC,
                )
                yield ImportedReport(
                    source=f"vcdb:{incident['incident_id']}",
                    category=category_of(incident),
                    received_at=at + shift,
                    commune=commune,
                    description="",
                    unread=str(incident.get("summary") or "")[:5000],
                )
            except (KeyError, ValueError, TypeError) as error:
                yield f"line {number}: {error}"


def newest(path: Path, *, until: datetime) -> datetime | None:
    """Return the newest moment in a file that is not after `until`, or None."""
    rows = read(path, commune="", shift=timedelta())
    found = [r.received_at for r in rows if not isinstance(r, str) and r.received_at <= until]
    return max(found, default=None)
