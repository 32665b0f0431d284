# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every component, in a real browser: axe, narrow screens, keyboard, without JavaScript."""

import pytest

from support.browser import faults, opened, served, sideways, small_targets
from support.style_guide import AGENT, make_app

pytestmark = pytest.mark.browser

SIZES = pytest.mark.parametrize("width", [1280, 390])
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


@pytest.fixture(scope="module")
def site():
    app, door, _ = make_app()
    with served(app) as url:
        yield url, door


@SIZES
@SCHEMES
def test_axe_finds_nothing_and_nothing_scrolls_sideways(browser, site, width, scheme):
    url, door = site
    for path, visitor in (("/", None), ("/nowhere", None), ("/form?lang=en", AGENT)):
        door.visitor = visitor
        with opened(browser, url + path, width=width, scheme=scheme) as page:
            assert faults(page) == [], path
            assert sideways(page) == 0, path
            assert small_targets(page) == [], path
    door.visitor = None


@SIZES
@SCHEMES
def test_a_form_with_errors_passes_axe_and_takes_the_focus_to_its_summary(
    browser, site, width, scheme
):
    url, _ = site
    with opened(browser, url + "/form", width=width, scheme=scheme) as page:
        page.fill("#f-title", "court")
        page.click("main button.button-primary")
        assert page.locator(".error-summary").evaluate("one => one === document.activeElement")
        assert page.input_value("#f-title") == "court"
        assert faults(page) == []
        assert sideways(page) == 0
        page.click("a[href='#f-title']")
        assert page.locator("#f-title").evaluate("one => one === document.activeElement")
        page.click("a[href='#f-kind']")
        assert page.locator("#f-kind").evaluate("one => one === document.activeElement")


def test_the_keyboard_meets_the_page_in_reading_order(browser, site):
    url, _ = site
    with opened(browser, url + "/form") as page:
        met = []
        for _ in range(12):
            page.keyboard.press("Tab")
            met.append(
                page.evaluate(
                    "() => { const at = document.activeElement;"
                    " return at.id || at.textContent.trim().replace(/\\s+/g, ' '); }"
                )
            )
        assert met == [
            "Aller au contenu", "Beffroi-sur-Seine", "Français", "English", "Se connecter",
            "Requests", "Reports", "Campaigns", "Statistics", "Accueil", "Demandes", "f-kind",
        ]  # fmt: skip


def test_focus_is_always_visible(browser, site):
    url, _ = site
    with opened(browser, url + "/form") as page:
        for _ in range(22):
            page.keyboard.press("Tab")
            shown = page.evaluate(
                """() => {
                  const at = document.activeElement;
                  const drawn = at.closest('.choice') || at;
                  const style = getComputedStyle(drawn);
                  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
                }"""
            )
            assert shown, page.evaluate("() => document.activeElement.outerHTML.slice(0, 200)")


def test_the_skip_link_leads_past_the_header(browser, site):
    url, _ = site
    with opened(browser, url + "/form") as page:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("() => document.activeElement.textContent") == "Accueil"


def test_a_slash_goes_to_the_search_and_not_out_of_a_field(browser, site):
    url, _ = site
    with opened(browser, url + "/") as page:
        page.keyboard.press("/")
        assert page.evaluate("() => document.activeElement.id") == "filter-q"
        page.keyboard.press("/")
        assert "/" in page.input_value("#filter-q")


def test_without_javascript_forms_menus_and_tables_work(browser, site):
    url, _ = site
    with opened(browser, url + "/form", width=390, javascript=False) as page:
        page.locator(".site-menu summary").click()
        assert page.locator(".site-menu a").first.is_visible()
        page.locator(".site-menu summary").click()
        page.check("#f-kind")
        page.fill("#f-title", "Les comptages de vélos")
        page.click("main button.button-primary")
        assert page.locator(".notice-good").is_visible()
    with opened(browser, url + "/", javascript=False) as page:
        page.locator(".chart-table summary").first.click()
        assert page.locator(".chart-table td").first.inner_text() == "412"


def test_the_policy_lets_our_own_style_through_and_reports_no_violation(browser, site):
    url, _ = site
    with opened(browser, "about:blank") as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(url + "/")
        page.keyboard.press("/")
        assert said == []
        colour = page.locator(".button-primary").first.evaluate(
            "one => getComputedStyle(one).backgroundColor"
        )
        assert colour == "rgb(47, 75, 110)"


def test_a_table_becomes_cards_on_a_phone_and_stays_a_table_for_those_who_listen(browser, site):
    url, _ = site
    with opened(browser, url + "/", width=390) as page:
        cell = page.locator(".table td").first
        assert cell.evaluate("one => getComputedStyle(one, '::before').content") == '"Référence"'
        assert page.get_by_role("table", name="Par thème").count() == 1


def test_the_narrowest_screen_and_text_twice_as_large_still_fit(browser, site):
    url, _ = site
    for path in ("/", "/form"):
        with opened(browser, url + path, width=320) as page:  # WCAG 1.4.10
            assert sideways(page) == 0, path
        with opened(browser, url + path) as page:  # WCAG 1.4.4
            page.evaluate("() => { document.documentElement.style.fontSize = '225%'; }")
            assert sideways(page) == 0, path
