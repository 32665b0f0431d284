# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a token may by its scopes, and while which roles are held; what is kept of it."""

import logging
from typing import Any

import pytest

from beffroi.accounts import service
from beffroi.accounts.rules import SCOPES
from beffroi.kernel.db import db
from beffroi_web.guards import PUBLIC, guard_of
from support.everything import everything_in
from support.tokens import Program, challenge, token_for
from support.town import PROVIDER, REPORT, REQUEST, Town


def test_a_program_sends_a_request_and_follows_it_before_anybody_else_reads_it(
    town: Town,
) -> None:
    alix = town.signed_in()
    program = Program(town, token_for(alix, "requests:write", "reports:write", "own:read"))
    sent = program.post("/api/v1/requests", dict(REQUEST))
    assert sent.status_code == 201
    assert sent.headers["Location"].endswith(f"/api/v1/requests/{sent.json['ref']}")
    own = program.get(f"/api/v1/me/cases/{sent.json['ref']}").json
    assert own["status"] == "open"
    assert {t["role"]: t["original"] for t in own["texts"]}["title"] == REQUEST["title"]
    assert {t["public"] for t in own["texts"]} == {None}
    assert program.post("/api/v1/incidents", dict(REPORT)).status_code == 201
    page = program.get("/api/v1/me/cases?limit=1").json
    rest = program.get(f"/api/v1/me/cases?cursor={page['next_cursor']}").json
    assert [one["kind"] for one in (*page["items"], *rest["items"])] == ["street", "data_request"]
    assert rest["next_cursor"] is None
    other = Program(town, token_for(town.signed_in(), "own:read"))
    assert other.get(f"/api/v1/me/cases/{sent.json['ref']}").status_code == 404
    mine = program.get("/api/v1/me")
    assert mine.headers["Cache-Control"] == "private, no-store"
    assert mine.json["scopes"] == ["own:read", "reports:write", "requests:write"]
    assert town.one("SELECT used_on FROM access_token ORDER BY id LIMIT 1") is not None


def test_a_token_reaches_as_far_as_its_scopes_and_opens_no_page(village: Town) -> None:
    alix = village.signed_in()
    program = Program(village, token_for(alix, "reports:write"))
    refused = program.post("/api/v1/requests", dict(REQUEST))
    assert refused.status_code == 403
    assert challenge(refused)[1:] == ['error="insufficient_scope"', 'scope="requests:write"']
    assert program.get("/api/v1/me/cases").status_code == 403
    assert program.get("/api/v1/requests").status_code == 200
    assert program.get("/account").status_code == 303, "a page knows sessions only"
    answer = program.client.post(
        "/account/tokens", base_url="https://demandes.ville.example", headers=program.headers
    )
    assert answer.status_code in (303, 400, 401)


def test_who_shows_nothing_is_told_how_in_the_words_of_rfc_6750(village: Town) -> None:
    assert challenge(village.visitor().get("/api/v1/me")) == ['Bearer realm="beffroi"']
    answer = Program(village, "é").get("/api/v1/requests")
    assert challenge(answer)[1:] == ['error="invalid_token"']
    assert set(answer.json) == {"type", "title", "status", "detail", "errors"}


def test_a_role_that_is_taken_away_takes_its_scopes_along(village: Town) -> None:
    agent = village.signed_in("agent")
    ref = village.request()
    program = Program(village, token_for(agent, "desk:read", "desk:write", "own:read"))
    assert program.get("/api/v1/desk/cases?queue=new").json["items"][0]["ref"] == ref
    moved = program.post(f"/api/v1/desk/cases/{ref}/status", {"status": "under_review"})
    assert moved.json == {"ref": ref, "status": "under_review"}
    again = program.post(f"/api/v1/desk/cases/{ref}/status", {"status": "published"})
    assert again.status_code == 409, "an answer is given by a person"
    with village.change():
        subject = "person-1"
        village.app.extensions["beffroi"].sign_in.revoke(PROVIDER, "agent", subject=subject)
    assert program.get("/api/v1/desk/cases").status_code == 403
    assert program.get("/api/v1/me").json["scopes"] == ["own:read"]
    citizen = village.signed_in()
    form = {"name": "Trop", "scopes": ["desk:read"], "days": "90"}
    assert citizen.post("/account/tokens", form).status_code == 422


def test_a_token_beside_a_cookie_counts_alone_and_a_cookie_still_needs_the_form_token(
    village: Town,
) -> None:
    alix, sam = village.signed_in(), village.signed_in()
    headers = {"Authorization": f"bearer {token_for(sam, 'requests:write', 'own:read')}"}
    sent = alix.client.post(
        "/api/v1/requests", base_url="https://demandes.ville.example", json=dict(REQUEST),
        headers=headers,
    )  # fmt: skip
    assert sent.status_code == 201
    assert sam.get(f"/requests/{sent.json['ref']}").status_code == 200
    author = village.one(
        'SELECT account_id FROM party JOIN "case" ON party.id = party_id WHERE ref = :ref',
        ref=sent.json["ref"],
    )
    assert author == sam.account_id
    plain = alix.client.post(
        "/api/v1/requests", base_url="https://demandes.ville.example", json=dict(REQUEST)
    )
    assert plain.status_code == 400


def test_of_a_token_only_its_hash_is_kept_and_it_ends_with_the_account(
    village: Town, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    alix = village.signed_in()
    token = token_for(alix, "own:read", "requests:write")
    program = Program(village, token)
    program.post("/api/v1/requests", {"title": 3})
    program.get("/api/v1/me")
    assert token not in everything_in(village)
    assert token not in caplog.text
    assert token not in alix.page("/account/tokens")
    with village.look():
        columns = db.metadata.tables["access_token"].columns.keys()
    assert "token" not in columns
    for n in range(19):
        token_for(alix, "own:read", days=("30", "90", "365")[n % 3])
    full = {"name": "Encore", "scopes": ["own:read"], "days": "90"}
    assert alix.post("/account/tokens", full).status_code == 422
    with village.change():
        service.forget(alix.account_id or 0, village.app.extensions["beffroi"].sign_in)
    assert village.one("SELECT count(*) FROM access_token") == 0
    assert program.get("/api/v1/me").status_code == 401


def test_every_view_of_the_api_that_changes_something_asks_for_a_known_scope(
    village: Town,
) -> None:
    asked: dict[str, Any] = {}
    for rule in village.app.url_map.iter_rules():
        if not rule.rule.startswith("/api/"):
            continue
        view = village.app.view_functions[rule.endpoint]
        scopes = getattr(view, "__beffroi_scopes__", frozenset())
        if "POST" in (rule.methods or ()) or guard_of(village.app, rule.endpoint) != {PUBLIC}:
            assert scopes, rule.rule
        asked |= dict.fromkeys(scopes)
    assert set(asked) == set(SCOPES)
