# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the towns have lived through before you arrive: our own texts, in every state.

Requests are written by hand below; street reports are generated. Everything goes through the same
services as a person's, at the day on which it is said to have happened; each answer says that it is
fictitious. A town that has cases already is left alone.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from flask import Flask

from beffroi.campaigns.rules import quarter
from beffroi.cases import queries as cases
from beffroi.cases import service as case_service
from beffroi.data_requests import rules as request_rules
from beffroi.data_requests import service as requests
from beffroi.data_requests.service import drafts
from beffroi.incidents import rules as incident_rules
from beffroi.incidents import service as incidents
from beffroi.kernel.actors import Actor
from beffroi.kernel.db import unit_of_work
from beffroi.legal.law import law_of
from demo import addresses, bridged, campaigns, street
from demo.ground import place_in
from demo.places import Town

FICTITIOUS = "\n\n(Réponse fictive, pour la démonstration.)"
AGENT = Actor(roles=frozenset({"agent"}), name="agent")


@dataclass(frozen=True, slots=True)
class Seed:
    """One request: how long ago it came, what was answered after how many days, how."""

    object: str
    theme: str
    title: str
    wanted: str
    days_ago: int
    outcome: str = ""
    after: int = 0
    words: str = ""
    ground: str = ""
    url: str = ""
    planned: str = ""
    body: str = ""
    about: str = ""
    """Which software, or which decision an algorithm takes part in."""
    reuse: tuple[str, str, str] = ("", "", "")
    """What somebody made of it: title, address, words."""
    draft: str = ""
    """The words of an answer that waits for a second agent."""
    released: bool = True
    supports: int = 0


SEEDS = (
    Seed(
        "dataset", "EDUC", "Menus des cantines scolaires",
        "Les menus de toutes les cantines de la ville, jour par jour, avec les allergènes.",
        200, "published", 21,
        "Les menus sont publiés chaque vendredi pour la semaine suivante, au format CSV.",
        url="https://donnees.demo.example/cantines", supports=34,
    ),
    Seed(
        "dataset", "TRAN", "Comptages de vélos par heure",
        "Les comptages horaires de toutes les bornes vélo depuis leur installation.",
        150, "published", 28, "Les comptages sont publiés, avec un an d’historique.",
        url="https://donnees.demo.example/velos", supports=58,
        reuse=(
            "La carte des heures de pointe à vélo", "https://velos.demo.example/carte",
            "Chaque borne, heure par heure, sur une carte.",
        ),
    ),
    Seed(
        "document", "GOVE", "Rapport d’audit de la patinoire",
        "Le rapport complet remis par le cabinet d’audit, annexes comprises.",
        120, "refused", 25,
        "Le rapport prépare une décision que le conseil n’a pas encore prise. "
        "Il sera communicable après le vote.",
        ground="preparatory", supports=12,
    ),
    Seed(
        "source_code", "TECH", "Code source du simulateur de quotient familial",
        "Le code du simulateur en ligne, avec les paramètres de l’année.",
        95, "partly", 45,
        "Le moteur de calcul est publié ; l’interface, achetée à un éditeur, ne l’est pas.",
        url="https://code.demo.example/quotient", ground="intellectual_property", supports=21,
        about="Simulateur en ligne, version 3",
    ),
    Seed(
        "algorithm", "EDUC", "Règles d’attribution des places en crèche",
        "Les critères, leurs points et l’ordre dans lequel ils sont appliqués.",
        80, "published", 18, "Les règles et le barème sont publiés, avec un exemple calculé.",
        url="https://donnees.demo.example/creches", supports=77,
        about="L’attribution des places en crèche",
    ),
    Seed(
        "dataset", "ENVI", "Qualité de l’air devant les écoles",
        "Les mesures des capteurs posés devant les écoles, au pas horaire.",
        70, "planned", 20, "La publication est prévue après l’étalonnage des capteurs.",
        planned="2027-Q1", supports=63,
    ),
    Seed(
        "dataset", "REGI", "Emplacement des bancs publics",
        "La liste des bancs avec leur position, pour les personnes qui marchent lentement.",
        62, supports=41,
    ),
    Seed(
        "document", "ECON", "Marché public de la restauration scolaire",
        "Le contrat signé avec le prestataire et ses avenants.",
        50, supports=19,
        draft="Le contrat est public, moins les prix unitaires, qui sont un secret des affaires.",
    ),
    Seed(
        "dataset", "ENER", "Consommation électrique des bâtiments municipaux",
        "Les relevés mensuels par bâtiment depuis trois ans.",
        26, supports=15,
    ),
    Seed(
        "api", "TRAN", "Places libres dans les parkings, en temps réel",
        "Une interface qui donne les places libres de chaque parking public.",
        22, supports=9,
    ),
    Seed(
        "dataset_correction", "EDUC", "Horaires faux de la médiathèque",
        "Le fichier des équipements donne les horaires de l’an dernier.",
        15, supports=3,
    ),
    Seed(
        "dataset", "SOCI", "Prénoms des nouveau-nés",
        "Le nombre de naissances par prénom et par année.",
        12, supports=5,
    ),
    Seed(
        "document", "GOVE", "Délibérations du conseil depuis dix ans",
        "Les textes des délibérations dans un format que l’on peut chercher.",
        9, "already_published", 3, "Elles sont publiées, séance par séance.",
        url="https://donnees.demo.example/deliberations", supports=2,
    ),
    Seed(
        "dataset", "ENVI", "Arbres plantés et arbres abattus",
        "Chaque arbre planté ou abattu par la ville, avec l’essence et la raison.",
        6, released=False,
    ),
    Seed(
        "dataset", "TRAN", "Accidents de la circulation par carrefour",
        "Le nombre d’accidents avec blessés par carrefour et par an.",
        3, released=False,
    ),
    Seed(
        "document", "REGI", "Carte des zones inondables du projet de quartier",
        "La carte remise avec l’étude d’impact.",
        110, "redirected", 10, 
        "La carte est tenue par la préfecture, à qui la demande a été transmise.",
        body="La préfecture (fictive)",
    ),
    Seed(
        "dataset", "HEAL", "Temps d’attente au centre de santé",
        "Le temps d’attente moyen par mois et par spécialité.",
        100, "not_held", 15, "Le centre ne mesure pas ce temps ; aucun document n’existe.",
        ground="not_held",
    ),
    Seed(
        "dataset", "EDUC", "Les menus de la cantine de mon école",
        "Je voudrais connaître les menus de la semaine à l’école.",
        40, "duplicate", 4, "Cette demande rejoint celle qui porte sur toutes les cantines.",
    ),
)  # fmt: skip

SMALLEST = "garonne"
"""The key of the town with the fewest cases."""
DELIBERATIONS = 12
"""The request that both other towns have answered; in the smallest it is still open, as below."""
STILL_OPEN = Seed(
    "document", "GOVE", "Délibérations du conseil municipal depuis dix ans",
    "Les textes des délibérations dans un format que l’on peut chercher.",
    5, supports=4,
)  # fmt: skip

STREET_WORDS = {
    "lighting": ("Lampadaire éteint depuis plusieurs soirs", "Lumière qui clignote sans arrêt"),
    "road": ("Trou dans la chaussée", "Pavé descellé sur le trottoir"),
    "waste": ("Dépôt sauvage de cartons", "Corbeille qui déborde"),
    "graffiti": ("Mur tagué", "Affiches collées sur l’abribus"),
    "greenery": ("Branche cassée au-dessus du passage", "Haie qui cache le panneau"),
    "furniture": ("Banc cassé", "Potelet arraché"),
    "signs": ("Panneau tordu", "Feu piéton en panne"),
    "water": ("Fuite au pied de la fontaine", "Avaloir bouché"),
    "vehicles": ("Vélo abandonné et attaché", "Voiture sans roues"),
    "other_street": ("Bruit de plaque d’égout au passage des bus",),
}
STREETS = (
    "rue des Lilas", "place du Marché", "avenue de la Gare", "quai des Tanneurs",
    "rue du Beffroi", "impasse des Jardins", "boulevard du Nord", "allée des Tilleuls",
)  # fmt: skip
HIDDEN = ("neighbours", "hygiene", "persons")


COMMON = ("waste", "waste", "waste", "graffiti", "graffiti", "lighting", "road")
"""What is reported most, so that some counts are large enough to be shown."""


def of_town(town: Town) -> list[Seed]:
    """Return the requests of one town: the first and the last are everywhere, a third are not."""
    skipped = int(town.siren[:8]) % 3
    last = len(SEEDS) - 1
    found = {n: s for n, s in enumerate(SEEDS) if n in (0, last) or n % 3 != skipped}
    if town.key == SMALLEST:
        found[DELIBERATIONS] = STILL_OPEN
    elif town.key == "vilaine":
        found[DELIBERATIONS] = SEEDS[DELIBERATIONS]
    return [found[n] for n in sorted(found)]


def _at(day: date) -> datetime:
    return datetime.combine(day, time(10, 30), UTC)


def seed(
    app: Flask, town: Town, *, today: date, reports: int, with_campaigns: bool = False
) -> bool:
    """Fill an empty town; return False where there are cases already."""
    chance = Random(town.siren).randbytes  # noqa: S311  the same demonstration every time
    with app.app_context():
        if cases.head("2026-0001") or cases.desk_counts(today)["open"]:
            return False
        with unit_of_work():
            for name in ("Espaces publics", "Numérique et données", "Éducation", "Secrétariat"):
                case_service.add_department(name)
            street.begin(town)
            addresses.seed(town, _at(today - timedelta(days=1)))
        if with_campaigns:
            campaigns.begin(today, chance)
        first = ""
        for item in of_town(town):
            with unit_of_work():
                reference = _request(item, town, today, chance, first)
            first = first or reference
        if with_campaigns:
            _campaigns(town, today, chance)
            bridged.seed(today)
        with unit_of_work():
            _confidential(town, today, chance)
        with unit_of_work():
            _reports(town, today, Random(town.siren + "reports"), reports)  # noqa: S311  invented
        street.seed(town, today, chance)
    return True


def _campaigns(town: Town, today: date, chance: Any) -> None:
    """Send what belongs to the campaigns, and take these through what has happened."""
    for days, wanted_object, theme, title, wanted, *answer in campaigns.requests(today):
        item = Seed(wanted_object, theme, title, wanted, days)
        if answer:
            outcome, after, words, ground = answer
            planned = quarter(today + timedelta(days=90)) if outcome == "planned" else ""
            url = "https://donnees.demo.example/subventions" if outcome == "published" else ""
            item = replace(
                item, outcome=outcome, after=after, words=words, ground=ground, url=url,
                planned=planned,
            )  # fmt: skip
        with unit_of_work():
            _request(item, town, today, chance, "")
    campaigns.finish(today, chance)


def _request(item: Seed, town: Town, today: date, chance: Any, first: str) -> str:
    received = today - timedelta(days=item.days_ago)
    at = _at(received)
    party = case_service.new_party("import", lang="fr", now=at)
    case = requests.receive(
        {
            "object": item.object,
            "title": item.title,
            "wanted": item.wanted,
            "theme": item.theme,
            **({ABOUT[item.object]: item.about} if item.about else {}),
        },
        requests.Reception(party, "web", received, "fr"),
        actor=Actor(),
        now=at,
        chance=chance,
        communes=town.communes,
    )
    case.supports = item.supports
    if item.released:
        for text in cases.originals(case.id):
            row = case_service.the_text(case, text.id)
            case_service.release_text(
                case, row, text.original, actor=AGENT, now=at + timedelta(hours=5)
            )
    if item.outcome:
        answered = received + timedelta(days=item.after)
        case_service.move(
            case, "under_review", by="desk", actor=AGENT, now=_at(received), today=received
        )
        requests.answer(
            case,
            request_rules.AnswerForm(
                outcome=item.outcome,
                words=item.words + FICTITIOUS,
                ground=item.ground,
                url=item.url,
                planned=item.planned,
                duplicate_of=first if item.outcome == "duplicate" else "",
                licence=_licence(item) if item.url else "",
                redirected_to=item.body,
            ),
            actor=AGENT,
            now=_at(answered),
            today=answered,
            law=law_of(town.communes),
        )
    if item.reuse[0]:
        _reused(item, case, party, _at(received + timedelta(days=item.after + 30)))
    if item.draft:
        draft = {
            "outcome": "partly",
            "words": item.draft + FICTITIOUS,
            "ground": "business",
            "url": "https://donnees.demo.example/marches",
            "licence": "etalab-2.0",
        }
        drafts.save(case, draft, state="review", actor=AGENT, now=_at(today - timedelta(days=1)))
    return case.ref


def _licence(item: Seed) -> str:
    return "AGPL-3.0-or-later" if item.object == "source_code" else "etalab-2.0"


ABOUT = {"source_code": "software", "algorithm": "decision"}
"""Which text says what a request is about, beside its title."""


def _reused(item: Seed, case: Any, party: int, at: datetime) -> None:
    """Add what somebody made of an answer, and let it be read."""
    form = dict(zip(("title", "url", "words"), item.reuse, strict=True))
    row = requests.add_reuse(case, form, party_id=party, actor=Actor(), now=at)
    case_service.release_text(case, row, row.original, actor=AGENT, now=at + timedelta(hours=3))


def _confidential(town: Town, today: date, chance: Any) -> None:
    """Let two confidential reports come in yesterday; nobody has taken them up yet."""
    for category, place, words in (
        (
            "fake_page",
            "www.impots.gouv.fr",
            "Une page qui imite celle des impôts demande ma carte.",
        ),
        ("data_visible", "www.mairie.demo.example", "Un fichier avec des noms est ouvert à tous."),
    ):
        incidents.report(
            {"family": "cyber", "category": category, "description": words, "place": place},
            incidents.Reception(None, "web", today - timedelta(days=1), "fr"),
            actor=Actor(),
            now=_at(today - timedelta(days=1)),
            chance=chance,
            communes=town.communes,
        )


def _reports(town: Town, today: date, random: Random, count: int) -> None:
    rows = []
    places = Random(town.siren + "places")  # noqa: S311  invented
    for number in range(count):
        day = today - timedelta(days=random.randint(1, 700))
        hidden = random.random() < 0.12
        code = random.choice(HIDDEN if hidden else (*COMMON, *STREET_WORDS))
        closed = day + timedelta(days=random.randint(1, 60)) if random.random() < 0.7 else None
        words = random.choice(STREET_WORDS.get(code, (incident_rules.CATEGORIES[code].label,)))
        rows.append(
            incidents.ImportedReport(
                source=f"demo:{number}",
                category=code,
                received_at=_at(day),
                commune=random.choice(town.communes),
                description="" if hidden else words,
                place="" if hidden else random.choice(STREETS),
                unread="Signalement de démonstration, non montré." if hidden else "",
                closed_on=closed if closed and closed < today else None,
                position=place_in(town, places) if places.random() < 0.8 else None,
            )
        )
    incidents.import_reports(rows, communes=town.communes, now=_at(today))
