# SPDX-License-Identifier: AGPL-3.0-or-later
"""A form that comes back: says so first, leads to each field, keeps what was typed."""

import pytest
from playwright.sync_api import Page

from support.browser import faults, sideways
from support.pages import focused, frame_faults

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def summary_leads_to_fields(page: Page) -> list[str]:
    """Follow every link of the summary; return the ids of the fields that they lead to."""
    ids = []
    for link in page.locator(".error-summary a").all():
        target = str(link.get_attribute("href")).removeprefix("#")
        link.click()
        assert focused(page) == target
        field = page.locator(f"#{target}")
        assert field.evaluate("one => one.matches('input, select, textarea')")
        assert field.evaluate("one => !!one.closest('.field-wrong')")
        ids.append(target)
    return ids


def test_a_request_that_lacks_something_keeps_the_rest(live):
    with live.page("/requests/new") as page:
        page.check("[name=object][value=algorithm]")
        page.fill("[name=title]", "L’attribution des places")
        page.click("details.more > summary")
        page.fill("[name=period]", "2026")
        page.fill("[name=organisation]", "pas un numéro")
        page.fill("[name=email]", "pas une adresse")
        page.click("main form .button-primary")
        assert page.locator(".error-summary").evaluate("one => one === document.activeElement")
        assert frame_faults(page) == []
        assert faults(page) == []
        assert page.is_checked("[name=object][value=algorithm]")
        assert page.input_value("[name=title]") == "L’attribution des places"
        assert page.input_value("[name=period]") == "2026"
        assert page.input_value("[name=email]") == "pas une adresse"
        assert page.locator("[name=organisation]").is_visible()
        assert {"f-wanted", "f-email"} <= set(summary_leads_to_fields(page))
        page.set_viewport_size({"width": 390, "height": 844})
        assert sideways(page) == 0
        assert faults(page) == []


def test_a_report_that_lacks_something_keeps_the_rest(live):
    with live.page("/incidents/new", language="en") as page:
        page.check("[name=family][value=cyber]")
        page.fill("[name=place]", "fausse-mairie.example")
        page.fill("[name=date]", "2027-01-02")
        page.click("main form .button-primary")
        assert frame_faults(page) == []
        assert faults(page) == []
        assert page.is_checked("[name=family][value=cyber]")
        assert page.input_value("[name=place]") == "fausse-mairie.example"
        assert page.input_value("[name=date]") == "2027-01-02"
        assert page.locator(".family-street").is_hidden()
        assert set(summary_leads_to_fields(page)) == {"f-category", "f-description"}
        assert page.locator("#f-category").get_attribute("value") == "defaced"


def test_a_report_from_the_days_to_come_is_refused_in_words(live):
    with live.page("/incidents/new") as page:
        page.fill("[name=description]", "Le lampadaire clignote.")
        page.check("[name=category][value=lighting]")
        page.fill("[name=date]", "2027-03-01")
        page.click("main form .button-primary")
        assert summary_leads_to_fields(page) == ["f-date"]
        assert page.is_checked("[name=category][value=lighting]")
        assert page.input_value("[name=description]") == "Le lampadaire clignote."


def test_a_text_that_names_somebody_is_quoted_and_kept(live):
    with live.page("/desk/cases/{pending}", role="agent") as page:
        words = "Appelez camille@example.org ou le 06 12 34 56 78"
        page.locator("form[action*='/release'] textarea").last.fill(words)
        page.locator("form[action*='/release'] .button-primary").last.click()
        assert frame_faults(page) == []
        assert faults(page) == []
        assert summary_leads_to_fields(page) == ["f-public"]
        assert page.input_value("#f-public") == words
        said = page.locator("#e-public").inner_text()
        assert "camille@example.org" in said
        assert "06 12 34 56 78" in said


def test_an_answer_that_lacks_its_ground_keeps_its_words(live):
    with live.page("/desk/cases/{pending}", role="agent") as page:
        page.select_option("[name=outcome]", "refused")
        page.fill("[name=words]", "Ce document n’est pas achevé.")
        page.click("form[action$='/answer'] button")
        assert faults(page) == []
        assert summary_leads_to_fields(page) == ["f-ground"]
        assert page.input_value("[name=words]") == "Ce document n’est pas achevé."
        page.fill("[name=words]", "Écrivez à camille@example.org")
        page.select_option("[name=ground]", "unfinished")
        page.click("form[action$='/answer'] button")
        assert summary_leads_to_fields(page) == ["f-words"]


def test_only_the_fields_of_the_chosen_outcome_are_shown(live):
    with live.page("/desk/cases/{pending}", role="agent") as page:
        shown = {}
        for outcome in ("", "published", "planned", "refused", "duplicate"):
            page.select_option("[name=outcome]", outcome)
            shown[outcome] = {
                name
                for name in ("url", "planned", "ground", "duplicate_of")
                if page.locator(f"[name={name}]").is_visible()
            }
        assert shown == {
            "": set(),
            "published": {"url"},
            "planned": {"planned"},
            "refused": {"ground"},
            "duplicate": {"duplicate_of"},
        }


def test_a_letter_without_its_subject_keeps_the_rest(live):
    with live.page("/desk/requests/new", role="agent") as page:
        page.select_option("[name=channel]", "counter")
        page.fill("[name=received_on]", "2027-01-05")
        page.fill("[name=name]", "Dominique Exemple")
        page.click("main form .button-primary")
        assert faults(page) == []
        assert set(summary_leads_to_fields(page)) == {"f-title", "f-wanted"}
        assert page.input_value("[name=channel]") == "counter"
        assert page.input_value("[name=received_on]") == "2027-01-05"
        assert page.input_value("[name=name]") == "Dominique Exemple"
