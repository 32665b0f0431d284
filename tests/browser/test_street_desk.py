# SPDX-License-Identifier: AGPL-3.0-or-later
"""An agent handles several reports at once, without a script and with the keyboard alone."""

import pytest

from browser.conftest import Live
from support.browser import faults, sideways

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_several_reports_are_closed_at_once_on_a_phone_without_javascript(live: Live) -> None:
    refs = [
        live.town.report(category="waste", description=f"Des sacs, n° {n}", commune="99999")
        for n in range(2)
    ]
    with live.page("/desk/incidents?category=waste&sort=newest", role="agent", width=390,
                   javascript=False) as page:  # fmt: skip
        for ref in refs:
            page.get_by_role("checkbox", name=ref).focus()
            page.keyboard.press("Space")
        page.get_by_label("Quoi").select_option("close")
        with page.expect_navigation():
            page.get_by_role("button", name="Continuer").press("Enter")
        assert "Rien n’est encore fait" in page.inner_text("main")
        page.get_by_label("Issue").select_option("resolved")
        page.get_by_label("Ce qui a été fait").fill("Tournée faite ce matin.")
        with page.expect_navigation():
            page.get_by_role("button", name="Voir ce qui va se passer").click()
        assert sideways(page) == 0
        assert page.locator("main").inner_text().count("Clore avec les mêmes mots") >= 3
        with page.expect_navigation():
            page.get_by_role("button", name="Le faire pour 2 signalements").click()
        assert "2 signalements ont été modifiés" in page.inner_text("main")
    with live.page(f"/incidents/{refs[0]}/still-broken", role="citizen", width=390) as page:
        page.get_by_label("Ce qui ne va toujours pas").fill("Il en reste trois.")
        with page.expect_navigation():
            page.get_by_role("button", name="La rouvrir").click()
        assert faults(page) == []
        assert "Tournée faite ce matin." in page.inner_text("main")
        assert "Rouvert" in page.inner_text("#timeline")
