# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town whose street reports are routed: departments, a water company, an area, delays."""

from beffroi.street.rules import importing
from beffroi.street.schemas import STREET
from beffroi.street.service import configuring
from support.town import Town

RULES = """
[departments]
"Voirie" = "voirie@ville.example"
"Propreté" = ""
[bodies."Eau du Val"]
kind = "water"
email = "reseau@eau.example"
contact = "Urgences : 09 69 00 00 00"
[areas."Centre"]
words = ["rue Haute"]
corners = [[48.0, 2.0], [49.0, 2.0], [49.0, 3.0], [48.0, 3.0]]
[delays]
lighting = { working_days = 4, remind_days = 3 }
[[rules]]
category = "water"
department = "Voirie"
body = "Eau du Val"
[[rules]]
category = "waste"
department = "Propreté"
[[rules]]
words = ["lampadaire*", "réverbère"]
department = "Voirie"
"""


def with_rules(town: Town) -> dict[str, int]:
    """Give a town its rules; return the departments by name."""
    read = importing.read(RULES, categories=STREET, communes=(), known=())
    with town.change():
        configuring.take_file(read, communes=town.settings.communes)
    return {row.name: row.id for row in town.rows("SELECT id, name FROM department")}
