# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads the open data of Konstanz' "Mängelmelder" (CSV, plain or gzip), in German.

`Text` is the citizens' own words: they wait for an agent, whatever the city once published. The
category has two levels; the file does not say what was put right, so that every report stays open.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from beffroi.incidents.adapters.tables import (
    first_of,
    moment,
    newest_of,
    position,
    reports,
    street,
)
from beffroi.incidents.service import ImportedReport

LANG = "de"
ZONE, FORM = "Europe/Berlin", "%Y-%m-%d %H:%M:%S"
NEEDED = ("ID", "Text", "Kategorie", "Automatisch-ermittelte-Adresse", "lon", "lat", "Gemeldet-am")
_CATEGORY = (
    ("straßenlaterne", "lighting"),
    ("beleuchtung", "lighting"),
    ("fahrrad gefunden", "vehicles"),
    ("schrottfahrräder", "vehicles"),
    ("abgemeldete fahrzeuge", "vehicles"),
    ("schilder", "signs"),
    ("ampel", "signs"),
    ("gully", "water"),
    ("gulli", "water"),
    ("kanal", "water"),
    ("brunnen", "water"),
    ("graffiti", "graffiti"),
    ("vandalismus", "graffiti"),
    ("ratten", "hygiene"),
    ("müll", "waste"),
    ("sauberkeit", "waste"),
    ("winterdienst", "road"),
    ("hecken", "greenery"),
    ("pflanzen", "greenery"),
    ("baum", "greenery"),
    ("spielpl", "furniture"),
    ("bänke", "furniture"),
    ("radwege", "road"),
    ("straße", "road"),
)


def category_of(kind: str) -> str:
    """Return our category for one of theirs, such as `Beleuchtung > Straßenlaternen defekt`."""
    narrow = kind.rpartition(">")[2]
    return first_of(
        _CATEGORY, narrow, otherwise=first_of(_CATEGORY, kind, otherwise="other_street")
    )


def read(path: Path, *, commune: str, shift: timedelta) -> Iterator[ImportedReport | str]:
    """Yield a report for each row, or a sentence for a row that cannot be read."""

    def made(row: Mapping[str, str]) -> ImportedReport:
        number = row["ID"].strip()
        if not number.isdecimal():
            raise ValueError("it has no ID")
        kind = " ".join(row["Kategorie"].split())
        return ImportedReport(
            source=f"konstanz:{number}",
            category=category_of(kind),
            received_at=moment(row["Gemeldet-am"], FORM, ZONE, shift),
            commune=commune,
            description=kind[:200] or "Mängelmelder",
            place=street(row["Automatisch-ermittelte-Adresse"])[:300],
            unread=row["Text"].strip()[:5000],
            position=position(row["lat"], row["lon"]),
        )

    return reports(path, NEEDED, made)


def newest(path: Path, *, until: datetime) -> datetime | None:
    """Return the newest moment in a file that is not after `until`, or None."""
    return newest_of(read(path, commune="", shift=timedelta()), until)
