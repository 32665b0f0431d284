# SPDX-License-Identifier: AGPL-3.0-or-later
"""What readers of tables share: files that may be compressed, rows one at a time, places."""

import csv
import gzip
import io
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from beffroi.incidents.service import ImportedReport
from beffroi_privacy.strong import find_strong, mask

LONGEST_CELL = 1_000_000
_NUMBER = re.compile(
    r"^\s*\d+(?:\s*-\s*\d+)?\s*(?:bis|ter|quater|[A-Za-z](?!\w))?\s*,?\s+", re.IGNORECASE
)
_NUMBER_LAST = re.compile(r"\s+\d+\s*[A-Za-z]?$")

Make = Callable[[Mapping[str, str]], ImportedReport]


def opened(path: Path) -> io.TextIOBase:
    """Open a text file in UTF-8, compressed by gzip or not; a mark at its beginning is left out."""
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def rows(path: Path, needed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, row) of a table with a head, one at a time; cells may hold line ends.

    Raises ValueError where the file has not the columns that are needed.
    """
    csv.field_size_limit(LONGEST_CELL)
    with opened(path) as file:
        reader = csv.DictReader(file)
        missing = [name for name in needed if name not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"the file has no column {', '.join(missing)}")
        for row in reader:
            yield reader.line_num, row


def reports(path: Path, needed: Sequence[str], make: Make) -> Iterator[ImportedReport | str]:
    """Yield a report for each row of a table, or a sentence for one that cannot be read."""
    try:
        for line, row in rows(path, needed):
            try:
                if None in row or any(row[name] is None for name in needed):
                    raise ValueError("the row has too many or too few cells")
                yield make(row)
            except (KeyError, ValueError, TypeError, OverflowError) as error:
                yield f"line {line}: {error}"
    except (OSError, EOFError, csv.Error, ValueError) as error:
        yield f"{path.name}: {error}"


def newest_of(found: Iterator[ImportedReport | str], until: datetime) -> datetime | None:
    """Return the newest moment of some reports that is not after `until`, or None."""
    days = (one.received_at for one in found if not isinstance(one, str))
    return max((day for day in days if day <= until), default=None)


def moment(text: str, form: str, zone: str, shift: timedelta) -> datetime:
    """Return a local moment of a table in UTC, moved by `shift`; ValueError if it is none."""
    try:
        said = datetime.strptime(text.strip(), form)  # noqa: DTZ007  the zone follows
    except ValueError:
        raise ValueError(f"not a moment: {text[:25]!r}") from None
    return said.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) + shift


def position(latitude: str, longitude: str) -> tuple[float, float] | None:
    """Return degrees, or None where a table says none: empty, (0, 0), or no place on earth."""
    try:
        lat, lon = float(latitude), float(longitude)
    except ValueError:
        return None
    if not (math.isfinite(lat) and math.isfinite(lon)) or (lat == 0 and lon == 0):
        return None
    return (lat, lon) if -90 <= lat <= 90 and -180 <= lon <= 180 else None


def street(address: str) -> str:
    """Return an address without its number, and without what is surely a personal detail."""
    first = " ".join(address.split()).split(",")[0]
    said = _NUMBER_LAST.sub("", _NUMBER.sub("", first)).strip()
    found = find_strong(said)
    return mask(said, found) if found else said


def first_of(table: Sequence[tuple[str, str]], *said: str, otherwise: str) -> str:
    """Return the category whose word comes first in what a table says of a row."""
    folded = " ".join(said).casefold()
    return next((ours for theirs, ours in table if theirs in folded), otherwise)


def from_lv95(east: float, north: float) -> tuple[float, float]:
    """Return latitude and longitude (WGS 84) of a point in Swiss LV95 metres (EPSG:2056).

    The approximation that swisstopo publishes ("Approximate formulas for the transformation between
    Swiss projection coordinates and WGS84", 2016): good to a metre. ValueError outside Switzerland.
    """
    if not (2_480_000 <= east <= 2_840_000 and 1_070_000 <= north <= 1_300_000):
        raise ValueError("the point is not in Switzerland")
    y, x = (east - 2_600_000) / 1_000_000, (north - 1_200_000) / 1_000_000
    lon = 2.6779094 + 4.728982 * y + 0.791484 * y * x + 0.1306 * y * x**2 - 0.0436 * y**3
    lat = (
        16.9023892
        + 3.238272 * x
        - 0.270978 * y**2
        - 0.002528 * x**2
        - 0.0447 * y**2 * x
        - 0.0140 * x**3
    )
    return lat * 100 / 36, lon * 100 / 36
