# SPDX-License-Identifier: AGPL-3.0-or-later
"""How unmet demand is ranked, what law counts as of high value, and who holds which theme.

The ranking is an advice to those who can open data for everybody. It never conditions an answer: a
request that is last here has the same delay and the same rights as the first.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from beffroi_web.words import N_

WAITS, REFUSED = 2, 1
"""What a town counts for: one that still waits, one that has refused."""
LONGEST_HOLDER = 200
LONGEST_REASON = 1_000


class Asked(Protocol):
    """What is ranked: a topic with its counts of towns, each town counted once."""

    @property
    def waiting(self) -> int:
        """Return how many towns still wait."""

    @property
    def refused(self) -> int:
        """Return how many towns have refused."""

    @property
    def published(self) -> int:
        """Return how many towns have published."""

    @property
    def id(self) -> int:
        """Return what settles a tie for good."""


One = TypeVar("One", bound=Asked)


def unmet(waiting: int, refused: int) -> int:
    """Return the unmet demand of a topic: two for each town that waits, one for each refusal."""
    return WAITS * waiting + REFUSED * refused


def order(one: Asked) -> tuple[int, int, int]:
    """Return by what a topic is ranked, the lowest first.

    The greatest unmet demand comes first; among equals, what the most towns have published already,
    since the others can do as they did; then the older name, so that the order is always the same.
    """
    return -unmet(one.waiting, one.refused), -one.published, one.id


def ranked(found: Iterable[One], most: int) -> list[One]:
    """Return the first `most` of those with unmet demand, in their order."""
    asked = [one for one in found if unmet(one.waiting, one.refused) > 0]
    return sorted(asked, key=order)[:most]


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the data of a theme, as a curator or this file names it, in both languages."""

    fr: str
    en: str

    def named(self, lang: str) -> str:
        """Return the name in a language."""
        return self.en if lang == "en" and self.en else self.fr


HOLDERS: Mapping[str, Holder] = {
    "AGRI": Holder("Ministère chargé de l’agriculture", "Ministry in charge of agriculture"),
    "ECON": Holder("Ministère chargé de l’économie et des finances",
                   "Ministry in charge of the economy and finance"),
    "EDUC": Holder("Ministères chargés de l’éducation, de la culture et des sports",
                   "Ministries in charge of education, culture and sport"),
    "ENER": Holder("Ministère chargé de la transition écologique",
                   "Ministry in charge of the ecological transition"),
    "ENVI": Holder("Ministère chargé de la transition écologique",
                   "Ministry in charge of the ecological transition"),
    "GOVE": Holder("Services du Premier ministre", "Prime Minister’s services"),
    "HEAL": Holder("Ministère chargé de la santé", "Ministry in charge of health"),
    "INTR": Holder("Ministère chargé des affaires étrangères",
                   "Ministry in charge of foreign affairs"),
    "JUST": Holder("Ministères de la justice et de l’intérieur",
                   "Ministries of justice and of the interior"),
    "OP_DATPRO": Holder("Services du Premier ministre", "Prime Minister’s services"),
    "REGI": Holder("Ministère chargé des collectivités territoriales",
                   "Ministry in charge of local government"),
    "SOCI": Holder("Ministère chargé des solidarités", "Ministry in charge of social affairs"),
    "TECH": Holder("Ministère chargé de l’enseignement supérieur et de la recherche",
                   "Ministry in charge of higher education and research"),
    "TRAN": Holder("Ministère chargé des transports", "Ministry in charge of transport"),
}  # fmt: skip
"""Who holds each theme until a curator says otherwise; by charge, since names change."""


def domains(holders: Mapping[str, Holder]) -> dict[str, list[str]]:
    """Return the themes of each holder, by its French name: a domain is what one holder holds."""
    found: dict[str, list[str]] = {}
    for theme, holder in holders.items():
        found.setdefault(holder.fr, []).append(theme)
    return {name: sorted(themes) for name, themes in sorted(found.items())}


HIGH_VALUE = {
    "geospatial": N_("Geospatial"),
    "environment": N_("Earth observation and environment"),
    "meteorological": N_("Meteorological"),
    "statistics": N_("Statistics"),
    "companies": N_("Companies and company ownership"),
    "mobility": N_("Mobility"),
}
"""The categories of high-value datasets: annex of Commission Implementing Regulation (EU)
2023/138, after article 13 and annex I of Directive (EU) 2019/1024."""

_SIGNS: Mapping[str, str] = {
    "geospatial": r"adresses? postales?|base adresses?|bal|adress(?:es|age)|address(?:es)?|"
    r"cadastr\w*|parcelles?|parcels?|batiments?|buildings?|limites administratives|"
    r"unites administratives|administrative (?:units|boundaries)|toponym\w*|noms de lieux|"
    r"geographical names",
    "environment": r"qualite de l[' ]air|air quality|qualite de l[' ]eau|water quality|bruit|"
    r"noise|biodiversit\w*|dechets|waste|zones? inondables?|flood\w*|risques naturels|"
    r"natural risks?|sols?|soil|occupation du sol|land (?:use|cover)|emissions?|climat\w*|"
    r"energies? renouvelables?|renewable energy|arbres|trees|nature|hydrograph\w*|cours d[' ]eau|"
    r"rivers?|altitudes?|elevation|geolog\w*|ortho(?:photo|imag)\w*|sites? (?:naturels? )?"
    r"proteges?|protected sites?|especes|species|habitats? naturels?",
    "meteorological": r"meteo\w*|weather|pluviometr\w*|rainfall|temperatures?",
    "statistics": r"population|demograph\w*|chomage|unemployment|emploi|employment|"
    r"tourisme|tourism|naissances|births|deces|deaths|mortalit\w*|pauvrete|poverty",
    "companies": r"entreprises?|compan(?:y|ies)|societes?|siren\w*|beneficiaires effectifs|"
    r"beneficial owners?",
    "mobility": r"reseaux? (?:routiers?|ferroviaires?|de transport)|transport networks?|"
    r"voies? navigables?|inland waterways?|pistes? cyclables?|cycle (?:paths?|lanes?)|"
    r"autobus|bus(?:es)?|tramways?|horaires|timetables?|stationnement|parking",
}
_MATCHERS = {
    code: re.compile(rf"\b(?:{words})\b").search for code, words in _SIGNS.items()
}  # fmt: skip


def high_value(*titles: str) -> tuple[str, ...]:
    """Return the categories of high-value datasets that titles seem to speak of, by their words.

    A sign for readers, not a legal opinion: the annex lists datasets one by one, many of them by a
    theme of Directive 2007/2/EC (INSPIRE). The words are those with which a town's datasets of
    these categories are named, as the national portal explains the list.
    """
    letters = unicodedata.normalize("NFKD", " ".join(titles).lower()).replace("’", "'")
    line = "".join(one for one in letters if not unicodedata.combining(one))
    return tuple(code for code, found in _MATCHERS.items() if found(line))
