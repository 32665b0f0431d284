# SPDX-License-Identifier: AGPL-3.0-or-later
"""A request that nobody answers: silence, the file, the CADA and its opinion, in a browser.

The clock of the town moves; the browser has only the links of the mail, as somebody without an
account has them. No script runs.
"""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from beffroi.kernel.db import MIGRATIONS
from support.browser import Late, faults, opened, served, sideways
from support.databases import fresh
from support.pages import press, tab_to
from support.town import Town, open_town

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    late = Late()
    with (
        served(late) as url,
        open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path), public_url=url) as made,
    ):
        late.app = made.app
        yield made


def test_a_case_goes_through_silence_the_file_and_the_opinion_without_scripts(
    town: Town, browser: Browser
) -> None:
    ref = town.request(title="Les menus des cantines")
    town.release(ref)
    town.work()
    [acknowledged] = town.mail.messages
    key = re.search(r"about\?key=(\w+)", acknowledged.get_content())[1]
    mine = f"{town.settings.public_url}/requests/{ref}?key={key}"

    with opened(browser, mine, javascript=False) as page:
        assert "Le silence vaut refus" in page.inner_text("#clock")
        assert "12 février 2027" in page.inner_text("#clock")
        assert page.locator("text=Préparer le dossier").count() == 0

        town.later(days=35)
        town.work()
        assert "le silence vaut refus" in str(town.mail.messages[-1]["Subject"])
        page.goto(mine)
        assert "Saisir la CADA" in page.inner_text("#clock")
        assert "indicatif" in page.inner_text("#clock")
        press(page, f"a.button[href*='/requests/{ref}/cada']")
        tab_to(page, "#f-name")
        page.keyboard.type("Alix Citoyen")
        press(page, "button[value=pdf]")  # without an address there is no file
        assert page.input_value("#f-name") == "Alix Citoyen"
        assert page.locator("#e-postal").count() == 1
        tab_to(page, "#f-postal")
        page.keyboard.type("1 rue Haute, 99999 Exemple")
        with page.expect_download() as taken:
            tab_to(page, "button[value=pdf]")
            page.keyboard.press("Enter")
        file = Path(taken.value.path()).read_bytes()
        words = " ".join(one.extract_text() for one in PdfReader(BytesIO(file)).pages)
        assert "Les menus des cantines" in words
        assert "Alix Citoyen" in words

    agent = town.signed_in("agent")
    registered = {"code": "cada_registered", "on": "2027-02-16", "number": "8015"}
    assert agent.post(f"/desk/cases/{ref}/clock", registered).status_code == 303
    town.later(days=30)
    agent = town.signed_in("agent")
    opinion = {
        "code": "cada_opinion",
        "on": "2027-03-16",
        "number": "8015",
        "meaning": "favourable",
    }
    assert agent.post(f"/desk/cases/{ref}/clock", opinion).status_code == 303
    town.later(days=40)
    town.work()
    with opened(browser, mine, javascript=False, width=390) as page:
        assert "Favorable" in page.inner_text("main")
        assert "Le silence confirme le refus" in page.inner_text("#clock")
        assert "Saisir le tribunal administratif" in page.inner_text("#clock")
        assert "Saisir la CADA" not in page.inner_text("main")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_pages_of_the_clock_pass_axe_and_fit(
    town: Town, browser: Browser, width: int, scheme: str
) -> None:
    ref = town.request(title="Les menus des cantines")
    town.release(ref)
    town.later(days=35)
    town.work()
    agent = town.signed_in("agent")
    key = re.search(r"about\?key=(\w+)", town.mail.messages[0].get_content())[1]
    with opened(browser, town.settings.public_url, width=width, scheme=scheme) as page:
        for path in (f"/requests/{ref}?key={key}", f"/requests/{ref}/cada?key={key}"):
            page.goto(town.settings.public_url + path)
            assert (path, faults(page), sideways(page)) == (path, [], 0)
        [cookie] = agent.client._cookies.values()
        session = {"name": cookie.key, "value": cookie.value, "url": town.settings.public_url}
        page.context.add_cookies([session])
        page.goto(f"{town.settings.public_url}/desk/cases/{ref}")
        page.locator("summary", has_text="Noter ce qui").click()
        assert (faults(page), sideways(page)) == ([], 0)
