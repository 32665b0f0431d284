# SPDX-License-Identifier: AGPL-3.0-or-later
"""What decides over others or over who one is asks for a sign-in of the last quarter hour."""

from beffroi_web.guards import _LATELY
from support.town import Town

MARKED = {
    "accounts.make_token", "bridges.add", "bridges.credentials", "bridges.end",
    "bridges.new_secret", "catalogue.end", "open311.make", "open311.revoke",
    "rights.add_sign_in", "rights.ask_email", "rights.remove_sign_in", "webhooks.change",
    "webhooks.make",
}  # fmt: skip


def test_keys_secrets_sources_and_ways_in_ask_for_a_sign_in_of_late(village: Town) -> None:
    views = village.app.view_functions
    marked = {name for name, view in views.items() if getattr(view, _LATELY, False)}
    assert {name.replace("_desk.", ".") for name in marked} == MARKED
    keeper = village.signed_in("administrator")
    village.later(minutes=14)
    assert keeper.post("/desk/api-keys", {"name": "Une application"}).status_code == 201
    village.later(minutes=2)
    for rule in village.app.url_map.iter_rules():
        if rule.endpoint in marked:
            path = rule.rule.replace("<int:", "<").split("<")[0] + "1" * ("<" in rule.rule)
            path += rule.rule.partition(">")[2]
            page = keeper.post(
                path, {"name": "Trop tard"}, headers={"Referer": "https://elsewhere.example/desk"}
            )
            assert page.status_code == 401, path
            assert "/sign-in?next=%2F&amp;again=yes" in page.text, path
    listed = keeper.get("/desk/api-keys").text
    assert "Une application" in listed
    assert "Trop tard" not in listed


def test_what_is_read_or_answered_is_not_asked_again(village: Town) -> None:
    agent = village.signed_in("agent")
    ref = village.request()
    village.later(minutes=90)
    assert agent.get("/desk").status_code == 200
    assert agent.get(f"/desk/cases/{ref}").status_code == 200
