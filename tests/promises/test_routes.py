# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who may open which address of a town: what changes something is listed here, one by one."""

import re

import pytest
from flask import Flask

from beffroi_web.csrf import SAFE_METHODS
from beffroi_web.guards import PUBLIC, check_guards, guard_of
from support.town import Town

PUBLIC_UNSAFE = {
    ("POST", "/requests/new"): "a request by e-mail address becomes a case once it is confirmed",
    ("POST", "/requests/confirm/<token>"): "the link of the mail is the proof",
    ("POST", "/incidents/new"): "reports need no account, unless the town says so",
    ("POST", "/api/v1/incidents"): "the same, for programs",
    ("POST", "/incidents/new/places"): "changes nothing: what is typed is in no address and no log",
    ("POST", "/follow/<token>"): "RFC 8058: the link of the mail is the proof",
    ("POST", "/requests/follow"): "an address is told of a theme once it is confirmed",
    ("POST", "/requests/follow/confirm/<token>"): "the link of the mail is the proof",
    ("POST", "/follow/campaigns/<token>"): "RFC 8058, the same for campaigns",
    ("POST", "/incidents/new/public-site"): "confidential reports need no account either",
    ("POST", "/incidents/<ref>/exchange"): "who reported it, signed in or by their private link",
    ("POST", "/requests/<ref>/cada"): "its author, by the same; nothing is kept",
    ("POST", "/requests/<ref>/withdraw"): "its author, signed in or by the link of the mail",
    ("POST", "/incidents/<ref>/withdraw"): "the same; who reported without an account has a link",
    ("POST", "/requests/<ref>/reopen"): "its author, signed in or by the link of the mail",
    ("POST", "/requests/<ref>/reuse"): "shown once an agent has read it; an address is confirmed",
    ("POST", "/requests/reuse/<token>"): "the link of the mail is the proof",
    (
        "POST",
        "/incidents/<ref>/still-broken",
    ): "its author by link or account, a neighbour signed in",
    ("POST", "/incidents/<ref>/agree"): "its author, signed in or by the link",
    ("POST", "/passed-on/<ref>"): "a competent body, by the key of its mail's link",
    ("POST", "/join/<token>"): "the link of the mail is the proof; moves its own party alone",
    **{
        ("POST", f"/open311/v2/{what}.{ending}"): "another application, with the key in its form"
        for what in ("requests", "servicerequestupdates")
        for ending in ("xml", "json")
    },
    ("POST", "/hooks/decidim/<int:source_id>"): "another site, by its signature; only a hint",
    ("POST", "/sign-out"): "ends the own session; nothing to end is no harm",
}
"""Everything that somebody who is not signed in may change, and why."""

WITHOUT_TOKEN = {
    "cases.stopped_following",
    "campaigns.stopped_following",
    "open311.create",
    "open311.update",
    "bridges.decidim",
}
"""The views that take a form from elsewhere: the one-click of mail programs; other applications,
which have a key or sign what they send."""


def unsafe(app: Flask) -> dict[tuple[str, str], frozenset[str] | None]:
    """Every address that changes something, with who may use it."""
    return {
        (method, rule.rule): guard_of(app, rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - SAFE_METHODS
    }


def test_a_town_with_a_silent_route_does_not_start(village: Town) -> None:
    check_guards(village.app)  # create_app has called it already
    fresh = Flask("silent")
    fresh.add_url_rule("/silent", "silent", lambda: "anybody?")
    with pytest.raises(RuntimeError, match=r"/silent \(silent\)"):
        check_guards(fresh)


def test_what_strangers_may_change_is_this_list_and_no_more(village: Town) -> None:
    open_to_all = {key for key, who in unsafe(village.app).items() if who == {PUBLIC}}
    assert open_to_all == set(PUBLIC_UNSAFE)


def test_everything_at_the_desk_is_for_agents_or_moderators(village: Town) -> None:
    desk = {
        rule.rule: guard_of(village.app, rule.endpoint)
        for rule in village.app.url_map.iter_rules()
        if rule.rule.startswith("/desk")
    }
    assert len(desk) > 10
    assert all(
        who and who <= {"agent", "moderator", "access_officer", "cyber_officer", "administrator"}
        for who in desk.values()
    )


def test_only_one_click_open311_and_signed_messages_are_taken_without_a_token(
    village: Town,
) -> None:
    exempt = {
        rule.endpoint
        for rule in village.app.url_map.iter_rules()
        if getattr(village.app.view_functions[rule.endpoint], "__beffroi_csrf_exempt__", False)
    }
    assert exempt == WITHOUT_TOKEN


def test_nobody_without_a_session_opens_what_is_not_public(village: Town) -> None:
    client = village.app.test_client()
    tried = 0
    for rule in village.app.url_map.iter_rules():
        if guard_of(village.app, rule.endpoint) == {PUBLIC} or "GET" not in (rule.methods or ()):
            continue
        path = re.sub(r"<int:\w+>", "1", rule.rule.replace("<ref>", "2027-0001"))
        response = client.get(path, base_url=village.settings.public_url)
        assert response.status_code in {303, 401}, path
        tried += 1
    assert tried >= 5


def test_no_view_changes_anything_on_a_get(village: Town) -> None:
    """Opening every page, as a scanner or a search engine does, writes no row."""
    ref = village.request()
    village.release(ref)
    agent = village.signed_in("administrator")

    def everything() -> dict[str, int]:
        names = village.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {n: village.one(f'SELECT count(*) FROM "{n}"') for (n,) in names}

    before = everything()
    token = village.one("SELECT token FROM follower")
    values = {"ref": ref, "token": token, "place": "000", "index": 0, "start": 0, "level": 0}
    for rule in village.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith(("/auth/", "/sign-out")):
            continue
        if not rule.arguments <= set(values):
            continue
        path = rule.rule
        for name in rule.arguments:
            for shape in (f"<{name}>", f"<int:{name}>", f"<path:{name}>"):
                path = path.replace(shape, str(values[name]))
        assert agent.get(path).status_code < 500, path
    assert everything() == before
