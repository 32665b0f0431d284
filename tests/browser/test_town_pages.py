# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pages of a town in a real browser: focus, order, languages, phone; for all: `test_town_axe`."""

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from support.pages import unseen_focus
from support.town_places import PLACES, Place

pytestmark = [pytest.mark.browser, pytest.mark.slow]


NO_PAGES = {
    "cyber.evidence",
    "cyber.own_key_file",
    "cyber.security_txt",
    "incidents.photo",
    "incidents.api_map",
    "similar.api_similar",
    "campaigns.atom",
    "campaigns.calendar_ics",
    "campaigns.image",
    "campaigns.note_csv",
    "campaigns.note_pdf",
    "dashboards.file",
    "embedding.element_script",
    "embedding.frame_script",
    "embedding.oembed",
    "handover.preview",
    "dashboards.next_case",
    "data_requests.report",
    "journal.as_csv",
    "open311.definition",
    "open311.discovery",
    "open311.listing",
    "open311.nothing",
    "open311.services",
    "open311.show",
    "open311.token",
    "open311.updates",
    "open_data.atom",
    "open_data.catalogue_json_ld",
    "open_data.catalogue_rdf",
    "open_data.catalogue_turtle",
    "open_data.incidents_atom",
    "open_data.incidents_csv",
    "open_data.incidents_json",
    "open_data.requests_csv",
    "open_data.requests_json",
    "moderation.photo",
    "rights.confirm_sign_in",  # looked at in test_ways_in
    "dashboards.api_desk",
    "dashboards.healthz",
    "rights.api_myself",
    "rights.api_own_case",
    "rights.api_own_cases",
    "dashboards.openapi",
    "dashboards.readyz",
    "watching.figures",
    "data_requests.api_list",
    "data_requests.api_reuses",
    "data_requests.api_show",
    "data_requests.receipt",
    "feed.bundle",
    "feed.checkpoint",
    "feed.content",
    "feed.identity",
    "feed.proof",
    "feed.tail",
    "feed.tile",
    "incidents.api_list",
    "incidents.api_show",
    "sign_in.callback",
    "sign_in.login",
    "sign_in.logo",
    "report_statistics.api",
    "report_statistics.as_csv",
    "statistics.api",
    "statistics.as_csv",
    "static",
    "web.static",
    "web.theme_sheet",
}
"""Addresses that answer with something else than a page for people."""


@pytest.mark.parametrize(
    "place",
    [
        Place("/"), Place("/requests?q=budgets"), Place("/requests/{open}", "citizen"),
        Place("/requests/new"), Place("/incidents/new"), Place("/desk", "agent"),
        Place("/desk/cases/{pending}", "moderator"), Place("/account", "citizen"),
        Place("/desk/texts", "agent"), Place("/desk/texts/{text}", "moderator"),
        Place("/desk/lists", "moderator"), Place("/desk/cyber/{taken}", "agent"),
    ],
    ids=str,
)  # fmt: skip
def test_the_focus_is_seen_wherever_the_tab_key_leads(live, place):
    with live.page(place.path, role=place.role) as page:
        assert unseen_focus(page, 90) == []


def test_every_page_of_the_town_is_looked_at_here(live):
    routes = live.town.app.url_map.bind("")
    looked_at = set()
    for place in PLACES:
        try:
            looked_at.add(routes.match(live.address(place.path)[len(live.url) :].split("?")[0])[0])
        except (HTTPException, RequestRedirect):
            continue
    pages = {r.endpoint for r in live.town.app.url_map.iter_rules() if "GET" in (r.methods or ())}
    assert pages - NO_PAGES - looked_at == set()


def test_titles_and_words_follow_the_language(live):
    with live.page("/requests/{pending}", language="en") as page:
        assert page.locator("h1").inner_text() == f"Request {live.refs['pending']}"
        page.click("text=Français")
        assert page.locator("h1").inner_text() == f"Demande {live.refs['pending']}"


def test_status_and_clock_stand_above_the_answer_and_the_answer_above_the_history(live):
    with live.page("/requests/{refused}") as page:
        tops = [
            page.locator(what).first.bounding_box()["y"]
            for what in (".status-line", ".answer", "#wanted-title", ".timeline", "#comments-title")
        ]
        assert tops == sorted(tops)
    with live.page("/requests/{open}", width=390) as page:
        tops = [
            page.locator(what).first.bounding_box()["y"]
            for what in (
                ".status-line",
                ".clock",
                "#wanted-title",
                ".timeline",
                "#act",
                "#comments",
            )
        ]
        assert tops == sorted(tops)


def test_texts_released_on_one_day_are_one_event_of_the_timeline(live):
    with live.page("/requests/{open}") as page:
        events = page.locator(".timeline strong").all_inner_texts()
        assert sum(one.startswith("Texte publié") for one in events) == 1


def test_a_desk_case_has_its_texts_beside_its_actions_and_one_below_the_other_on_a_phone(live):
    with live.page("/desk/cases/{pending}", role="agent") as page:
        left, right = (page.locator(f".desk-{side}").bounding_box() for side in ("left", "right"))
        assert left["y"] == right["y"]
        assert left["x"] + left["width"] < right["x"]
        assert page.locator("mark").count() == 2
        page.set_viewport_size({"width": 390, "height": 844})
        left, right = (page.locator(f".desk-{side}").bounding_box() for side in ("left", "right"))
        assert left["x"] == right["x"]
        assert left["y"] + left["height"] <= right["y"]


def test_a_line_of_the_desk_is_its_subject_and_what_is_due_below_it_on_a_phone(live):
    with live.page("/desk", role="agent", width=390) as page:
        row = page.locator("tbody tr").first
        assert row.bounding_box()["width"] <= 390
        reference, subject, state, due = (row.locator("td").nth(n) for n in range(4))
        below = [one.bounding_box()["y"] for one in (state, due, reference)]
        assert subject.bounding_box()["y"] < min(below)
        assert reference.bounding_box()["y"] >= due.bounding_box()["y"] - 4
        labels = [
            one.evaluate("one => getComputedStyle(one, '::before').content")
            for one in (subject, state, due)
        ]
        assert labels == ["none", "none", '"Échéance"']
