# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two campaigns of the first town: one that ended with its note, and one whose survey is open.

Everything goes through the same services as an agent's and a citizen's, on the day on which it is
said to have happened; words say that they are fictitious.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from beffroi.campaigns import queries, service
from beffroi.campaigns.queries import Edition, members
from beffroi.campaigns.service import gathering, survey
from beffroi.cases import service as case_service
from beffroi.kernel.db import unit_of_work
from beffroi.legal.calendars import add_months

LANGUAGES = ("fr", "en")
INTO_SURVEY = 16
"""How many days ago the running call opened: two weeks of call, and the survey has begun."""
TITLES = {"fr": "Que faut-il ouvrir ce trimestre ?", "en": "What should we open this quarter?"}
WORDS = {
    "fr": "Chaque trimestre, nous demandons ce qui vous manque : un jeu de données, un document, "
    "un code source. Vous classez les demandes, nous répondons, et nous écrivons ce qu’il en est "
    "advenu.\n\n(Campagne fictive, pour la démonstration.)",
    "en": "Every quarter we ask what you miss: a dataset, a document, a source code. You rank the "
    "requests, we answer, and we write down what came of it.\n\n(A fictitious campaign, for the "
    "demonstration.)",
}
NOTE = {
    "fr": "Le premier appel a doublé le nombre de demandes. Les subventions versées aux "
    "associations sont publiées, une ligne par versement.\n\nLe programme des "
    "travaux de voirie attend le vote du budget : il est prévu. Nous avons refusé le contrat des "
    "trottinettes dans sa partie commerciale, et nous avons mis trop longtemps à le dire ; la "
    "prochaine fois, nous répondrons aux refus dans les quinze jours.\n\n(Note fictive, pour la "
    "démonstration.)",
    "en": "The first call doubled the number of requests. The grants paid to associations are "
    "published, one line a payment.\n\nThe roadworks await the vote of the budget: "
    "they are planned. We refused the commercial part of the scooter contract, and took too long "
    "to say so.\n\n(A fictitious note, for the demonstration.)",
}
NOT_ELIGIBLE = "La liste nomme des personnes : elle ne peut pas être ouverte."

FIRST: tuple[tuple[Any, ...], ...] = (
    (2, "dataset", "ECON", "Subventions versées aux associations",
     "Les subventions votées depuis cinq ans, par association et par objet.", "published", 30,
     "Les subventions sont publiées depuis 2021, une ligne par versement.", ""),
    (5, "dataset", "TRAN", "Travaux de voirie prévus",
     "Les rues, les dates et la nature des travaux prévus cette année.", "planned", 26,
     "La publication est prévue après le vote du budget.", ""),
    (9, "document", "ECON", "Contrat de location des trottinettes",
     "Le contrat signé avec l’exploitant, avec ses annexes.", "refused", 29,
     "Les annexes commerciales relèvent du secret des affaires.", "business"),
    (11, "document", "SOCI", "Liste nominative des bénéficiaires d’une aide",
     "La liste des personnes aidées l’an dernier.", "refused", 12,
     "La liste nomme des personnes ; un total par quartier peut être demandé.", "privacy"),
)  # fmt: skip
"""Requests of the campaign that is over: day of the call, what, answered how after how long."""
SECOND: tuple[tuple[Any, ...], ...] = (
    (1, "dataset", "EDUC", "Fréquentation des piscines, heure par heure",
     "Le nombre d’entrées par heure et par piscine depuis deux ans."),
    (4, "dataset", "HEAL", "Analyses de l’eau du robinet",
     "Les résultats des analyses, par point de prélèvement et par date."),
    (8, "dataset", "TRAN", "Places de stationnement pour vélos",
     "L’emplacement et le nombre d’arceaux, rue par rue."),
    (12, "source_code", "TECH", "Code du calculateur de tarifs périscolaires",
     "Le code qui calcule le tarif, avec les barèmes de l’année."),
)  # fmt: skip


def _at(day: date) -> datetime:
    return datetime.combine(day, time(10, 30), UTC)


def begin(today: date, chance: Any) -> None:
    """Set the series up as it was months ago, with its first edition and the one that runs."""
    first = add_months(today - timedelta(days=INTO_SURVEY), -3)
    given = service.Settings(titles=TITLES, words=WORDS, first_on=first, owed=3)
    with unit_of_work():
        series = service.save_series(
            None, given, languages=LANGUAGES, today=first, now=_at(first), chance=chance
        )
        gathering.add_association(queries.editions()[0].slug, "Les Amis du Vélo (fictif)", "", "")
    opened = add_months(first, 3)
    with unit_of_work():
        before = opened - timedelta(days=7)
        service.make_next(series, today=before, now=_at(before), chance=chance)
    [running, _] = queries.editions()
    with unit_of_work():
        gathering.add_association(running.slug, "Données à Table (fictif)", "", "")
        begins = _at(today + timedelta(days=6)) + timedelta(hours=7)
        gathering.add_meeting(
            running.slug, "Atelier : classer les demandes ensemble",
            "Médiathèque, place du Marché (fictif)", begins_at=begins,
            ends_at=begins + timedelta(hours=2), now=_at(opened), chance=chance,
        )  # fmt: skip


def requests(today: date) -> Sequence[tuple[Any, ...]]:
    """Return the requests of both campaigns: days ago, kind, theme, words, and the answer."""
    [running, over] = queries.editions()
    found: list[tuple[Any, ...]] = []
    for (day, *asked), edition in [
        *((one, over) for one in FIRST), *((one, running) for one in SECOND)
    ]:  # fmt: skip
        received = edition.call_on + timedelta(days=day)
        if received < today:
            found.append(((today - received).days, *asked))
    return found


def finish(today: date, chance: Any) -> None:
    """Take both editions through what has happened until today; write the note of the first."""
    [running, over] = queries.editions()
    _sort(over, not_eligible="Liste nominative")
    _through(over, today, lambda: _votes(over, _at(over.sorting_on), chance))
    with unit_of_work():
        service.save_note(over.slug, NOTE, languages=LANGUAGES)
    written = min(over.note_on + timedelta(days=12), today)
    with unit_of_work():
        service.publish_note(over.slug, today=written, now=_at(written))
    _sort(running)
    _through(running, today, lambda: None)
    _votes(running, _at(today - timedelta(days=1)), chance)


def _sort(edition: Edition, not_eligible: str = " ") -> None:
    with unit_of_work():
        for one in members.members(edition.id):
            eligible = not (one.title or "").startswith(not_eligible)
            reason = "" if eligible else NOT_ELIGIBLE
            gathering.sort(edition.slug, one.row.ref, eligible=eligible, reason=reason)


def _through(edition: Edition, today: date, in_survey: Callable[[], None]) -> None:
    """Write each phase on its own day, and let people vote while the survey is open."""
    for step, day in edition.plan.begins():
        if day <= today:
            with unit_of_work():
                service.advance(edition.id, today=day, now=_at(day))
            if step == "sorting":
                in_survey()


def _votes(edition: Edition, at: datetime, chance: Any) -> None:
    """Let eleven invented people vote, for the same requests in every demonstration."""
    refs = list(survey.eligible(edition.id))
    for number in range(11):
        with unit_of_work():
            party = case_service.new_party("import", lang="fr", now=at)
            drawn = [refs[(number * (n + 1) + chance(1)[0] % 2) % len(refs)] for n in range(3)]
            choices = list(dict.fromkeys(drawn[: 1 + number % 3]))
            survey.vote(edition.id, choices, party_id=party, today=at.date(), now=at)
