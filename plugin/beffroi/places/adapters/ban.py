# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads the Base Adresse Nationale as it is published for each département.

`adresses-35.csv.gz` from adresse.data.gouv.fr (folder `ban/adresses/latest/csv`), Licence Ouverte
2.0; semicolons, UTF-8, columns as the schema "adresses-csv" of that site names them. The number
99999 stands for a place name without numbers. A row of another commune is not ours to judge and is
only counted.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from beffroi.places.rules import Address, commune_of
from beffroi.places.rules.words import tokens

ELSEWHERE = None
"""What stands for a row of another commune."""
NEEDED = ("id", "numero", "nom_voie", "code_insee", "nom_commune", "lon", "lat")
NO_NUMBER = 99_999
LONGEST_CELL = 10_000
LONGEST_NAME = 200
_KEY = re.compile(r"([0-9AB]{5}_[A-Za-z0-9]{1,16})(?:_.*)?$")
_SUFFIX = re.compile(r"[a-z0-9]{0,12}$")
_RANKS = ("entrée", "délivrance postale", "bâtiment", "cage d’escalier", "logement", "parcelle")
"""Which position of an address is nearest to the street: the order of the AITF's format BAL."""


def read(path: Path, communes: Collection[str]) -> Iterator[Address | str | None]:
    """Yield an address for each row, a sentence for one that cannot be read, None for a stranger.

    Raises ValueError where the file is not of this kind, or ends before its end.
    """
    csv.field_size_limit(LONGEST_CELL)
    try:
        with _opened(path) as file:
            reader = csv.DictReader(file, delimiter=";")
            missing = [one for one in NEEDED if one not in (reader.fieldnames or ())]
            if missing:
                raise ValueError(f"{path.name} has no column {', '.join(missing)}")
            for row in reader:
                yield _row(row, communes, reader.line_num)
    except (OSError, EOFError, zlib.error, csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} could not be read to its end: {error}") from error


def _opened(path: Path) -> io.TextIOBase:
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _row(row: Mapping[str, str], communes: Collection[str], line: int) -> Address | str | None:
    try:
        if not row["code_insee"]:
            raise ValueError("it has no code of a commune")
        commune = commune_of(row["code_insee"])
        if commune not in communes:
            return ELSEWHERE
        return _address(row, commune)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        return f"line {line}: {error}"


def _address(row: Mapping[str, str], commune: str) -> Address:
    """Return the address of a row; raise ValueError with what is wrong with it."""
    key = _KEY.match(row["id"])
    if key is None:
        raise ValueError("its id is none")
    said = " ".join(row["nom_voie"].split())
    if not tokens(said) or len(said) > LONGEST_NAME:
        raise ValueError("it has no name of a street")
    number, suffix = row["numero"] or "0", (row.get("rep") or "").strip().lower()
    if not number.isdecimal() or len(number) > 5 or not _SUFFIX.match(suffix):
        raise ValueError("its number is none")
    older = row.get("nom_ancienne_commune") or ""
    return Address(
        commune=commune,
        street=key[1],
        number=int(number) % NO_NUMBER,
        suffix=suffix,
        name=said,
        postcode=(row.get("code_postal") or "")[:5],
        town=row["nom_commune"][:100],
        also=(older[:100], (row.get("nom_ld") or "")[:100]),
        latitude=_degrees(row["lat"], 90),
        longitude=_degrees(row["lon"], 180),
        rank=_rank(row.get("type_position") or ""),
    )


def _degrees(said: str, most: int) -> float:
    try:
        found = float(said)
    except ValueError:
        raise ValueError("it has no point") from None
    if not -most <= found <= most or found == 0:
        raise ValueError("its point is none on earth")
    return found


def _rank(kind: str) -> int:
    return _RANKS.index(kind) if kind in _RANKS else len(_RANKS)
