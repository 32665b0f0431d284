# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing in at a certified provider (npm oidc-provider), in a browser, both userinfo ways."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from beffroi_web.sign_in.routes import redirect_uri, signed_out_uri
from beffroi_web.sign_in.settings import ProviderSettings, parse_providers
from beffroi_web.site import Site
from support.browser import faults, sideways
from support.openid_providers import oidc_provider
from support.sign_in_site import SignInSite, count_sessions, grant, listening, make_site

pytestmark = pytest.mark.browser

CLIENT_SECRET = "a client secret: 100% + a few odd/signs"


@contextmanager
def site_beside(
    folder: Path,
    *,
    signed_userinfo: bool,
    preset: tuple[str, dict[str, Any]] | None = None,
    **changes: Any,
) -> Iterator[SignInSite]:
    """Run a site and its provider, which must know each other's addresses.

    With `preset` (its name, and what a town adds) the site has nothing but the preset's settings.
    """
    with listening() as server:
        site = Site(
            name="",
            slug="tests",
            kind="town",
            public_url=f"http://127.0.0.1:{server.server_port}",
            secret_key="",
        )
        with oidc_provider(
            client_id="beffroi",
            client_secret=CLIENT_SECRET,
            redirect_uri=redirect_uri(site, "town"),
            post_logout_redirect_uri=signed_out_uri(site),
            signed_userinfo=signed_userinfo,
            auth_method=changes.get("auth_method", "client_secret_post"),
            id_token_alg=changes.get("expected_alg", ("RS256",))[0],
            pairwise=changes.pop("pairwise", False),
            gate=changes.pop("gate", None),
        ) as issuer:
            settings = ProviderSettings(
                key="town",
                label="Town hall",
                issuer=issuer,
                client_id="beffroi",
                client_secret=CLIENT_SECRET,
                userinfo="jwt" if signed_userinfo else "json",
                **changes,
            )
            if preset is not None:
                table = {"preset": preset[0], "issuer": issuer, "client_id": "beffroi"}
                table |= {"client_secret": CLIENT_SECRET, **preset[1]}
                (settings,) = parse_providers({"town": table})
            url = f"sqlite:///{folder / 'site.sqlite3'}"
            made = make_site(url, site.public_url, [settings])
            server.app = made.app
            yield made
            with made.app.app_context():
                made.db.session.remove()
                made.db.engine.dispose()


@pytest.fixture(params=[False, True], ids=["json-userinfo", "signed-userinfo"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SignInSite]:
    with site_beside(tmp_path, signed_userinfo=request.param) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def sign_in(page: Page, made: SignInSite, login: str, path: str = "/private") -> None:
    """Open a page that asks for somebody, and be somebody."""
    page.goto(made.site.public_url + path)
    page.locator('a[href*="/auth/town/login"]').click()
    page.locator("input[name=login]").fill(login)
    page.locator("input[name=password]").fill("any")
    page.locator("button[type=submit]").click()
    page.get_by_role("button", name=re.compile("continue", re.IGNORECASE)).click()


def test_somebody_signs_in_comes_back_to_the_page_and_signs_out_of_both(
    made: SignInSite, page: Page
) -> None:
    sign_in(page, made, "camille", "/private?a=1&b=%20x")
    expect(page.get_by_role("heading", name="Private")).to_be_visible()
    assert page.url == made.site.public_url + "/private?a=1&b=%20x"
    assert page.locator("#who").inner_text() == "Prénom camille: citizen"
    (cookie,) = [c for c in page.context.cookies() if c["name"].startswith("beffroi_tests")]
    assert cookie["name"] == "beffroi_tests"
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")

    page.goto(made.site.public_url + "/sign-out")
    page.get_by_role("button", name="Sign out on this device").click()
    # The provider asks whether it shall forget the browser too, and sends it back to us.
    page.get_by_role("button", name=re.compile("yes, sign me out", re.IGNORECASE)).click()
    expect(page.get_by_text("the sign-in service has ended its session too")).to_be_visible()
    assert page.url.startswith(made.site.public_url + "/sign-out?state=")
    assert count_sessions(made) == 0
    page.goto(made.site.public_url + "/private")
    expect(page.get_by_role("link", name="Sign in with Town hall")).to_be_visible()


def test_an_agent_given_by_name_enters_the_desk(made: SignInSite, page: Page) -> None:
    grant(made, "town", "agent", "agent-1")
    sign_in(page, made, "agent-1", "/desk")
    expect(page.get_by_role("heading", name="Desk")).to_be_visible()


def test_giving_up_at_the_provider_leads_to_a_page_that_says_what_to_do(
    made: SignInSite, page: Page
) -> None:
    page.goto(made.site.public_url + "/sign-in")
    page.locator('a[href*="/auth/town/login"]').click()
    page.get_by_role("link", name=re.compile("cancel", re.IGNORECASE)).click()
    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
    page.get_by_role("link", name="Start again").click()
    expect(page.get_by_role("link", name="Sign in with Town hall")).to_be_visible()
    assert count_sessions(made) == 0


def test_signing_out_everywhere_ends_the_session_of_another_browser(
    made: SignInSite, page: Page, browser: Browser
) -> None:
    sign_in(page, made, "camille")
    other = browser.new_context(locale="en-GB")
    elsewhere = other.new_page()
    sign_in(elsewhere, made, "camille")
    assert count_sessions(made) == 2
    elsewhere.goto(made.site.public_url + "/sign-out")
    elsewhere.get_by_role("button", name="Sign out everywhere").click()
    expect(elsewhere).not_to_have_url(made.site.public_url + "/sign-out")
    assert count_sessions(made) == 0
    page.goto(made.site.public_url + "/")
    expect(page.locator("#who")).to_have_count(0)
    other.close()


def test_basic_authentication_es256_pairwise_and_a_claim_map(tmp_path: Path, page: Page) -> None:
    with site_beside(
        tmp_path,
        signed_userinfo=True,
        auth_method="client_secret_basic",
        expected_alg=("ES256",),
        pairwise=True,
        staff=True,
        roles=MappingProxyType({"groups": MappingProxyType({"town-agents": "agent"})}),
    ) as made:
        sign_in(page, made, "agent-7", "/desk")
        expect(page.get_by_role("heading", name="Desk")).to_be_visible()
        assert page.locator("#who").inner_text() == "Prénom agent-7: agent citizen"
        with made.app.app_context():
            (account,) = made.db.session.execute(made.tables.account.select()).all()
            assert account.subject == "pairwise-agent-7"
            made.db.session.rollback()


def test_a_citizen_comes_through_the_gate_of_franceconnect(tmp_path: Path, page: Page) -> None:
    with site_beside(
        tmp_path, signed_userinfo=True, pairwise=True, gate="franceconnect",
        preset=("franceconnect-v2", {"scopes": ["openid", "given_name", "family_name"]}),
        expected_alg=("ES256",),
    ) as made:  # fmt: skip
        page.goto(made.site.public_url + "/sign-in?lang=fr")
        button = page.get_by_role("link", name="S’identifier avec FranceConnect")
        about = page.get_by_role("link", name="Qu’est-ce que FranceConnect")
        assert about.get_attribute("href") == "https://franceconnect.gouv.fr/"
        assert about.get_attribute("target") == "_blank"
        expect(button).to_be_visible()
        sign_in(page, made, "citizen-3")
        assert page.locator("#who").inner_text() == "Angela DUBOIS: citizen"
        with made.app.app_context():
            (account,) = made.db.session.execute(made.tables.account.select()).all()
            assert (account.subject, account.email) == ("pairwise-citizen-3", None)
            assert "1962" not in repr(account)
            made.db.session.rollback()
        page.goto(made.site.public_url + "/sign-out")
        page.get_by_role("button", name="Sign out on this device").click()
        page.get_by_role("button", name="Yes, sign me out").click()
        expect(page.get_by_text("the sign-in service has ended its session too")).to_be_visible()


def test_agents_of_the_town_alone_enter_its_desk_through_the_gate_of_proconnect(
    tmp_path: Path, page: Page, browser: Browser
) -> None:
    ours = {
        "allowed_siret": ["21350238800019"],
        "roles": {"siret": {"21350238800019": "agent", "21310555400017": "agent"}},
    }
    with site_beside(
        tmp_path, signed_userinfo=True, gate="proconnect", preset=("proconnect", ours),
        expected_alg=("ES256",),
    ) as made:  # fmt: skip
        sign_in(page, made, "agent-7", "/desk")
        assert page.locator("#who").inner_text() == "Angela Dubois: agent citizen"
        # Named for the town, and now at another body: not even that holds there.
        grant(made, "town", "agent", "other-7")
        elsewhere = browser.new_context(locale="en-GB").new_page()
        sign_in(elsewhere, made, "other-7")
        assert elsewhere.locator("#who").inner_text() == "Angela Dubois: citizen"
        elsewhere.goto(made.site.public_url + "/sign-out")
        elsewhere.get_by_role("button", name="Sign out on this device").click()
        elsewhere.get_by_role("button", name="Yes, sign me out").click()
        expect(elsewhere.get_by_text("has ended its session too")).to_be_visible()
        assert count_sessions(made) == 1
        elsewhere.context.close()


def test_the_pages_of_signing_in_and_out_pass_axe_and_fit_a_phone(
    tmp_path: Path, browser: Browser
) -> None:
    with site_beside(tmp_path, signed_userinfo=False) as made:
        context = browser.new_context(locale="fr-FR", viewport={"width": 390, "height": 844})
        page = context.new_page()
        for path in ("/sign-in", "/sign-out", "/auth/town/callback?state=0"):
            page.goto(made.site.public_url + path)
            assert (path, faults(page), sideways(page)) == (path, [], 0)
        page.goto(made.site.public_url + "/sign-in?next=/private&lang=en")
        page.locator('a[href*="/auth/town/login"]').click()
        page.locator("input[name=login]").fill("camille")
        page.locator("input[name=password]").fill("any")
        page.locator("button[type=submit]").click()
        page.get_by_role("button", name=re.compile("continue", re.IGNORECASE)).click()
        expect(page.get_by_role("heading", name="Private")).to_be_visible()
        for path in ("/sign-in", "/sign-out"):
            page.goto(made.site.public_url + path)
            assert (path, faults(page), sideways(page)) == (path, [], 0)
        context.close()


def test_the_provider_is_up_within_seconds() -> None:
    began = time.monotonic()
    with oidc_provider(
        client_id="a",
        client_secret=CLIENT_SECRET,
        redirect_uri="http://127.0.0.1:1/a",
        post_logout_redirect_uri="http://127.0.0.1:1/b",
    ) as issuer:
        assert issuer.startswith("http://127.0.0.1:")
    assert time.monotonic() - began < 10
