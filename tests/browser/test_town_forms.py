# SPDX-License-Identifier: AGPL-3.0-or-later
"""A form that comes back: says so first, leads to each field, keeps what was typed."""

from io import BytesIO

import pytest
from playwright.sync_api import Page

from support.browser import faults, sideways
from support.pages import focused, frame_faults
from support.photo_carriers import corners, encoded

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


@pytest.mark.parametrize("javascript", [True, False])
def test_photos_go_with_a_report_and_a_wrong_one_is_said_at_its_field(live, javascript, tmp_path):
    good, wrong = tmp_path / "IMG_1.jpg", tmp_path / "IMG_2.HEIC"
    good.write_bytes(encoded(corners(), "jpeg"))
    wrong.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    with live.page("/incidents/new", language="en", width=390, javascript=javascript) as page:
        page.fill("[name=description]", "A lamp that is dark")
        page.check("[name=category][value=lighting]")
        page.set_input_files("[name=photos]", [good, wrong])
        page.click("main form .button-primary")
        assert "Photo 2: This photo is in the HEIC format" in page.inner_text("#e-photos")
        assert page.input_value("[name=description]") == "A lamp that is dark"
        assert sideways(page) == 0
        if javascript:
            assert faults(page) == []
            assert summary_leads_to_fields(page) == ["f-photos"]
        assert page.get_by_label("Photo 1").is_checked()  # the good one has come along
        page.click("main form .button-primary")
        assert "One photo goes with it." in page.inner_text("main")
        page.click("main form .button-primary")
        assert "One photo was sent with this report" in page.inner_text("main")


def test_an_agent_publishes_a_photo_with_words_and_refuses_another(live):
    file = encoded(corners(600, 400), "jpeg")
    ref = live.town.visitor().sends_report(
        commune="99999", photos=[(BytesIO(file), "a.jpg"), (BytesIO(file), "b.jpg")]
    )
    live.town.release(ref)
    with live.page(f"/desk/cases/{ref}", role="agent", width=390) as page:
        first = page.locator(".desk-photo").first
        first.get_by_label("Ce que montre la photo").fill("Appeler le 06 12 34 56 78")
        first.get_by_role("button", name="Publier cette photo").click()
        assert "06 12 34 56 78" in page.inner_text("#e-alt")
        assert faults(page) == []
        assert sideways(page) == 0
        page.locator("#f-alt").fill("Un réverbère éteint")
        page.locator(".desk-photo .button-primary").first.click()
        second = page.locator(".desk-photo").nth(1)
        second.get_by_text("La refuser").click()
        second.get_by_label("Motif").fill("Un visage")
        second.get_by_role("button", name="Suspendre la diffusion de cette photo").click()
        assert "Diffusion suspendue" in page.locator(".desk-photo h3").nth(1).inner_text()
    with live.page(f"/incidents/{ref}") as page:
        [shown] = page.locator(".photos img").all()
        assert shown.get_attribute("alt") == "Un réverbère éteint"
        assert shown.evaluate("one => one.complete && one.naturalWidth") == 480


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
        box = page.locator("textarea[form=triage]").last
        name = box.get_attribute("name")
        box.fill(words)
        page.check(f"#publish-{name.removeprefix('text-')}")
        page.click("#triage button[value=stay]")
        assert frame_faults(page) == []
        assert faults(page) == []
        assert summary_leads_to_fields(page) == [f"f-{name}"]
        assert page.input_value(f"#f-{name}") == words
        said = page.locator(f"#e-{name}").inner_text()
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
        for outcome in ("", "published", "planned", "refused", "partly", "redirected", "duplicate"):
            page.select_option("[name=outcome]", outcome)
            shown[outcome] = {
                name
                for name in ("url", "licence", "planned", "ground", "redirected_to", "duplicate_of")
                if page.locator(f"[name={name}]").is_visible()
            }
        assert shown == {
            "": set(),
            "published": {"url", "licence"},
            "planned": {"planned"},
            "refused": {"ground"},
            "partly": {"url", "licence", "ground"},
            "redirected": {"redirected_to"},
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
