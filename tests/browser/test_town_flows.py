# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking, reporting, reading and answering: with a keyboard alone, and without JavaScript."""

import pytest

from support.pages import focused, press, tab_to

pytestmark = [pytest.mark.browser, pytest.mark.slow]


# ---- a keyboard alone ---------------------------------------------------------------------------


def test_a_request_is_made_with_the_keyboard_alone(live):
    with live.page("/", role="citizen") as page:
        press(page, "a.door[href*='/requests/new']")
        tab_to(page, "[name=object]")
        page.keyboard.press("ArrowDown")
        assert page.locator("[name=object]:checked").get_attribute("value") == "document"
        tab_to(page, "[name=title]")
        page.keyboard.type("Le plan de mobilité")
        tab_to(page, "[name=wanted]")
        page.keyboard.type("Le plan tel qu’il a été voté.")
        tab_to(page, "details.more > summary")
        page.keyboard.press("Enter")
        tab_to(page, "[name=period]")
        page.keyboard.type("2026")
        press(page, "main .button-primary")
        assert page.locator("h1").inner_text() == "Voici ce que tout le monde verra"
        press(page, "main .button-primary")
        assert page.locator(".status-line .badge").inner_text() == "Nouveau"
        assert page.locator(".notice").first.is_visible()
        ref = page.url.rsplit("/", 1)[1]
        press(page, "form[action$='/support'] button")
        assert page.url.endswith(f"/requests/{ref}#act")
        tab_to(page, "#f-comment")
        page.keyboard.type("Je précise : avec ses annexes.")
        press(page, ".comments button")
        press(page, "main .button-primary")
        assert page.locator(".comment").count() == 1
    assert live.town.one('SELECT supports FROM "case" WHERE ref = :ref', ref=ref) == 1


def test_a_report_is_sent_with_the_keyboard_alone(live):
    with live.page("/") as page:
        press(page, "a.door[href*='/incidents/new']")
        tab_to(page, "[name=description]")
        page.keyboard.type("Une fausse page imite la mairie.")
        tab_to(page, "[name=family]")
        page.keyboard.press("ArrowDown")
        assert page.locator("[name=family]:checked").get_attribute("value") == "cyber"
        assert page.locator(".family-street").is_hidden()
        tab_to(page, "[name=category]")
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
        assert page.locator("[name=category]:checked").get_attribute("value") == "fake_page"
        tab_to(page, "[name=place]")
        page.keyboard.type("mairie-fausse.example")
        press(page, "main .button-primary")
        assert page.locator("mark").count() == 0
        press(page, "main .button-primary")
        assert "key=" in page.url
        assert "Seuls vous et les agents" in page.locator("main").inner_text()


def test_an_agent_releases_a_text_and_answers_with_the_keyboard_alone(live):
    ref = live.review(title="Les comptes de la régie", wanted="Comptes : camille@example.org")
    with live.page("/desk?queue=review&kind=data_request", role="agent") as page:
        press(page, f"a[href*='/desk/cases/{ref}']")
        tab_to(page, "textarea[form=triage]:not([rows='2'])")
        page.keyboard.press("Control+a")
        page.keyboard.type("Les comptes de la régie, chaque année.")
        press(page, "#triage button[value=stay]")
        assert page.locator("h3 .badge-good").count() == 2
        tab_to(page, "[name=outcome]")
        while page.input_value("[name=outcome]") != "refused":
            page.keyboard.press("ArrowDown")
        tab_to(page, "[name=ground]")
        page.keyboard.press("ArrowDown")
        assert page.input_value("[name=ground]") == "privacy"
        tab_to(page, "[name=words]")
        page.keyboard.type("Ces comptes nomment des personnes.")
        press(page, "form[action$='/answer'] button")
        assert page.locator(".status-line .badge").inner_text() == "Refusé"
    with live.page(f"/requests/{ref}") as page:
        assert page.locator(".answer .prose").inner_text() == "Ces comptes nomment des personnes."
        assert "camille@example.org" not in page.content()


def test_the_first_tab_leads_past_the_header(live):
    with live.page("/requests", width=390) as page:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert focused(page) == "main"
        page.keyboard.press("Tab")
        assert page.evaluate("() => document.activeElement.getAttribute('href')") == "/requests/new"


# ---- without JavaScript -------------------------------------------------------------------------


def test_a_request_is_made_and_supported_without_javascript(live):
    with live.page("/", role="citizen", javascript=False, width=390) as page:
        page.click("a.door[href*='/requests/new']")
        page.check("[name=object][value=source_code]")
        page.fill("[name=title]", "Le code du portail famille")
        page.fill("[name=wanted]", "Le code et ses paramètres.")
        page.click("details.more > summary")
        page.fill("[name=format]", "Un dépôt git")
        page.click("main .button-primary")
        page.click("main .button-primary")
        assert page.locator(".status-line .badge").inner_text() == "Nouveau"
        page.click("form[action$='/support'] button")
        assert page.locator(".act .done").count() == 2  # supports it; follows it as its author
        page.fill("#f-comment", "Merci.")
        page.click(".comments button")
        page.click("main .button-primary")
        assert page.locator(".comment").count() == 1


def test_a_stranger_confirms_a_request_without_javascript(live):
    with live.page("/requests/new", javascript=False) as page:
        page.fill("[name=title]", "Les menus des crèches")
        page.fill("[name=wanted]", "Les menus, jour par jour.")
        page.fill("[name=email]", "noa@citizens.example")
        page.click("main .button-primary")
        page.click("main .button-primary")
        assert page.url.endswith("/requests/sent")
        live.town.work()
        [mail] = live.town.mail.to("noa@citizens.example")
        link = next(w for w in mail.get_content().split() if "/requests/confirm/" in w)
        page.goto(link)
        page.click("main .button-primary")
        assert page.locator(".status-line .badge").inner_text() == "Nouveau"


def test_a_report_is_sent_without_javascript_and_without_a_map(live):
    with live.page("/incidents", javascript=False, width=390) as page:
        page.click("main .button-primary >> nth=0")
        page.fill("[name=description]", "Le banc de la place est cassé.")
        page.check("[name=category][value=furniture]")
        page.fill("[name=place]", "Place du marché")
        page.select_option("[name=commune]", "99998")
        page.click("main form .button-primary")
        assert page.locator("h1").inner_text() == "Quel est l’endroit\u00a0?"
        page.check("[name=found][value=words]")
        page.click("main form .button-primary")
        page.click("main form .button-primary")
        assert page.locator("h1").inner_text() == "Mobilier urbain"


def test_an_agent_works_without_javascript(live):
    ref = live.review(title="Les arbres abattus", wanted="La liste des arbres abattus.")
    with live.page("/desk", role="agent", javascript=False) as page:
        page.fill("[name=q]", ref)
        page.click(".filters .button-primary")
        page.click(f"a[href*='/desk/cases/{ref}']")
        page.click("#triage button[value=stay]")
        assert page.locator(".status-line .badge").inner_text() == "En cours d’examen"
        page.select_option("[name=outcome]", "published")
        page.fill("[name=url]", "https://donnees.ville.example/arbres")
        page.fill("[name=words]", "La liste est publiée.")
        page.click("form[action$='/answer'] button")
        page.fill("[name=note]", "Vu avec les espaces verts.")
        page.click("form[action$='/note'] button")
        assert "Vu avec les espaces verts." in page.locator(".desk-right").inner_text()
        page.click(".page-head a")
        assert page.locator(".answer a").get_attribute("href").endswith("/arbres")


def test_a_letter_is_entered_without_javascript(live):
    with live.page("/desk", role="agent", javascript=False) as page:
        page.click("a[href$='/desk/requests/new']")
        page.fill("[name=received_on]", "2027-01-04")
        page.fill("[name=title]", "Le registre des délibérations")
        page.fill("[name=wanted]", "Le registre de l’an dernier.")
        page.fill("[name=name]", "Dominique Exemple")
        page.click("main form .button-primary")
        assert "4 janvier 2027" in page.locator(".status-line").inner_text()
        assert "Dominique Exemple" in page.locator(".desk-right").inner_text()


def test_lists_are_searched_and_filtered_without_javascript(live):
    with live.page("/requests", javascript=False) as page:
        page.click(".queues a >> text=Refusé")
        badges = set(page.locator(".card .badge").all_inner_texts())
        assert badges == {"Refusé"}
        page.click(".chip")
        page.click(".more-filters > summary")
        page.select_option("[name=object]", "dataset")
        page.click(".filter-fields button")
        assert page.locator(".chip").count() == 1
        page.fill("[name=q]", "rienquiressemble")
        page.click(".search-line button")
        assert page.locator(".empty .button").is_visible()
