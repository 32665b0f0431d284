# SPDX-License-Identifier: AGPL-3.0-or-later
"""Programs that act for people: tokens with scopes (RFC 6750), made and ended in the account."""

import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from support.town import PUBLIC_URL, Person, Town

WANTED = {
    "object": "dataset",
    "title": "Menus des cantines",
    "wanted": "Les menus de chaque école, jour par jour, avec les allergènes.",
}
REPORT = {
    "family": "street",
    "category": "lighting",
    "description": "Un lampadaire ne s’allume plus.",
    "place": "Quai",
}
BOTH = ("requests:write", "reports:write")


def make(person: Person, *scopes: str, days: str = "30", name: str = "My script") -> str:
    page = person.post("/account/tokens", {"name": name, "scopes": list(scopes), "days": days})
    assert page.status_code == 200, page.text
    return re.findall(r"bft_[0-9a-f]{64}", page.text)[0]


def call(
    town: Town, token: str, path: str = "/api/v1/requests", body: Any = WANTED, **more: Any
) -> TestResponse:
    return town.app.test_client().post(
        path, json=body, headers={"Authorization": f"Bearer {token}"}, base_url=PUBLIC_URL, **more
    )


def test_a_program_sends_a_request_and_a_report_in_somebodys_name(town: Town) -> None:
    person = town.signed_in(name="Ada")
    token = make(person, *BOTH)
    sent = call(town, token)
    assert sent.status_code == 201, sent.text
    assert sent.headers["Location"].endswith(sent.get_json()["ref"])
    assert call(town, token, "/api/v1/incidents", REPORT).status_code == 201
    own = person.page("/account")
    assert sent.get_json()["ref"] in own
    listed = person.page("/account/tokens")
    assert "My script" in listed
    assert token not in listed


def test_only_the_hash_of_a_token_is_kept_and_the_day_of_its_use(town: Town) -> None:
    token = make(town.signed_in(), *BOTH)
    row = town.rows("SELECT * FROM access_token")[0]
    assert token not in repr(row)
    assert row.used_on is None
    call(town, token)
    assert str(town.one("SELECT used_on FROM access_token")) == str(town.today)


@pytest.mark.parametrize("token", ["", "bft_" + "0" * 64, "x" * 5000, "é"])
def test_a_token_that_is_none_is_refused_for_reading_too(village: Town, token: str) -> None:
    header = {"Authorization": f"Bearer {token}".encode().decode("latin-1")}
    client = village.app.test_client()
    for answer in (
        client.get("/api/v1/requests", headers=header, base_url=PUBLIC_URL),
        client.post("/api/v1/requests", json=WANTED, headers=header, base_url=PUBLIC_URL),
        client.post("/api/v1/incidents", json=REPORT, headers=header, base_url=PUBLIC_URL),
    ):
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == (
            'Bearer realm="beffroi", error="invalid_token"'
        )
        assert answer.mimetype == "application/problem+json"
    assert village.one('SELECT count(*) FROM "case"') == 0


def test_a_token_does_what_it_is_for_and_nothing_else(village: Town) -> None:
    token = make(village.signed_in(), "reports:write")
    refused = call(village, token)
    assert refused.status_code == 403
    assert refused.headers["WWW-Authenticate"] == (
        'Bearer realm="beffroi", error="insufficient_scope", scope="requests:write"'
    )
    assert call(village, token, "/api/v1/incidents", REPORT).status_code == 201


def test_a_token_ends_on_its_day_by_its_maker_and_with_the_account(village: Town) -> None:
    person = village.signed_in()
    first, second = make(person, *BOTH), make(person, *BOTH, name="Another")
    number = village.one("SELECT min(id) FROM access_token")
    stranger = village.signed_in()
    stranger.post(f"/account/tokens/{number}/end")
    assert call(village, first).status_code == 201
    person.post(f"/account/tokens/{number}/end")
    assert call(village, first).status_code == 401
    village.later(days=31)
    assert call(village, second).status_code == 401


def test_an_agents_token_has_a_citizens_rights_and_opens_no_page(village: Town) -> None:
    token = make(village.signed_in("agent", "administrator"), *BOTH)
    client = village.app.test_client()
    for path in ("/desk", "/account", "/account/tokens"):
        answer = client.get(path, headers={"Authorization": f"Bearer {token}"}, base_url=PUBLIC_URL)
        assert answer.status_code == 303, path
        assert "/sign-in" in answer.headers["Location"]


def test_what_is_missing_is_said_and_what_was_typed_is_kept(village: Town) -> None:
    person = village.signed_in()
    page = person.post("/account/tokens", {"name": "My script", "days": "7"})
    assert page.status_code == 422
    assert 'value="My script"' in page.text
    for words in ("Choisissez ce que le programme peut faire", "Choisissez pour combien de temps"):
        assert words in page.text
    wrong = person.post("/account/tokens", {"name": "x", "scopes": ["all"], "days": "30"})
    assert wrong.status_code == 422
    assert village.one("SELECT count(*) FROM access_token") == 0
    for number in range(20):
        make(person, *BOTH, name=f"No {number}")
    more = person.post("/account/tokens", {"name": "x", "scopes": list(BOTH), "days": "30"})
    assert more.status_code == 422
    assert "vingt jetons" in more.text


def test_the_description_of_the_api_names_what_a_token_must_be_for(village: Town) -> None:
    described = village.visitor().get("/api/openapi.json").get_json()
    assert described["paths"]["/api/v1/requests"]["post"]["security"] == [
        {"token": ["requests:write"]},
        {"session": [], "formToken": []},
    ]
    assert described["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
