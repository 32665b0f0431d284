# SPDX-License-Identifier: AGPL-3.0-or-later
import pytest

from beffroi_web.guards import PUBLIC, guard
from beffroi_web.openapi import document, undescribed
from support.style_guide import make_app


def made() -> dict:
    app, _, _ = make_app()
    return document(app, title="Guide", version="1", server="https://example.org")


def test_the_document_says_paths_parameters_answers_and_problems():
    api = made()
    assert api["openapi"] == "3.1.0"
    wish = api["paths"]["/api/wishes/{number}"]["get"]
    assert wish["parameters"] == [
        {"in": "path", "name": "number", "required": True, "schema": {"type": "integer"}}
    ]
    assert wish["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    assert "application/problem+json" in wish["responses"]["404"]["content"]
    assert "security" not in wish


def test_a_guarded_operation_asks_for_a_token_with_its_scopes():
    wish = made()["paths"]["/api/wishes"]["post"]
    assert wish["security"] == [{"token": ["w"]}, {"session": [], "formToken": []}]
    assert set(wish["responses"]) == {"201", "400", "401", "403", "413", "422"}
    assert "201" in wish["responses"]
    taken = wish["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert taken == "#/components/schemas/Wish"


def test_a_route_that_says_nothing_stops_the_document():
    app, _, _ = make_app()
    app.add_url_rule("/api/silent", "silent", guard(PUBLIC)(lambda: ""))
    assert undescribed(app) == ["/api/silent"]
    with pytest.raises(RuntimeError, match="/api/silent"):
        document(app, title="Guide", version="1", server="https://example.org")
