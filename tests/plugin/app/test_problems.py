# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bad input gets a clear page, or problem+json for a program; what was typed is kept."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from beffroi.kernel.db import MIGRATIONS
from support.databases import fresh
from support.town import PUBLIC_URL, REPORT, REQUEST, Town, open_town

EN = {"Accept-Language": "en"}


def is_problem(response: TestResponse, status: int) -> dict[str, Any]:
    """The one shape of every error for programs."""
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    body = response.get_json()
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert isinstance(body["errors"], dict)
    assert all(isinstance(said, list) for said in body["errors"].values())
    return dict(body)


def is_page(response: TestResponse, status: int) -> str:
    """The one shape of every error for people: a whole page, in their language, never kept."""
    assert response.status_code == status
    assert response.mimetype == "text/html"
    html = response.get_data(as_text=True)
    assert "<h1>" in html
    assert "</html>" in html
    assert "no-store" in response.headers["Cache-Control"]
    return html


@pytest.mark.parametrize(
    ("path", "form", "field", "kept"),
    [
        ("/requests/new", {**REQUEST, "title": "abc", "email": "a@x.example"}, "title", "abc"),
        ("/requests/new", {**REQUEST, "wanted": "trop", "email": "a@x.example"}, "wanted", "trop"),
        ("/requests/new", {**REQUEST, "object": "castle", "email": "a@x.example"}, "object", None),
        ("/requests/new", {**REQUEST, "email": "not an address"}, "email", "not an address"),
        ("/requests/new", {**REQUEST}, "email", REQUEST["title"]),
        ("/requests/new", {**REQUEST, "email": "a@x.example", "commune": "75056"}, "commune", None),
        (
            "/requests/new",
            {**REQUEST, "email": "a@x.example", "organisation": "123"},
            "organisation",
            "123",
        ),
        (
            "/requests/new",
            {**REQUEST, "email": "a@x.example", "title": "x" * 201},
            "title",
            "x" * 201,
        ),
        ("/incidents/new", {**REPORT, "description": "abc"}, "description", "abc"),
        ("/incidents/new", {**REPORT, "description": "é" * 5001}, "description", "é" * 5001),
        ("/incidents/new", {**REPORT, "category": "castle"}, "category", REPORT["description"]),
        ("/incidents/new", {**REPORT, "family": "cyber"}, "category", REPORT["description"]),
        ("/incidents/new", {**REPORT, "date": "tomorrow"}, "date", "tomorrow"),
        ("/incidents/new", {**REPORT, "date": "2027-01-13"}, "date", "2027-01-13"),
        (
            "/incidents/new",
            {**REPORT, "place": "Rue <b>Haute</b>", "date": "x"},
            "date",
            "&lt;b&gt;",
        ),
    ],
)
def test_a_form_that_does_not_fit_comes_back_with_what_was_typed(
    village: Town, path: str, form: dict[str, str], field: str, kept: str | None
) -> None:
    response = village.visitor().post(path, form)
    assert response.status_code == 422
    html = response.get_data(as_text=True)
    assert f'href="#f-{field}"' in html  # the summary leads to the field
    assert kept is None or kept in html
    assert village.one('SELECT count(*) FROM "case"') == 0
    assert village.one("SELECT count(*) FROM pending_request") == 0


def test_a_text_with_control_characters_comes_back_too(village: Town) -> None:
    citizen = village.signed_in()
    response = citizen.post("/requests/new", {**REQUEST, "wanted": "des menus\x00 complets"})
    assert response.status_code == 422
    assert "caractères qui ne s’impriment pas" in response.get_data(as_text=True)


def test_errors_are_said_in_the_language_of_the_reader(village: Town) -> None:
    form = {**REQUEST, "title": "abc"}
    assert "Écrivez entre 5 et 200" in village.visitor().post("/requests/new", form).text
    english = village.visitor().post("/requests/new", form, headers=EN).text
    assert "Write between 5 and 200" in english


def test_a_form_without_its_token_is_a_page_that_says_so(village: Town) -> None:
    client = village.app.test_client()
    for path in ("/requests/new", "/incidents/new", "/requests/confirm/x"):
        response = client.post(path, base_url=PUBLIC_URL, data=REPORT)
        assert "resté ouvert trop longtemps" in is_page(response, 400)
    response = client.post("/api/v1/incidents", base_url=PUBLIC_URL, json=REPORT)
    is_problem(response, 400)
    assert village.one('SELECT count(*) FROM "case"') == 0


def test_the_token_of_another_session_is_refused(village: Town) -> None:
    mine, other = village.signed_in(), village.signed_in()
    form = {**REQUEST, "csrf_token": other.csrf()}
    response = mine.client.post("/requests/new", base_url=PUBLIC_URL, data=form)
    is_page(response, 400)


def test_a_form_from_another_site_is_refused(village: Town) -> None:
    response = village.visitor().post(
        "/incidents/new", REPORT, headers={"Origin": "https://elsewhere.example"}
    )
    is_page(response, 400)


def test_what_does_not_exist_is_a_page_or_a_problem(village: Town) -> None:
    visitor = village.visitor()
    for path in ("/nothing", "/requests/1999-0001", "/incidents/x", "/follow/x", "/log/nothing"):
        is_page(visitor.get(path), 404)
    for path in ("/api/v1/requests/1999-0001", "/api/v1/incidents/x", "/api/v1/nothing"):
        is_problem(visitor.get(path), 404)
    is_problem(visitor.get("/nothing", headers={"Accept": "application/json"}), 404)


def test_a_method_that_is_not_taken_is_said_with_those_that_are(village: Town) -> None:
    visitor = village.visitor()
    response = visitor.client.delete(
        "/requests", base_url=PUBLIC_URL, headers={"X-CSRF-Token": visitor.csrf()}
    )
    is_page(response, 405)
    assert "GET" in response.headers["Allow"]


def test_a_page_for_agents_is_closed_to_citizens_and_leads_strangers_to_sign_in(
    village: Town,
) -> None:
    is_page(village.signed_in("citizen").get("/desk"), 403)
    response = village.visitor().get("/desk?queue=late")
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/sign-in?next=%2Fdesk%3Fqueue")
    is_page(village.visitor().post("/desk/requests/new", REQUEST), 401)


def test_a_program_that_is_not_signed_in_is_told_so(village: Town) -> None:
    is_problem(village.visitor().post_json("/api/v1/requests", dict(REQUEST)), 401)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(village: Town) -> None:
    visitor = village.visitor()
    form = {**REPORT, "description": "x" * 1_100_000}
    is_page(visitor.post("/incidents/new", form), 413)
    is_problem(visitor.post_json("/api/v1/incidents", form), 413)


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Town]:
    """A town that takes two submissions an hour."""
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with open_town(tmp_path, url, submissions_per_hour=2) as made:
        yield made


@pytest.mark.parametrize("path", ["/incidents/new", "/api/v1/incidents"])
def test_who_sends_too_often_is_told_when_to_come_back(strict: Town, path: str) -> None:
    visitor = strict.visitor()
    send = visitor.post_json if path.startswith("/api") else visitor.post
    answers = [send(path, dict(REPORT)) for _ in range(3)]
    assert [a.status_code for a in answers[:2]] in ([303, 303], [201, 201])
    if path.startswith("/api"):
        is_problem(answers[2], 429)
    else:
        is_page(answers[2], 429)
    assert 0 < int(answers[2].headers["Retry-After"]) <= 3600
    assert strict.one('SELECT count(*) FROM "case"') == 2
    assert strict.signed_in().post("/incidents/new", REPORT).status_code == 303  # another person
    assert visitor.get("/incidents/new").status_code == 200


@pytest.mark.parametrize("body", ["[]", '"x"', "3", "null", "{", ""])
def test_json_that_is_no_object_is_refused(village: Town, body: str) -> None:
    visitor = village.visitor()
    response = visitor.client.post(
        "/api/v1/incidents",
        base_url=PUBLIC_URL,
        data=body,
        content_type="application/json",
        headers={"X-CSRF-Token": visitor.csrf()},
    )
    is_problem(response, 422)


def test_the_api_names_each_field_that_is_wrong(village: Town) -> None:
    body = {"family": "street", "description": "x", "email": "a@x.example", "date": 3}
    problem = is_problem(village.visitor().post_json("/api/v1/incidents", body), 422)
    assert set(problem["errors"]) == {"category", "description", "email", "date"}
    problem = is_problem(
        village.signed_in().post_json("/api/v1/requests", {"object": "dataset", "title": None}), 422
    )
    assert set(problem["errors"]) == {"title", "wanted"}


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "limit=-1", "limit=1e2", "sort=random", "q=" + "x" * 201],
)
@pytest.mark.parametrize("section", ["requests", "incidents"])
def test_a_list_that_is_asked_for_wrongly_says_so(village: Town, section: str, query: str) -> None:
    is_problem(village.visitor().get(f"/api/v1/{section}?{query}"), 422)
    is_page(village.visitor().get(f"/{section}?{query}"), 422)


def test_a_fault_of_ours_is_a_page_without_its_reason(
    village: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("the secret reason")

    monkeypatch.setattr("beffroi.cases.queries.listed.found", fails)
    village.app.logger.disabled = True
    html = is_page(village.visitor().get("/requests"), 500)
    assert "the secret reason" not in html
    body = is_problem(village.visitor().get("/api/v1/requests"), 500)
    assert "the secret reason" not in json.dumps(body)


def test_a_host_that_claims_to_be_elsewhere_changes_no_address(village: Town) -> None:
    ref = village.request()
    response = village.app.test_client().get(
        f"/api/v1/requests/{ref}", base_url="https://evil.example"
    )
    assert response.get_json()["url"] == f"{PUBLIC_URL}/requests/{ref}"
