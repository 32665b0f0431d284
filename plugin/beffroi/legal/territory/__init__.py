# SPDX-License-Identifier: AGPL-3.0-or-later
"""The communes of France and the intercommunal bodies: codes, names, SIREN, inhabitants.

Facts of the Code officiel géographique (INSEE) and of the base of EPCI (DGCL), written by
`deploy/territory/make.py`; their year stands in the first line of each file.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_HERE = Path(__file__).parent
MOST_FOUND = 20


@dataclass(frozen=True, slots=True)
class Body:
    """A commune or an intercommunal body (`kind`), with the INSEE codes of its communes.

    `siren` is empty where the list has none, `inhabitants` None.
    """

    kind: str
    siren: str
    name: str
    communes: tuple[str, ...]
    inhabitants: int | None


@lru_cache(maxsize=1)
def communes() -> dict[str, Body]:
    """Return every commune by its INSEE code."""
    return {
        code: Body("commune", siren, name, (code,), int(people) if people else None)
        for code, siren, people, name in _rows("communes.tsv")
    }


@lru_cache(maxsize=1)
def epci() -> dict[str, Body]:
    """Return every intercommunal body with its own taxes by its SIREN."""
    return {
        siren: Body("epci", siren, name, tuple(codes.split()), int(people) if people else None)
        for siren, people, codes, name in _rows("epci.tsv")
    }


def year() -> str:
    """Return the year of the list of communes."""
    with (_HERE / "communes.tsv").open(encoding="utf-8") as file:
        return file.readline().partition("COG ")[2][:4]


def unknown(codes: Iterable[str]) -> list[str]:
    """Return those of some INSEE codes that no commune has."""
    return [code for code in codes if code not in communes()]


def find(words: str) -> list[Body]:
    """Return the bodies that somebody may mean by a name, an INSEE code or a SIREN, the best first.

    A name counts without capitals, accents, hyphens and apostrophes. At most twenty.
    """
    asked = words.strip()
    if asked.upper() in communes():
        return [communes()[asked.upper()]]
    if re.fullmatch(r"[0-9]{9}", asked):
        known = [one for one in communes().values() if one.siren == asked]
        return [epci()[asked]] if asked in epci() else known
    key = plain(asked)
    if not key:
        return []
    every = (*communes().values(), *epci().values())
    same = [one for one in every if plain(one.name) == key]
    begun = [one for one in every if plain(one.name).startswith(key) and one not in same]
    begun.sort(key=lambda one: -(one.inhabitants or 0))
    return [*same, *begun][:MOST_FOUND]


@lru_cache(maxsize=100_000)
def plain(name: str) -> str:
    """Return a name as it is compared: small letters and digits, one space between words."""
    bare = unicodedata.normalize("NFKD", name.replace("œ", "oe").replace("Œ", "oe")).lower()
    return " ".join(
        re.findall(r"[a-z0-9]+", "".join(c for c in bare if not unicodedata.combining(c)))
    )


def _rows(name: str) -> Iterator[list[str]]:
    with (_HERE / name).open(encoding="utf-8") as file:
        for line in file:
            if not line.startswith("#"):
                yield line.rstrip("\n").split("\t")
