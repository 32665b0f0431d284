# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the words of an address are made comparable: accents, case, abbreviations. Plain Python.

The names of the file and the words that are asked go through the same door, so that an
abbreviation which is spelt out wrongly is spelt out wrongly on both sides.
"""

import re

from beffroi.kernel.ranking import fold

LONGEST = 40
"""Characters of a word that count."""
MOST_WORDS = 24
_TOKEN = re.compile(r"[a-z0-9]+")
_NUMBERED = re.compile(r"^(\d{1,4})(bis|ter|quater|quinquies|[a-z])$")
_ORDINAL = re.compile(r"^(\d{1,2})(er|ere|e|eme|nd|nde)$")

EMPTY = frozenset("l d la le les de du des au aux a en et sur sous the of".split())
"""Words that tell no street from another."""
SAYING = frozenset(
    "devant derriere pres proche face angle coin cote entre vers niveau hauteur numero n no num nr"
    " croisement intersection haut bas debut fin milieu bout entree sortie quartier in front near"
    " corner between street opposite number ce cet cette un une dans je il y"
    " france cedex adresse".split()
)
"""Words that say how something lies to an address, and are no part of it."""
SUFFIXES = {"b": "bis", "bis": "b", "t": "ter", "ter": "t", "q": "quater", "quater": "q"}
"""Two ways to write one suffix."""
_OTHER_SUFFIXES = frozenset({"quinquies", "sexies"})

WAYS = frozenset(
    "rue avenue boulevard place route chemin impasse allee square cours quai passage sentier"
    " residence lotissement faubourg rond point esplanade promenade mail voie venelle ruelle villa"
    " cite hameau lieu dit clos parc montee traverse chaussee zone carrefour boucle sente rampe"
    " lieudit parvis".split()
)
"""Kinds of streets: they count for little, since people mix them up."""

_SPELT_OUT = {
    "av": "avenue", "ave": "avenue", "aven": "avenue", "bd": "boulevard", "bld": "boulevard",
    "blvd": "boulevard", "bvd": "boulevard", "boul": "boulevard", "pl": "place", "plc": "place",
    "rte": "route", "ch": "chemin", "che": "chemin", "chem": "chemin", "imp": "impasse",
    "all": "allee", "sq": "square", "crs": "cours", "fg": "faubourg", "fbg": "faubourg",
    "pass": "passage", "psg": "passage", "pas": "passage", "res": "residence",
    "lot": "lotissement", "esp": "esplanade", "prom": "promenade", "sen": "sentier",
    "ham": "hameau", "rpt": "rond point", "rdpt": "rond point", "rp": "rond point",
    "qu": "quai", "r": "rue", "st": "saint", "ste": "sainte", "sts": "saints", "dr": "docteur",
    "doct": "docteur", "gal": "general", "gen": "general", "gnl": "general", "mal": "marechal",
    "mar": "marechal", "cdt": "commandant", "cmdt": "commandant", "col": "colonel",
    "cap": "capitaine", "cne": "capitaine", "pdt": "president", "pres": "president",
    "prof": "professeur", "pr": "professeur", "mgr": "monseigneur", "lt": "lieutenant",
    "sgt": "sergent", "nd": "notre dame", "ing": "ingenieur",
    "premier": "1", "premiere": "1",
}  # fmt: skip
"""Abbreviations of the postal norm (AFNOR NF Z 10-011), and those that people write."""
_MONTHS = frozenset(
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre".split()
)
_DAYS = {
    "deux": "2", "quatre": "4", "cinq": "5", "six": "6", "huit": "8", "neuf": "9", "dix": "10",
    "onze": "11", "douze": "12", "treize": "13", "quatorze": "14", "quinze": "15", "seize": "16",
    "vingt": "20",
}  # fmt: skip
"""Days that streets are named after; only before a month: pont Neuf is no bridge of the ninth."""


def tokens(said: str) -> list[str]:
    """Return the words of an address in their order: folded, spelt out, empty ones left out.

    A text of empty words alone keeps them.
    """
    found: list[str] = []
    for token in _TOKEN.findall(fold(said)):
        if ordinal := _ORDINAL.match(token):
            found.append(ordinal[1])
        elif numbered := _NUMBERED.match(token):
            found += [numbered[1], numbered[2]]
        else:
            found += _SPELT_OUT.get(token, token).split()
    found = _days(found)[: 2 * MOST_WORDS]
    kept = [
        token[:LONGEST]
        for place, token in enumerate(found)
        if token not in EMPTY or (place and is_number(found[place - 1]) and len(token) == 1)
    ]
    return (kept or [token[:LONGEST] for token in found])[:MOST_WORDS]


def _days(found: list[str]) -> list[str]:
    """Return words in which days before a month are written in figures."""
    said: list[str] = []
    for place, token in enumerate(found):
        after = found[place + 1] if place + 1 < len(found) else ""
        said.append(_DAYS[token] if token in _DAYS and after in _MONTHS else token)
    return said


def is_number(token: str) -> bool:
    """Say whether a word can be the number of a house; five figures are a postcode."""
    return token.isdecimal() and len(token) <= 4


def is_postcode(token: str) -> bool:
    """Say whether a word looks like a postcode."""
    return token.isdecimal() and len(token) == 5


def is_suffix(token: str) -> bool:
    """Say whether a word can stand behind the number of a house."""
    return len(token) == 1 or token in SUFFIXES or token in _OTHER_SUFFIXES


_WAY = "|".join({*WAYS, *(short for short, full in _SPELT_OUT.items() if full in WAYS)})
_PARTED = re.compile(
    r"\s+/\s+|(?<=[^\W\d])/(?=[^\W\d])"
    r"|\s+(?:x|et|avec|au coin de|a l.angle de|croisement de)\s+"
    rf"(?=(?:la |le |l.)?(?:{_WAY})\b)"
)


def corner(said: str) -> tuple[str, str] | None:
    """Return the two streets of a crossing, or None where the words name none.

    "rue A / rue B", "angle rue A et rue B", "rue A x avenue B".
    """
    parts = [part.strip() for part in _PARTED.split(fold(said), maxsplit=1)]
    if len(parts) != 2 or not all(parts) or not all(_has_name(part) for part in parts):
        return None
    return parts[0], parts[1]


def _has_name(part: str) -> bool:
    return any(not is_number(token) and token not in SAYING for token in tokens(part))
