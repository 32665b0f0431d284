# SPDX-License-Identifier: AGPL-3.0-or-later
"""Promise 2 over a town and the nation: what somebody wrote is read by nobody but the town's desk.

Marked words are planted in every original and in everything that is known of persons; the town
publishes, the nation pulls over HTTP; then everything that a stranger can read of both is read.
"""

import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from flask import Flask

from beffroi.bridges import queries as bridged
from beffroi.bridges import service as bridges
from beffroi.bridges.rules import ExternalItem
from beffroi.campaigns import service as campaigns
from beffroi.campaigns.service import gathering
from beffroi.incidents.rules import CATEGORIES
from beffroi.kernel.db import MIGRATIONS
from beffroi.webhooks import service as webhooks
from beffroi.webhooks.rules import EVENTS
from beffroi_federation.aggregator.exports import commands as exports
from beffroi_federation.aggregator.kernel.db import MIGRATIONS as NATIONAL_MIGRATIONS
from beffroi_federation.aggregator.towns.queries import all_towns
from beffroi_federation.aggregator.witness import commands as witness
from beffroi_web.clock import FixedClock
from support.bridging import brought
from support.browser import served
from support.campaigns import Call, open_call
from support.crawler import Page, crawl, leaks, log_places, paths
from support.databases import database_fixture, fresh
from support.demo_run import free_base
from support.nation import Nation
from support.open311 import key_for, lists, sends_all
from support.photo_carriers import JPEG, corners, encoded
from support.receiver import Receiver, receiving
from support.town import NOON, Person, Town, open_town

pytestmark = pytest.mark.slow
database_url = database_fixture(MIGRATIONS)

PUBLIC_TITLE = "Menus des cantines de la ville"
HOLE = "Un trou dans la chaussée"
NOT_LISTED = ("neighbours", "persons", "phishing", "weakness")
ONCE_PUBLIC = {
    f"{what}, once public: {role}" for what in ("held", "removed") for role in ("title", "wanted")
}
"""Words that were public while a message about them was written."""
ROLES = ("title", "wanted", "purpose", "area", "period", "format")


@dataclass(slots=True)
class Planted:
    """The markers and what each of them is, and the references of the cases by name."""

    markers: dict[str, str] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    numbers: int = 0

    def word(self, what: str) -> str:
        """Return a word that stands nowhere else, and remember what it marks."""
        self.numbers += 1
        word = f"zqx{self.numbers:03d}planted"
        self.markers[what] = word
        return word

    def words(self, what: str, *roles: str) -> dict[str, str]:
        """Return a form whose fields are marked originals."""
        return {role: f"Mots d’origine {self.word(f'{what}: {role}')} ici" for role in roles}


QUESTIONS = {
    "lighting": [
        {"code": "pole", "kind": "text", "words": "Numéro du mât"},
        {"code": "lamps", "kind": "number", "words": "Combien de lampes", "public": True},
    ]
}
PHOTOS = "SELECT stored_name, thumb_name FROM attachment"


def plant(town: Town) -> Planted:
    """Fill a town with every kind of case in every state, all originals marked."""
    made = Planted()
    call = open_call(town)
    _requests(town, made)
    _campaign(town, made, call)
    _incidents(town, made)
    _persons(town, made)
    _from_elsewhere(town, made)
    town.work()
    _removed(town, made)
    town.work()
    for n, row in enumerate(town.rows("SELECT token FROM follower")):
        made.markers[f"follower's token {n}"] = row.token
    return made


def _requests(town: Town, made: Planted) -> None:
    author = town.signed_in(name=f"Alix {made.word('name of an account')}")
    neighbour = town.signed_in(name=f"Sam {made.word('name of a commenter')}")
    made.markers["address of an account"] = author.email
    made.markers["address of a commenter"] = neighbour.email
    agent = town.signed_in("agent", name=f"Camille {made.word('name of an agent')}")

    ref = made.refs["answered"] = author.sends_request(**made.words("answered", *ROLES))
    town.release(
        ref, title=PUBLIC_TITLE, wanted="Les menus de chaque semaine.",
        area="Toute la ville", period="L’année en cours", format="CSV",
    )  # fmt: skip
    neighbour.post(f"/requests/{ref}/follow")
    neighbour.post(f"/requests/{ref}/support")
    neighbour.post(f"/requests/{ref}/comment", made.words("commented", "comment"))
    neighbour.post(f"/requests/{ref}/comment", made.words("pending comment", "comment"))
    comment = min(row.id for row in town.rows("SELECT id FROM case_text WHERE role = 'comment'"))
    released = {"public": "Moi aussi, merci."}
    assert agent.post(f"/desk/cases/{ref}/texts/{comment}/release", released).status_code == 303
    note = {"note": f"Appelé {made.word('internal note')}", "words": made.word("internal note 2")}
    assert agent.post(f"/desk/cases/{ref}/note", note).status_code == 303
    agent.post(f"/desk/cases/{ref}/move", {"status": "under_review"})
    town.answer(ref, "published", url="https://donnees.ville.example/menus")

    reuse = {"title": "Une carte", "url": "https://cartes.ville.example/"}
    for what in ("reuse", "pending reuse"):
        words = {"words": f"Faite par {made.word(f'{what}: words')}"}
        assert neighbour.post(f"/requests/{ref}/reuse", {**reuse, **words}).status_code == 303
    first = min(row.id for row in town.rows("SELECT id FROM case_text WHERE role = 'reuse'"))
    released = {"public": "Une carte\nhttps://cartes.ville.example/\nFaite à la main"}
    assert agent.post(f"/desk/cases/{ref}/texts/{first}/release", released).status_code == 303

    made.refs["pending"] = author.sends_request(**made.words("pending", *ROLES))
    _prepared(town, made)
    _reviewed(town, made, author)
    ref = made.refs["held"] = author.sends_request(**made.words("held", *ROLES))
    town.release(ref, **made.words("held, once public", "title", "wanted"))
    for role in ("title", "wanted"):
        town.hold(ref, role, f"Parce que {made.word(f'reason for holding: {role}')}")

    ref = made.refs["to be removed"] = author.sends_request(**made.words("removed", *ROLES))
    town.release(ref, **made.words("removed, once public", "title", "wanted"))
    town.answer(ref, "published", url="https://donnees.ville.example/menus")

    form = {
        "object": "document",
        "channel": "letter",
        "received_on": town.today.isoformat(),
        "name": f"Dominique {made.word('name at the desk')}",
        "postal": f"3 rue {made.word('postal address at the desk')}",
        "email": f"{made.word('address at the desk')}@citizens.example",
        **made.words("by letter", *ROLES),
    }
    answer = agent.post("/desk/requests/new", form)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    made.refs["by letter"] = answer.headers["Location"].rsplit("/", 1)[1]
    town.release(made.refs["by letter"], title="Compte rendu", wanted="Le compte rendu du conseil")

    unconfirmed = {
        "object": "dataset",
        "email": f"{made.word('address to be confirmed')}@citizens.example",
        **made.words("unconfirmed", *ROLES),
    }
    assert town.visitor().post("/requests/new", unconfirmed).status_code == 303


def _prepared(town: Town, made: Planted) -> None:
    """Let answers be written that are not given: drafts in each state, and a template."""
    writer, reader = (town.signed_in("agent", name=f"Lou {made.word(f'{w}')}")
                      for w in ("who writes a draft", "who reads it"))  # fmt: skip
    later = {"publish_on": "2028-01-01", "publish_hour": "09:00"}
    for step in ("draft", "review", "plan"):
        ref = made.refs[f"with a draft: {step}"] = town.request(email=f"{step}@x.example")
        form = {
            "outcome": "planned",
            "planned": "2028-Q1",
            "words": f"Une réponse {made.word(f'draft: {step}')}",
            "redirected_to": f"Une région {made.word(f'body in a draft: {step}')}",
            "step": step,
            **(later if step == "plan" else {}),
        }
        assert writer.post(f"/desk/cases/{ref}/answer", form).status_code == 303
    ref = made.refs["with a draft: review"]
    word = {"step": "send_back", "word": f"Changez {made.word('word of a reviewer')}"}
    assert reader.post(f"/desk/cases/{ref}/draft", word).status_code == 303
    template = {
        "of": "fr",
        "name": f"Modèle {made.word('name of a template')}",
        "outcome": "planned",
        "words": f"Bonjour {made.word('words of a template')}",
    }
    assert writer.post("/desk/templates", template).status_code == 303


def _reviewed(town: Town, made: Planted, author: Person) -> None:
    """Let an author hide words, an agent decide in the queue, a moderator fill the lists."""
    hidden, added = made.word("hidden by its author"), made.word("hidden by an agent")
    ref = made.refs["reviewed"] = author.sends_request(
        title="Le plan des travaux", wanted=f"Le plan que {hidden} et {added} ont vu.", hide=hidden
    )
    moderator = town.signed_in("moderator", name=f"Noa {made.word('name of a moderator')}")
    for kind in ("allow", "deny"):
        form = {
            "kind": kind,
            "words": f"Dominique {made.word(f'words of the list: {kind}')}",
            "reason": f"Parce que {made.word(f'reason on the list: {kind}')}",
        }
        assert moderator.post("/desk/lists", form).status_code == 303
    for role in ("title", "wanted"):
        path = f"/desk/texts/{town.texts(ref)[role]}"
        page = moderator.page(path)
        form = {
            "proposed": re.findall(r'name="proposed" value="([^"]+)"', page),
            "mask": re.findall(r'name="mask" value="([^"]+)" checked', page),
            "also": added,
            "step": "release",
        }
        assert moderator.post(path, form).status_code == 303
    assert "ont vu" in town.visitor().page(f"/requests/{ref}")


def _campaign(town: Town, made: Planted, call: Call) -> None:
    """Let the requests belong to a campaign, sorted, ranked by somebody, with its note."""
    fan = town.signed_in(name=f"Noé {made.word('name of a voter')}")
    made.markers["address of a voter"] = fan.email
    assert fan.post(f"/campaigns/{call.slug}/follow").status_code == 303
    made.markers["campaign follower's token"] = town.one("SELECT token FROM campaign_follower")
    made.refs["campaign"] = call.slug
    with town.change():
        gathering.sort_the_rest(call.slug)


def _incidents(town: Town, made: Planted) -> None:
    someone = town.visitor()
    reporter = town.signed_in(name=f"Lou {made.word('name of a reporter')}")
    made.markers["address of a reporter"] = reporter.email
    made.markers |= {"latitude of a report": "16234567", "longitude of a report": "35217654"}
    ref = made.refs["street"] = reporter.sends_report(
        photos=_photo(made, "street"),
        latitude="48.16234567",
        longitude="2.35217654",
        ask_lighting_pole=f"Mât {made.word('street: an answer in words')}",
        ask_lighting_lamps="40417",
        **made.words("street", "description", "place"),
    )
    town.release(ref, description="Lampadaire éteint", place="Place du marché")
    town.release_photos(ref)
    town.close(ref, "resolved")
    made.refs["street, pending"] = someone.sends_report(
        photos=_photo(made, "street, pending"),
        **made.words("street, pending", "description", "place"),
    )
    for category in NOT_LISTED:
        ref = made.refs[category] = someone.sends_report(
            family=CATEGORIES[category].family,
            category=category,
            email=f"{made.word(f'address: {category}')}@citizens.example",
            photos=_photo(made, category),
            **made.words(category, "description", "place"),
        )
        town.release(ref, **made.words(f"{category}, released", "description", "place"))
        if category == "phishing":
            words = made.word("answer to a report that is not listed")
            town.close(ref, "resolved", f"C’est fait {words}.")


def _from_elsewhere(town: Town, made: Planted) -> None:
    """Another application sends reports and updates with everything that it knows of a person."""
    key = made.markers["key of an application"] = key_for(town, made.word("name of an application"))
    for what in ("by Open311", "by Open311, pending"):
        made.refs[what] = sends_all(town, key, lambda said, what=what: made.word(f"{what}: {said}"))
    made.markers |= {"a latitude": "48.8566", "a longitude": "2.3522"}
    town.release(made.refs["by Open311"], description=HOLE, place="Rue du Port")
    town.close(made.refs["by Open311"], "resolved")
    for mode in ("requests", "linked"):
        _bridged(town, made, mode)


def _bridged(town: Town, made: Planted, mode: str) -> None:
    """A Decidim's proposals: one that waits, one that is shown in other words, both answered."""
    items: list[ExternalItem] = []
    for number, what in enumerate((f"bridged, {mode}", f"bridged, {mode}, released")):
        words = made.words(what, "title", "body", "answer")
        answer = f"{words['answer']}, écrire à {made.word(f'{what}: an agent')}@mairie.example"
        author = made.word(f"{what}: its author")
        items.append(
            ExternalItem(
                str(number), {"fr": words["title"]}, {"fr": f"{words['body']} {author}"},
                url=f"https://decidim.ville.example/proposals/{number}",
                author_names=(author,), status_raw="accepted", status_mapped="answered",
                answer={"fr": answer}, published_at=town.now,
            )
        )  # fmt: skip
    source = brought(town, mode, *items)
    if mode == "requests":
        ref = town.rows("SELECT ref FROM \"case\" WHERE channel = 'bridge' ORDER BY id DESC")[0].ref
        made.refs[f"bridged, {mode}"] = ref
        town.release(ref, title="Les horaires des bus", wanted="Chaque ligne.")
        return
    with town.change():
        bridges.release(source, bridged.waiting(source)[-1].id, title="Les comptages de vélos")


def _photo(made: Planted, what: str) -> tuple[io.BytesIO, str]:
    """Return a photo with marked words beside its pixels, in its thumbnail and in its name."""
    said = made.word(f"written in a photo: {what}").encode()
    file = JPEG["EXIF author"](encoded(corners(), "jpeg"), said)
    for carrier in ("XMP", "comment", "EXIF thumbnail", "trailing bytes"):
        file = JPEG[carrier](file, said)
    return io.BytesIO(file), f"{made.word(f'name of a photo: {what}')}.jpg"


def _persons(town: Town, made: Planted) -> None:
    """Enough reports that counts of them are published, from marked persons."""
    for n in range(12):
        address = f"{made.word(f'address of reporter {n}')}@citizens.example"
        town.report(email=address, **made.words(f"report {n}", "description", "place"))


def _removed(town: Town, made: Planted) -> None:
    """Remove what was in the log for a moment: its words are planted from now on, too."""
    ref = made.refs["to be removed"]
    contents = b"".join(row.content for row in town.rows("SELECT content FROM log_content"))
    assert made.markers["removed, once public: title"].encode() in contents
    town.remove(ref, reason="La personne a demandé l’effacement", code="erasure")


@dataclass(frozen=True, slots=True)
class Both:
    """A town and the nation after a pull, with everything that a stranger read of them."""

    town: Town
    nation: Nation
    planted: Planted
    of_town: list[Page]
    of_nation: list[Page]
    told: Receiver


def pull(nation: Nation, url: str) -> None:
    """Have the nation know a town, approve and pull it."""
    nation.know_at(url)
    [pulled] = nation.pull().values()
    assert pulled.result not in {"refused", "failed"}, pulled


@pytest.fixture
def both(database_url: str, tmp_path: Path) -> Iterator[Both]:
    port = free_base()
    site = f"http://127.0.0.1:{port}"
    with (
        receiving() as told,
        open_town(
            tmp_path, database_url, public_url=site, questions=QUESTIONS, embed_hosts=[site],
            webhook_neighbours=[told.url],
        ) as town,
    ):  # fmt: skip
        with town.change():
            key = town.settings.secret_key
            webhooks.add(told.url, [*EVENTS], key=key, now=town.now, chance=town.chance)
        planted = plant(town)
        town.later(days=120)
        town.work()
        with town.change():
            words, slug = {"fr": "Ce que nous avons publié."}, planted.refs["campaign"]
            campaigns.save_note(slug, words, languages=("fr", "en"))
            campaigns.publish_note(slug, today=town.today, now=town.now)
        town.work()
        national = fresh("sqlite", NATIONAL_MIGRATIONS, tmp_path)
        clock = FixedClock(NOON + timedelta(days=120))
        with served(town.app, port) as url, Nation.on(national, tmp_path, clock) as nation:
            witness.init(nation.settings.data_dir, nation.settings.public_url)
            pull(nation, url)
            with nation.app.app_context():
                exports.make(now=clock.now())
            size = int(town.one("SELECT published FROM log_state"))
            names = [name for row in town.rows(PHOTOS) for name in row]
            known = {**known_of_town(planted, size), "name": names}
            start = [*lists(planted.refs.values()), *elsewhere(site, planted.refs.values())]
            of_town = crawl(town.app, site, known, start=start)
            of_nation = crawl(nation.app, nation.settings.public_url, known_of_nation(nation))
            yield Both(town, nation, planted, of_town, of_nation, told)


def elsewhere(site: str, refs: Iterable[str]) -> Iterator[str]:
    """Give what other sites ask for: full boards, and oEmbed of every case, listed or not."""
    yield "/embed/board?limit=10"
    yield "/embed/board?limit=10&status=published"
    for ref in refs:
        for kind in ("requests", "incidents", "campaigns"):
            yield f"/oembed?url={site}/{kind}/{ref}"


def known_of_town(planted: Planted, size: int) -> dict[str, Any]:
    """Return a value for each argument of a town's addresses."""
    return {
        "slug": [planted.refs["campaign"]],
        "phase": ["call"],
        "account_id": [1, 2, 3],
        "series_id": [1],
        "source_id": [1, 2],
        "webhook_id": [1, 2],
        "item_id": [1, 2, 3],
        "ref": [*planted.refs.values(), "2027-9999"],
        "token": ["0" * 48],
        "text_id": [1, 2],
        "provider": ["nobody"],
        "filename": ["web.css"],
        "service_code": ["lighting", "neighbours"],
        "rest": ["v2/nothing.xml"],
        "part": ["pdf", "misp", "stix"],
        **log_places(size),
    }


def known_of_nation(nation: Nation) -> dict[str, Any]:
    """Return a value for each argument of the nation's addresses."""
    client = nation.client()
    items = client.get("/api/v1/records?limit=200").get_json()["items"]
    events = client.get("/api/v1/audit?limit=200").get_json()["items"]
    with nation.app.app_context():
        origins = [town.origin for town in all_towns()]
    return {
        "origin_hash": [hashlib.sha256(origin.encode()).hexdigest() for origin in origins],
        "level": [0],
        "place": [*("000", "000.p/1"), *(f"000.p/{width}" for width in range(2, 40))],
        "ref": [str(item.get("ref") or item["id"]) for item in items],
        "siren": [town["siren"] for town in client.get("/api/v1/towns").get_json()["items"]],
        "insee": ["99999"],
        "form": ["csv", "json"],
        "code": ["99", "35", "2A"],
        "theme": ["TRAN"],
        "event_id": [event["id"] for event in events if "id" in event] or [1],
        "provider": ["nobody"],
        "filename": ["web.css"],
        "root": ["cyber"],
        "name": ["clear", "requests.csv", "incidents.csv", "towns.csv", "topics.csv", "requests"],
        "object_id": ["incident--00000000-0000-4000-8000-000000000000"],
        "taxii.misp_event.event_id": [UUID(int=0)],
        "rest": ["nothing"],
        "slug": [one["id"] for one in client.get("/api/v1/topics").get_json()["items"]] or ["none"],
    }


def test_no_original_is_at_any_public_address(both: Both) -> None:
    assert leaks(both.of_town, both.planted.markers) == []
    assert leaks(both.of_nation, both.planted.markers) == []
    _they_were_really_read(both)
    _no_search_finds_them(both)
    _the_nation_holds_none(both)
    _no_message_holds_another_s(both)
    _no_webhook_holds_any(both)
    _what_is_not_listed_has_no_page(both)


def _they_were_really_read(both: Both) -> None:
    """What was released is at all the places where an original could have been."""
    found = {page.path for page in both.of_town if PUBLIC_TITLE in page.all}
    ref = both.planted.refs["answered"]
    assert found >= {
        "/", "/requests", f"/requests/{ref}", "/api/v1/requests", f"/api/v1/requests/{ref}",
        "/log/content/000", "/log/tail/0", "/data/requests.csv", "/data/requests.json",
        "/feeds/requests.atom",
    }  # fmt: skip
    reports = {page.path for page in both.of_town if both.planted.refs["street"] in page.all}
    assert reports >= {"/data/incidents.csv", "/data/incidents.json", "/feeds/incidents.atom"}
    assert {f"/incidents/{both.planted.refs['street']}", "/log/checkpoint"} <= paths(both.of_town)
    note = f"/campaigns/{both.planted.refs['campaign']}/note"
    embedded = {page.path.split("?")[0] for page in both.of_town if PUBLIC_TITLE in page.all}
    assert {"/embed/board", f"/embed/request/{ref}", "/oembed"} <= embedded
    assert {note, f"{note}.csv", f"{note}.pdf", "/feeds/campaigns.atom"} <= paths(both.of_town)
    told = {page.path.split("?")[0] for page in both.of_town if HOLE in page.all}
    assert {f"/open311/v2/requests.{ending}" for ending in ("xml", "json")} <= told
    gone = paths(both.of_town, status=410)
    assert f"/requests/{both.planted.refs['to be removed']}" in gone
    national = {page.path.split("?")[0] for page in both.of_nation if PUBLIC_TITLE in page.all}
    assert {"/requests", "/api/v1/records"} <= national
    assert any(re.fullmatch(r"/requests/.+", path) for path in national)
    assert "/audit" in paths(both.of_nation)


def _no_search_finds_them(both: Both) -> None:
    """Searching for a word of an original finds nothing, so its absence can be told by nobody."""
    stranger, reader = both.town.visitor(), both.nation.client()
    lists = ("/api/v1/requests", "/api/v1/incidents")
    assert stranger.get("/api/v1/requests?q=cantines").get_json()["items"]
    for word in both.planted.markers.values():
        for path in lists:
            assert stranger.get(f"{path}?q={quote(word)}").get_json()["items"] == [], word
    assert reader.get("/api/v1/similar?q=cantines").get_json()["items"]
    assert reader.get("/api/v1/records?q=cantines").get_json()["items"]
    for word in both.planted.markers.values():
        assert reader.get(f"/api/v1/similar?q={quote(word)}").get_json()["items"] == [], word
        assert reader.get(f"/api/v1/records?q={quote(word)}").get_json()["items"] == [], word


def _the_nation_holds_none(both: Both) -> None:
    """Not even in a table: what never arrives cannot be shown by mistake."""
    dump = both.nation.dump()
    assert PUBLIC_TITLE in dump
    assert {name for name, word in both.planted.markers.items() if word in dump} == set()


def _no_message_holds_another_s(both: Both) -> None:
    """Mail has a link and public words; the only thing of a person in it is its own address."""
    messages = both.town.mail.messages
    assert any(PUBLIC_TITLE in str(message.get_content()) for message in messages)
    words = {n: w for n, w in both.planted.markers.items() if "token" not in n}
    for message in messages:
        to = str(message["To"])
        text = message.as_string() + str(message.get_content())
        found = {name for name, word in words.items() if word in text and word not in to}
        assert found <= ONCE_PUBLIC, (to, found)


def _no_webhook_holds_any(both: Both) -> None:
    """Other sites are told public words of listed cases, of requests and reports alike."""
    said = json.dumps(both.told.came, ensure_ascii=False)
    assert PUBLIC_TITLE in said
    assert both.planted.refs["street"] in said
    found = {name for name, word in both.planted.markers.items() if word in said}
    assert found <= ONCE_PUBLIC, found
    assert not [name for name in NOT_LISTED if both.planted.refs[name] in said]


def _what_is_not_listed_has_no_page(both: Both) -> None:
    """A report that is not shown one by one is not even named, on any page but its own 404."""
    for name in NOT_LISTED:
        ref = both.planted.refs[name]
        named = {p.path for p in both.of_town if ref in p.all and ref not in p.path}
        assert named == set(), name
        assert f"/incidents/{ref}" in paths(both.of_town, status=404)
        assert f"/api/v1/incidents/{ref}" in paths(both.of_town, status=404)


def test_the_crawler_finds_what_a_page_tells_in_any_writing() -> None:
    markers = {"a name": "Zoé Exemple"}
    for body in ("Zoé Exemple", "Zo&eacute; Exemple", "Zo\\u00e9 Exemple", "q=Zo%C3%A9%20Exemple"):
        assert leaks([Page("/here", "fr", 200, "", body.encode())], markers) == [
            "a name: /here (fr)"
        ], body
    assert leaks([Page("/here", "fr", 200, "X-Author: ZOÉ EXEMPLE", b"")], markers) != []
    assert leaks([Page("/here", "fr", 200, "", "Zoé".encode())], markers) == []


def test_a_route_that_the_crawler_cannot_fill_in_is_a_failure() -> None:
    app = Flask("probe", static_folder=None)
    app.add_url_rule("/files/<name>", "files", lambda name: name)
    with pytest.raises(AssertionError, match="no value is known for <name>"):
        crawl(app, "http://127.0.0.1", {})
