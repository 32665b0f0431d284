# SPDX-License-Identifier: AGPL-3.0-or-later
"""Already asked, already open: the page after "continue", the API while somebody types, joining."""

from beffroi.catalogue import service as catalogue
from beffroi.catalogue.queries import INDEX
from beffroi.catalogue.rules import Raw, described
from beffroi.kernel.extension import AskedElsewhere
from support.everything import everything_in
from support.town import REQUEST, Town

MENUS = {**REQUEST, "title": "Le menu de la cantine", "step": "preview"}
API = "/api/v1/similar?q=menu+de+cantine"


def with_catalogue(town: Town) -> None:
    with town.change():
        catalogue.connect([("csv", "https://donnees.ville.example/liste.csv")])
    with town.change():
        raw = Raw("m", "Repas <b>et</b> menus servis", "https://donnees.ville.example/m")
        catalogue.take(1, [described(raw)])
        INDEX.count_again()


def test_the_page_before_sending_shows_what_is_asked_and_open(village: Town) -> None:
    ref = village.request()
    village.release(ref)
    village.answer(ref, "published", "Les voici.", url="https://donnees.ville.example/menus")
    with_catalogue(village)
    citizen = village.signed_in("citizen")
    page = citizen.post("/requests/new", MENUS).get_data(as_text=True)
    assert f"/requests/{ref}/join" in page
    assert "Réponse\u00a0: Les voici." in page
    assert "Repas et menus servis" in page
    assert 'href="https://donnees.ville.example/m"' in page
    assert "autres collectivités" not in page
    village.app.extensions["beffroi"].elsewhere = lambda title, more: [
        AskedElsewhere("Ailleurs-sur-Mer", title, "Oui.", "https://ailleurs.example/requests/1")
    ]
    page = citizen.post("/requests/new", MENUS).get_data(as_text=True)
    assert "Ailleurs-sur-Mer" in page
    other = {**MENUS, "title": "Arbres morts", "wanted": "Les platanes abattus rue par rue."}
    village.app.extensions["beffroi"].elsewhere = None
    assert "near-list" not in citizen.post("/requests/new", other).get_data(as_text=True)


def test_joining_supports_and_follows_once_and_only_what_is_listed(village: Town) -> None:
    ref, hidden = village.request(), village.report(family="cyber", category="fake_page")
    citizen = village.signed_in("citizen")
    for _ in range(2):
        answer = citizen.post(f"/requests/{ref}/join")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/requests/{ref}#act")
    assert village.one('SELECT supports FROM "case" WHERE ref = :ref', ref=ref) == 1
    party = "party_id = (SELECT max(party_id) FROM support)"
    assert village.one(f"SELECT count(*) FROM follower WHERE {party}") == 1
    assert citizen.post(f"/requests/{hidden}/join").status_code == 404
    assert village.visitor().post(f"/requests/{ref}/join").status_code in {303, 401}
    assert village.one("SELECT count(*) FROM support") == 1


def test_the_api_gives_released_words_alone_and_they_go_when_the_case_does(village: Town) -> None:
    shown, pending = village.request(), village.request(title="Menus des cantines privées")
    village.release(shown)
    with_catalogue(village)
    found = village.visitor().get(API)
    assert found.headers["Cache-Control"] == "private, no-store"
    said = found.get_json()
    assert [one["ref"] for one in said["requests"]] == [shown]
    assert said["requests"][0]["url"].endswith(f"/requests/{shown}")
    assert [one["title"] for one in said["datasets"]] == ["Repas et menus servis"]
    assert said["elsewhere"] == []
    assert pending not in str(said)
    village.hold(shown, "title")
    assert village.visitor().get(API).get_json()["requests"] == []
    village.release(pending)
    assert len(village.visitor().get(API).get_json()["requests"]) == 1
    village.remove(pending)
    assert village.visitor().get(API).get_json()["requests"] == []
    assert village.one("SELECT count(*) FROM nearby_case WHERE title <> ''") == 0


def test_nothing_that_is_typed_is_kept_and_haste_is_braked(village: Town) -> None:
    before = everything_in(village)
    visitor = village.visitor()
    assert visitor.get("/api/v1/similar?q=plantedword").status_code == 200
    assert everything_in(village) == before
    assert visitor.get("/api/v1/similar").status_code == 422
    assert visitor.get("/api/v1/similar?q=" + "a" * 201).status_code == 422
    codes = [visitor.get("/api/v1/similar?q=").status_code for _ in range(62)]
    assert codes[-1] == 429


def test_the_requests_of_a_town_before_are_put_in_by_the_worker(town: Town) -> None:
    ref = town.request()
    town.release(ref)
    with town.change():
        from beffroi.cases.queries import similar

        similar.INDEX.remove([town.id_of(ref)])
    town.work()
    assert [r["ref"] for r in town.visitor().get(API).get_json()["requests"]] == [ref]
