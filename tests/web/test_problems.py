# SPDX-License-Identifier: AGPL-3.0-or-later
from dataclasses import replace

import pytest

from beffroi_web.errors import Refusal
from beffroi_web.problems import SAID, STATUS, status_of
from support.style_guide import AGENT, make_app

JSON = {"Accept": "application/json"}
REFUSED = [403, 404, 409, 410, 422, 429, 500, 503]


@pytest.mark.parametrize("status", REFUSED)
def test_a_refusal_is_a_real_page_in_both_languages(guide, status):
    client, _, _ = guide
    french, english = (client.get(f"/refuse/{status}?lang={code}") for code in ("fr", "en"))
    assert french.status_code == english.status_code == status
    for answer, code in ((french, "fr"), (english, "en")):
        assert f'<html lang="{code}">' in answer.text
        assert answer.text.count("<h1>") == 1
        assert 'href="/?lang=' in answer.text
    assert SAID[status].title in english.text
    assert SAID[status].title not in french.text


@pytest.mark.parametrize("status", REFUSED)
def test_the_same_refusal_is_one_shape_for_programs(guide, status):
    client, _, _ = guide
    answer = client.get(f"/refuse/{status}", headers=JSON)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json(force=True)
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]


def test_field_errors_are_said_by_name_in_the_language(guide):
    client, _, _ = guide
    body = client.get("/refuse/422", headers=JSON).get_json(force=True)
    assert body["errors"] == {"title": ["Ce champ est nécessaire."]}


def test_an_api_path_answers_problems_without_being_asked_for_json(guide):
    client, _, _ = guide
    for path, status in (("/api/nowhere", 404), ("/api/wishes/100", 404), ("/api/wishes", 405)):
        answer = client.get(path)
        assert answer.status_code == status
        assert answer.get_json(force=True)["status"] == status


def test_a_wrong_method_says_which_are_right(guide):
    client, _, _ = guide
    answer = client.delete("/form")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("headers", [{}, JSON])
def test_a_fault_says_nothing_of_the_inside(guide, headers):
    client, _, _ = guide
    answer = client.get("/refuse/1", headers=headers)
    assert answer.status_code == 500
    for secret in ("ZeroDivision", "secret word", "Traceback", "style_guide"):
        assert secret not in answer.text


@pytest.mark.parametrize("headers", [{}, JSON])
def test_a_body_beyond_the_limit_is_refused_before_it_is_read(guide, headers):
    client, _, _ = guide
    answer = client.post("/change", data={"title": "x" * 1_100_000}, headers=headers)
    assert answer.status_code == 413


def test_waiting_time_is_told_to_programs_too(guide):
    client, _, _ = guide
    assert client.get("/refuse/429").headers["Retry-After"] == "30"


def test_a_sign_in_error_offers_the_way_back(guide):
    client, _, _ = guide
    client.application.view_functions["change"].__dict__.clear()
    from beffroi_web.guards import SIGNED_IN, guard

    guard(SIGNED_IN)(client.application.view_functions["change"])
    answer = client.post("/change")
    assert answer.status_code == 401
    assert 'href="/sign-in?next=%2Fchange"' in answer.text


def test_what_a_stranger_writes_in_the_address_is_never_repeated_unescaped(guide):
    client, _, _ = guide
    answer = client.get("/<script>alert(1)</script>?q=<script>")
    assert answer.status_code == 404
    assert "<script>" not in answer.text


def test_every_kind_of_refusal_has_a_status_and_words():
    def below(kind: type[Refusal]) -> list[type[Refusal]]:
        return [one for child in kind.__subclasses__() for one in (child, *below(child))]

    for kind in below(Refusal):
        if kind.__module__.startswith("beffroi_web.") and ".sign_in." not in kind.__module__:
            assert status_of(kind("x")) == STATUS[kind]
            assert STATUS[kind] in SAID


def test_a_page_that_cannot_be_made_still_answers_plainly():
    app, _, _ = make_app()
    app.jinja_env.globals["links"] = None
    answer = app.test_client().get("/nowhere?lang=en")
    assert answer.status_code == 404
    assert answer.text.startswith("<!doctype html><title>This page does not exist")


def test_a_refusal_for_want_of_a_right_is_written_down_without_a_name(guide, caplog):
    client, door, _ = guide
    door.visitor = replace(AGENT, roles=frozenset({"citizen"}))
    assert client.get("/desk?secret=words").status_code == 403
    assert client.post("/form", data={"title": "words"}).status_code == 400
    refused, forged = [one.getMessage() for one in caplog.records if one.name.endswith("watching")]
    assert refused == "refused status=403 method=GET view=desk by=account 7"
    assert forged.startswith("refused status=400 method=POST view=")
    assert not any(word in refused + forged for word in ("Camille", "words", "secret"))
