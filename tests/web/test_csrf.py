# SPDX-License-Identifier: AGPL-3.0-or-later
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from beffroi_web.visitors import Visitor
from support.style_guide import AGENT, make_app


def token_of(client) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/form").text)
    assert found
    return found[1]


def test_a_form_from_our_page_passes_and_what_was_typed_arrives(guide):
    client, _, _ = guide
    answer = client.post("/change", data={"csrf_token": token_of(client), "title": "vélos"})
    assert answer.text == "changed vélos"


def test_a_header_serves_as_well_as_a_field(guide):
    client, _, _ = guide
    answer = client.post("/change", headers={"X-CSRF-Token": token_of(client)})
    assert answer.status_code == 200


@pytest.mark.parametrize("token", ["", "é", "0.0", "zz", "1" * 5000])
def test_a_form_without_a_right_token_is_refused_with_advice(guide, token):
    client, _, _ = guide
    answer = client.post("/change", data={"csrf_token": token})
    assert answer.status_code == 400
    assert "rechargez la page" in answer.text


def test_a_token_lives_for_most_of_a_day_and_no_longer(guide):
    client, _, clock = guide
    token = token_of(client)
    clock.move(timedelta(hours=17))
    assert client.post("/change", data={"csrf_token": token}).status_code == 200
    clock.move(timedelta(hours=8))
    assert client.post("/change", data={"csrf_token": token}).status_code == 400


def test_a_token_from_the_future_is_refused(guide):
    client, _, clock = guide
    token = token_of(client)
    clock.move(timedelta(hours=-7))
    assert client.post("/change", data={"csrf_token": token}).status_code == 400


def test_a_token_belongs_to_one_session(guide):
    client, door, _ = guide
    anonymous = token_of(client)
    door.visitor = AGENT
    of_camille = token_of(client)
    assert client.post("/change", data={"csrf_token": anonymous}).status_code == 400
    assert client.post("/change", data={"csrf_token": of_camille}).status_code == 200
    door.visitor = Visitor(8, "Dominique", AGENT.roles, None, "session of Dominique")
    assert client.post("/change", data={"csrf_token": of_camille}).status_code == 400


def test_a_token_of_another_installation_is_refused(guide):
    client, _, _ = guide
    from dataclasses import replace

    from support.style_guide import SITE

    other, _, _ = make_app(replace(SITE, secret_key="another secret"))
    answer = client.post("/change", data={"csrf_token": token_of(other.test_client())})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "http://localhost:81"},
    ],
)
def test_a_browser_that_says_cross_site_is_believed_even_with_a_token(guide, headers):
    client, _, _ = guide
    answer = client.post("/change", data={"csrf_token": token_of(client)}, headers=headers)
    assert answer.status_code == 400


def test_our_own_origin_is_no_foreign_site(guide):
    client, _, _ = guide
    sent = {"csrf_token": token_of(client)}
    ours = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/change", data=sent, headers=ours).status_code == 200


def test_a_bearer_needs_no_token_and_an_exempt_view_neither(guide):
    client, door, _ = guide
    door.visitor = replace(AGENT, scopes=frozenset({"w"}))
    answer = client.post("/api/wishes", headers={"Authorization": "Bearer abc"})
    assert answer.status_code == 201
    door.visitor = AGENT  # somebody with a session, to whom the header means nothing
    assert client.post("/api/wishes", headers={"Authorization": "Bearer abc"}).status_code == 400
    assert client.post("/api/wishes").status_code == 400
    assert client.post("/often").status_code == 200
