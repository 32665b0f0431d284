# SPDX-License-Identifier: AGPL-3.0-or-later
"""The addresses of each town of the demonstration: invented streets on invented ground.

None of it is of the Base Adresse Nationale. The streets are those that the demonstration's reports
name, and lie around the middle of the town, each in its own direction.
"""

import math
from datetime import datetime
from random import Random

from beffroi.places import service
from beffroi.places.rules import Address
from demo.ground import KILOMETRES_A_DEGREE, middle_of
from demo.places import Town

STREETS = (
    "Rue des Lilas", "Place du Marché", "Avenue de la Gare", "Quai des Tanneurs",
    "Rue du Beffroi", "Impasse des Jardins", "Boulevard du Nord", "Allée des Tilleuls",
    "Rue du Docteur Ambroise Quentin", "Rue du 8 Mai 1945", "Rue de l’Écluse", "Grande Rue",
)  # fmt: skip
COMMUNES = (
    "Beffroi-le-Bourg", "Beffroi-la-Lande", "Beffroi-le-Moulin", "Beffroi-les-Bois",
    "Beffroi-l’Étang", "Beffroi-la-Rivière",
)  # fmt: skip
NUMBERS = 24
APART = 0.00018
"""Degrees between two numbers: about twenty metres."""


def seed(town: Town, now: datetime) -> int:
    """Keep the invented addresses of a town; return how many. Inside a unit of work."""
    many = 0
    for commune in town.communes:
        rows = _addresses(town, commune)
        service.replace(commune, rows, now=now)
        many += len(rows)
    return many


def _addresses(town: Town, commune: str) -> list[Address]:
    """Return the addresses of a commune: each further one lies to the side of the first."""
    random = Random(town.siren + commune)  # noqa: S311  invented
    latitude, longitude, _ = middle_of(town)
    number = town.communes.index(commune)
    aside = 0.012 * number
    name = town.name if len(town.communes) == 1 else COMMUNES[number % len(COMMUNES)]
    found = []
    for place, street in enumerate(STREETS[: 12 if commune == town.communes[0] else 4]):
        turn = math.tau * place / len(STREETS)
        far = 0.3 + 0.5 * random.random()
        start = (
            latitude + far * math.sin(turn) / KILOMETRES_A_DEGREE,
            longitude + aside + far * math.cos(turn) / KILOMETRES_A_DEGREE,
        )
        found += [
            Address(
                commune=commune,
                street=f"{commune}_{place + 1:04d}",
                number=number,
                suffix="",
                name=street,
                postcode=commune,
                town=name,
                also=(),
                latitude=round(start[0] + APART * number * math.sin(turn + 0.6), 6),
                longitude=round(start[1] + APART * number * math.cos(turn + 0.6), 6),
            )
            for number in range(1, NUMBERS + 1)
        ]
    return found
