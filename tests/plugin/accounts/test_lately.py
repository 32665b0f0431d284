# SPDX-License-Identifier: AGPL-3.0-or-later
"""What decides over others or over who one is asks for a sign-in of the last quarter hour."""

import re

from beffroi_web.guards import _LATELY
from beffroi_web.sign_in.identities import Identity
from support.town import ISSUER, PROVIDER, Town

MARKED = {
    "accounts.end_session", "accounts.end_sessions", "accounts.find", "accounts.make_token",
    "bridges.add", "bridges.credentials", "bridges.end", "bridges.new_secret", "catalogue.end",
    "open311.make", "open311.revoke",
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


def test_one_other_session_is_seen_and_ended_and_nobody_elses(village: Town) -> None:
    alix, sam = village.signed_in(), village.signed_in()
    store = village.app.extensions["beffroi"].sign_in
    with village.change():
        told = Identity(PROVIDER, ISSUER, "person-1", "Alix", None, False, frozenset(), "")
        again = store.sign_in(told, token="t" * 43, now=village.now)
    assert again.account_id == alix.account_id
    [other] = set(re.findall(r'action="(/account/sessions/\d+/end)"', alix.get("/account").text))
    assert sam.post(other, {}).status_code == 303
    assert village.one("SELECT count(*) FROM web_session") == 3
    assert alix.post(other, {}).status_code == 303
    assert village.one("SELECT count(*) FROM web_session") == 2
    assert alix.get("/account").status_code == 200
    assert "/account/sessions/" not in alix.get("/account").text
