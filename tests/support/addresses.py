# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files of addresses in the form of the Base Adresse Nationale; every street is invented here."""

import gzip
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

HEAD = (
    "id;id_fantoir;numero;rep;nom_voie;code_postal;code_insee;nom_commune;"
    "code_insee_ancienne_commune;nom_ancienne_commune;x;y;lon;lat;type_position;alias;nom_ld;"
    "libelle_acheminement;nom_afnor;source_position;source_nom_voie;certification_commune;"
    "cad_parcelles"
)
KINDS = ("Rue", "Avenue", "Boulevard", "Place", "Chemin", "Impasse", "Allée", "Square", "Quai")
NAMES = (
    "des Lilas", "du Docteur Ambroise Quentin", "de l’Écluse", "Saint-Aubert", "du 8 Mai 1945",
    "du Général Hardouin", "des Trois Meules", "Jeanne Lemercier", "de la Fontaine aux Ânes",
    "du Pont Neuf", "Émile Roussel", "des Vieux Moulins", "de Bellegarde", "du Champ de Foire",
    "Marguerite Delaunoy", "des Tanneurs", "du Puits Salé", "de la Croix Blanche", "Sainte-Odile",
)  # fmt: skip
FIRST = "Anselme Berthe Clovis Delphine Eudes Fantine Gaspard Hermine Isidore Josette".split()
PARTS = "bar cou dan fer gri lau mon nor per rou sal tro val vau ver".split()
ENDS = "bois court don fort lac mont nay ret rive ton val vin".split()


def row(
    code: str,
    street: str,
    number: int,
    name: str,
    *,
    suffix: str = "",
    postcode: str = "35000",
    town: str = "Ville-Exemple",
    older: str = "",
    locality: str = "",
    at: tuple[float, float] = (48.11, -1.68),
    position: str = "entrée",
) -> str:
    """Return one row: `code` is the commune's, `street` the second part of the key."""
    key = "_".join(part for part in (code, street, f"{number:05d}", suffix) if part)
    return (
        f"{key};;{number};{suffix};{name};{postcode};{code};{town};;{older};;;"
        f"{at[1]:.6f};{at[0]:.6f};{position};;{locality};{town.upper()};;commune;commune;1;"
    )


def write(path: Path, rows: Iterable[str]) -> Path:
    """Write a file, compressed where its name says so."""
    text = "\n".join([HEAD, *rows]) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def street(
    code: str, key: str, name: str, numbers: Sequence[int], *, start: tuple[float, float],
    step: tuple[float, float] = (0.0, 0.0002), **more: str,
) -> list[str]:  # fmt: skip
    """Return the rows of a straight street: a number each `step` degrees."""
    return [
        row(code, key, number, name, at=(start[0] + i * step[0], start[1] + i * step[1]), **more)
        for i, number in enumerate(numbers)
    ]


def town_of(many: int, seed: int = 7, code: str = "35238") -> Iterator[str]:
    """Yield so many rows of one commune: streets of about 25 numbers, names that resemble."""
    chance = random.Random(seed)
    made = street_number = 0
    while made < many:
        street_number += 1
        name = f"{chance.choice(KINDS)} {_name(chance)}"
        key = f"{street_number:04d}"
        start = (48.08 + chance.random() / 15, -1.75 + chance.random() / 8)
        numbers = range(1, 2 + chance.randrange(50))
        for one in street(code, key, name, numbers, start=start):
            yield one
            made += 1


def _name(chance: random.Random) -> str:
    if chance.random() < 0.2:
        return chance.choice(NAMES)
    first = f"{chance.choice(FIRST)} " if chance.random() < 0.6 else ""
    last = "".join(chance.choice(PARTS) for _ in range(1 + chance.randrange(2)))
    return f"{first}{last.capitalize()}{chance.choice(ENDS)}"
