# SPDX-License-Identifier: AGPL-3.0-or-later
"""The file that goes along when a request is passed on to another body: what everyone may read.

An institution that was asked for what another one holds passes the request on and says so to its
author (CRPA, L. 114-2 and L. 311-2). Only released words and dates; nothing of who asked: the other
body answers on the page, or writes to the town. In French, as one French authority writes to
another. Plain Python.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from beffroi.data_requests.rules.cada import Block, Institution, day


@dataclass(frozen=True, slots=True)
class PassedOn:
    """A request as it goes to another body: released words, its day of reception, our answer."""

    ref: str
    url: str
    received_on: date
    title: str
    wanted: str
    details: Sequence[tuple[str, str]]
    body: str
    answer: str
    answered_on: date


def blocks(file: PassedOn, by: Institution, made_on: date) -> list[Block]:
    """Return the file, piece by piece."""
    found = [
        Block("title", f"Transmission de la demande {file.ref}"),
        Block("text", f"À : {file.body}\nDe : {by.name} (SIREN {by.siren})\nLe {day(made_on)}"),
        Block(
            "text",
            "Madame, Monsieur,\n\nNous avons reçu la demande d’accès ci-dessous, qui relève de "
            "votre administration. Nous vous la transmettons en application des articles L. 114-2 "
            "et L. 311-2 du code des relations entre le public et l’administration, et son auteur "
            "en est informé.",
        ),
        Block("heading", file.title),
        Block(
            "text",
            f"Demande {file.ref}, reçue par nous le {day(file.received_on)}. Sa page publique : "
            f"{file.url}",
        ),
        Block("quote", file.wanted),
    ]
    if file.details:
        found.append(Block("items", items=[f"{label} : {said}" for label, said in file.details]))
    found += [
        Block("heading", f"Notre réponse, du {day(file.answered_on)}"),
        Block("quote", file.answer),
        Block(
            "text",
            "L’auteur de la demande n’est pas nommé ici. Nous lui ferons suivre votre réponse si "
            "vous nous l’adressez en citant la référence de la demande.",
        ),
    ]
    return found
