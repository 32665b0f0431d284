# SPDX-License-Identifier: AGPL-3.0-or-later
"""A street report on a phone: by a map, by a picture of it without JavaScript, by words alone."""

import pytest
from playwright.sync_api import Page

from support.browser import faults, sideways
from support.pages import frame_faults

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HERE = {"latitude": 48.2, "longitude": -1.9}
WORDS = "Un tas de cartons devant le numéro trois"


def looked_at(page: Page) -> None:
    assert frame_faults(page) == []
    assert faults(page) == []
    assert sideways(page) == 0


def fill(page: Page) -> None:
    page.fill("[name=description]", WORDS)
    page.check("[name=category][value=waste]")


def send(page: Page) -> str:
    """Go on, send, and return the reference."""
    page.click("main form > .button-primary")
    assert WORDS in page.inner_text("main")
    page.click("main form button[value=send]")
    assert "Merci." in page.inner_text("main")
    return page.url.split("?")[0].rsplit("/", 1)[1]


def position(live, ref: str) -> tuple[float, float] | None:
    rows = live.town.rows(
        "SELECT latitude, longitude FROM incident_position WHERE case_id = :id",
        id=live.town.id_of(ref),
    )
    return tuple(rows[0]) if rows else None


def test_with_a_script_the_device_says_where_it_is_and_a_press_corrects_it(live):
    with live.page("/incidents/new", width=390) as page:
        page.context.grant_permissions(["geolocation"])
        page.context.set_geolocation(HERE)
        fill(page)
        assert page.is_visible("[name=ask_waste_size]")
        assert not page.is_visible("[name=ask_lighting_lamps]")
        page.click("[data-locate]")
        page.wait_for_function("document.querySelector('[name=latitude]').value !== ''")
        assert page.input_value("[name=latitude]") == "48.200000"
        assert "sur la carte" in page.inner_text("[data-status]")
        bigger = page.locator(".place-leaflet")
        assert bigger.count() == 1, "the build step has brought no Leaflet in"
        box = bigger.bounding_box()
        bigger.click(position={"x": box["width"] / 2 + 30, "y": box["height"] / 2})
        pressed = float(page.input_value("[name=longitude]"))
        assert pressed != HERE["longitude"]
        looked_at(page)
        ref = send(page)
        looked_at(page)
    assert position(live, ref) == pytest.approx((48.2, pressed), abs=0.02)


def test_without_a_script_the_picture_is_pressed_and_comes_back_nearer(live):
    with live.page("/incidents/new", width=390, javascript=False) as page:
        fill(page)
        page.click("[name=at]", position={"x": 150, "y": 110})
        first = page.get_attribute("[name=window]", "value")
        page.click("[name=at]", position={"x": 200, "y": 60})
        assert page.get_attribute("[name=window]", "value") != first
        assert page.input_value("[name=description]") == WORDS
        assert sideways(page) == 0
        page.press("[name=place]", "Enter")  # goes on, and presses no map
        assert "Voici ce que tout le monde verra" in page.inner_text("h1")
        page.click("main form button[value=edit]")
        point = tuple(float(page.input_value(f"[name={name}]")) for name in HERE)
        ref = send(page)
    assert position(live, ref) == pytest.approx(point)


def test_without_a_map_words_do_and_the_list_has_what_the_map_has(live):
    with live.page("/incidents/new", width=390, javascript=False) as page:
        fill(page)
        page.fill("[name=place]", "rue du Port, devant l’école")
        ref = send(page)
    assert position(live, ref) is None
    with live.page("/incidents", width=390) as page:
        assert page.locator(".to-map a").is_visible()
        counts = page.locator("a.map-mark")
        before = counts.count()
        assert before > 1
        counts.first.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**window=**")
        shown = page.locator(".cards > li").count()
        assert 0 < shown <= 20
        looked_at(page)


def test_an_address_becomes_a_point_by_keyboard_or_by_a_question_and_never_by_a_guess(live):
    """At 390 pixels: two keys more than words alone; without a script two presses."""
    where = "SELECT latitude, longitude, reach, address FROM incident_position WHERE case_id = :id"
    with live.page("/incidents/new", width=390) as page:
        fill(page)
        page.locator("[name=place]").press_sequentially("7 quai des tan")
        first = page.locator("[role=option]").first
        first.wait_for()
        assert first.inner_text().startswith("7 Quai des Tanneurs")
        page.press("[name=place]", "ArrowDown")
        assert first.get_attribute("aria-selected") == "true"
        looked_at(page)
        page.press("[name=place]", "Enter")
        assert page.input_value("[name=place]").startswith("7 Quai des Tanneurs")
        assert page.input_value("[name=latitude]") == ""  # it is the address that counts
        assert page.locator(".place-chosen").count() == 1
        ref = send(page)
        row = live.town.rows(where, id=live.town.id_of(ref))[0]
        assert (row.reach, row.address.startswith("7 Quai des Tanneurs, 99998")) == (0, True)
        page.goto(live.url + "/incidents/new")
        fill(page)
        page.fill("[name=place]", "angle rue des lilas et rue du beffroi")
        page.click("main form > .button-primary")
        looked_at(page)
    with live.page("/incidents/new", width=390, javascript=False) as page:
        fill(page)
        page.fill("[name=place]", "devant le quai des taneurs")
        page.click("main form > .button-primary")
        assert "Quel est l’endroit" in page.inner_text("h1")
        assert sideways(page) == 0
        page.click("main form button[value=preview]")
        assert "Choisissez" in page.inner_text(".error-summary")
        page.check("[name=found] >> nth=0")
        page.click("main form button[value=preview]")
        assert "Quelque part dans cette rue" in page.inner_text("main")
        page.click("main form button[value=edit]")
        assert page.input_value("[name=place]") == "devant le quai des taneurs"
        ref = send(page)
    row = live.town.rows(where, id=live.town.id_of(ref))[0]
    assert row.reach > 100
    assert row.address == "Quai des Tanneurs, 99998 Beffroi-le-Bourg"
