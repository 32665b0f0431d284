# SPDX-License-Identifier: AGPL-3.0-or-later
import pytest
from flask import Flask

from beffroi_web.guards import PUBLIC, SIGNED_IN, check_guards, guard
from beffroi_web.visitors import Visitor
from beffroi_web.wiring import init_web
from support.style_guide import AGENT, SITE, make_app


def person(*roles: str) -> Visitor:
    return Visitor(1, "Someone", frozenset(roles), None, "key")


def test_a_person_without_session_is_sent_to_sign_in_and_back(guide):
    client, _, _ = guide
    answer = client.get("/desk?queue=late&lang=en")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=%2Fdesk%3Fqueue%3Dlate%26lang%3Den&lang=en"


def test_a_program_without_session_is_told_so(guide):
    client, _, _ = guide
    answer = client.post("/api/wishes", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="beffroi"'


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        ((), 403),
        (("citizen",), 403),
        (("operator",), 403),
        (("agent",), 200),
        (("moderator",), 200),
        (("administrator",), 200),
    ],
)
def test_roles_open_the_pages_that_name_them(guide, roles, status):
    client, door, _ = guide
    door.visitor = person(*roles)
    assert client.get("/desk").status_code == status


def test_an_agent_is_no_moderator_and_a_moderator_no_agent():
    assert not person("agent").may("moderator")
    assert not person("moderator").may("agent")
    assert person("administrator").may("moderator")
    assert not person("agent", "moderator").may("administrator")


def test_any_account_opens_what_asks_for_an_account(guide):
    client, door, _ = guide
    door.visitor = person()
    assert client.get("/signed-in").status_code == 200


def test_an_application_with_a_silent_view_does_not_start():
    app, _, _ = make_app()
    check_guards(app)
    app.add_url_rule("/silent", "silent", lambda: "")
    with pytest.raises(RuntimeError, match=r"/silent \(silent\)"):
        check_guards(app)
    assert app.test_client().get("/silent").status_code == 500


@pytest.mark.parametrize("who", [(), ("mayor",), (PUBLIC, "agent"), (PUBLIC, SIGNED_IN)])
def test_a_guard_that_means_nothing_is_refused_at_import(who):
    with pytest.raises(ValueError, match="guard"):
        guard(*who)


def test_the_loader_is_asked_once_a_request_and_its_failure_gives_a_page():
    asked = []

    def broken() -> Visitor | None:
        asked.append(1)
        raise ConnectionError("the database is away")

    app = Flask("broken", static_folder=None)
    _, _, clock = make_app()
    init_web(app, SITE.__class__(**{**_plain(), "name": "B"}), clock=clock, visitor=broken)

    @app.get("/")
    @guard("agent")
    def home() -> str:
        return ""

    answer = app.test_client().get("/")
    assert answer.status_code == 500
    assert "the database" not in answer.text
    assert "<h1>" in answer.text
    assert asked == [1]


def test_the_loader_is_asked_at_most_once(guide):
    client, door, _ = guide
    door.visitor = AGENT
    assert "Camille Ory" in client.get("/form").text


def _plain() -> dict[str, object]:
    return {
        "slug": "b",
        "kind": "town",
        "public_url": "http://localhost",
        "secret_key": "secret",
    }


def test_a_link_for_a_role_is_shown_to_that_role_alone(guide):
    client, door, _ = guide
    assert "The desk" not in client.get("/form").text
    door.visitor = person("citizen")
    assert "The desk" not in client.get("/form").text
    door.visitor = person("administrator")
    assert "The desk" in client.get("/form").text


def test_a_number_that_no_database_holds_is_no_address():
    app, _, _ = make_app()

    @app.get("/numbered/<int:number>")
    @guard("public")
    def numbered(number: int) -> str:
        return str(number)

    client = app.test_client()
    assert client.get(f"/numbered/{2**63 - 1}").text == str(2**63 - 1)
    assert client.get(f"/numbered/{2**63}").status_code == 404
    assert client.get(f"/numbered/{10**40}").status_code == 404


def test_no_view_answers_trace(guide):
    client, _, _ = guide
    for path in ("/", "/form", "/often"):
        assert client.open(path, method="TRACE").status_code == 405
