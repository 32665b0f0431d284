# SPDX-License-Identifier: AGPL-3.0-or-later
"""Datasets of a list in CSV: a header, then a dataset a line (or a resource a line, once each).

Columns are known by their names, French or English, with or without the prefix `dataset.` that
data.gouv.fr writes; comma, semicolon or tab parts them.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping

from beffroi.catalogue.rules import BadRow, Raw

NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "identifier", "identifiant", "slug"),
    "title": ("title", "titre", "nom"),
    "url": ("url", "page", "landingpage", "adresse", "lien"),
    "description": ("description", "resume", "summary"),
    "publisher": ("organization", "organisation", "publisher", "producteur", "editeur"),
    "licence": ("license", "licence"),
    "keywords": ("tags", "keywords", "keyword", "motscles"),
    "themes": ("theme", "themes", "hvdcategory"),
}
"""Which columns hold what; the first that is there is taken."""
LONGEST_CELL = 1_000_000


def first(address: str) -> str:
    """Return what to ask for first: the file itself."""
    return address


def read(address: str, body: bytes, more: Callable[[str], bytes]) -> Iterator[Raw | str]:
    """Yield the datasets of a list, each once."""
    try:
        words = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        words = body.decode("cp1252", errors="replace")
    header = words.partition("\n")[0]
    delimiter = max(";,\t", key=header.count)
    csv.field_size_limit(LONGEST_CELL)
    rows = csv.reader(io.StringIO(words, newline=""), delimiter=delimiter)
    places = _places(next(rows, []))
    missing = [name for name in ("title", "url") if name not in places]
    if missing:
        raise BadRow(f"The list has no column for: {', '.join(missing)}")
    seen: set[str] = set()
    try:
        for row in rows:
            cells = {n: row[at] if at < len(row) else "" for n, at in places.items()}
            known_as = cells.get("id") or cells["url"]
            if not any(row) or (known_as and known_as in seen):
                continue
            seen.add(known_as)
            yield _raw(cells)
    except csv.Error as fault:
        raise BadRow(f"The list breaks off at line {rows.line_num}: {fault}") from None


def _places(header: list[str]) -> dict[str, int]:
    """Return where each value stands. Columns of datasets win over those of their resources."""
    plain = [re.sub(r"[^a-z.]", "", name.lower().replace("é", "e")) for name in header]
    found: dict[str, int] = {}
    for value, names in NAMES.items():
        spelt = [f"dataset.{name}" for name in names] + list(names)
        at = next((plain.index(name) for name in spelt if name in plain), None)
        if at is not None:
            found[value] = at
    return found


def _raw(cells: Mapping[str, str]) -> Raw:
    return Raw(
        id=cells.get("id", ""),
        title=cells["title"],
        url=cells["url"],
        description=cells.get("description", ""),
        publisher=cells.get("publisher", ""),
        licence=cells.get("licence", ""),
        keywords=tuple(re.split(r"[,;|]", cells.get("keywords", ""))),
        themes=tuple(re.split(r"[,;| ]", cells.get("themes", ""))),
    )
