# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demonstration's provider, with a browser, and with a client that breaks its rules."""

import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect
from werkzeug.test import TestResponse

from beffroi_web.clock import FixedClock, SystemClock
from beffroi_web.sign_in.settings import ProviderSettings
from demo.provider import create_provider, make_provider_server, refuse_unless_loopback
from demo.provider_state import CODE_SECONDS, PASSWORD, PEOPLE, DemoClient
from support.browser import faults, sideways
from support.sign_in_site import SignInSite, grant, listening, make_site, serving

ISSUER = "http://127.0.0.1:8301"
BACK = "http://127.0.0.1:8302/auth/demo/callback"
OUT = "http://127.0.0.1:8302/sign-out"
CLIENT = DemoClient("town", "the secret of the town", (BACK,), (OUT,))
VERIFIER = "v" * 43


@dataclass(slots=True)
class Machine:
    """A program that talks to the provider."""

    client: FlaskClient
    clock: FixedClock

    def authorize(self, **changes: str | None) -> str:
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": "town",
            "redirect_uri": BACK,
            "scope": "openid profile email",
            "state": "a-state",
            "nonce": "a-nonce",
            "code_challenge": create_s256_code_challenge(VERIFIER),
            "code_challenge_method": "S256",
        }
        return "/authorize?" + urlencode(
            {k: v for k, v in (asked | changes).items() if v is not None}
        )

    def log_in(self, login: str = "citizen", **changes: str | None) -> dict[str, str]:
        """Fill in the form; return the parameters that the browser brings back."""
        answer = self.client.post(
            self.authorize(**changes), data={"login": login, "password": PASSWORD}
        )
        assert answer.status_code == 302, answer.text
        assert answer.headers["Location"].startswith(BACK)
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        return {name: values[0] for name, values in query.items()}

    def exchange(self, code: str, **changes: str) -> TestResponse:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": BACK,
            "client_id": "town",
            "client_secret": CLIENT.client_secret,
            "code_verifier": VERIFIER,
        }
        return self.client.post("/token", data=form | changes)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    clock = FixedClock(SystemClock().now())
    app = create_provider(ISSUER, [CLIENT], tmp_path, clock=clock)
    return Machine(app.test_client(), clock)


@pytest.mark.parametrize(
    "issuer",
    [
        "https://id.example",
        "http://192.0.2.7:8301",
        "http://0.0.0.0:8301",
        "http://localhost:8301",
        "http://127.0.0.1.evil.example",
        "https://127.0.0.1:8301",
        "",
    ],
)
def test_it_refuses_to_run_off_loopback(issuer: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="everybody knows its password"):
        create_provider(issuer, [CLIENT], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_it_refuses_to_listen_off_loopback(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"0\.0\.0\.0"):
        make_provider_server(0, [CLIENT], tmp_path, host="0.0.0.0")
    refuse_unless_loopback("http://[::1]:8301")


def test_the_key_survives_a_restart_and_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    def published() -> object:
        return create_provider(ISSUER, [CLIENT], tmp_path).test_client().get("/jwks").json

    first = published()
    assert first == published()
    assert "d" not in json.dumps(first).split('"')
    (kept,) = tmp_path.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_six_persons_can_log_in(machine: Machine) -> None:
    assert list(PEOPLE) == [
        "citizen", "citizen2", "agent", "moderator", "administrator", "operator",
    ]  # fmt: skip
    for login in PEOPLE:
        tokens = machine.exchange(machine.log_in(login)["code"]).json
        assert tokens is not None
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        claims = machine.client.get("/userinfo", headers=headers).json
        assert claims is not None
        assert claims["sub"] == login
        assert claims["email"] == f"{login}@demo.example"
        assert claims["email_verified"] is True
        machine.client.delete_cookie("beffroi_demo_provider")


def test_a_wrong_password_keeps_what_was_typed(machine: Machine) -> None:
    for login, password in (("citizen", "wrong"), ("nobody", PASSWORD), ("", "")):
        answer = machine.client.post(
            machine.authorize(), data={"login": login, "password": password}
        )
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        assert f'value="{login}"' in answer.text


def test_whoever_is_logged_in_is_not_asked_again(machine: Machine) -> None:
    machine.log_in()
    answer = machine.client.get(machine.authorize(state="another"))
    assert answer.status_code == 302
    assert "state=another" in answer.headers["Location"]


def test_giving_up_is_told_to_the_site(machine: Machine) -> None:
    answer = machine.client.post(machine.authorize(), data={"cancel": "1"})
    assert answer.headers["Location"].startswith(f"{BACK}?error=access_denied")
    assert "state=a-state" in answer.headers["Location"]


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"nonce": None},
        {"response_type": "token"},
    ],
)
def test_a_request_without_pkce_or_nonce_gets_no_code(
    machine: Machine, changes: dict[str, str | None]
) -> None:
    answer = machine.client.get(machine.authorize(**changes))
    assert "error=" in answer.headers.get("Location", "") or answer.status_code == 400
    assert "code=" not in answer.headers.get("Location", "")


@pytest.mark.parametrize(
    "changes", [{"client_id": "another"}, {"redirect_uri": BACK + "/"}, {"redirect_uri": None}]
)
def test_an_address_that_is_not_registered_is_never_visited(
    machine: Machine, changes: dict[str, str | None]
) -> None:
    answer = machine.client.get(machine.authorize(**changes))
    assert 400 <= answer.status_code < 500
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    "changes",
    [
        {"client_secret": "wrong"},
        {"code_verifier": "w" * 43},
        {"code_verifier": ""},
        {"redirect_uri": OUT},
    ],
)
def test_a_code_is_worth_nothing_to_somebody_else(
    machine: Machine, changes: dict[str, str]
) -> None:
    answer = machine.exchange(machine.log_in()["code"], **changes)
    assert answer.status_code in (400, 401)
    assert answer.json is not None
    assert "access_token" not in answer.json


def test_a_code_is_used_once_and_soon(machine: Machine) -> None:
    code = machine.log_in()["code"]
    assert machine.exchange(code).status_code == 200
    again = machine.exchange(code)
    assert (again.status_code, (again.json or {})["error"]) == (400, "invalid_grant")
    code = machine.log_in()["code"]
    machine.clock.move(timedelta(seconds=CODE_SECONDS))
    assert machine.exchange(code).status_code == 400


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic abc", "Bearer"])
def test_userinfo_asks_for_a_token(machine: Machine, header: str) -> None:
    answer = machine.client.get("/userinfo", headers={"Authorization": header})
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["WWW-Authenticate"]


def test_logging_out_without_a_hint_asks_first(machine: Machine) -> None:
    machine.log_in()
    assert "<button" in machine.client.get("/end-session").text
    assert machine.client.get(machine.authorize()).status_code == 302  # still known
    assert machine.client.post("/end-session").status_code == 200
    assert machine.client.get(machine.authorize()).status_code == 200  # asked again


def test_logging_out_leads_only_to_a_registered_address(machine: Machine) -> None:
    tokens = machine.exchange(machine.log_in()["code"]).json
    assert tokens is not None
    query = {"id_token_hint": tokens["id_token"], "state": "s"}
    good = machine.client.get(
        "/end-session", query_string=query | {"post_logout_redirect_uri": OUT}
    )
    assert good.headers["Location"] == f"{OUT}?state=s"
    bad = machine.client.get(
        "/end-session", query_string=query | {"post_logout_redirect_uri": "https://evil.example"}
    )
    assert bad.status_code == 200
    assert "Location" not in bad.headers


# --- with a browser ------------------------------------------------------------------------------


@pytest.fixture
def town(tmp_path: Path) -> Iterator[SignInSite]:
    with listening() as server:
        public_url = f"http://127.0.0.1:{server.server_port}"
        client = DemoClient(
            "town",
            "the secret of the town",
            (f"{public_url}/auth/demo/callback",),
            (f"{public_url}/sign-out",),
        )
        provider, issuer = make_provider_server(0, [client], tmp_path / "provider")
        settings = ProviderSettings(
            key="demo",
            label="Beffroi",
            issuer=issuer,
            client_id="town",
            client_secret=client.client_secret,
            staff=True,
        )
        with serving(provider):
            made = make_site(f"sqlite:///{tmp_path / 'town.sqlite3'}", public_url, [settings])
            server.app = made.app
            yield made
            with made.app.app_context():
                made.db.session.remove()
                made.db.engine.dispose()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        locale="fr-FR", viewport={"width": 390, "height": 844}, java_script_enabled=True
    )
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.mark.browser
def test_a_person_of_the_demonstration_signs_in_and_out(town: SignInSite, page: Page) -> None:
    grant(town, "demo", "agent", "agent")
    page.goto(town.site.public_url + "/desk")
    assert faults(page) == []
    page.get_by_role("link", name="Se connecter avec Beffroi").click()
    expect(page.get_by_role("heading", name="Se connecter")).to_be_visible()
    assert (faults(page), sideways(page)) == ([], 0)
    page.get_by_label("Identifiant").fill("agent")
    page.get_by_label("Mot de passe").fill("wrong")
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert (faults(page), sideways(page)) == ([], 0)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#who")).to_have_text("Morgan Bourmasson: agent citizen")
    assert page.url == town.site.public_url + "/desk"

    page.goto(town.site.public_url + "/sign-out")
    page.get_by_role("button", name="Se déconnecter de cet appareil").click()
    expect(page.get_by_text("le service de connexion a aussi fermé sa session")).to_be_visible()
    page.goto(town.site.public_url + "/sign-in")
    page.get_by_role("link", name="Se connecter avec Beffroi").click()
    expect(page.get_by_label("Mot de passe")).to_be_visible()  # the provider has forgotten too


@pytest.mark.browser
def test_two_sites_on_one_host_keep_their_sessions_apart(
    town: SignInSite, page: Page, tmp_path: Path
) -> None:
    with listening() as server:
        public_url = f"http://127.0.0.1:{server.server_port}"
        other = make_site(f"sqlite:///{tmp_path / 'b.sqlite3'}", public_url, [], slug="other")
        server.app = other.app
        page.goto(town.site.public_url + "/private")
        page.get_by_role("link", name="Se connecter avec Beffroi").click()
        page.get_by_label("Identifiant").fill("citizen")
        page.get_by_label("Mot de passe").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.locator("#who")).to_have_text("Camille Verdoncourt: citizen")
        page.goto(public_url + "/")
        expect(page.locator("#who")).to_have_count(0)
        page.goto(public_url + "/private")
        expect(page.get_by_text("Personne ne peut encore se connecter ici")).to_be_visible()
        page.goto(town.site.public_url + "/")
        expect(page.locator("#who")).to_have_count(1)
        with other.app.app_context():
            other.db.session.remove()
            other.db.engine.dispose()


@pytest.mark.browser
def test_the_page_of_the_provider_says_what_it_is(town: SignInSite, page: Page) -> None:
    page.goto(town.site.public_url + "/sign-in")
    page.get_by_role("link", name="Se connecter avec Beffroi").click()
    issuer = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
    page.goto(issuer + "/")
    expect(page.get_by_text("Personnes inventées, mot de passe connu de tous.")).to_be_visible()
    assert (faults(page), sideways(page)) == ([], 0)
    page.goto(issuer + "/end-session")
    assert (faults(page), sideways(page)) == ([], 0)
