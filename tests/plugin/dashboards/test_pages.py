# SPDX-License-Identifier: AGPL-3.0-or-later
import pytest

from beffroi.kernel.db import db
from support.town import REQUEST, Town


def test_the_front_page_shows_figures_and_the_newest(village: Town) -> None:
    ref = village.request()
    assert ref in village.visitor().page("/")
    assert REQUEST["title"] not in village.visitor().page("/")
    village.release(ref)
    assert REQUEST["title"] in village.visitor().page("/")


@pytest.mark.parametrize(
    "path",
    ["/", "/requests", "/requests/new", "/incidents", "/incidents/new", "/how-it-works",
     "/accessibility", "/privacy", "/requests/sent", "/sign-in"],
)  # fmt: skip
def test_every_page_has_one_heading_a_language_and_a_title(village: Town, path: str) -> None:
    for lang in ("fr", "en"):
        html = village.visitor().page(path, headers={"Accept-Language": lang})
        assert html.count("<h1") == 1
        assert f'<html lang="{lang}"' in html
        assert "<title>" in html
        assert "<title> ·" not in html


def test_an_account_shows_its_own_cases_and_no_others(village: Town) -> None:
    mine, other = village.signed_in(), village.signed_in()
    ref = mine.sends_request()
    hidden = mine.sends_report(family="cyber", category="down")
    theirs = other.sends_request()
    html = mine.page("/account")
    assert ref in html
    assert hidden in html
    assert theirs not in html
    assert mine.email in html
    assert village.visitor().get("/account").status_code == 303


def test_a_language_can_be_kept_and_an_unknown_one_is_refused(village: Town) -> None:
    citizen = village.signed_in()
    assert citizen.post("/account/language", {"lang": "tlh"}).status_code == 422
    assert citizen.post("/account/language", {"lang": "en"}).status_code == 303
    assert '<html lang="en"' in citizen.page("/")
    assert '<html lang="fr"' in citizen.page("/?lang=fr")  # the address wins


def test_the_town_answers_whether_it_lives_and_is_ready(village: Town) -> None:
    visitor = village.visitor()
    assert visitor.get("/healthz").get_json() == {"ok": True}
    response = visitor.get("/readyz")
    assert response.status_code == 200
    assert response.get_json()["ok"] is True


def test_the_town_is_not_ready_on_another_schema(village: Town) -> None:
    with village.change():
        db.session.execute(db.text("UPDATE alembic_version SET version_num = 'older'"))
    response = village.visitor().get("/readyz")
    assert (response.status_code, response.get_json()["ok"]) == (503, False)


def test_the_openapi_document_names_every_address_of_the_api(village: Town) -> None:
    document = village.visitor().get("/api/openapi.json").get_json()
    assert document["openapi"].startswith("3.1")
    served = {
        str(rule.rule).replace("<ref>", "{ref}")
        for rule in village.app.url_map.iter_rules()
        if str(rule.rule).startswith("/api/v1/")
    }
    assert served <= set(document["paths"])


def test_the_identity_file_says_who_this_is(village: Town) -> None:
    identity = village.visitor().get("/.well-known/beffroi.json").get_json()
    assert identity["siren"] == "210000006"
    assert identity["prefix"] == "https://demandes.ville.example/log"
    assert identity["origin"] == "demandes.ville.example/beffroi/210000006/1"
    assert identity["communes"] == ["99999"]
    assert len(identity["vkeys"]) == 1


def test_the_sign_in_page_does_not_lead_to_itself(village: Town) -> None:
    page = village.visitor().page("/sign-in?next=/requests")
    assert 'href="/sign-in' not in page, "a robot would follow an ever longer address"
