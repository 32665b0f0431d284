# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing in at a Decidim site: the fifteen conformance tests, on a stand-in and on Doorkeeper.

The stand-in is ours (`support.decidim_site`); Doorkeeper is Debian's, with Decidim's settings
(`tests/doorkeeper/site.rb`), and is reported as not run where Ruby or the package is missing.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from beffroi_web.clock import SystemClock
from beffroi_web.sign_in.settings import ProviderSettings, ProviderSettingsFault, parse_providers
from support.decidim_site import ADA, CLIENT_ID, CLIENT_SECRET, DecidimSite, decidim_site
from support.doorkeeper import doorkeeper_site, why_not
from support.sign_in_site import SignInSite, count_sessions, make_site

PUBLIC_URL = "http://town.example"


@pytest.fixture(scope="module", params=["stand-in", "doorkeeper"])
def running(request: pytest.FixtureRequest) -> Iterator[DecidimSite]:
    if request.param == "doorkeeper":
        reason = why_not()
        if reason:
            pytest.skip(f"not run: {reason}")
        with doorkeeper_site() as site:
            yield site
        return
    with decidim_site() as site:
        yield site


@pytest.fixture
def decidim(running: DecidimSite) -> DecidimSite:
    running.mode()
    return running


def provider(address: str, key: str = "decidim", **more: Any) -> ProviderSettings:
    table = {"preset": "oauth2-decidim", "label": "Decidim", "issuer": address}
    table |= {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **more}
    (found,) = parse_providers({key: table})
    return found


@pytest.fixture
def town(decidim: DecidimSite, tmp_path: Path) -> Iterator[SignInSite]:
    made = make_site(f"sqlite:///{tmp_path}/s.sqlite3", PUBLIC_URL, [provider(decidim.address)])
    yield made
    close(made)


def close(made: SignInSite) -> None:
    with made.app.app_context():
        made.db.session.remove()
        made.db.engine.dispose()


def start(client: FlaskClient, key: str = "decidim", **more: Any) -> str:
    """Press the button; return the address that the browser is sent to."""
    answer = client.get(f"/auth/{key}/login?next=/private&lang=en", base_url=PUBLIC_URL, **more)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def back(client: FlaskClient, answer: dict[str, str], key: str = "decidim") -> TestResponse:
    return client.get(
        f"/auth/{key}/callback", query_string={**answer, "lang": "en"}, base_url=PUBLIC_URL
    )


def sign_in(town: SignInSite, decidim: DecidimSite, key: str = "decidim") -> TestResponse:
    client = town.app.test_client()
    return back(client, decidim.visit(start(client, key)), key)


def accounts(town: SignInSite) -> list[Any]:
    with town.app.app_context():
        rows = town.db.session.execute(town.tables.account.select()).all()
        town.db.session.rollback()
    return list(rows)


def refused(town: SignInSite, answer: TestResponse, words: str, reason: str) -> None:
    assert answer.status_code in (400, 502), answer.text
    page = " ".join(answer.text.split())
    assert words in page
    assert f"<code>{reason}</code>" in page
    assert "/sign-in?next=" in page
    assert count_sessions(town) == 0


def test_01_somebody_signs_in_without_any_scope(town: SignInSite, decidim: DecidimSite) -> None:
    client = town.app.test_client()
    url = start(client)
    asked = parse_qs(urlsplit(url).query)
    assert sorted(asked) == [
        "client_id", "code_challenge", "code_challenge_method", "redirect_uri", "response_type",
        "state",
    ]  # fmt: skip
    assert re.fullmatch("[0-9a-f]{64}", asked["state"][0])
    answer = back(client, decidim.visit(url))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/private")
    assert "Ada Example" in client.get("/private", base_url=PUBLIC_URL).text
    [row] = accounts(town)
    assert (row.issuer, row.subject) == (decidim.address, "1")
    assert not row.email_verified


def test_02_a_state_that_is_not_ours_is_refused_before_the_site_is_asked(
    town: SignInSite, decidim: DecidimSite
) -> None:
    client = town.app.test_client()
    answer = decidim.visit(start(client))
    refused(town, back(client, {**answer, "state": "0" * 64}), "start again", "no-pending")
    wrong = answer["state"][:12] + "0" * 52  # that finds the cookie, and is not what is in it
    refused(town, back(client, {**answer, "state": wrong}), "start again", "state")
    # The code was never used: it still is good for whoever holds the right state.
    assert back(client, answer).status_code == 303


def test_03_the_verifier_goes_along_and_a_site_without_pkce_works_too(
    town: SignInSite, decidim: DecidimSite
) -> None:
    client = town.app.test_client()
    url = start(client)
    tampered = re.sub("code_challenge=[^&]+", "code_challenge=" + "A" * 43, url)
    refused(town, back(client, decidim.visit(tampered)), "no longer accepts", "code-refused")
    decidim.mode(pkce=False)
    assert sign_in(town, decidim).status_code == 303


def test_04_a_code_that_was_used_is_explained_and_signs_nobody_in(
    town: SignInSite, decidim: DecidimSite
) -> None:
    first, second = town.app.test_client(), town.app.test_client()
    used = decidim.visit(start(first))
    assert back(first, used).status_code == 303
    asked = parse_qs(urlsplit(start(second)).query)
    again = back(second, {"code": used["code"], "state": asked["state"][0]})
    assert again.status_code == 400
    assert "<code>code-refused</code>" in again.text
    assert "beffroi_tests" not in str(second.get_cookie("beffroi_tests", domain="town.example"))
    assert count_sessions(town) == 1


def test_05_whoever_refuses_there_is_led_back_with_a_word(
    town: SignInSite, decidim: DecidimSite
) -> None:
    client = town.app.test_client()
    state = parse_qs(urlsplit(start(client)).query)["state"][0]
    answer = back(client, {"error": "access_denied", "state": state})
    refused(town, answer, "You stopped at “Decidim” before the end", "access-denied")


def test_06_a_site_that_keeps_the_profile_back_is_said_to_need_its_administrator(
    town: SignInSite, decidim: DecidimSite
) -> None:
    decidim.mode(profile=False)
    words = "must allow the scope “profile” for this application"
    refused(town, sign_in(town, decidim), words, "no-profile")


def test_07_a_token_that_is_taken_back_signs_nobody_in(
    town: SignInSite, decidim: DecidimSite
) -> None:
    decidim.mode(revoked=True)
    refused(town, sign_in(town, decidim), "not signed in there any more", "login-required")


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("text/html", "<p>Ada", "userinfo-format"),
        ("application/json", "{", "userinfo-nonsense"),
        ("application/json", "[1]", "userinfo-nonsense"),
        ("application/json", '{"id": 1, "name": "' + "a" * 66_000 + '"}', "userinfo-too-large"),
        ("application/json", '{"name": "Ada"}', "subject"),
        ("application/json", '{"id": true}', "subject"),
    ],
)
def test_08_an_answer_that_is_no_profile_or_too_long_is_refused(
    town: SignInSite, decidim: DecidimSite, kind: str, body: str, reason: str
) -> None:
    decidim.mode(raw=[kind, body])
    refused(town, sign_in(town, decidim), "an answer that this site cannot accept", reason)


@pytest.mark.parametrize("email", [None, "", "  ", "nobody"])
def test_09_somebody_without_an_address_is_taken(
    town: SignInSite, decidim: DecidimSite, email: str | None
) -> None:
    decidim.mode(me={"email": email})
    assert sign_in(town, decidim).status_code == 303
    assert accounts(town)[0].email is None


def test_10_the_picture_there_is_neither_kept_nor_shown(
    town: SignInSite, decidim: DecidimSite
) -> None:
    client = town.app.test_client()
    assert back(client, decidim.visit(start(client))).status_code == 303
    assert "avatar" not in client.get("/private", base_url=PUBLIC_URL).text
    assert "avatar" not in repr(accounts(town))


def test_11_the_same_number_at_two_sites_is_two_accounts(
    decidim: DecidimSite, tmp_path: Path
) -> None:
    with decidim_site() as second:
        both = [provider(decidim.address), provider(second.address, "other")]
        town = make_site(f"sqlite:///{tmp_path}/two.sqlite3", PUBLIC_URL, both)
        assert sign_in(town, decidim).status_code == 303
        assert sign_in(town, second, "other").status_code == 303
        assert [(a.subject, a.issuer) for a in accounts(town)] == [
            ("1", decidim.address),
            ("1", second.address),
        ]
        close(town)


def test_12_an_address_that_an_account_has_already_joins_nothing(
    town: SignInSite, decidim: DecidimSite
) -> None:
    assert sign_in(town, decidim).status_code == 303
    decidim.mode(me={"id": 2, "name": "Ada Namesake", "nickname": "ada2"})
    assert sign_in(town, decidim).status_code == 303
    found = accounts(town)
    assert [row.subject for row in found] == ["1", "2"]
    assert {row.email for row in found} == {ADA["email"]}


def test_13_a_new_name_is_written_on_the_same_account(
    town: SignInSite, decidim: DecidimSite
) -> None:
    assert sign_in(town, decidim).status_code == 303
    decidim.mode(me={"name": "", "nickname": "countess"})
    assert sign_in(town, decidim).status_code == 303
    [row] = accounts(town)
    assert row.display_name == "countess"


def test_14_the_way_back_comes_from_the_settings_and_never_from_the_host_that_was_asked(
    town: SignInSite, decidim: DecidimSite
) -> None:
    client = town.app.test_client()
    url = start(client, headers={"Host": "town.example", "X-Forwarded-Host": "evil.example"})
    back_to = parse_qs(urlsplit(url).query)["redirect_uri"]
    assert back_to == [f"{PUBLIC_URL}/auth/decidim/callback"]


def test_15_the_token_is_kept_nowhere(town: SignInSite, decidim: DecidimSite) -> None:
    assert sign_in(town, decidim).status_code == 303
    with town.app.app_context():
        [row] = town.db.session.execute(town.tables.web_session.select()).all()
        town.db.session.rollback()
    kept = town.store._seal.open(row.id_token, SystemClock().now(), timedelta(hours=1))
    assert kept == {"id_token": ""}
    assert set(row._mapping) == {
        "id", "token_hash", "account_id", "provider", "id_token", "created", "seen", "ends",
    }  # fmt: skip


def test_a_site_of_everybody_gives_no_role() -> None:
    for more in (
        {"staff": True},
        {"roles": {"nickname": {"ada": "agent"}}},
        {"scopes": ["openid"]},
    ):
        with pytest.raises(ProviderSettingsFault):
            provider("https://decidim.example", **more)
