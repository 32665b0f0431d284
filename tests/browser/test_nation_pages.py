# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every page of the nation in a real browser, with one town pulled and one record of each kind."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser

from beffroi_federation.aggregator.kernel.db import MIGRATIONS
from beffroi_web.clock import FixedClock
from beffroi_web.sign_in.routes import cookie_name
from support.browser import faults, opened, served, sideways, small_targets
from support.databases import fresh
from support.nation import Nation, cell_content, make_town, request_content
from support.pages import frame_faults, unseen_focus

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LOOKS = {"fr-FR": ("dark", 390), "en-GB": ("light", 1280)}
WITH_WORDS = (
    "/requests?q=cantine&status=refused",
    "/requests?q=rienquiressemble",
    "/towns/210000006",
    "/requests/210000006-1-2",
    "/communes/99999",
    "/nowhere",
    "/topics?q=cantine",
    "/topics?q=rienquiressemble",
    "/topics/9y50mrwy",
    "/map/35",
    "/search?what=towns&q=beffroi",
    "/audit/checkpoints?town=210000006",
)


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nation]:
    """A nation that has pulled one town: requests, a count, a suppressed cell."""
    folder = tmp_path_factory.mktemp("nation")
    clock = FixedClock(datetime(2026, 10, 5, 8, 0, tzinfo=UTC))
    town = make_town()
    town.begin_batch("2026-W40")
    town.record(request_content(1, commune="99999", supports="10-49"))
    town.record(
        request_content(
            2, title="Le code de la cantine", status="refused", outcome="refused",
            clock="appeal", ground="CRPA-L311-5", answer="Nous ne pouvons pas.",
            answered="2026-W41", theme="EDUC", object="source_code",
        )
    )  # fmt: skip
    town.record(cell_content(closed=5, delay="8-30"))
    town.record(cell_content(category="graffiti", state="suppressed", count=None, period="2026-Q3"))
    town.publish()
    with (
        town.served(),
        Nation.on(fresh("sqlite", MIGRATIONS, folder), folder, clock) as made,
    ):
        made.know(town)
        made.pull()
        yield made


@pytest.fixture(scope="module")
def address(nation: Nation) -> Iterator[str]:
    """The nation's address while it is served."""
    with served(nation.app) as url:
        yield url


def pages(nation: Nation) -> list[str]:
    """Return every address without a parameter that answers a stranger with a page."""
    client = nation.client()
    found = []
    for rule in nation.app.url_map.iter_rules():
        if rule.arguments or "GET" not in (rule.methods or ()):
            continue
        answer = client.get(rule.rule)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            found.append(rule.rule)
    return sorted(found)


@pytest.mark.parametrize("language", ["fr-FR", "en-GB"])
def test_axe_finds_nothing_on_any_page_of_the_nation(
    nation: Nation, address: str, browser: Browser, language: str
) -> None:
    looked_at = [*pages(nation), *WITH_WORDS]
    assert {"/", "/map", "/towns", "/requests", "/incidents", "/audit"} <= set(looked_at)
    scheme, width = LOOKS[language]
    with opened(browser, address, scheme=scheme, width=width, language=language) as page:
        for path in looked_at:
            page.goto(address + path)
            assert faults(page) == [], (path, language)


def test_pages_have_their_frame_and_fit_a_phone(
    nation: Nation, address: str, browser: Browser
) -> None:
    said: dict[str, Any] = {}
    with opened(browser, address, width=390) as page:
        for path in (*pages(nation), *WITH_WORDS):
            page.goto(address + path)
            wrong = [*frame_faults(page), *small_targets(page)]
            for width in (390, 320, 800):
                page.set_viewport_size({"width": width, "height": 844})
                if over := sideways(page):
                    wrong.append(f"{over} px too wide at {width}")
            if wrong:
                said[path] = wrong
            page.set_viewport_size({"width": 390, "height": 844})
    assert said == {}


def test_the_focus_is_seen_on_the_pages_of_the_nation(address: str, browser: Browser) -> None:
    with opened(browser, address) as page:
        for path in ("/", "/requests?q=cantine", "/towns/210000006", "/incidents", "/audit"):
            page.goto(address + path)
            assert unseen_focus(page) == [], path


def test_axe_finds_nothing_where_a_curator_corrects_topics(
    nation: Nation, address: str, browser: Browser
) -> None:
    nation.signed_in("operator")
    site = nation.app.extensions["beffroi_web"].site
    with opened(browser, address, width=390) as page:
        page.context.add_cookies([{"name": cookie_name(site), "value": "1" * 64, "url": address}])
        for path in (
            "topics", "topics/9y50mrwy", "topics/9y50mrwy/whole", "holders", "holders/ENVI",
        ):  # fmt: skip
            page.goto(f"{address}/desk/{path}")
            assert page.locator("h1").count() == 1
            assert [*faults(page), *frame_faults(page), *small_targets(page)] == [], path
            assert not sideways(page)
        page.goto(f"{address}/desk/topics/9y50mrwy/whole")
        page.get_by_label("Nom en français").fill("Codes des cantines")
        page.get_by_label("Motif").fill("Plus court.")
        page.get_by_role("button", name="Corriger ce sujet").click()
        page.wait_for_url(f"{address}/desk/topics/9y50mrwy")
        assert page.locator("h1").inner_text() == "Codes des cantines"
