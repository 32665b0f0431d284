# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town full of cases, served to a real Chromium, and people who are signed in there."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import update

from beffroi.bridges import queries
from beffroi.bridges import service as bridges
from beffroi.bridges.rules import ExternalItem
from beffroi.campaigns.service import following, gathering
from beffroi.cases import service as case_service
from beffroi.cases.queries.subscribing import token_of
from beffroi.cases.service import subscribing
from beffroi.cyber.adapters import own_key
from beffroi.cyber.models import CyberContact
from beffroi.incidents import service as incidents
from beffroi.kernel import jobs
from beffroi.kernel.db import MIGRATIONS, db
from beffroi.rights import service as rights
from beffroi.street.service import forwarding
from beffroi.webhooks import service as webhooks
from beffroi.webhooks.rules import EVENTS
from demo.ground import outline_of
from demo.places import Town as DemoTown
from demo.seeds import seed
from demo.settings import QUESTIONS
from support.bridging import brought
from support.browser import Late, browser, served, settled
from support.cert import ADDRESS as CERT
from support.cert import cyber_case, make_cert
from support.databases import fresh
from support.open311 import key_for
from support.photo_carriers import corners, encoded
from support.town import Person, Town, open_town

__all__ = ["browser"]

SEEDED = DemoTown(
    "tests", "Beffroi-sur-Exemple", "210000006", "epci", ("99998", "99999"), "20000-49999",
    "#2f4b6e", 0,
)  # fmt: skip
TOOLS = {
    "voirie": {
        "url": "http://127.0.0.1:9/open311/v2",  # nobody answers there
        "services": {"vehicles": "VOI-12", "furniture": "MOB-07"},
    }
}
PERSONAL = "Écrire à camille@example.org, ou au 06 12 34 56 78.\n\nMerci d’avance."
LONG = "Liste des subventions " + "intercommunalement-redistribuées " * 5


@dataclass
class Live:
    """A town that answers at `url`; `refs` names one case in each state worth looking at."""

    url: str
    town: Town
    browser: Browser
    refs: dict[str, str] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    """What the browser complained of since the last page was opened."""

    @contextmanager
    def page(
        self,
        path: str = "/",
        *,
        role: str = "",
        language: str = "fr",
        width: int = 1280,
        scheme: Literal["light", "dark"] = "light",
        javascript: bool = True,
    ) -> Iterator[Page]:
        """Open an address as a stranger or as somebody; names in braces stand for references."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 844 if width < 600 else 900},
            color_scheme=scheme,
            locale="fr-FR" if language == "fr" else "en-GB",
            java_script_enabled=javascript,
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        try:
            if role:
                [cookie] = self.people[role].client._cookies.values()
                context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.url}])
            page = settled(context.new_page())
            self.said.clear()
            page.on("console", lambda message: self.said.append(message.text))
            page.on("pageerror", lambda error: self.said.append(str(error)))
            page.goto(self.address(path))
            yield page
        finally:
            context.close()

    def address(self, path: str) -> str:
        """Return the whole address of a path in which references are named."""
        return self.url + path.format(**self.refs)

    def review(self, **fields: str) -> str:
        """Receive a request whose texts wait for a reader; return its reference."""
        return self.town.request(**fields)


@pytest.fixture(scope="session")
def live(
    browser: Browser,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Live]:
    """A town with cases in every state; tests add to it and change none of its named ones."""
    folder: Path = tmp_path_factory.mktemp("town")
    late = Late()
    with (
        served(late) as url,
        open_town(
            folder, fresh("sqlite", MIGRATIONS, folder),
            public_url=url, kind="epci", communes=list(SEEDED.communes), demonstration=True,
            clean_texts_appear=True, open311_forward=TOOLS, questions=QUESTIONS,
            outline_file=_outline(folder),
            cert_email=CERT, cert_key=str(make_cert(folder).path), cert_phone="01 99 00 12 34",
        ) as town,
    ):  # fmt: skip
        late.app = town.app
        own_key.make(folder, own_key.owner(town.settings))
        made = Live(url, town, browser)
        seed(town.app, SEEDED, today=town.today, reports=20, with_campaigns=True)
        for role in (
            "citizen", "agent", "moderator", "access_officer", "cyber_officer", "administrator",
        ):  # fmt: skip
            made.people[role] = town.signed_in(role, name=f"Camille {role.title()}")
        _fill(made)
        yield made


def _outline(folder: Path) -> Path:
    """Write the invented outline of the town."""
    path = folder / "outline.geojson"
    path.write_text(json.dumps(outline_of(SEEDED)), encoding="utf-8")
    return path


def _answered(made: Live) -> None:
    """Make what comes before and after an answer: a draft, a reuse, a merge, a file."""
    town, refs, citizen = made.town, made.refs, made.people["citizen"]
    refs["drafted"] = town.request(title="Les tarifs des piscines", object="source_code")
    draft = {"outcome": "planned", "words": "Au printemps.", "planned": "2027-Q2", "step": "review"}
    for day in ("", "2027-03-01"):
        moment = {"publish_on": day, "publish_hour": "09:00"} if day else {}
        made.people["agent"].post(f"/desk/cases/{refs['drafted']}/answer", {**draft, **moment})
    refs["reused"] = town.request(title="Les arbres de la ville", object="algorithm")
    town.release(refs["reused"])
    town.answer(refs["reused"], "published", "Voici.", url="https://donnees.ville.example/arbres")
    reuse = {
        "title": "La carte des arbres",
        "url": "https://arbres.example/carte",
        "words": "Chaque arbre, avec son ombre à midi.",
    }
    citizen.post(f"/requests/{refs['reused']}/reuse", reuse)
    town.release(refs["reused"], "reuse")
    refs["merged"] = town.request(title="Les arbres, tous les arbres")
    town.release(refs["merged"])
    citizen.post(f"/requests/{refs['merged']}/support")
    town.answer(refs["merged"], "duplicate", "Voyez l’autre.", duplicate_of=refs["reused"])
    refs["offer"] = town.rows("SELECT token FROM join_offer ORDER BY id DESC")[0].token
    refs["passed"] = town.request(title="Les horaires des trains régionaux")
    town.release(refs["passed"])
    town.answer(refs["passed"], "redirected", "La région les a.", redirected_to="La région")


def _leave(made: Live) -> None:
    """Let somebody do everything that can be taken along, corrected, withdrawn, erased."""
    town, refs = made.town, made.refs
    leaver = made.people["leaver"] = town.signed_in(name="Camille Leaver")
    refs["leaving"] = leaver.sends_request(title="Les comptes rendus du conseil", commune="99998")
    refs["withdrawn"] = leaver.sends_request(title="Une demande supprimée", commune="99998")
    leaver.post(f"/requests/{refs['withdrawn']}/withdraw")
    leaver.post(f"/requests/{refs['open']}/support")
    leaver.post(f"/requests/{refs['open']}/comment", {"comment": "Cela m’intéresse aussi."})
    refs["comment"] = str(town.one("SELECT max(id) FROM case_text WHERE role = 'comment'"))
    with town.change():
        archive, token = rights.ask_archive(
            leaver.account_id or 0, "fr", days=7, now=town.now, chance=town.chance
        )
        jobs.enqueue("make-archive", {"archive": archive, "token": token}, run_at=town.now)
    refs["archive"] = str(archive)


def _fill(made: Live) -> None:
    """Make one case in each state that a page can show."""
    town, refs = made.town, made.refs
    with town.change():
        key, url = town.settings.secret_key, "https://participer.ville.example/in"
        number, _ = webhooks.add(url, [*EVENTS][:9], key=key, now=town.now, chance=town.chance)
        webhooks.owe_test(number, town=made.url, now=town.now, chance=town.chance)
        refs["webhook"] = str(number)
    for name in ("FixMyStreet", "Appli de la métropole"):
        key_for(town, name)
    citizen = made.people["citizen"]
    refs["pending"] = citizen.sends_request(wanted=PERSONAL, commune="99998")
    refs["open"] = town.request(
        title=LONG[:200], area="Tout le territoire", period="Depuis 2020", format="CSV"
    )
    town.release(refs["open"])
    refs["held"] = town.request(title="Un texte qui sera suspendu")
    town.release(refs["held"])
    town.hold(refs["held"], "wanted")
    refs["removed"] = town.request(title="Une demande qui sera retirée")
    town.remove(refs["removed"])
    refs["answered"] = town.request(title="Les budgets votés depuis dix ans")
    town.release(refs["answered"])
    town.answer(refs["answered"], "planned", "Nous les publierons.", planned="2027-Q2")
    town.answer(
        refs["answered"], "published", "Les voici.", url="https://donnees.ville.example/budgets"
    )
    refs["refused"] = town.request(title="Un rapport qui n’est pas terminé")
    town.release(refs["refused"])
    town.answer(refs["refused"], "refused", "Il n’est pas achevé.", ground="unfinished")
    refs["appealed"] = citizen.sends_request(title="Les contrats de 2025", commune="99998")
    town.release(refs["appealed"])
    town.answer(refs["appealed"], "refused", "Ils sont secrets.", ground="business")
    _answered(made)
    _leave(made)
    refs["token"] = town.follow(refs["open"], "alix@citizens.example")
    party = town.party("sam@citizens.example")
    with town.change():
        at = subscribing.Moment(town.now, town.today)
        for theme in ("", "ENVI"):
            subscribing.subscribe(party, theme, at, chance=town.chance)
        refs["digest_token"] = token_of(party)
    town.comment(refs["open"], "Cela m’aiderait aussi.")
    town.release(refs["open"], "comment")
    town.comment(refs["open"], "Appelez-moi au 06 12 34 56 78")
    refs["listed"] = town.report(commune="99999")
    town.release(refs["listed"])
    taken = [encoded(corners(*size), "jpeg") for size in ((960, 640), (480, 960), (300, 200))]
    refs["photos"] = citizen.sends_report(
        commune="99999", photos=[(BytesIO(file), "photo.jpg") for file in taken]
    )
    town.release(refs["photos"])
    town.release_photos(refs["photos"], "Un réverbère éteint", most=2)
    refs["cyber"] = citizen.sends_report(family="cyber", category="fake_page", commune="99998")
    _confidential(made)
    refs["closed"] = town.report(commune="99999")
    town.close(refs["closed"], "resolved")
    _street(made)
    refs["doubtful"] = town.report(
        commune="99999", description="Demandez à Madame Trucmuche, au 06 12 34 56 78."
    )
    _campaigns(made)
    _handed(made)
    _bridged(made)
    town.work()
    _read(made)


def _bridged(made: Live) -> None:
    """Bring proposals of a Decidim in: one became a request, one is a link, one waits."""
    town, refs = made.town, made.refs
    said: dict[str, Any] = {
        "url": "https://decidim.ville.example/processes/budget/f/9/proposals/7",
        "supports": 41, "comments": 4, "published_at": town.now - timedelta(days=60),
    }  # fmt: skip
    answered: dict[str, Any] = {
        "status_raw": "accepted", "status_mapped": "answered",
        "answer": {"fr": "Oui, dès le mois de mai."}, "answered_at": town.now,
    }  # fmt: skip
    one = ExternalItem("7", {"fr": "Ouvrir les horaires des bus"}, **said, **answered)
    refs["bridge"] = str(brought(town, "requests", one))
    case_id, item = town.rows("SELECT case_id, id FROM bridged_item WHERE case_id IS NOT NULL")[0]
    refs["there"] = str(item)
    refs["bridged"] = town.one('SELECT ref FROM "case" WHERE id = :id', id=case_id)
    town.release(refs["bridged"])
    waits = ExternalItem("8", {"fr": "Les comptages de vélos"}, **said)
    filed = {"labels": ({"fr": "Transports"}, {"fr": "Données ouvertes"})}
    links = [ExternalItem(str(n), {"fr": f"Ouvrir le jeu numéro {n}"}, **said, **answered, **filed)
             for n in (2, 3)]  # fmt: skip
    refs["links"] = str(brought(town, "linked", waits, *links))
    with town.change():
        bridges.keep_credentials(
            int(refs["bridge"]), "key", "secret", secret_key=town.settings.secret_key, now=town.now
        )
        for row in queries.waiting(int(refs["links"]))[1:]:
            bridges.release(int(refs["links"]), row.id, title=row.title)
        bridges.stand_beside(int(refs["links"]), row.id, refs["bridged"])


def _street(made: Live) -> None:
    """Send a report that another body is told of, by the rules of the demonstration."""
    town, refs = made.town, made.refs
    refs["water"] = town.report(
        category="water",
        description="Une fuite d’eau",
        commune="99999",
        email="eau@citizens.example",
    )
    with town.change():
        incidents.put_position(case_service.the_case(refs["water"]), 48.85, 2.35)
    town.release(refs["water"])
    body = town.one("SELECT id FROM competent_body")
    refs["body_key"] = forwarding.key_of(town.settings.secret_key, refs["water"], body)


def _confidential(made: Live) -> None:
    """Have a confidential case taken up, with something of everything in it."""
    town, officer = made.town, made.people["cyber_officer"]
    site = {"host": "www.ville.example", "name": "Le site de la ville", "ours": "1"}
    assert officer.post("/desk/cyber/sites", site).status_code == 303
    made.refs["taken"] = ref = town.report(
        family="cyber", category="data_visible", place="www.ville.example", commune="99998"
    )
    for verb, fields in (
        ("take", {}),
        ("readers", {"reader": made.people["agent"].account_id}),
        ("classify", {"rsit": "information-content-security:data-leak", "severity": "major",
                      "surface": "online_service", "tlp": "AMBER", "personal_data": "1"}),
        ("notes", {"note": "Le fichier est retiré de https://www.ville.example/a.csv"}),
        ("tasks", {"task": "Demander les journaux à l’hébergeur", "due_on": "2027-02-01"}),
        ("contacts", {"contact_role": "host", "contact_name": "Hébergeur",
                      "contact_address": "abuse@hebergeur.example"}),
        ("messages", {"message": "Merci. Pouvez-vous dire quand vous l’avez vu ?"}),
    ):  # fmt: skip
        assert officer.post(f"/desk/cyber/{ref}/{verb}", fields).status_code == 303, verb
    with town.change():
        long_ago = town.now - timedelta(days=9)
        db.session.execute(update(CyberContact).values(told_at=long_ago))


def _handed(made: Live) -> None:
    """Hand a confidential case over to the CERT, twice: the first has its receipt."""
    agent = made.people["agent"]
    made.refs["handed"], _ = cyber_case(made.town, agent)
    place = f"/desk/cyber/{made.refs['handed']}/cert"
    agent.post(place)
    made.town.work()
    agent.post(f"{place}/1/receipt")
    agent.post(place)


def _campaigns(made: Live) -> None:
    """Name the two campaigns, and let somebody follow them; one request waits to be sorted."""
    town, refs = made.town, made.refs
    refs["campaign"], refs["ended"] = (
        row.slug for row in town.rows("SELECT slug FROM campaign ORDER BY call_on DESC")
    )
    with town.change():
        gathering.attach(refs["campaign"], refs["open"], now=town.now)
        party = case_service.party_for_email("fan@citizens.example", lang="fr", now=town.now)
        following.follow(1, party, now=town.now, chance=town.chance)
    refs["campaign_token"] = town.one("SELECT token FROM campaign_follower")


def _read(made: Live) -> None:
    """Have texts drawn, one of them judged; name some of the queue and fill the town's lists."""
    town, refs = made.town, made.refs
    drawn = town.rows("SELECT text_id FROM text_sample ORDER BY text_id")
    refs["drawn"] = str(drawn[0].text_id)
    refs["text"] = str(town.texts(refs["pending"])["wanted"])
    refs["doubtful_text"] = str(town.texts(refs["doubtful"])["description"])
    refs["decided_text"] = str(town.texts(refs["answered"])["wanted"])
    for kind, words, reason in (
        ("allow", "Jeanne Mairesse", "Maire depuis 2026"),
        ("deny", "la maison bleue de la rue Haute", "Une seule famille y habite"),
    ):
        form = {"kind": kind, "words": words, "reason": reason}
        assert made.people["moderator"].post("/desk/lists", form).status_code == 303
    town.later(minutes=2)
    town.work()
