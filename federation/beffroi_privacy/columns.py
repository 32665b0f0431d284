# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables inside a text: what the head of a column says of its cells.

A row of names and codes has no words around them. Where a line has as many separators (`|`, `;`,
tabulators) as one above it whose cells are words like "nom", "pseudo", "n° client" or "flat", the
cells below are what that head says.
"""

import re
from collections.abc import Iterator
from typing import Final

from beffroi_privacy.gazetteer import is_commune, is_ordinary
from beffroi_privacy.normalise import fold
from beffroi_privacy.spans import ADDRESS, OTHER_ID, PERSON, USERNAME, Span

_SEPARATORS: Final = ("|", "\t", ";")
_ROWS: Final = 200
_CELLS: Final = 40
_HEADS: Final = (
    (
        PERSON,
        re.compile(
            r"\b(?:noms?(?! (?:du |de la )?(?:fichier|rue|voie|site|champ|commune|lieu|produit))"
            r"|prenoms?|names?|surname|occupants?|agente?|eleve|titulaire|locataire|resident"
            r"|demandeur|demandeuse|requester|interlocuteur|contact|signataire|participante?s?|pupil"
            r"|tenant|proprietaire|owner|temoin|beneficiaire|candidate?|parents?|enfants?|child)\b"
        ),
    ),
    (
        USERNAME,
        re.compile(r"\b(?:pseudo(?:nyme)?s?|login|user ?name|utilisateur|user|handle|alias)\b"),
    ),
    (
        ADDRESS,
        re.compile(
            r"^(?:n°|no\.?|num(?:ero)? (?:de )?(?:rue|voie)|flat|apt\.?|apart\w*|appt?\.?|adresse"
            r"|address|logement|porte|door|unit|house)$"
        ),
    ),
    (
        OTHER_ID,
        re.compile(
            r"\b(?:matricule|contrat|clients?|abonnee?|allocataire|adherente?|carte|badge|licence"
            r"|identifiant|numero fiscal|passeport|customer|account|member|card|staff|student|ine"
            r"|usager|locataire|beneficiaire|pdl|prm|fiscal)\b"
        ),
    ),
)
_NUMBERED = re.compile(r"n[°o]\.?|num|number|\bid\b|ref|code", re.IGNORECASE)
_THING = re.compile(r"parcelle|lampadaire|equipement|marche|lot\b|ticket|capteur|arret|ligne|insee")
_ROAD = re.compile(r"\b(?:rue|voie|street|road|adresse|address|residence|batiment)\b")


def find_in_columns(text: str) -> Iterator[Span]:
    """Yield the cells of the tables of a normalised text that their head makes personal."""
    for separator in _SEPARATORS if "\n" in text else ():
        if text.count(separator) > 1:
            yield from _of_table(text, separator)


def _of_table(text: str, separator: str) -> Iterator[Span]:
    labels: list[str] = []
    start = rows = 0
    for line in text.split("\n"):
        cells = line.split(separator)
        if not 2 <= len(cells) <= _CELLS:
            labels = []
        elif len(cells) == len(labels) and any(labels) and rows < _ROWS:
            rows += 1
            yield from _of_row(cells, labels, start)
        else:
            labels, rows = _labels(cells), 0
        start += len(line) + 1


def _labels(cells: list[str]) -> list[str]:
    """Return the label of each column of a table with such a first row; "" says nothing."""
    heads = [fold(cell).strip(" *_\"'") for cell in cells]
    if any(len(head) > 40 or sum(map(str.isdigit, head)) > 2 for head in heads):
        return []
    street = any(_ROAD.search(head) for head in heads)
    return [_label(head, street=street) for head in heads]


def _label(head: str, *, street: bool) -> str:
    if _THING.search(head):
        return ""
    if _NUMBERED.search(head) and _HEADS[3][1].search(head):
        return OTHER_ID
    for label, pattern in _HEADS:
        if pattern.search(head) and (street or head not in ("n°", "no", "no.")):
            return label
    return ""


def _of_row(cells: list[str], labels: list[str], start: int) -> Iterator[Span]:
    for cell, label in zip(cells, labels, strict=True):
        value = cell.strip(" *_\"'-")
        if value and label and _fits(value, label):
            at = start + cell.index(value)
            yield Span(at, at + len(value), label, weak=True)
        start += len(cell) + 1


def _fits(value: str, label: str) -> bool:
    """Say whether a cell may be what the head of its column says."""
    folded = fold(value)
    if not value[0].isalnum() and label != USERNAME:
        return False
    if label == PERSON:
        words = re.findall(r"[^\W\d_]+", folded)
        plain = all(is_ordinary(word) and word == value for word in words)
        return 0 < len(words) <= 5 and not plain and not any(c.isdigit() for c in value)
    if label == USERNAME:
        return len(value) <= 30 and not is_commune(folded)
    return any(c.isdigit() for c in value)
