# SPDX-License-Identifier: AGPL-3.0-or-later
"""A provider that lies, in one place each time: a page that says what to do, and no session."""

import json
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import OctKey
from werkzeug.test import TestResponse

from beffroi_web.logs import Lines
from beffroi_web.sign_in import back_channel
from beffroi_web.sign_in.settings import ProviderSettings
from support.hostile_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    KEY,
    NEXT_KEY,
    Answer,
    HostileProvider,
    as_json,
    hostile_provider,
    signed,
    signed_with_a_secret,
    unsigned,
)
from support.sign_in_site import SignInSite, count_sessions, make_site

PUBLIC_URL = "http://town.example"
BAD_ANSWER = "sent an answer that this site cannot accept"
NO_ANSWER = "does not answer just now"
START_AGAIN = "Please start again"


@pytest.fixture
def provider() -> Iterator[HostileProvider]:
    with hostile_provider() as running:
        yield running


class Browser:
    """A person's browser at the site, as far as the provider's part goes."""

    def __init__(self, folder: Path, settings: ProviderSettings, provider: HostileProvider) -> None:
        self.provider = provider
        self.site: SignInSite = make_site(
            f"sqlite:///{folder}/site.sqlite3", PUBLIC_URL, [settings]
        )
        self.client: FlaskClient = self.site.app.test_client()

    def start(self, next_path: str = "/private") -> dict[str, str]:
        """Press the button; return the parameters with which the provider is visited."""
        answer = self.client.get(
            "/auth/town/login", query_string={"next": next_path, "lang": "en"}, base_url=PUBLIC_URL
        )
        assert answer.status_code == 303, answer.text
        sent = parse_qs(urlsplit(answer.headers["Location"]).query)
        asked = {name: values[0] for name, values in sent.items()}
        self.provider.id_claims.setdefault("nonce", asked["nonce"])
        return asked

    def come_back(self, **answer: str) -> TestResponse:
        """Return from the provider with these parameters."""
        return self.client.get(
            "/auth/town/callback", query_string={**answer, "lang": "en"}, base_url=PUBLIC_URL
        )

    def sign_in(self) -> TestResponse:
        return self.come_back(code="a-code", state=self.start()["state"])

    def refused(self, answer: TestResponse, words: str, reason: str) -> None:
        """Check that the page says what to do and that nobody is signed in."""
        assert answer.status_code in (400, 502), answer.text
        page = " ".join(answer.text.split())
        assert words in page
        assert f"<code>{reason}</code>" in page
        assert "/sign-in?next=" in page
        assert self.client.get_cookie("beffroi_tests", domain="town.example") is None
        assert count_sessions(self.site) == 0

    def close(self) -> None:
        with self.site.app.app_context():
            self.site.db.session.remove()
            self.site.db.engine.dispose()


def settings_for(provider: HostileProvider, **changes: Any) -> ProviderSettings:
    settings = ProviderSettings(
        key="town",
        label="Town hall",
        issuer=provider.issuer,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
    )
    return replace(settings, **changes)


@pytest.fixture
def browser(provider: HostileProvider, tmp_path: Path) -> Iterator[Browser]:
    made = Browser(tmp_path, settings_for(provider), provider)
    yield made
    made.close()


@pytest.fixture
def jwt_browser(provider: HostileProvider, tmp_path: Path) -> Iterator[Browser]:
    made = Browser(tmp_path, settings_for(provider, userinfo="jwt"), provider)
    yield made
    made.close()


def answer_userinfo(provider: HostileProvider, token: str) -> None:
    provider.answers["/userinfo"] = lambda: Answer(
        body=token.encode(), content_type="application/jwt; charset=utf-8"
    )


def user_claims(provider: HostileProvider) -> dict[str, Any]:
    return provider.user_claims | {"iss": provider.issuer, "aud": CLIENT_ID}


# --- the honest way, so that what follows fails for the reason given ----------------------------


def test_an_honest_provider_signs_somebody_in(browser: Browser) -> None:
    answer = browser.sign_in()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/private")
    page = browser.client.get("/private", base_url=PUBLIC_URL).text
    assert "Camille Verdoncourt: citizen" in page
    assert count_sessions(browser.site) == 1


def test_an_honest_provider_may_sign_its_userinfo(
    jwt_browser: Browser, provider: HostileProvider
) -> None:
    answer_userinfo(provider, signed(user_claims(provider)))
    assert jwt_browser.sign_in().status_code == 303
    assert count_sessions(jwt_browser.site) == 1


def test_state_and_nonce_are_64_hexadecimal_characters(browser: Browser) -> None:
    asked = browser.start()
    for name in ("state", "nonce"):
        assert len(asked[name]) == 64
        assert set(asked[name]) <= set("0123456789abcdef")
    assert asked["state"] != asked["nonce"]


def test_nothing_but_the_known_parameters_is_sent(browser: Browser) -> None:
    asked = browser.start()
    assert asked["redirect_uri"] == f"{PUBLIC_URL}/auth/town/callback"
    assert asked["code_challenge_method"] == "S256"
    assert set(asked) == {
        "response_type", "client_id", "redirect_uri", "scope", "state", "nonce",
        "code_challenge", "code_challenge_method",
    }  # fmt: skip


def test_pkce_is_left_out_and_acr_values_sent_when_the_settings_say_so(
    provider: HostileProvider, tmp_path: Path
) -> None:
    settings = settings_for(provider, pkce=False, acr_values=("eidas1",))
    made = Browser(tmp_path, settings, provider)
    asked = made.start()
    assert asked["acr_values"] == "eidas1"
    assert "code_challenge" not in asked
    assert made.come_back(code="a-code", state=asked["state"]).status_code == 303
    form = next(form for path, _, form in provider.asked if path == "/token")
    assert "code_verifier" not in form
    made.close()


def test_the_secret_goes_in_the_body_or_as_basic(provider: HostileProvider, tmp_path: Path) -> None:
    made = Browser(tmp_path, settings_for(provider), provider)
    assert made.sign_in().status_code == 303
    _, headers, form = next(asked for asked in provider.asked if asked[0] == "/token")
    assert form["client_secret"] == CLIENT_SECRET
    assert "authorization" not in headers
    made.close()

    provider.asked.clear()
    del provider.id_claims["nonce"]
    basic = settings_for(provider, auth_method="client_secret_basic")
    made = Browser(tmp_path, basic, provider)
    assert made.sign_in().status_code == 303
    _, headers, form = next(asked for asked in provider.asked if asked[0] == "/token")
    assert headers["authorization"].startswith("Basic ")
    assert "client_secret" not in form
    made.close()


def test_a_clock_that_is_ninety_seconds_ahead_is_tolerated(
    browser: Browser, provider: HostileProvider
) -> None:
    ahead = int(time.time()) + 90
    provider.id_claims |= {"iat": ahead, "exp": ahead + 60}
    assert browser.sign_in().status_code == 303


def test_a_new_key_is_fetched_once_when_it_shows_up(
    browser: Browser, provider: HostileProvider
) -> None:
    assert browser.sign_in().status_code == 303
    assert provider.times("/jwks") == 1
    provider.keys = [KEY, NEXT_KEY]
    provider.sign_id_token = lambda claims: signed(claims, NEXT_KEY)
    del provider.id_claims["nonce"]
    assert browser.sign_in().status_code == 303
    assert provider.times("/jwks") == 2
    assert provider.times("/.well-known/openid-configuration") == 1


def test_an_id_token_signed_with_the_client_secret_is_taken_when_the_settings_say_so(
    provider: HostileProvider, tmp_path: Path
) -> None:
    made = Browser(tmp_path, settings_for(provider, expected_alg=("HS256",)), provider)
    secret = OctKey.import_key(CLIENT_SECRET)
    provider.sign_id_token = lambda claims: jwt.encode(
        {"alg": "HS256"}, dict(claims), secret, algorithms=["HS256"]
    )
    assert made.sign_in().status_code == 303
    made.close()


# --- what the provider publishes ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html>hello</html>", "discovery-nonsense"),
        (b"[1, 2]", "discovery-nonsense"),
        (b"\xff\xfe", "discovery-nonsense"),
        (b"[" * 100_000, "discovery-nonsense"),
        (b"{}", "discovery-issuer"),
    ],
)
def test_a_description_that_is_nonsense_is_refused(
    browser: Browser, provider: HostileProvider, body: bytes, reason: str
) -> None:
    provider.answers["/.well-known/openid-configuration"] = lambda: Answer(body=body)
    answer = browser.client.get("/auth/town/login?lang=en", base_url=PUBLIC_URL)
    browser.refused(answer, BAD_ANSWER, reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"issuer": "http://127.0.0.1:1"}, "discovery-issuer"),
        ({"token_endpoint": None}, "discovery-token_endpoint"),
        ({"token_endpoint": "http://elsewhere.example/token"}, "discovery-token_endpoint"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "discovery-authorization_endpoint"),
        ({"jwks_uri": 7}, "discovery-jwks_uri"),
    ],
)
def test_a_description_of_another_issuer_or_with_unsafe_addresses_is_refused(
    browser: Browser, provider: HostileProvider, changes: dict[str, Any], reason: str
) -> None:
    document = provider.description() | changes
    provider.answers["/.well-known/openid-configuration"] = lambda: as_json(document)
    answer = browser.client.get("/auth/town/login?lang=en", base_url=PUBLIC_URL)
    browser.refused(answer, BAD_ANSWER, reason)


def test_a_provider_that_is_down_is_said_to_be(browser: Browser, provider: HostileProvider) -> None:
    provider.answers["/.well-known/openid-configuration"] = lambda: as_json({}, 503)
    answer = browser.client.get("/auth/town/login?lang=en", base_url=PUBLIC_URL)
    browser.refused(answer, NO_ANSWER, "discovery-status")


def test_a_provider_that_nobody_answers_for_is_said_to_be_down(tmp_path: Path) -> None:
    with hostile_provider() as gone:
        settings = settings_for(gone)
    made = Browser(tmp_path, settings, gone)
    answer = made.client.get("/auth/town/login?lang=en", base_url=PUBLIC_URL)
    made.refused(answer, NO_ANSWER, "discovery-unreachable")
    made.close()


def test_key_sets_without_a_usable_key_are_refused(
    browser: Browser, provider: HostileProvider
) -> None:
    provider.answers["/jwks"] = lambda: as_json({"keys": [{"kty": "unheard-of"}, 3, {}]})
    browser.refused(browser.sign_in(), BAD_ANSWER, "keys-none")


# --- the way back -------------------------------------------------------------------------------


def test_somebody_who_gives_up_is_told_so(browser: Browser) -> None:
    answer = browser.come_back(error="access_denied", state=browser.start()["state"])
    assert answer.status_code == 400
    browser.refused(answer, "You stopped at “Town hall” before the end", "access-denied")


def test_an_error_of_the_provider_is_not_shown_in_its_words(browser: Browser) -> None:
    answer = browser.come_back(
        error="server_error", error_description="<b>secret</b>", state=browser.start()["state"]
    )
    browser.refused(answer, NO_ANSWER, "provider-unavailable")
    assert "<b>secret" not in answer.text
    assert "&lt;b&gt;secret" not in answer.text


def test_a_state_that_does_not_match_is_refused(
    browser: Browser, provider: HostileProvider
) -> None:
    state = browser.start()["state"]
    # The first characters name the cookie, so only the rest is another.
    forged = state[:12] + "".join("0" if c != "0" else "1" for c in state[12:])
    browser.refused(browser.come_back(code="a-code", state=forged), START_AGAIN, "state")
    assert provider.times("/token") == 0


def test_a_sign_in_that_this_browser_never_started_is_refused(
    browser: Browser, provider: HostileProvider
) -> None:
    state = browser.start()["state"]
    browser.client = browser.site.app.test_client()  # somebody else's browser
    browser.refused(browser.come_back(code="a-code", state=state), START_AGAIN, "no-pending")
    assert provider.times("/token") == 0


@pytest.mark.parametrize("answer", [{}, {"code": "a-code"}, {"state": "", "code": "x"}])
def test_a_way_back_without_a_state_is_refused(browser: Browser, answer: dict[str, str]) -> None:
    browser.start()
    browser.refused(browser.come_back(**answer), START_AGAIN, "no-pending")


def test_a_way_back_without_a_code_is_refused(browser: Browser) -> None:
    browser.refused(browser.come_back(state=browser.start()["state"]), BAD_ANSWER, "no-code")


def test_a_way_back_can_be_taken_once(browser: Browser) -> None:
    state = browser.start()["state"]
    assert browser.come_back(code="a-code", state=state).status_code == 303
    assert browser.come_back(code="a-code", state=state).status_code == 400
    assert count_sessions(browser.site) == 1


def test_an_answer_in_another_issuers_name_is_refused(browser: Browser) -> None:
    answer = browser.come_back(
        code="a-code", state=browser.start()["state"], iss="https://evil.example"
    )
    browser.refused(answer, BAD_ANSWER, "answer-iss")


def test_a_promised_issuer_parameter_must_be_there(
    browser: Browser, provider: HostileProvider
) -> None:
    document = provider.description() | {"authorization_response_iss_parameter_supported": True}
    provider.answers["/.well-known/openid-configuration"] = lambda: as_json(document)
    browser.refused(browser.sign_in(), BAD_ANSWER, "answer-iss")


# --- the token endpoint -------------------------------------------------------------------------


def test_an_expired_code_is_explained(browser: Browser, provider: HostileProvider) -> None:
    provider.answers["/token"] = lambda: as_json({"error": "invalid_grant"}, 400)
    browser.refused(browser.sign_in(), "it is valid for a short time and once only", "code-refused")


def test_wrong_client_settings_are_the_sites_affair(
    browser: Browser, provider: HostileProvider
) -> None:
    provider.answers["/token"] = lambda: as_json({"error": "invalid_client"}, 401)
    browser.refused(browser.sign_in(), "tell the people who run this site", "token-error")


def test_a_redirect_on_the_token_endpoint_is_not_followed(
    browser: Browser, provider: HostileProvider
) -> None:
    provider.answers["/token"] = lambda: Answer(
        307, headers={"Location": f"{provider.issuer}/elsewhere"}
    )
    browser.refused(browser.sign_in(), BAD_ANSWER, "token-redirect")
    assert provider.times("/elsewhere") == 0


@pytest.mark.parametrize("path", ["/token", "/jwks", "/userinfo"])
def test_a_huge_body_is_cut_off(browser: Browser, provider: HostileProvider, path: str) -> None:
    sent: list[int] = []

    def flood() -> Iterator[bytes]:
        for _ in range(1000):
            sent.append(65_536)
            yield b" " * 65_536

    provider.answers[path] = lambda: Answer(body=flood())
    what = {"/token": "token", "/jwks": "keys", "/userinfo": "userinfo"}[path]
    browser.refused(browser.sign_in(), BAD_ANSWER, f"{what}-too-large")
    assert sum(sent) < 20 * 1_048_576


def test_a_dribbling_body_is_given_up(
    browser: Browser, provider: HostileProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back_channel, "TOTAL_SECONDS", 0.2)

    def dribble() -> Iterator[bytes]:
        for _ in range(100):
            time.sleep(0.05)
            yield b" "

    provider.answers["/token"] = lambda: Answer(body=dribble())
    began = time.monotonic()
    browser.refused(browser.sign_in(), NO_ANSWER, "token-too-slow")
    assert time.monotonic() - began < 2


def test_headers_that_do_not_come_are_given_up(
    browser: Browser, provider: HostileProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back_channel, "HEADER_SECONDS", 0.2)

    def late() -> Answer:
        time.sleep(0.8)
        return as_json(provider.tokens())

    provider.answers["/token"] = late
    began = time.monotonic()
    browser.refused(browser.sign_in(), NO_ANSWER, "token-unreachable")
    assert time.monotonic() - began < 0.7


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b"null", b"[" * 100_000])
def test_tokens_that_are_nonsense_are_refused(
    browser: Browser, provider: HostileProvider, body: bytes
) -> None:
    provider.answers["/token"] = lambda: Answer(body=body)
    browser.refused(browser.sign_in(), BAD_ANSWER, "token-nonsense")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id_token": None}, "token-no-id_token"),
        ({"id_token": ["a"]}, "token-no-id_token"),
        ({"access_token": "a\r\nX: y"}, "token-no-access_token"),
        ({"token_type": "mac"}, "token-type"),
    ],
)
def test_tokens_that_are_incomplete_are_refused(
    browser: Browser, provider: HostileProvider, changes: dict[str, Any], reason: str
) -> None:
    provider.answers["/token"] = lambda: as_json(provider.tokens() | changes)
    browser.refused(browser.sign_in(), BAD_ANSWER, reason)


# --- the id_token -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nonce": "0" * 64}, "id-token-nonce"),
        ({"nonce": None}, "id-token-nonce"),
        ({"iss": "https://evil.example"}, "id-token-iss"),
        ({"aud": "somebody-else"}, "id-token-aud"),
        ({"aud": []}, "id-token-aud"),
        ({"aud": [CLIENT_ID, "somebody-else"]}, "id-token-azp"),
        ({"azp": "somebody-else"}, "id-token-azp"),
        ({"exp": 1}, "id-token-exp"),
        ({"exp": None}, "id-token-exp"),
        ({"exp": "tomorrow"}, "id-token-exp"),
        ({"iat": 32503680000}, "id-token-iat"),
        ({"sub": None}, "id-token-sub"),
        ({"sub": 7}, "id-token-sub"),
        ({"sub": "é"}, "userinfo-sub-differs"),
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "id-token-at_hash"),
    ],
)
def test_an_id_token_with_a_wrong_claim_is_refused(
    browser: Browser, provider: HostileProvider, changes: dict[str, Any], reason: str
) -> None:
    provider.id_claims |= changes
    browser.refused(browser.sign_in(), BAD_ANSWER, reason)


def test_a_subject_that_cannot_be_kept_is_refused(
    browser: Browser, provider: HostileProvider
) -> None:
    provider.id_claims["sub"] = provider.user_claims["sub"] = "x" * 256
    browser.refused(browser.sign_in(), BAD_ANSWER, "subject")


def test_an_id_token_without_a_signature_is_refused(
    browser: Browser, provider: HostileProvider
) -> None:
    provider.sign_id_token = unsigned
    browser.refused(browser.sign_in(), BAD_ANSWER, "id-token-signature")


def test_a_public_key_is_not_taken_for_a_shared_secret(
    browser: Browser, provider: HostileProvider
) -> None:
    for public in (KEY.as_pem(private=False), json.dumps(KEY.as_dict(private=False)).encode()):
        provider.sign_id_token = partial(signed_with_a_secret, secret=public)
        provider.id_claims.pop("nonce", None)
        browser.refused(browser.sign_in(), BAD_ANSWER, "id-token-signature")


def test_a_key_that_only_pretends_to_be_the_published_one_is_refused(
    browser: Browser, provider: HostileProvider
) -> None:
    provider.sign_id_token = lambda claims: jwt.encode(
        {"alg": "RS256", "kid": "first"}, dict(claims), NEXT_KEY, algorithms=["RS256"]
    )
    browser.refused(browser.sign_in(), BAD_ANSWER, "id-token-signature")


def test_a_key_that_stays_unknown_is_asked_for_once_more_only(
    browser: Browser, provider: HostileProvider
) -> None:
    provider.keys = [KEY, KEY]
    provider.sign_id_token = lambda claims: signed(claims, NEXT_KEY)
    browser.refused(browser.sign_in(), BAD_ANSWER, "id-token-key")
    assert provider.times("/jwks") == 2


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "a.b.c.d.e", "é", ".", "e30.e30.", "x" * 9])
def test_an_id_token_that_is_no_token_is_refused(
    browser: Browser, provider: HostileProvider, token: str
) -> None:
    provider.sign_id_token = lambda claims: token
    answer = browser.sign_in()
    assert answer.status_code == 502
    assert count_sessions(browser.site) == 0
    assert BAD_ANSWER in " ".join(answer.text.split())


def test_too_weak_a_proof_of_identity_is_refused(provider: HostileProvider, tmp_path: Path) -> None:
    settings = settings_for(provider, acr_values=("eidas2",), acr_accepted=("eidas2", "eidas3"))
    made = Browser(tmp_path, settings, provider)
    provider.id_claims["acr"] = "eidas1"
    made.refused(made.sign_in(), "a weaker proof of identity", "acr")
    provider.id_claims |= {"acr": "eidas3"}
    del provider.id_claims["nonce"]
    assert made.sign_in().status_code == 303
    made.close()


# --- userinfo -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("acr", "taken"), [("eidas1", False), ("eidas2", True), (None, False)])
def test_a_proof_below_the_least_assurance_is_refused(
    provider: HostileProvider, tmp_path: Path, acr: str | None, taken: bool
) -> None:
    browser = Browser(tmp_path, settings_for(provider, min_assurance="eidas2"), provider)
    provider.id_claims["acr"] = acr
    answer = browser.sign_in()
    if taken:
        assert answer.status_code == 303
    else:
        browser.refused(answer, "a weaker proof of identity", "acr")
    browser.close()


@pytest.mark.parametrize("siret", ["21310555400017", None, 21350238800019])
def test_who_acts_for_another_body_has_a_citizens_rights_and_another_account(
    provider: HostileProvider, tmp_path: Path, siret: Any
) -> None:
    roles = {"siret": {"21350238800019": "agent", "21310555400017": "agent"}}
    ours = settings_for(provider, staff=True, roles=roles, allowed_siret=("21350238800019",))
    browser = Browser(tmp_path, ours, provider)
    provider.user_claims["siret"] = "21350238800019"
    assert browser.sign_in().status_code == 303
    assert "agent citizen" in browser.client.get("/private", base_url=PUBLIC_URL).text
    provider.user_claims["siret"] = siret
    browser.client = browser.site.app.test_client()
    provider.id_claims.pop("nonce")
    assert browser.sign_in().status_code == 303
    assert "agent" not in browser.client.get("/private", base_url=PUBLIC_URL).text
    browser.close()


def test_a_parameter_that_the_provider_would_refuse_never_leaves(
    provider: HostileProvider, tmp_path: Path
) -> None:
    narrow = settings_for(
        provider, acr_values=("eidas1",), authorize_params_allowed=("client_id", "state")
    )
    browser = Browser(tmp_path, narrow, provider)
    answer = browser.client.get("/auth/town/login?lang=en", base_url=PUBLIC_URL)
    browser.refused(answer, BAD_ANSWER, "parameters")
    browser.close()


def test_a_userinfo_of_somebody_else_is_refused(
    browser: Browser, provider: HostileProvider
) -> None:
    provider.user_claims["sub"] = "s-2"
    browser.refused(browser.sign_in(), BAD_ANSWER, "userinfo-sub-differs")


def test_a_signed_userinfo_of_somebody_else_is_refused(
    jwt_browser: Browser, provider: HostileProvider
) -> None:
    answer_userinfo(provider, signed(user_claims(provider) | {"sub": "s-2"}))
    jwt_browser.refused(jwt_browser.sign_in(), BAD_ANSWER, "userinfo-sub-differs")


def test_a_userinfo_with_a_wrong_signature_is_refused(
    jwt_browser: Browser, provider: HostileProvider
) -> None:
    token = signed(user_claims(provider))
    head, payload, signature = token.split(".")
    other = signed(user_claims(provider) | {"name": "Somebody Else"}).split(".")[1]
    assert payload != other
    answer_userinfo(provider, f"{head}.{other}.{signature}")
    jwt_browser.refused(jwt_browser.sign_in(), BAD_ANSWER, "userinfo-signature")


def test_a_userinfo_without_a_signature_is_refused(
    jwt_browser: Browser, provider: HostileProvider
) -> None:
    answer_userinfo(provider, unsigned(user_claims(provider)))
    jwt_browser.refused(jwt_browser.sign_in(), BAD_ANSWER, "userinfo-signature")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": "somebody-else"}, "userinfo-aud"),
        ({"iss": "https://evil.example"}, "userinfo-iss"),
        ({"exp": 1}, "userinfo-exp"),
        ({"iat": 32503680000}, "userinfo-iat"),
        ({"sub": None}, "userinfo-sub"),
    ],
)
def test_a_signed_userinfo_with_a_wrong_claim_is_refused(
    jwt_browser: Browser, provider: HostileProvider, changes: dict[str, Any], reason: str
) -> None:
    answer_userinfo(provider, signed(user_claims(provider) | changes))
    jwt_browser.refused(jwt_browser.sign_in(), BAD_ANSWER, reason)


def test_plain_json_is_refused_where_a_signature_is_expected(jwt_browser: Browser) -> None:
    jwt_browser.refused(jwt_browser.sign_in(), BAD_ANSWER, "userinfo-format")


def test_a_userinfo_that_is_down_signs_nobody_in(
    browser: Browser, provider: HostileProvider
) -> None:
    provider.answers["/userinfo"] = lambda: as_json({}, 500)
    browser.refused(browser.sign_in(), BAD_ANSWER, "userinfo-status")


# --- what is left behind ------------------------------------------------------------------------


def test_nothing_personal_reaches_the_log(
    browser: Browser, provider: HostileProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="beffroi_web")
    assert browser.sign_in().status_code == 303
    provider.id_claims.pop("nonce")
    assert browser.sign_in().status_code == 303
    provider.id_claims.pop("nonce")
    provider.user_claims["sub"] = "s-2"
    browser.sign_in()
    browser.come_back(error="access_denied", state=browser.start()["state"])
    lines = [
        Lines().format(record) for record in caplog.records if record.name.startswith("beffroi_web")
    ]
    told = "\n".join(lines)
    inside = [json.loads(line) for line in lines if '"signed in"' in line]
    assert [(one["provider"], one["kind"]) for one in inside] == [("town", "public")] * 2
    assert {one["account"] for one in inside} == {browser.site.store.code(1)}
    assert browser.site.store.code(1) != browser.site.store.code(2)
    assert "provider=town reason=userinfo-sub-differs" in told
    assert "provider=town reason=access-denied" in told
    for private in ("camille", "Camille", "s-1", "s-2", "a-code", "an-access-token"):
        assert private not in told


def test_a_failed_sign_in_leaves_the_open_session_as_it_was(
    browser: Browser, provider: HostileProvider
) -> None:
    assert browser.sign_in().status_code == 303
    provider.user_claims["sub"] = "s-2"
    del provider.id_claims["nonce"]
    assert browser.sign_in().status_code == 502
    assert "Camille" in browser.client.get("/private", base_url=PUBLIC_URL).text
    assert count_sessions(browser.site) == 1


def test_signing_in_again_replaces_the_token_and_ends_the_old_session(browser: Browser) -> None:
    browser.sign_in()
    before = browser.client.get_cookie("beffroi_tests", domain="town.example")
    del browser.provider.id_claims["nonce"]
    browser.sign_in()
    after = browser.client.get_cookie("beffroi_tests", domain="town.example")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert count_sessions(browser.site) == 1
