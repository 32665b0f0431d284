# SPDX-License-Identifier: AGPL-3.0-or-later
"""The same thing asked in several towns: one topic, its counts, its hints, and no word too long."""

import base64
import csv
import hashlib
import io
import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from beffroi_federation import canonical
from beffroi_federation.aggregator.exports import commands as exports
from beffroi_federation.aggregator.following import on_settled
from beffroi_federation.aggregator.national import commands as national
from beffroi_federation.aggregator.topics.commands import make_hints
from beffroi_federation.aggregator.witness import commands as witness
from beffroi_federation.notes import Verifier, open_note
from support.nation import Nation, make_town, request_content
from support.simulated_town import SimulatedTown

Serve = Callable[[SimulatedTown], SimulatedTown]
ANSWER = "Les menus sont publiés chaque semaine, avec les allergènes."
SIRENS = ("210000006", "210000014", "210000022")
TITLES = (
    ("Menus des cantines scolaires", {}),
    ("Que mangent les enfants à la cantine ? Les menus",
     {"status": "published", "outcome": "published", "answer": ANSWER, "answered": "2026-W41",
      "published_url": "https://data.example.org/menus.csv", "supports": "10-49"}),
    ("School canteen menus", {"lang": "en", "status": "refused", "outcome": "refused",
                              "ground": "CRPA-L311-5", "answer": "No.", "answered": "2026-W40"}),
    ("Inventaire des arbres d’alignement", {}),
)  # fmt: skip


@pytest.fixture
def towns(serve: Serve) -> list[SimulatedTown]:
    """Three towns that were asked for menus; the first also for its trees."""
    made = []
    for number in range(3):
        town = make_town(SIRENS[number], f"Beffroi-numéro-{'ABC'[number]}")
        for at in (number, *((3,) if number == 0 else ())):
            title, more = TITLES[at]
            content = request_content(at + 1, title=title, summary="Pour une étude.", **more)
            town.record(content)
        town.publish()
        made.append(serve(town))
    return made


def api(nation: Nation, path: str) -> dict[str, object]:
    answer = nation.client().get(path)
    assert answer.status_code == 200, (path, answer.get_data(as_text=True))
    body: dict[str, object] = answer.get_json()
    return body


def menus(nation: Nation) -> dict[str, object]:
    """The one topic that is about menus."""
    found = [one for one in api(nation, "/api/v1/topics")["items"] if one["towns"] > 1]
    assert len(found) == 1
    return found[0]


def pulled(nation: Nation, towns: list[SimulatedTown]) -> Nation:
    for town in towns:
        nation.know(town)
    nation.pull()
    return nation


def test_three_towns_one_topic_and_a_withdrawn_answer_is_nowhere(
    nation: Nation, towns: list[SimulatedTown]
) -> None:
    pulled(nation, towns)
    topic = menus(nation)
    assert [topic[name] for name in ("towns", "published", "refused", "waiting")] == [3, 1, 1, 1]
    assert topic["title_en"] == "School canteen menus"
    shown = api(nation, f"/api/v1/topics/{topic['id']}")
    assert [item["siren"] for item in shown["items"]] == ["210000014", "210000022", "210000006"]
    similar = api(nation, "/api/v1/similar?q=que+mange-t-on+a+la+cantine")["items"]
    assert similar[0]["siren"] == "210000014"
    assert similar[0]["topic"] == {**topic, "url": similar[0]["topic"]["url"]}
    with nation.app.app_context():
        exports.make(now=nation.clock.now())
    with nation.client().get("/data/topics.csv") as answer:
        rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["id"] for row in rows} == {
        one["id"] for one in api(nation, "/api/v1/topics")["items"]
    }
    ways = (
        f"/topics/{topic['id']}", f"/topics/{topic['id']}.csv", f"/api/v1/topics/{topic['id']}",
        "/api/v1/similar?q=menus+cantine",
    )  # fmt: skip
    for path in ways:
        assert ANSWER in nation.client().get(path).text, path
    towns[1].withdraw(0)
    towns[1].publish()
    nation.clock.moment += timedelta(hours=7)
    nation.pull("210000014")
    assert [menus(nation)[name] for name in ("towns", "published", "refused")] == [2, 0, 1]
    for path in ways:
        assert ANSWER not in nation.client().get(path).text, path
    assert ANSWER not in nation.dump()
    assert "mangent" not in nation.dump()


def test_a_rebuild_gives_the_same_topics_and_what_a_curator_decided_stays(
    nation: Nation, towns: list[SimulatedTown]
) -> None:
    pulled(nation, towns)
    topic = menus(nation)
    desk = nation.signed_in("operator")
    page = f"/desk/topics/{topic['id']}"
    page_text = desk.get(page).text
    token = page_text.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "records": "210000022-1-0", "reason": "Une cantine d’adultes."}
    assert desk.post(f"{page}/pick", data={**form, "reason": ""}).status_code == 422
    assert desk.post(f"{page}/pick", data={**form, "records": ""}).status_code == 422
    made = desk.post(f"{page}/pick", data=form)
    assert made.status_code == 303
    new = made.location.rsplit("/", 1)[1]
    assert "Une cantine d’adultes." in nation.page(f"/topics/{topic['id']}")
    name = {"csrf_token": token, "name_fr": "Cantine du personnel", "reason": "Plus clair."}
    assert desk.post(f"/desk/topics/{new}/whole", data=name).status_code == 303
    before = [nation.rows(table) for table in ("topic", "topic_place", "topic_profile")]
    with nation.app.app_context():
        national.rebuild()
        on_settled(None, nation.clock.now())
    assert [nation.rows(table) for table in ("topic", "topic_place", "topic_profile")] == before
    assert "Cantine du personnel" in nation.page(f"/topics/{new}", "fr")
    into = {"csrf_token": token, "into": f"http://x/topics/{topic['id']}", "reason": "Une erreur."}
    assert desk.post(f"/desk/topics/{new}/whole", data=into).status_code == 303
    assert nation.client().get(f"/topics/{new}").location == f"/topics/{topic['id']}"
    assert menus(nation)["towns"] == 3
    assert nation.client().get("/desk/topics").status_code in (302, 303, 401, 403)


def test_the_file_of_hints_is_signed_and_goes_with_what_it_quotes(
    small_nation: Nation, towns: list[SimulatedTown]
) -> None:
    nation, settings = small_nation, small_nation.settings
    witness.init(settings.data_dir, settings.public_url)
    pulled(nation, towns)
    with nation.app.app_context():
        make_hints(now=nation.clock.now())
        key = witness.hints_key(settings.data_dir, settings.public_url)
    assert key is not None
    answer = nation.client().get("/hints/210000006.json")
    body = json.loads(answer.text)
    text = open_note(body["note"].encode(), [Verifier.from_text(key.vkey())])[0].text
    digest = hashlib.sha256(canonical.encode(body["hints"])).digest()
    assert text.splitlines()[3] == base64.b64encode(digest).decode()
    (request,) = body["hints"]["requests"]
    assert [one["siren"] for one in request["answers"]] == ["210000014", "210000022"]
    assert request["answers"][0]["published_url"] == "https://data.example.org/menus.csv"
    assert request["answers"][0]["answered"] == "2026-W41"
    same = {"If-None-Match": answer.headers["ETag"]}
    assert nation.client().get("/hints/210000006.json", headers=same).status_code == 304
    assert nation.client().get("/hints/210000022.json").status_code == 404
    towns[1].withdraw(0)
    towns[1].publish()
    nation.clock.moment += timedelta(hours=7)
    nation.pull("210000014")
    later = nation.client().get("/hints/210000006.json")
    assert later.status_code == 404 or ANSWER not in later.text


def test_pages_of_topics_filter_and_follow(
    small_nation: Nation, towns: list[SimulatedTown]
) -> None:
    pulled(small_nation, towns)
    assert "Inventaire des arbres" in small_nation.page("/topics?q=arbres")
    assert "Menus" not in small_nation.page("/topics?q=arbres").split("<main")[1]
    assert "Inventaire" not in small_nation.page("/topics?status=published").split("<main")[1]
    assert "Inventaire" not in small_nation.page("/topics?town=210000014").split("<main")[1]
    first = api(small_nation, "/api/v1/topics?limit=1")
    rest = api(small_nation, f"/api/v1/topics?limit=1&cursor={first['next_cursor']}")
    assert first["items"][0]["towns"] >= rest["items"][0]["towns"]
    for bad in ("", "?q=", "?q=" + "a" * 201, "?q=a&limit=51"):
        assert small_nation.client().get(f"/api/v1/similar{bad}").status_code == 422
    held = small_nation.client().get("/api/v1/similar?q=a").headers["Cache-Control"]
    assert held == "private, no-store"
    for wrong in ("/topics/zzzzzzzz", "/topics/u", "/api/v1/topics/zzzzzzzz"):
        assert small_nation.client().get(wrong).status_code == 404
