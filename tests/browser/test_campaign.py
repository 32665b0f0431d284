# SPDX-License-Identifier: AGPL-3.0-or-later
"""A citizen's campaign without JavaScript: ask in the call, rank, read results and the note."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from beffroi.kernel.db import MIGRATIONS
from support.browser import Late, served
from support.campaigns import asked, open_call
from support.databases import fresh
from support.town import Person, Town, open_town

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def hall(browser: Browser, tmp_path: Path) -> Iterator[tuple[str, Town]]:
    """A town of its own, whose clock may be moved, at its address."""
    late = Late()
    database = fresh("sqlite", MIGRATIONS, tmp_path)
    with served(late) as url, open_town(tmp_path, database, public_url=url) as town:
        late.app = town.app
        yield url, town


def signed(browser: Browser, url: str, person: Person) -> Page:
    """A page without JavaScript, as this person."""
    context = browser.new_context(locale="fr-FR", java_script_enabled=False)
    [cookie] = person.client._cookies.values()
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": url}])
    return context.new_page()


def test_a_citizen_asks_ranks_and_reads_what_came_of_it(
    browser: Browser, hall: tuple[str, Town]
) -> None:
    url, town = hall
    call = open_call(town, owed=1)
    home = f"{url}/campaigns/{call.slug}"
    page = signed(browser, url, town.signed_in())
    page.goto(url)
    page.get_by_role("link", name="Faire une demande pour cette campagne").click()
    page.get_by_label("En une ligne").fill("Comptages de vélos")
    page.get_by_label("Quoi exactement ?").fill("Les comptages par heure et par borne.")
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name="Envoyer la demande").click()
    ref = page.url.rsplit("/", 1)[1]
    town.release(ref)
    other = asked(call, "Menus des cantines")
    call.sort(ref)
    call.sort(other)
    page.context.close()
    call.to("sorting")
    page = signed(browser, url, town.signed_in())
    page.goto(home)
    page.get_by_label("Mon premier choix").select_option(label="Comptages de vélos")
    page.get_by_label("Mon deuxième choix").select_option(label="Comptages de vélos")
    page.get_by_role("button", name="Voter").click()
    expect(page.get_by_role("alert")).to_contain_text("Vous avez déjà choisi celle-ci.")
    page.get_by_label("Mon deuxième choix").select_option(label="Menus des cantines")
    page.get_by_role("button", name="Voter").press("Enter")
    expect(page.get_by_text("Votre vote est gardé.")).to_be_visible()
    expect(page.get_by_text(re.compile("N°.1"))).to_have_count(0)
    page.context.close()
    call.to("research")
    town.answer(ref, "published", url="https://donnees.ville.example/velos")
    call.to("note")
    call.publish_note("Les comptages sont publiés ; les menus suivront.")
    page = signed(browser, url, town.signed_in())
    page.goto(home)
    first = page.get_by_role("article").first
    expect(first).to_contain_text("Comptages de vélos")
    expect(first).to_contain_text(re.compile("N°.1, réponse donnée"))
    page.get_by_role("link", name="Lire la note").click()
    expect(page.get_by_text("1 des 1 premières ont leur réponse publique.")).to_be_visible()
    file = page.request.get(f"{home}/note.pdf").body()
    read = " ".join(" ".join(p.extract_text() for p in PdfReader(BytesIO(file)).pages).split())
    assert "Les comptages sont publiés ; les menus suivront." in read.replace("\u00a0", " ")
    assert "Comptages de vélos" in read
    page.context.close()
