# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every page of the nation in a real browser: axe, a phone, the keyboard, no JavaScript."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from support.browser import faults, opened, served, sideways
from support.nation import Nation

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = (
    "/",
    "/towns",
    "/towns/210000006",
    "/communes/99999",
    "/requests?q=autobus&status=open",
    "/requests/210000006-1-2",
    "/requests/210000006-1-3",
    "/incidents",
    "/audit?all=1",
    "/how-it-works",
    "/accessibility",
    "/privacy",
    "/nowhere",
)


def keep(page: object, name: str) -> None:
    """Keep a picture where `BEFFROI_PICTURES` names a folder, for people to look at."""
    folder = os.environ.get("BEFFROI_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(1280, "light", "fr-FR"), (390, "dark", "en-GB")]
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    full_nation: Nation, browser: Browser, width: int, scheme: str, language: str
) -> None:
    with served(full_nation.app) as url:
        for path in PAGES:
            look = {"width": width, "scheme": scheme, "language": language}
            with opened(browser, url + path, **look) as page:
                name = path.strip("/").replace("/", "-").split("?")[0] or "home"
                keep(page, f"nation-{name}-{width}-{language[:2]}")
                assert faults(page) == [], (path, look)
                assert sideways(page) == 0, path


def test_a_reader_without_javascript_searches_and_filters(
    full_nation: Nation, browser: Browser
) -> None:
    with served(full_nation.app) as url, opened(browser, url, javascript=False) as page:
        page.fill("#home-q", "cantine")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=cantine")
        page.click("text=Le code de la cantine")
        assert page.locator("h1").inner_text() == "Le code de la cantine"
        page.click("dd >> text=Beffroi-sur-Exemple")
        assert page.url.endswith("/towns/210000006")


def test_the_desk_passes_axe_too(full_nation: Nation, browser: Browser) -> None:
    client = full_nation.signed_in("operator")
    cookie = next(iter(client._cookies.values()))
    with served(full_nation.app) as url:
        context = browser.new_context(locale="fr-FR")
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": url}])
        page = context.new_page()
        for path in ("/desk/", "/desk/towns/210000006", "/desk/texts"):
            page.goto(url + path)
            keep(page, "nation" + path.replace("/", "-").rstrip("-"))
            assert faults(page) == [], path
        context.close()
