# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads reports of "Züri wie neu" (CSV, plain or gzip): a day, a service, a place; no words.

Rows have no number: one is known by what it says, and by how many like it stand before it in the
file. Places are Swiss LV95 metres (EPSG:2056). What was put right is not said, so that every report
stays open.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from beffroi.incidents.adapters.tables import first_of, from_lv95, moment, newest_of, reports
from beffroi.incidents.service import ImportedReport

LANG = "de"
ZONE, FORM = "Europe/Zurich", "%Y-%m-%d"
NEEDED = ("date", "service_code", "e", "n")
AT_NOON = timedelta(hours=12)
_CATEGORY = (
    ("abfall", "waste"),
    ("signalisation", "signs"),
    ("strasse", "road"),
    ("grünfl", "greenery"),
    ("beleuchtung", "lighting"),
    ("graffiti", "graffiti"),
    ("brunnen", "water"),
    ("vbz", "furniture"),
    ("schädlinge", "hygiene"),
)


def category_of(service: str) -> str:
    """Return our category for a service of theirs."""
    return first_of(_CATEGORY, service, otherwise="other_street")


def read(path: Path, *, commune: str, shift: timedelta) -> Iterator[ImportedReport | str]:
    """Yield a report for each row, or a sentence for a row that cannot be read."""
    seen: Counter[str] = Counter()

    def made(row: Mapping[str, str]) -> ImportedReport:
        at = moment(row["date"], FORM, ZONE, shift) + AT_NOON
        position = from_lv95(float(row["e"]), float(row["n"]))
        said = "|".join(row[name].strip() for name in NEEDED)
        name = hashlib.sha256(said.encode()).hexdigest()[:24]
        seen[name] += 1
        service = row["service_code"].strip()
        return ImportedReport(
            source=f"zurich:{name}:{seen[name]}",
            category=category_of(service),
            received_at=at,
            commune=commune,
            description=service[:200] or "Züri wie neu",
            position=position,
        )

    return reports(path, NEEDED, made)


def newest(path: Path, *, until: datetime) -> datetime | None:
    """Return the newest moment in a file that is not after `until`, or None."""
    return newest_of(read(path, commune="", shift=timedelta()), until)
