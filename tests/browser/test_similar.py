# SPDX-License-Identifier: AGPL-3.0-or-later
"""Already asked, already open: while somebody types, and after "continue" without JavaScript."""

import pytest
from playwright.sync_api import Page

from beffroi.catalogue import service
from beffroi.catalogue.queries import INDEX
from beffroi.catalogue.rules import Raw, described
from support.browser import faults, sideways
from support.pages import frame_faults

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OPEN = (
    Raw(
        "budgets", "Budgets votés de la collectivité", "https://donnees.ville.example/budgets",
        "Les budgets primitifs et les comptes administratifs, chapitre par chapitre.",
        "Beffroi-sur-Exemple", "Licence Ouverte 2.0", ("finances",), ("http://x.example/GOVE",),
    ),
    Raw(
        "arrets", "Arrêts et lignes de bus", "https://transports.example/bus", "Au format GTFS.",
        "Transports d’Exemple", "ODbL", (), ("http://data.europa.eu/bna/c_b79e35eb",),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def near(live):
    """The town of these tests, with a catalogue of two datasets."""
    with live.town.change():
        service.connect([("csv", "https://donnees.ville.example/catalogue.csv")])
    with live.town.change():
        service.take(1, [described(raw) for raw in OPEN])
        INDEX.count_again()
    return live


def looked_at(page: Page) -> None:
    """No fault of axe, nothing sideways. axe is a script: it never ends on a page without any."""
    assert frame_faults(page) == []
    assert faults(page) == []
    assert sideways(page) == 0


def fill(page: Page) -> None:
    page.fill("[name=title]", "Les budgets votés depuis 2015")
    page.fill("[name=wanted]", "Les budgets de la ville, année par année, en tableur.")


def test_without_javascript_the_next_page_shows_both_and_joining_is_one_click(near):
    with near.page("/requests/new", role="citizen", javascript=False) as page:
        fill(page)
        page.click("main form .button-primary")
        shown = page.inner_text("section.near")
        assert "Déjà demandé" in shown
        assert "Déjà ouvert" in shown
        assert near.refs["answered"] in shown
        assert "Réponse\u00a0: Les voici." in shown
        assert "Budgets votés de la collectivité" in shown
        page.click("text=La mienne est différente")
        assert page.url.endswith("#go-on")
        page.click(f"form[action*='{near.refs['answered']}/join'] button")
        assert near.refs["answered"] in page.url
        assert "Vous soutenez" in page.inner_text("#act")
        assert page.locator("#act .done").count() == 2


def test_a_stranger_is_told_to_sign_in_and_can_go_on(near):
    with near.page("/requests/new", language="en", javascript=False) as page:
        fill(page)
        page.fill("[name=email]", "alix@citizens.example")
        page.click("main form .button-primary")
        assert page.locator("section.near form").count() == 0
        link = page.locator("section.near .near-list a[href*='/sign-in']").first
        assert f"next=%2Frequests%2F{near.refs['answered']}" in str(link.get_attribute("href"))
        page.click("form.preview .button-primary")
        assert page.url.endswith("/requests/sent")


@pytest.mark.parametrize("width", [1280, 390])
def test_with_javascript_it_is_shown_while_the_line_is_typed(near, width):
    with near.page("/requests/new", width=width) as page:
        typed = page.locator("[data-shown]")
        assert typed.is_hidden()
        page.locator("[name=title]").press_sequentially("Arrêts de bus")
        typed.wait_for()
        assert "Arrêts et lignes de bus" in typed.inner_text()
        assert "Données de forte valeur" in typed.inner_text()
        assert "sous la ligne" in page.inner_text("[data-said]")
        page.fill("[name=title]", "Les budgets votés depuis 2015")
        page.locator(f"[data-requests] a[href$='{near.refs['answered']}']").wait_for()
        looked_at(page)
        page.fill("[name=title]", "Rien")
        typed.wait_for(state="hidden")
        fill(page)
        page.fill("[name=email]", "alix@citizens.example")
        page.click("main form .button-primary")
        looked_at(page)
