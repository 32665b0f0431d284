# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a citizen's words to the file of those who need to know, by keyboard and on a phone."""

import re
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_report_without_javascript_becomes_a_file_that_its_list_alone_can_open(live: Any) -> None:
    with live.page("/incidents/new", width=390, javascript=False) as page:
        page.click("text=prenez le formulaire confidentiel")
        page.check("[name=category][value=fake_page]")
        page.click("text=Envoyer le signalement")
        assert page.locator(".error-summary li").count() == 2
        page.fill("[name=site]", "www.ville.example")
        page.fill("[name=addresses]", "https://vi11e.example/connexion")
        page.fill("[name=description]", "Une copie de la page demande mon mot de passe.")
        page.click("text=Envoyer le signalement")
        assert page.locator("h1").inner_text().startswith("Merci")
        assert "Gardez l’adresse" in page.content()
        page.fill("[name=message]", "J’ai oublié : vu hier soir.")
        page.click("text=Envoyer le message")
        assert "vu hier soir" in page.locator("#thread").inner_text()
        found = re.search(r"/incidents/([\d-]+)/exchange", page.url)
        assert found is not None
        path = f"/desk/cyber/{found[1]}"
    with live.page("/desk/cyber", role="cyber_officer") as page:
        page.locator(f"a[href='{path}']").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{path}")
        assert "hxxps[:]//vi11e[.]example/connexion" in page.content()
        assert page.locator("a[href*='vi11e']").count() == 0
        page.get_by_role("button", name="Prendre en main").focus()
        page.keyboard.press("Enter")
        page.locator("#f-severity").wait_for()
        page.locator("#f-severity").focus()
        page.keyboard.type("Grave")
        page.get_by_role("button", name="Enregistrer le classement").press("Enter")
        page.wait_for_url("**#classify")
        assert page.locator("#f-severity").input_value() == "severe"
    for role in ("agent", "administrator"):
        with live.page(path, role=role) as page:
            assert "Aucun dossier ne porte cette référence" in page.content()
            page.goto(live.address("/desk"))
            assert found[1] not in page.content()
