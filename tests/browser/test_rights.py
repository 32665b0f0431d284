# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody takes all along, corrects, withdraws and leaves: in a browser, without scripts."""

import io
import zipfile

import pytest

from support.browser import faults, opened
from support.pages import press, tab_to

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def leaver(live):
    """A person of this test's own, with a request that waits to be read."""
    person = live.people["test"] = live.town.signed_in(name="Sacha Test")
    live.refs["test"] = person.sends_request(title="Les plans du stade", commune="99998")
    return person


def test_an_account_is_erased_with_the_keyboard_alone_and_without_scripts(live, leaver):
    with live.page("/account", role="test", javascript=False) as page:
        press(page, "a[href='/account/erase']")
        assert "Les plans du stade" in page.locator("main").inner_text()
        tab_to(page, "#f-word")
        page.keyboard.type("non")
        press(page, "button.button-danger")
        assert "Écrivez le mot" in page.locator("[role=alert]").inner_text()
        assert page.input_value("#f-word") == "non"
        page.fill("#f-word", "")
        tab_to(page, "#f-word")
        page.keyboard.type("effacer")
        press(page, "button.button-danger")
        assert page.locator("h1").inner_text() == "Votre compte est effacé"
        page.goto(live.address("/account"))
        assert "/sign-in" in page.url


def test_a_request_is_corrected_and_then_withdrawn_from_its_page(live, leaver):
    with live.page("/requests/{test}", role="test", javascript=False, width=390) as page:
        press(page, "a[href$='/correct']")
        page.fill("input[name^=text-]", "Les plans du nouveau stade")
        press(page, "main form button[type=submit]")
        assert "Les plans du nouveau stade" in page.locator("details.own").inner_text()
        press(page, "a[href$='/withdraw']")
        assert "conservé à part" in page.locator("main").inner_text()
        press(page, "button.button-danger")
        assert "est supprimé" in page.locator("h1").inner_text()


def test_the_page_in_the_file_can_be_read_by_everybody(live, leaver, browser, tmp_path):
    answer = leaver.post("/account/data")
    with zipfile.ZipFile(io.BytesIO(answer.get_data())) as archive:
        archive.extract("index.html", tmp_path)
    with opened(browser, (tmp_path / "index.html").as_uri()) as page:
        assert faults(page) == []
        assert "Les plans du stade" in page.locator("main").inner_text()
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 320
