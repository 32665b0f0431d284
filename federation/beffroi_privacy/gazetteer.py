# SPDX-License-Identifier: AGPL-3.0-or-later
"""The word lists that the search for names reads; `gazetteers/README.md` tells their origins."""

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

from beffroi_privacy.inflection import inflected

SURE: Final = 3
RARE: Final = 2
ALSO_A_WORD: Final = 1
ALSO_A_PLACE: Final = -1
NO_NAME: Final = 0


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """First names with their class, ordinary words of two languages, and communes; all folded."""

    first_names: dict[str, int]
    ordinary: frozenset[str]
    communes: frozenset[str]
    surnames: frozenset[str]
    """Ordinary words that many people bear as a surname."""


@lru_cache(maxsize=1)
def gazetteer() -> Gazetteer:
    """Return the lists, read once a process."""
    first = _sections("first_names.txt")
    ambiguous = _sections("ambiguous_words.txt")
    names = dict.fromkeys(first["rare"], RARE)
    names.update(dict.fromkeys(first["common"], SURE))
    names.update(dict.fromkeys(_sections("english_first_names.txt")[""], SURE))
    names.update(dict.fromkeys(ambiguous["words"], ALSO_A_WORD))
    names.update(dict.fromkeys(ambiguous["places"], ALSO_A_PLACE))
    for saint in ("saint", "sainte"):
        names.pop(saint, None)
    ordinary = frozenset(_sections("ordinary_words.txt")[""])
    lemmas = (inflected(_lines(f"{language}_lemmas.txt")) for language in ("french", "english"))
    return Gazetteer(
        names,
        ordinary.union(*lemmas),
        frozenset(_lines("communes.txt")),
        frozenset(ambiguous["surnames"]),
    )


@lru_cache(maxsize=20_000)
def first_name(folded: str) -> int:
    """Return the class of a folded word as a first name: `SURE`, `RARE`, … or `NO_NAME`.

    A hyphened one is a first name if its parts are: jean-pierre, anne-sophie, but no saint-pierre.
    """
    names = gazetteer().first_names
    if "-" not in folded:
        return names.get(folded, NO_NAME)
    parts = folded.split("-")
    known = [names.get(part, NO_NAME) for part in parts]
    if len(parts) > 3 or NO_NAME in known or known[0] == ALSO_A_PLACE:
        return NO_NAME
    return SURE


@lru_cache(maxsize=20_000)
def is_ordinary(folded: str) -> bool:
    """Say whether a folded word is an ordinary one of French or English."""
    lists = gazetteer()
    if folded in lists.ordinary:
        return True
    if folded[-1:] in "sx" and folded[:-1] in lists.ordinary:
        return True
    return "-" in folded and all(part in lists.ordinary for part in folded.split("-"))


def is_surname_too(folded: str) -> bool:
    """Say whether an ordinary word is a common surname as well: Boulanger, Petit, Baker."""
    return folded in gazetteer().surnames


def is_commune(folded: str) -> bool:
    """Say whether folded words, with spaces or hyphens, are the name of a commune."""
    return folded.replace("-", " ").replace("'", " ") in gazetteer().communes


def _read(name: str) -> str:
    return resources.files("beffroi_privacy").joinpath("gazetteers", name).read_text("utf-8")


def _lines(name: str) -> list[str]:
    return [line for line in _read(name).splitlines() if line and not line.startswith("#")]


def _sections(name: str) -> dict[str, list[str]]:
    """Return the words of a list under the `[section]` they stand in."""
    sections: dict[str, list[str]] = {}
    current = ""
    for line in _lines(name):
        if line.startswith("["):
            current = line.strip("[]")
        else:
            sections.setdefault(current, []).extend(line.split())
    return sections
