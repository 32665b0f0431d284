# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is hidden in a text: seen before it is sent, decided at the desk, by keyboard alone."""

import pytest

from support.browser import faults, sideways, small_targets
from support.pages import focused, frame_faults, press, tab_to, unseen_focus

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WANTED = "Écrire à noa@example.org.\n\nLe hangar Halle Alcyon n’a rien reçu, rue des Lilas."
SELECT = """(words) => {
  const walker = document.createTreeWalker(document.querySelector('[data-original]'), 4);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const at = node.data.indexOf(words);
    if (at < 0) continue;
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + words.length);
    document.getSelection().removeAllRanges();
    document.getSelection().addRange(range);
    return true;
  }
  return false;
}"""
"""Select words of the text, as a mouse or a screen reader does."""


def fill_request(page, wanted=WANTED):
    page.fill("[name=title]", "Les livraisons de la régie")
    page.fill("[name=wanted]", wanted)
    page.click("main form .button-primary")


def public(live, ref, role="wanted"):
    return live.town.one(
        "SELECT public FROM case_text WHERE id = :id", id=live.town.texts(ref)[role]
    )


# ---- before it is sent --------------------------------------------------------------------------


def test_a_preview_is_made_with_the_keyboard_alone(live):
    with live.page("/requests/new", role="citizen") as page:
        tab_to(page, "[name=title]")
        page.keyboard.type("Les livraisons de la régie")
        tab_to(page, "[name=wanted]")
        page.keyboard.type(WANTED)
        press(page, "main .button-primary")
        assert page.locator("mark").count() == 1
        tab_to(page, "[name=hide]")
        page.keyboard.press("Space")
        tab_to(page, "[name=hide_words]")
        page.keyboard.type("rue des lilas")
        press(page, "[name=step][value=preview]")
        assert page.locator("mark").count() == 3
        press(page, "[name=step][value=edit]")
        assert page.input_value("[name=wanted]") == WANTED
        press(page, "main .button-primary")
        assert page.locator("mark").count() == 3
        press(page, "[name=step][value=send]")
        ref = page.url.rsplit("/", 1)[1]
    hidden = live.town.one(
        "SELECT hidden FROM case_text WHERE id = :id", id=live.town.texts(ref)["wanted"]
    )
    assert hidden.splitlines() == ["Halle Alcyon", "rue des lilas"]


def test_words_are_hidden_by_selecting_them_before_it_is_sent(live):
    with live.page("/requests/new", role="citizen") as page:
        fill_request(page)
        assert page.evaluate(SELECT, "rue des Lilas")
        page.click("[data-hide]")
        assert page.evaluate(SELECT, "n’a rien reçu")
        page.keyboard.press("h")
        assert page.input_value("[name=hide_words]") == "rue des Lilas\nn’a rien reçu\n"
        page.click("[name=step][value=preview]")
        assert page.locator("mark").count() == 3
        assert "masqué par son auteur" in page.locator("mark").last.inner_text()


def test_a_preview_works_without_javascript(live):
    with live.page("/incidents/new", javascript=False, width=390) as page:
        page.fill("[name=description]", "Le banc devant la Halle Alcyon est cassé.")
        page.check("[name=category][value=furniture]")
        page.click("main form .button-primary")
        assert page.locator("[data-hide]").is_hidden()
        page.check("[name=hide] >> nth=0")
        page.click("[name=step][value=preview]")
        assert page.is_checked("[name=hide] >> nth=0")
        page.click("[name=step][value=edit]")
        assert page.is_checked("[name=category][value=furniture]")
        page.click("main form .button-primary")
        page.click("[name=step][value=send]")
        assert page.locator("h1").inner_text() == "Mobilier urbain"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_pages_of_a_preview_are_whole(live, language):
    with live.page("/requests/new", role="citizen", language=language) as page:
        fill_request(page)
        looks_whole(page)
        page.goto(live.address("/requests/{open}"))
        page.fill("#f-comment", "Camille écrit à noa@example.org")
        page.click(".comments button")
        looks_whole(page)
        page.click("[name=step][value=edit]")
        looks_whole(page)
        page.goto(live.address("/incidents/new?category=phishing"))
        page.fill("[name=description]", "Une page demande des mots de passe.")
        page.click("main form .button-primary")
        looks_whole(page)


def looks_whole(page):
    assert frame_faults(page) == []
    for scheme, width in (("light", 1280), ("dark", 390)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 844})
        assert faults(page) == [], (page.url, scheme, width)
        assert sideways(page) == 0
        assert small_targets(page) == []
    page.set_viewport_size({"width": 320, "height": 844})
    assert sideways(page) == 0
    page.set_viewport_size({"width": 1280, "height": 900})
    assert unseen_focus(page, 60) == []


# ---- at the desk --------------------------------------------------------------------------------


def test_an_agent_decides_with_the_keyboard_alone(live):
    ref = live.review(title="Les comptes tenus au clavier", wanted=WANTED)
    text_id = live.town.texts(ref)["wanted"]
    with live.page("/desk", role="agent") as page:
        press(page, ".page-head a[href$='/desk/texts']")
        press(page, f"a[href$='/desk/texts/{text_id}']")
        tab_to(page, "[name=mask]")
        page.keyboard.press("Space")
        assert "noa@example.org" in page.locator("[data-result]").inner_text()
        page.keyboard.press("Space")
        tab_to(page, "[name=also]")
        page.keyboard.type("halle alcyon")
        assert (
            page.locator("[data-result]")
            .inner_text()
            .startswith("Écrire à [adresse électronique].\n\nLe hangar […] n’a")
        )
        left = page.locator("[data-left]").inner_text()
        press(page, "[name=step][value=look]")
        assert page.locator("[name=mask]").count() == 2
        assert page.input_value("[name=also]") == ""
        press(page, "[name=step][value=release]")
        assert page.locator(".notice").inner_text() == "Publié."
        assert page.locator("[data-left]").inner_text() != left
    assert public(live, ref) == (
        "Écrire à [adresse électronique].\n\nLe hangar […] n’a rien reçu, rue des Lilas."
    )


def test_single_keys_go_through_a_text_and_can_be_switched_off(live):
    ref = live.review(title="Les comptes lus à la lettre", wanted=WANTED + " 06 12 34 56 78")
    address = f"/desk/texts/{live.town.texts(ref)['wanted']}"
    with live.page(address, role="agent") as page:
        page.keyboard.press("j")
        first = page.evaluate("() => document.activeElement.value")
        page.keyboard.press("j")
        assert page.evaluate("() => document.activeElement.value") != first
        page.keyboard.press("k")
        assert page.evaluate("() => document.activeElement.value") == first
        assert page.evaluate(SELECT, "Halle Alcyon")
        page.keyboard.press("h")
        assert page.evaluate("() => document.activeElement.value").endswith("-ADDED")
        assert "Le hangar […] n’a" in page.locator("[data-result]").inner_text()
        page.click(".keys > summary")
        page.uncheck("[data-keys]")
        page.keyboard.press("n")
        assert page.url.endswith(address)
        page.reload()
        page.keyboard.press("j")
        assert focused(page) == ""
        page.click(".keys > summary")
        page.check("[data-keys]")
        tab_to(page, "[name=also]")
        page.keyboard.type("an")  # letters in a field are letters
        assert page.input_value("[name=also]") == "an"
        page.fill("[name=also]", "Halle Alcyon")
        page.locator("[name=mask]").first.focus()
        with page.expect_navigation():
            page.keyboard.press("a")
        assert page.locator(".notice").inner_text() == "Publié."
        with page.expect_navigation():
            page.keyboard.press("n")
    assert "Halle Alcyon" not in public(live, ref)


def test_selected_words_are_hidden_at_their_very_place(live):
    words = "🎉 Quai et parc. Quai fermé, e\u0301tape aussi : noa@example.org, Quai."
    ref = live.review(title="Les comptes de trois quais", wanted=words)
    with live.page(f"/desk/texts/{live.town.texts(ref)['wanted']}", role="agent") as page:
        assert page.evaluate(SELECT, ", Quai.")
        page.click("[data-hide]")
        assert page.evaluate(SELECT, "Quai fermé")
        page.click("[data-hide]")
        shown = page.locator("[data-result]").inner_text()
        page.click("[name=step][value=release]")
    assert public(live, ref) == shown
    assert shown.startswith("🎉 Quai et parc. […], ")
    assert shown.endswith("[adresse électronique][…]")


def test_a_moderator_lists_a_name_without_javascript(live):
    citizen = live.people["citizen"]
    ref = citizen.sends_request(
        title="Les discours publics", wanted="Les discours de Camille Citizen.", commune="99998"
    )
    address = f"/desk/texts/{live.town.texts(ref)['wanted']}"
    with live.page(address, role="moderator", javascript=False) as page:
        page.click("details.more >> nth=1")
        page.click("[name=step][value^='deny:']")
        assert page.locator(".keys").is_hidden()
        page.goto(live.address("/desk/lists"))
        row = page.locator("tr", has_text="Camille Citizen").last
        assert ref in row.inner_text()
        row.locator("button").click()
        assert page.locator("td", has_text="Camille Citizen").count() == 0


def test_a_text_that_is_refused_by_the_gate_says_so_first(live):
    ref = live.review(title="Les comptes et leur numéro", wanted="Comptes : 06 12 34 56 78")
    with live.page(f"/desk/texts/{live.town.texts(ref)['wanted']}", role="agent") as page:
        page.uncheck("[name=mask]")
        page.click("[name=step][value=release]")
        assert page.locator(".error-summary").evaluate("one => one === document.activeElement")
        assert not page.is_checked("[name=mask]")
        assert frame_faults(page) == []
        assert faults(page) == []
        page.locator("details.more > summary").first.click()
        page.click("[name=step][value=hold]")
        assert page.locator("#e-reason_words").is_visible()
        assert faults(page) == []
        page.fill("[name=reason_words]", "Un numéro y reste")
        page.click("[name=step][value=hold]")
        assert page.locator(".notice").inner_text() == "Suspendu."
