# SPDX-License-Identifier: AGPL-3.0-or-later
"""A page that plays a Decidim home page, with our frames in it, in a real browser.

With BEFFROI_PICTURES=FOLDER the pages are kept there as pictures.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Frame, Page

from beffroi.embedding.routes.shared import embed_of
from beffroi.embedding.rules import COUNTER_FITS, HEIGHTS
from beffroi.embedding.rules.snippets import PLACES
from beffroi.kernel.db import MIGRATIONS
from support.browser import Late, faults, opened, served, sideways
from support.databases import fresh
from support.decidim_page import Host, make_host
from support.town import Town, open_town

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOW = {
    "block": "board",
    "rich": "counter",
    "plain": "request",
    "awesome": "report",
    "element": "board",
}
"""Which frame is pasted in which place."""
LONG = (
    "Le code source du calcul de la cotation des places en crèche, et ses coefficients depuis 2015"
)
TALL = "() => Math.ceil(document.body.getBoundingClientRect().height)"


@dataclass
class Both:
    """The town, and the site that shows it: `host` is on the list, `other` is not."""

    town: Town
    url: str
    host: Host
    host_url: str
    other_url: str
    ref: str


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder: Path = tmp_path_factory.mktemp("embedding")
    late, host = Late(), Host()
    with (
        served(late) as url,
        served(make_host(host)) as host_url,
        open_town(
            folder, fresh("sqlite", MIGRATIONS, folder), public_url=url, embed_hosts=[host_url]
        ) as town,
    ):
        late.app = town.app
        refs = [town.request(title=t) for t in ("Menus des cantines", LONG, "Comptages de vélos")]
        for ref in refs:
            town.release(ref)
        there = "https://donnees.ville.example/creches"
        town.answer(refs[1], "published", "Le code est publié. " * 30, url=there)
        with town.app.test_request_context("/?lang=fr"):
            host.pasted = {
                place: PLACES[place].snippet(embed_of(show, refs[1] if show == "request" else ""))
                for place, show in SHOW.items()
            }
        yield Both(town, url, host, host_url, host_url.replace("127.0.0.1", "localhost"), refs[1])


@pytest.fixture(autouse=True)
def as_the_operator_set_it(both: Both) -> None:
    """The operator has opened the first gate, and no more."""
    both.host.added = {"frame-src": both.url}


def kept(page: Page, name: str) -> None:
    if folder := os.environ.get("BEFFROI_PICTURES"):
        height = page.evaluate("() => document.documentElement.scrollHeight")
        page.set_viewport_size({"width": page.viewport_size["width"], "height": height})
        page.wait_for_timeout(500)  # frames out of sight are painted late
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def frames(both: Both, page: Page) -> dict[str, Frame]:
    """The town's frames that are loaded, by the section in which they stand."""
    found: dict[str, Frame] = {}
    for one in page.locator("section iframe").element_handles():
        name = one.evaluate("(it) => it.closest('section').id")
        frame = one.content_frame()
        one.scroll_into_view_if_needed()  # those that are far away come late
        if frame is not None:
            frame.wait_for_url(lambda url: url.startswith((both.url, "chrome-error")))
            frame.wait_for_load_state()
            found[name] = frame
    return found


@pytest.mark.parametrize("width", [1280, 390])
def test_with_consent_every_place_shows_its_frame_and_no_cookie_is_set(
    browser: Browser, both: Both, width: int
) -> None:
    with opened(browser, both.host_url, width=width) as page:
        page.click("text=Tout accepter")
        shown = frames(both, page)
        assert set(shown) == {"block", "rich", "plain", "awesome"}  # the script gate is closed
        assert shown["rich"].locator("dd").all_inner_texts() == ["3", "1", "0"]
        for place, frame in shown.items():
            assert faults(frame) == [], place
            high = page.locator(f"#{place} iframe").bounding_box()["height"]
            assert frame.evaluate(TALL) <= high, place
            assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth"), place
        page.wait_for_function(
            "(high) => document.querySelector('#block iframe').height != high",
            arg=str(HEIGHTS["board"]),
        )
        grown = page.locator("#block iframe").get_attribute("height")
        assert int(grown) == shown["block"].evaluate(TALL)
        assert sideways(page) == 0
        kept(page, f"consent-given-{width}")
        assert page.context.cookies() == []
        shown["plain"].click("text=Lire la réponse")
        page.wait_for_url(f"{both.url}/requests/{both.ref}?lang=fr")  # at the top, not in the frame
        assert page.context.cookies() == []


@pytest.mark.parametrize("width", [1280, 390])
def test_without_consent_there_is_no_frame_and_every_link_is_there(
    browser: Browser, both: Both, width: int
) -> None:
    with opened(browser, both.host_url, width=width) as page:
        page.click("text=Essentiels seulement")
        assert page.locator("iframe").count() == 0
        assert page.locator(".disabled-iframe").count() == 4
        kept(page, f"consent-refused-{width}")
        links = {
            place: page.locator(f"#{place} a").get_attribute("href")
            for place in ("block", "rich", "plain", "element")
        }
        assert links == {
            "block": f"{both.url}/requests?lang=fr",
            "rich": f"{both.url}/statistics?lang=fr",
            "plain": f"{both.url}/requests/{both.ref}?lang=fr",
            "element": f"{both.url}/requests?lang=fr",
        }
        page.click("#block a")
        assert page.url == links["block"]
        assert page.context.cookies() == []


def test_a_site_that_is_not_on_the_list_is_refused_by_the_browser_and_its_link_leads_here(
    browser: Browser, both: Both
) -> None:
    with opened(browser, both.other_url) as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.click("text=Tout accepter")
        page.locator("#plain iframe").scroll_into_view_if_needed()
        page.wait_for_function("() => document.querySelectorAll('iframe').length === 4")
        shown = frames(both, page)
        assert {frame.url for frame in shown.values()} == {"chrome-error://chromewebdata/"}
        assert any("frame-ancestors" in one for one in said)
        page.click("#plain a")
        assert page.url.startswith(f"{both.url}/requests/{both.ref}")


def test_first_gate_closed_no_frame_is_loaded_nor_script_of_ours_and_links_stay(
    browser: Browser, both: Both
) -> None:
    both.host.added = {}
    with opened(browser, both.host_url) as page:
        page.click("text=Tout accepter")
        assert not any(frame.url.startswith(both.url) for frame in page.frames)
        assert page.evaluate("() => customElements.get('beffroi-board')") is None
        assert page.locator("#element a").is_visible()


def test_where_scripts_from_here_are_allowed_the_element_draws_itself_in_the_pages_language(
    browser: Browser, both: Both
) -> None:
    both.host.added = {"frame-src": both.url, "script-src": both.url}
    with opened(browser, both.host_url) as page:
        page.click("text=Tout accepter")
        frame = frames(both, page)["element"]
        assert frame.url == f"{both.url}/embed/board?locale=fr"
        page.wait_for_function(
            "(high) => document.querySelector('#element iframe').height != high",
            arg=str(HEIGHTS["board"]),
        )
        assert page.locator("#element a").is_visible()
        page.evaluate(
            "() => { const one = document.querySelector('beffroi-board');"
            " one.setAttribute('locale', 'en-GB'); one.setAttribute('show', 'counter'); }"
        )
        frame.wait_for_url(f"{both.url}/embed/counter?locale=en-GB")
        assert frame.locator("html").get_attribute("lang") == "en"


def test_without_javascript_the_frame_is_there_at_its_own_height(
    browser: Browser, both: Both
) -> None:
    with opened(browser, both.host_url, width=390, javascript=False) as page:
        frame = frames(both, page)["plain"]
        assert LONG in frame.content()
        assert page.locator("#plain iframe").bounding_box()["height"] == HEIGHTS["request"]
        assert page.locator("#rich .disabled-iframe").is_visible()  # as it comes from the server
        assert page.locator("#rich a").is_visible()


def test_height_is_told_to_who_may_show_the_frame_and_to_nobody_else(
    browser: Browser, both: Both
) -> None:
    with opened(browser, both.host_url) as page:
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.evaluate(
            "() => { window.heard = []; addEventListener('message', (event) =>"
            " heard.push([event.origin, event.data.type, event.data.height])); }"
        )
        page.click("text=Tout accepter")
        frame = frames(both, page)["plain"]
        for origin, source in (("https://evil.example", "parent"), (both.host_url, "window")):
            frame.evaluate(
                "([origin, source]) => dispatchEvent(new MessageEvent('message',"
                " {data: {type: 'GET_HEIGHT'}, origin, source: window[source]}))",
                [origin, source],
            )
        page.evaluate(
            "(to) => document.querySelector('#awesome iframe').contentWindow"
            ".postMessage({type: 'GET_HEIGHT'}, to)",
            both.url,
        )
        page.wait_for_function("() => heard.length > 1")
        heard = page.evaluate("() => heard")
        tall = frames(both, page)["awesome"].evaluate(TALL)
        assert [both.url, "SET_HEIGHT", tall] in heard
        assert {(origin, kind) for origin, kind, _ in heard} == {(both.url, "SET_HEIGHT")}
        assert not any("evil.example" in one for one in said)  # the browser names where to
        assert frame.evaluate(TALL) not in [height for _, _, height in heard]


def test_the_heights_that_snippets_say_fit_at_320_pixels_and_frames_are_light_at_night(
    browser: Browser, both: Both
) -> None:
    with opened(browser, f"{both.url}/embed/counter", width=320, scheme="dark") as page:
        for show, lang in product(HEIGHTS, ("fr", "en")):
            ref = f"/{both.ref}" if show == "request" else ""
            page.goto(f"{both.url}/embed/{show}{ref}?locale={lang}")
            assert page.evaluate(TALL) <= HEIGHTS[show], (show, lang)
            assert sideways(page) == 0
        wide, high = COUNTER_FITS
        page.set_viewport_size({"width": wide, "height": high})
        assert page.evaluate("() => document.documentElement.scrollHeight") == high
        paper = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        assert paper == "rgb(251, 249, 245)"
