# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody comes to a town through a real Doorkeeper, and then has two ways in: in a browser."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from beffroi.kernel.db import MIGRATIONS
from support.browser import Late, faults, served, settled, sideways, small_targets
from support.databases import fresh
from support.decidim_site import CLIENT_ID, CLIENT_SECRET, decidim_site
from support.doorkeeper import doorkeeper_site, why_not
from support.town import open_town

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def looked_at(page: Page) -> None:
    """A page as a phone shows it: nothing sideways, nothing too small, nothing that axe finds."""
    assert (faults(page), sideways(page), small_targets(page)) == ([], 0, [])


def test_somebody_signs_in_through_doorkeeper_and_adds_a_second_way_in(
    browser: Browser, tmp_path: Path
) -> None:
    reason = why_not()
    if reason:
        pytest.skip(f"not run: {reason}")
    late = Late()
    with served(late) as address:
        url = address.replace("127.0.0.1", "localhost")  # Decidim takes no other loopback
        back = [f"{url}/auth/{key}/callback" for key in ("decidim", "other")]
        client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        with doorkeeper_site(back) as first, decidim_site(back) as second:
            decidim = {"preset": "oauth2-decidim", **client}
            providers = {
                "decidim": {**decidim, "label": "notre site citoyen", "issuer": first.address},
                "other": {**decidim, "label": "la métropole", "issuer": second.address},
            }
            second.mode(me={"id": 7, "name": "Ada la seconde"})
            database = fresh("sqlite", MIGRATIONS, tmp_path)
            with open_town(tmp_path, database, public_url=url, providers=providers) as town:
                late.app = town.app
                _goes_through(browser, url)


def _goes_through(browser: Browser, url: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="fr-FR")
    page = settled(context.new_page())
    page.goto(f"{url}/sign-in?next=/account")
    looked_at(page)
    page.get_by_role("link", name="notre site citoyen").click()
    expect(page).to_have_url(f"{url}/account")
    expect(page.locator("dd", has_text="Ada Example")).to_be_visible()
    expect(page.get_by_text("Nous n’avons pas d’adresse pour vous écrire")).to_be_visible()
    page.get_by_role("link", name="Façons de se connecter").click()
    page.get_by_role("link", name="Ajouter la métropole").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Ajouter cette façon de se connecter\u00a0?"
    )
    looked_at(page)
    page.get_by_role("button", name="Oui, l’ajouter").click()
    expect(page.get_by_role("status")).to_contain_text("est ajoutée")
    looked_at(page)
    context.close()
    context = browser.new_context(locale="fr-FR", java_script_enabled=False)
    page = settled(context.new_page())
    page.goto(f"{url}/sign-in?next=/account")
    page.get_by_role("link", name="la métropole").click()
    expect(page.locator("main")).to_contain_text("Ada Example")  # the same account
    page.goto(f"{url}/account/sign-ins")
    page.get_by_role("button", name=re.compile("Retirer")).click()
    expect(page).to_have_url(re.compile("/sign-in"))  # this session came by what was taken away
    context.close()
