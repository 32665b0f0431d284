# SPDX-License-Identifier: AGPL-3.0-or-later
"""The street desk of the demonstration: who handles what, and reports in each of its states.

Every body is invented; its answer says that it is fictitious.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.incidents import service as incidents
from beffroi.kernel.actors import Actor
from beffroi.kernel.db import unit_of_work
from beffroi.legal.calendars import calendar_of
from beffroi.street import service
from beffroi.street.rules import importing
from beffroi.street.schemas import STREET
from beffroi.street.service import Moment, configuring
from demo.places import Town

FICTITIOUS = "\n\n(Réponse fictive, pour la démonstration.)"
AGENT = Actor(roles=frozenset({"agent"}), name="agent")
RULES = """
[departments]
"Espaces publics" = "espaces-publics@demo.example"
"Propreté" = "proprete@demo.example"
"Espaces verts" = ""
[bodies."Eaux de Beffroi (fictif)"]
kind = "water"
email = "reseau@eaux.demo.example"
contact = "Fuite sur la chaussée : 00 00 00 00 00, jour et nuit (numéro fictif)"
[areas."Le centre"]
words = ["place du Marché", "rue Haute", "quai"]
[delays]
lighting = { working_days = 8, remind_days = 5 }
[[rules]]
category = "water"
department = "Espaces publics"
body = "Eaux de Beffroi (fictif)"
[[rules]]
category = "waste"
department = "Propreté"
[[rules]]
category = "graffiti"
department = "Propreté"
[[rules]]
category = "greenery"
department = "Espaces verts"
[[rules]]
words = ["lampadaire*", "éclairage", "réverbère*"]
department = "Espaces publics"
"""
REPORTS = (
    ("lighting", "Le lampadaire du square clignote toute la nuit.", 19, True),
    ("waste", "Des gravats sont posés devant le local à vélos.", 1, True),
    ("water", "L’eau sort d’une plaque et coule dans la rue.", 3, True),
    ("road", "Un pavé manque au milieu de la piste cyclable.", 9, True),
    ("greenery", "Une branche touche les fils au-dessus du trottoir.", 0, False),
)
"""Category, words, days ago, whether the words are published."""


def begin(town: Town) -> None:
    """Write down who handles what; before any report comes."""
    known = [name for name, _ in cases.department_addresses().values()]
    read = importing.read(RULES, categories=STREET, communes=town.communes, known=known)
    configuring.take_file(read, communes=town.communes)


def _at(day: date) -> datetime:
    return datetime.combine(day, time(9, 15), UTC)


def seed(town: Town, today: date, chance: Callable[[int], bytes]) -> None:
    """Receive a few reports, and take some of them further."""
    calendar = calendar_of("FR", town.communes)
    for number, (category, words, days, released) in enumerate(REPORTS):
        received = today - timedelta(days=days)
        at = Moment(_at(received), received, calendar)
        with unit_of_work():
            case = incidents.report(
                {
                    "family": "street",
                    "category": category,
                    "description": words,
                    "commune": town.communes[0],
                },
                incidents.Reception(None, "web", received, "fr"),
                actor=Actor(),
                now=at.now,
                chance=chance,
                communes=town.communes,
            )
            ref = case.ref
        if not released:
            continue
        with unit_of_work():
            case = case_service.the_case(ref)
            for text in cases.originals(case.id):
                row = case_service.the_text(case, text.id)
                case_service.release_text(case, row, text.original, actor=AGENT, now=at.now)
        if number == 0:
            with unit_of_work():
                told = "La pièce est commandée ; elle arrive dans deux semaines." + FICTITIOUS
                service.tell(ref, told, actor=AGENT, at=at)
        if number == 3:
            with unit_of_work():
                done = "Le pavé a été reposé et les joints refaits." + FICTITIOUS
                case = case_service.the_case(ref)
                incidents.answer(
                    case, "resolved", done, actor=AGENT, now=at.now + timedelta(days=4),
                    today=received + timedelta(days=4),
                )  # fmt: skip
