# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages themselves: where `next` may lead, what the cookies are like, who may end a session."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from beffroi_web.catalogues import OWN_FOLDERS, missing
from beffroi_web.clock import FixedClock, SystemClock
from beffroi_web.sign_in.identities import SignedIn
from beffroi_web.sign_in.routes import CATALOGUE, local_path, redirect_uri, signed_out_uri
from beffroi_web.sign_in.settings import ProviderSettings
from support.hostile_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    HostileProvider,
    as_json,
    hostile_provider,
)
from support.sign_in_site import SignInSite, count_sessions, make_site

HTTPS = "https://town.example"


@dataclass(slots=True)
class Town:
    """A site on https, its provider, and one browser."""

    made: SignInSite
    provider: HostileProvider
    clock: FixedClock
    client: FlaskClient
    signed_in: list[SignedIn]

    def get(self, path: str, **query: str) -> TestResponse:
        return self.client.get(path, query_string=query or None, base_url=HTTPS)

    def start(self, next_path: str = "/private") -> str:
        """Press the button; return the state."""
        answer = self.get("/auth/town/login", next=next_path)
        asked = parse_qs(urlsplit(answer.headers["Location"]).query)
        self.provider.id_claims["nonce"] = asked["nonce"][0]
        return asked["state"][0]

    def sign_in(self, next_path: str = "/private") -> TestResponse:
        answer = self.get("/auth/town/callback", code="a-code", state=self.start(next_path))
        assert answer.status_code == 303, answer.text
        return answer

    def token(self) -> str:
        """Return the form token of the sign-out page."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/sign-out").text)
        assert found is not None
        return found.group(1)

    def sign_out(self, **form: str) -> TestResponse:
        return self.client.post(
            "/sign-out", data={"csrf_token": self.token(), **form}, base_url=HTTPS
        )


PNG = b"\x89PNG\r\n\x1a\n" + b"as far as we look"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    signed_in: list[SignedIn] = []

    def note(done: SignedIn, _now: datetime) -> None:
        signed_in.append(done)

    with hostile_provider() as provider:
        mark = tmp_path / "mark.png"
        mark.write_bytes(PNG)
        settings = ProviderSettings(
            key="town",
            logo=str(mark),
            label="Town <hall>",
            issuer=provider.issuer,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
        )
        clock = FixedClock(SystemClock().now())
        url = f"sqlite:///{tmp_path / 'town.sqlite3'}"
        made = make_site(url, HTTPS, [settings], clock=clock, on_signed_in=note)
        yield Town(made, provider, clock, made.app.test_client(), signed_in)
        with made.app.app_context():
            made.db.session.remove()
            made.db.engine.dispose()


# --- where `next` may lead ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "/\\evil.example",
        "/a\\..\\b",
        "https://evil.example/",
        "javascript:alert(1)",
        "evil",
        "/\t/evil.example",
        "/\r\nSet-Cookie: a=b",
        "/" + "a" * 1000,
        "/" + "é" * 500,
        "/sign-in?next=/sign-in",
        "/sign-out",
        "/auth/town/callback?state=0",
        "",
        None,
    ],
)
def test_next_leads_nowhere_else(wanted: str | None) -> None:
    assert local_path(wanted) == "/"


@pytest.mark.parametrize("wanted", ["/", "/requests/2026-0042", "/a?b=c&d=%2F%2Fx", "/à?é=ç"])
def test_next_leads_to_a_page_of_this_site(wanted: str) -> None:
    assert local_path(wanted) == wanted


@given(st.text(alphabet="/\\:?#@ab.\t\n\r\x00%5c é", max_size=20))
def test_whatever_is_asked_for_stays_on_this_host(wanted: str) -> None:
    path = local_path(wanted)
    # What browsers make of it: control characters dropped, backslashes turned, then `//` is a host.
    seen = re.sub(r"[\x00-\x20]", "", path).replace("\\", "/")
    assert seen.startswith("/")
    assert not seen.startswith("//")


def test_next_is_kept_through_the_sign_in_page(town: Town) -> None:
    answer = town.get("/private?a=1")
    assert answer.status_code == 303
    page = town.client.get(answer.headers["Location"], base_url=HTTPS)
    assert "next=/private?a%3D1" in page.text or "next=%2Fprivate%3Fa%3D1" in page.text
    assert town.sign_in("/private?a=1").headers["Location"] == "/private?a=1"


def test_a_label_is_text_and_not_markup(town: Town) -> None:
    page = town.get("/sign-in").text
    assert "Town &lt;hall&gt;" in page
    assert "Town <hall>" not in page


def test_the_mark_on_the_button_is_the_operators_file_served_by_the_site(town: Town) -> None:
    assert '<img src="/auth/town/logo" alt=""' in town.get("/sign-in").text
    answer = town.get("/auth/town/logo")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, PNG, "image/png")
    assert "Set-Cookie" not in answer.headers
    assert town.get("/auth/other/logo").status_code == 404


# --- cookies ------------------------------------------------------------------------------------


def test_reading_the_sign_in_page_sets_no_cookie(town: Town) -> None:
    assert "Set-Cookie" not in town.get("/sign-in").headers
    assert "Set-Cookie" not in town.get("/").headers


def test_the_session_cookie_is_for_this_site_alone_and_out_of_reach_of_scripts(town: Town) -> None:
    answer = town.sign_in()
    cookie = next(
        c for c in answer.headers.getlist("Set-Cookie") if c.startswith("__Host-beffroi_tests=")
    )
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in cookie.split("; ")
    assert "Max-Age" not in cookie
    assert "Domain" not in cookie
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_what_the_browser_keeps_during_a_sign_in_is_sealed_and_short_lived(town: Town) -> None:
    answer = town.get("/auth/town/login", next="/private")
    (cookie,) = answer.headers.getlist("Set-Cookie")
    state = parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]
    for word in (
        "Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=900",
    ):  # fmt: skip
        assert word in cookie.split("; ")
    assert state not in cookie
    assert "private" not in cookie


def test_a_sign_in_that_took_a_quarter_of_an_hour_starts_again(town: Town) -> None:
    state = town.start()
    town.clock.move(timedelta(minutes=15, seconds=1))
    answer = town.get("/auth/town/callback", code="a-code", state=state)
    assert answer.status_code == 400
    assert "no-pending" in answer.text
    assert town.provider.times("/token") == 0


def test_two_windows_can_sign_in_side_by_side(town: Town) -> None:
    first = town.start("/?first")
    nonce = town.provider.id_claims["nonce"]
    town.start("/?second")
    town.provider.id_claims["nonce"] = nonce
    answer = town.get("/auth/town/callback", code="a-code", state=first)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/?first")


def test_a_sealed_cookie_of_one_provider_is_no_good_for_another(tmp_path: Path) -> None:
    with hostile_provider() as one, hostile_provider() as two:
        settings = ProviderSettings(
            key="one",
            label="One",
            issuer=one.issuer,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
        )
        both = [settings, replace(settings, key="two", issuer=two.issuer)]
        made = make_site(f"sqlite:///{tmp_path / 'both.sqlite3'}", HTTPS, both)
        client = made.app.test_client()
        answer = client.get("/auth/one/login", base_url=HTTPS)
        state = parse_qs(urlsplit(answer.headers["Location"]).query)["state"][0]
        (cookie,) = answer.headers.getlist("Set-Cookie")
        name, _, value = cookie.partition(";")[0].partition("=")
        client.set_cookie(name, value, domain="town.example", secure=True)
        mixed = client.get(
            "/auth/two/callback", query_string={"code": "c", "state": state}, base_url=HTTPS
        )
        assert mixed.status_code == 400
        assert two.times("/token") == 0
        with made.app.app_context():
            made.db.session.remove()
            made.db.engine.dispose()


def test_the_longest_way_back_still_fits_a_cookie(town: Town) -> None:
    for path in ("/" + "a" * 999, "/?" + '"' * 998, "/" + "é" * 499):
        (cookie,) = town.get("/auth/town/login", next=path).headers.getlist("Set-Cookie")
        assert len(cookie) < 4093
        assert town.sign_in(path).status_code == 303


@pytest.mark.parametrize("value", ["", "x", "é", "0" * 64, "a" * 3000])
def test_a_made_up_session_cookie_opens_nothing(town: Town, value: str) -> None:
    town.client.set_cookie("__Host-beffroi_tests", value, domain="town.example", secure=True)
    assert town.get("/private").status_code == 303
    assert town.get("/").status_code == 200


# --- sessions -----------------------------------------------------------------------------------


def test_what_an_application_keeps_beside_the_account_is_told(town: Town) -> None:
    town.sign_in()
    town.sign_in()
    assert [done.new for done in town.signed_in] == [True, False]
    assert len({done.account_id for done in town.signed_in}) == 1


def test_a_failure_beside_the_account_signs_nobody_in(tmp_path: Path) -> None:
    def fail(_done: SignedIn, _now: datetime) -> None:
        raise LookupError("what is kept beside the account failed")

    with hostile_provider() as provider:
        settings = ProviderSettings(
            key="town",
            label="Town",
            issuer=provider.issuer,
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
        )
        url = f"sqlite:///{tmp_path / 'town.sqlite3'}"
        made = make_site(url, HTTPS, [settings], on_signed_in=fail)
        browser = made.app.test_client()
        town = Town(made, provider, FixedClock(SystemClock().now()), browser, [])
        state = town.start()
        answer = town.get("/auth/town/callback", code="a-code", state=state)
        assert answer.status_code == 500
        assert browser.get_cookie("__Host-beffroi_tests", domain="town.example") is None
        assert count_sessions(made) == 0
        with made.app.app_context():
            made.db.session.remove()
            made.db.engine.dispose()


def test_a_session_in_use_does_not_end_as_idle(town: Town) -> None:
    town.sign_in()
    for _ in range(5):
        town.clock.move(timedelta(minutes=119))
        assert town.get("/private").status_code == 200
    town.clock.move(timedelta(minutes=121))
    assert town.get("/private").status_code == 303


def test_a_busy_database_does_not_cost_a_page(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(token: str, now: datetime) -> None:
        raise OperationalError("UPDATE web_session", {}, Exception("database is locked"))

    town.sign_in()
    town.clock.move(timedelta(minutes=10))
    with monkeypatch.context() as patched:
        patched.setattr(town.made.store, "touch", busy)
        assert town.get("/private").status_code == 200
    assert town.get("/private").status_code == 200


def test_signing_out_ends_the_session_and_goes_on_to_the_provider(town: Town) -> None:
    town.sign_in()
    answer = town.sign_out()
    assert answer.status_code == 200
    onward = answer.headers["Refresh"].removeprefix("0; url=")
    assert onward.startswith(town.provider.issuer + "/end?")
    query = parse_qs(urlsplit(onward).query)
    assert query["id_token_hint"][0].count(".") == 2
    assert query["post_logout_redirect_uri"] == [HTTPS + "/sign-out"]
    assert len(query["state"][0]) == 64
    assert count_sessions(town.made) == 0
    assert town.client.get_cookie("__Host-beffroi_tests", domain="town.example") is None

    ended = "le service de connexion a aussi fermé sa session"
    assert ended not in town.get("/sign-out", state="0" * 64).text
    assert ended in town.get("/sign-out", state=query["state"][0]).text
    assert ended not in town.get("/sign-out", state=query["state"][0]).text


def test_a_provider_that_is_down_does_not_keep_anybody_signed_in(town: Town) -> None:
    town.sign_in()
    town.provider.answers["/.well-known/openid-configuration"] = lambda: as_json({}, 503)
    town.clock.move(timedelta(minutes=61))  # its description is asked for again
    answer = town.sign_out()
    assert answer.status_code == 200
    assert "Refresh" not in answer.headers
    assert count_sessions(town.made) == 0


def test_signing_out_everywhere_ends_the_other_sessions(town: Town) -> None:
    town.sign_in()
    first = town.client
    town.client = town.made.app.test_client()
    town.sign_in()
    assert count_sessions(town.made) == 2
    town.sign_out(everywhere="1")
    assert count_sessions(town.made) == 0
    assert first.get("/private", base_url=HTTPS).status_code == 303


def test_another_site_cannot_sign_anybody_out(town: Town) -> None:
    town.sign_in()
    answer = town.client.post("/sign-out", data={"csrf_token": "wrong"}, base_url=HTTPS)
    assert answer.status_code == 400
    assert town.client.get("/sign-out", base_url=HTTPS).status_code == 200
    assert count_sessions(town.made) == 1


def test_signing_out_twice_says_so_calmly(town: Town) -> None:
    page = town.get("/sign-out")
    assert page.status_code == 200
    assert "Personne n’est connecté ici" in page.text


# --- addresses and words ------------------------------------------------------------------------


def test_the_registered_addresses_come_from_the_public_address(town: Town) -> None:
    site = replace(town.made.site, public_url="https://town.example/beffroi/")
    assert redirect_uri(site, "fc") == "https://town.example/beffroi/auth/fc/callback"
    assert signed_out_uri(site) == "https://town.example/beffroi/sign-out"
    answer = town.client.get(
        "/auth/town/login", base_url="https://other.example", headers={"Host": "evil.example"}
    )
    asked = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert asked["redirect_uri"] == [HTTPS + "/auth/town/callback"]


def test_an_unknown_provider_is_not_found(town: Town) -> None:
    assert town.get("/auth/nobody/login").status_code == 404
    assert town.get("/auth/nobody/callback").status_code == 404


def test_a_site_without_a_provider_says_so(tmp_path: Path) -> None:
    made = make_site(f"sqlite:///{tmp_path / 'none.sqlite3'}", HTTPS, [])
    page = made.app.test_client().get("/sign-in?lang=en", base_url=HTTPS)
    assert "have not set up a sign-in service" in page.text


def test_every_sentence_has_its_french() -> None:
    catalogues = [folder / "fr" / "LC_MESSAGES" / "messages.po" for folder in OWN_FOLDERS]
    assert missing(CATALOGUE.parent, *catalogues) == []
    assert CATALOGUE in OWN_FOLDERS


def test_too_many_attempts_from_one_address_are_slowed_down(town: Town) -> None:
    answers = [town.get("/auth/town/login").status_code for _ in range(61)]
    assert answers[:60] == [303] * 60
    assert answers[60] == 429


# --- what ASVS asks -------------------------------------------------------------------------------


def test_on_https_every_cookie_is_bound_to_its_host_by_its_name(town: Town) -> None:
    answers = [town.get("/auth/town/login", next="/private"), town.sign_in(), town.sign_out()]
    said = [one for answer in answers for one in answer.headers.getlist("Set-Cookie")]
    assert {one.partition("=")[0].rpartition("_")[0] for one in said} >= {"__Host-beffroi"}
    assert len(said) >= 5
    for one in said:
        parts = one.split("; ")
        assert parts[0].startswith("__Host-beffroi_tests"), one
        assert {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"} <= set(parts), one
        assert "Domain" not in one


def test_signing_out_tells_the_browser_to_forget_on_https(town: Town) -> None:
    town.sign_in()
    assert town.sign_out().headers["Clear-Site-Data"] == '"cache", "storage"'


def test_a_link_on_another_site_signs_nobody_in_by_itself(town: Town) -> None:
    answer = town.client.get(
        "/auth/town/login?next=/private", base_url=HTTPS, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=%2Fprivate")
    assert "Set-Cookie" not in answer.headers


def test_signing_in_again_asks_the_provider_anew_and_refuses_a_sign_in_of_long_ago(
    town: Town,
) -> None:
    town.sign_in()
    old = town.client.get_cookie("__Host-beffroi_tests", domain="town.example")
    assert 'href="/auth/town/login?next=/private&amp;again=yes"' in town.get(
        "/sign-in", next="/private", again="yes"
    ).text.replace("%2F", "/")
    said: dict[int, tuple[int, str]] = {}
    for minutes in (30, 1):
        answer = town.get("/auth/town/login", next="/private", again="yes")
        asked = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
        town.provider.id_claims["nonce"] = asked["nonce"][0]
        town.provider.id_claims["auth_time"] = int(town.clock.now().timestamp()) - 60 * minutes
        back = town.get("/auth/town/callback", code="a-code", state=asked["state"][0])
        said[minutes] = back.status_code, back.headers.get("Location", "")
    assert said[30][0] == 400
    assert said[1] == (303, "/private")
    new = town.client.get_cookie("__Host-beffroi_tests", domain="town.example")
    assert old is not None
    assert new is not None
    assert old.value != new.value
    assert count_sessions(town.made) == 1
