# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads the open data of Paris' "DansMaRue" (CSV, comma or semicolon, plain or gzip).

The file holds no citizen's words: a type, a sub-type, an address, a day, the channel. The sub-type
becomes the description, the address without its number the place. Rows that cannot be read are
counted and said, never guessed.
"""

import csv
import gzip
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from beffroi.incidents.service import ImportedReport
from beffroi.texts.rules import strong_in
from beffroi_privacy.strong import mask
from beffroi_web.maps import Window

_CATEGORY = (
    ("graffiti", "graffiti"),
    ("objets abandonnés", "waste"),
    ("propreté", "waste"),
    ("déchet", "waste"),
    ("éclairage", "lighting"),
    ("voirie", "road"),
    ("trottoir", "road"),
    ("arbre", "greenery"),
    ("végé", "greenery"),
    ("mobilier", "furniture"),
    ("eau", "water"),
    ("feux", "signs"),
    ("signalisation", "signs"),
    ("autos", "vehicles"),
    ("véhicule", "vehicles"),
    ("vélo", "vehicles"),
    ("activités commerciales", "other_street"),
)
_NUMBER = re.compile(r"^\s*\d+\s*(?:bis|ter|quater|[A-Za-z])?\s*,?\s+", re.IGNORECASE)
_DEGREES = re.compile(r"-?\d{1,3}\.\d+")
_PARIS = Window(48.7, 2.1, 49.0, 2.6)
"""A point elsewhere is a slip: the row is taken without it."""
_POSTCODE = re.compile(r",?\s*\d{5}\s+\S.*$")


@lru_cache(maxsize=1024)
def category_of(kind: str) -> str:
    """Return our category for a type of theirs."""
    folded = kind.lower()
    return next((ours for theirs, ours in _CATEGORY if theirs in folded), "other_street")


@lru_cache(maxsize=4096)
def _day(text: str) -> datetime:
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, form).replace(hour=10, tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError(f"not a day: {text[:20]!r}")


def _street(address: str) -> str:
    street = _POSTCODE.sub("", _NUMBER.sub("", address)).strip()
    found = strong_in(street)
    return mask(street, found) if found else street


def _point(said: str) -> tuple[float, float] | None:
    """Return the point of a row: `48.86, 2.33`, or in one variant `{'lon': 2.33, 'lat': 48.86}`."""
    found = [float(number) for number in _DEGREES.findall(said)]
    if len(found) != 2:
        return None
    latitude, longitude = reversed(found) if "lon" in said else found
    return (latitude, longitude) if _PARIS.holds(latitude, longitude) else None


def _open(path: Path) -> io.TextIOBase:
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def newest(path: Path, *, until: datetime) -> datetime | None:
    """Return the newest day in a file that is not after `until`, or None."""
    days = []
    with _open(path) as file:
        for row in _rows(file):
            try:
                days.append(_day(row["datedecl"]))
            except (KeyError, ValueError, TypeError):
                continue
    return max((day for day in days if day <= until), default=None)


def _rows(file: io.TextIOBase) -> Iterator[dict[str, str]]:
    head = file.readline()
    names = next(csv.reader([head], delimiter=";" if head.count(";") > head.count(",") else ","))
    delimiter = ";" if head.count(";") > head.count(",") else ","
    yield from csv.DictReader(file, fieldnames=names, delimiter=delimiter)


def read(path: Path, *, commune: str, shift: timedelta) -> Iterator[ImportedReport | str]:
    """Yield a report for each row, or a sentence for a row that cannot be read.

    `shift` moves every day; `commune` is the code for all rows.
    The file does not say what was closed, so every report stays open.
    """
    with _open(path) as file:
        for number, row in enumerate(_rows(file), 2):
            try:
                at = _day(row["datedecl"]) + shift
                yield ImportedReport(
                    source=f"dansmarue:{row['id_dmr']}",
                    category=category_of(row["type"]),
                    received_at=at,
                    commune=commune,
                    description=row["soustype"].strip("[] ") or row["type"],
                    place=_street(row["adresse"]),
                    position=_point(row.get("geo_point_2d") or ""),
                )
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                yield f"line {number}: {error}"
