# SPDX-License-Identifier: AGPL-3.0-or-later
"""The départements and overseas territories: codes, names, and their places on a map of tiles.

Codes and names are those of the Code officiel géographique (INSEE), bare facts. The places are our
own: each tile stands about where its territory lies, so that all of them can be seen, whatever
their size; overseas stands in a row of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass

COLUMNS = 12
_LAYOUT = """
.. .. .. .. .. .. 62 59 .. .. .. ..
.. .. .. .. 76 80 60 02 08 .. .. ..
.. .. 50 14 27 95 93 51 55 54 57 ..
29 22 35 61 78 92 75 94 10 52 88 67
.. 56 53 72 28 91 77 89 21 70 90 68
.. 44 49 37 41 45 58 71 39 25 .. ..
.. .. 85 79 86 36 18 03 69 01 74 ..
.. .. 17 16 87 23 63 42 38 73 .. ..
.. .. .. 33 24 19 15 43 07 26 05 ..
.. .. .. 40 47 46 12 48 30 84 04 06
.. .. .. 64 32 82 81 34 13 83 .. ..
.. .. .. .. 65 31 11 .. .. .. .. 2B
.. .. .. .. .. 09 66 .. .. .. .. 2A
"""
_OVERSEAS = ("971", "972", "973", "974", "976", "", "975", "977", "978", "986", "987", "988")

NAMES = {
    "01": "Ain",
    "02": "Aisne",
    "03": "Allier",
    "04": "Alpes-de-Haute-Provence",
    "05": "Hautes-Alpes",
    "06": "Alpes-Maritimes",
    "07": "Ardèche",
    "08": "Ardennes",
    "09": "Ariège",
    "10": "Aube",
    "11": "Aude",
    "12": "Aveyron",
    "13": "Bouches-du-Rhône",
    "14": "Calvados",
    "15": "Cantal",
    "16": "Charente",
    "17": "Charente-Maritime",
    "18": "Cher",
    "19": "Corrèze",
    "2A": "Corse-du-Sud",
    "2B": "Haute-Corse",
    "21": "Côte-d’Or",
    "22": "Côtes-d’Armor",
    "23": "Creuse",
    "24": "Dordogne",
    "25": "Doubs",
    "26": "Drôme",
    "27": "Eure",
    "28": "Eure-et-Loir",
    "29": "Finistère",
    "30": "Gard",
    "31": "Haute-Garonne",
    "32": "Gers",
    "33": "Gironde",
    "34": "Hérault",
    "35": "Ille-et-Vilaine",
    "36": "Indre",
    "37": "Indre-et-Loire",
    "38": "Isère",
    "39": "Jura",
    "40": "Landes",
    "41": "Loir-et-Cher",
    "42": "Loire",
    "43": "Haute-Loire",
    "44": "Loire-Atlantique",
    "45": "Loiret",
    "46": "Lot",
    "47": "Lot-et-Garonne",
    "48": "Lozère",
    "49": "Maine-et-Loire",
    "50": "Manche",
    "51": "Marne",
    "52": "Haute-Marne",
    "53": "Mayenne",
    "54": "Meurthe-et-Moselle",
    "55": "Meuse",
    "56": "Morbihan",
    "57": "Moselle",
    "58": "Nièvre",
    "59": "Nord",
    "60": "Oise",
    "61": "Orne",
    "62": "Pas-de-Calais",
    "63": "Puy-de-Dôme",
    "64": "Pyrénées-Atlantiques",
    "65": "Hautes-Pyrénées",
    "66": "Pyrénées-Orientales",
    "67": "Bas-Rhin",
    "68": "Haut-Rhin",
    "69": "Rhône",
    "70": "Haute-Saône",
    "71": "Saône-et-Loire",
    "72": "Sarthe",
    "73": "Savoie",
    "74": "Haute-Savoie",
    "75": "Paris",
    "76": "Seine-Maritime",
    "77": "Seine-et-Marne",
    "78": "Yvelines",
    "79": "Deux-Sèvres",
    "80": "Somme",
    "81": "Tarn",
    "82": "Tarn-et-Garonne",
    "83": "Var",
    "84": "Vaucluse",
    "85": "Vendée",
    "86": "Vienne",
    "87": "Haute-Vienne",
    "88": "Vosges",
    "89": "Yonne",
    "90": "Territoire de Belfort",
    "91": "Essonne",
    "92": "Hauts-de-Seine",
    "93": "Seine-Saint-Denis",
    "94": "Val-de-Marne",
    "95": "Val-d’Oise",
    "971": "Guadeloupe",
    "972": "Martinique",
    "973": "Guyane",
    "974": "La Réunion",
    "975": "Saint-Pierre-et-Miquelon",
    "976": "Mayotte",
    "977": "Saint-Barthélemy",
    "978": "Saint-Martin",
    "986": "Wallis-et-Futuna",
    "987": "Polynésie française",
    "988": "Nouvelle-Calédonie",
}
"""Every territory by its code: 101 départements and six overseas collectivities."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A territory's place: column and row, counted from the upper left corner."""

    code: str
    column: int
    row: int


def _tiles() -> tuple[Tile, ...]:
    rows = _LAYOUT.split("\n")[1:-1]
    found = [
        Tile(code, column, row)
        for row, line in enumerate(rows)
        for column, code in enumerate(line.split())
        if code != ".."
    ]
    below = len(rows)
    found += [Tile(code, at, below) for at, code in enumerate(_OVERSEAS) if code]
    return tuple(found)


TILES = _tiles()
OVERSEAS_ROW = max(tile.row for tile in TILES)


def department_of(insee: str) -> str:
    """Return the code of the territory in which a commune lies, from its INSEE code.

    Overseas communes begin with the three digits of their territory (97x, 98x), those of Corsica
    with 2A or 2B, all others with the two digits of their département. Empty for a code of none.
    """
    code = insee[:3] if insee[:2] in {"97", "98"} else insee[:2]
    return code if code in NAMES else ""


def departments_of(communes: Iterable[str]) -> tuple[str, ...]:
    """Return the territories in which communes lie, in order; a body may lie in several."""
    return tuple(sorted({department_of(one) for one in communes} - {""}))


def bounds(code: str) -> tuple[str, str]:
    """Return the lowest and the highest INSEE code that a commune of a territory can have."""
    return code.ljust(5, "0"), code.ljust(5, "9")
