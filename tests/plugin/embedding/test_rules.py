# SPDX-License-Identifier: AGPL-3.0-or-later
"""Frames, snippets, oEmbed addresses and lent colours, without a town."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from beffroi.embedding import rules
from beffroi.embedding.rules.snippets import PLACES, Embed
from beffroi.embedding.rules.tints import MOST, measured, pasted
from beffroi_web.addresses import is_origin
from beffroi_web.colours import LIGHT_PAPER, contrast
from beffroi_web.languages import spoken_language
from demo.participation import PATH, add_page
from demo.places import layout
from support.decidim_page import AWESOME, scrubbed

TOWN = "https://demandes.ville.example"
EMBED = Embed(
    f"{TOWN}/embed/board?limit=3&locale=fr",
    f"{TOWN}/requests?lang=fr",
    'Les "demandes" <de> L’Haÿ & co',
    480,
    TOWN,
    {"show": "board", "limit": "3"},
)


@pytest.mark.parametrize(
    "said",
    ["https://participer.ville.example", "https://a.example:8443", "http://127.0.0.1:3000",
     "http://localhost:3000", "https://xn--cit-dma.example"],
)  # fmt: skip
def test_an_exact_origin_may_be_named(said: str) -> None:
    assert is_origin(said)


@pytest.mark.parametrize(
    "said",
    ["*", "https://*.ville.example", "https://ville.example/", "https://ville.example/a", "",
     "http://ville.example", "https://Ville.example", "https://a@ville.example", "https://1.2.3.4",
     "https://ville.example:443", "https://ville.example;script-src *", "https://cité.example",
     "https://a.example https://b.example", "https://[::1]", "http://127.0.0.1", "'self'",
     "https://ville.local", "https:", "https://a.example:99999999"],
)  # fmt: skip
def test_what_is_no_exact_origin_is_refused(said: str) -> None:
    assert not is_origin(said)


@given(st.text("ab.-:*;/ '@\nAé1", max_size=16).map(lambda said: f"https://{said}.example"))
def test_no_origin_can_say_more_in_a_security_policy(said: str) -> None:
    if is_origin(said):
        assert re.fullmatch(r"https://[a-z0-9.-]+(:[0-9]+)?", said)


def test_a_tag_finds_its_language_by_lookup_and_none_where_none_is_spoken() -> None:
    spoken = ("fr", "en", "pt")
    asked = ("fr", "pt-BR", "fr-CA", "EN_gb", "zh-CN", "br", "", "-", "fr-", "français")
    found = [spoken_language(tag, spoken) for tag in asked]
    assert found == ["fr", "pt", "fr", "en", None, None, None, None, "fr", None]


class _Tags(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.mark.parametrize("place", sorted(PLACES))
def test_each_snippet_is_whole_html_with_a_plain_link_beside_it(place: str) -> None:
    tags = _Tags(PLACES[place].snippet(EMBED)).tags
    links = [attrs["href"] for tag, attrs in tags if tag == "a"]
    assert links == ([] if place == "awesome" else [EMBED.page])
    framed = [attrs for tag, attrs in tags if tag == "iframe"]
    assert [one["src"] for one in framed] == (
        [] if place in ("element", "link") else [EMBED.address]
    )
    assert all(one["title"] == EMBED.title for one in framed if place != "rich")


def test_without_a_script_but_in_the_two_places_that_run_them() -> None:
    with_script = {place for place, one in PLACES.items() if "<script" in one.snippet(EMBED)}
    assert with_script == {"block", "element"}


def test_third_gate_rich_text_comes_through_the_scrubber_as_it_was_pasted() -> None:
    snippet = PLACES["rich"].snippet(EMBED)
    assert _Tags(scrubbed(snippet)).tags == _Tags(snippet).tags


def test_the_component_of_decidim_awesome_keeps_every_attribute() -> None:
    [(tag, attrs)] = _Tags(PLACES["awesome"].snippet(EMBED)).tags
    assert tag == "iframe"
    assert set(attrs) <= AWESOME


def test_the_inline_script_hears_and_asks_one_origin_and_posts_to_no_star() -> None:
    snippet = PLACES["block"].snippet(EMBED)
    assert f'var site = "{TOWN}"' in snippet
    assert "event.origin !== site" in snippet
    assert '"*"' not in snippet


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (f"{TOWN}/requests/2027-0001", ("request", "2027-0001", "")),
        (f"{TOWN}/requests/2027-0001?lang=en#timeline", ("request", "2027-0001", "en")),
        (f"{TOWN}/incidents/2027-0002?locale=pt-BR", ("incident", "2027-0002", "pt-BR")),
        (f"{TOWN}/campaigns/mes-infos-1", ("campaign", "mes-infos-1", "")),
        (f"{TOWN}/requests", None),
        (f"{TOWN}/requests/a/b", None),
        (f"{TOWN}.evil.example/requests/2027-0001", None),
        (f"https://a@{TOWN[8:]}/requests/2027-0001", None),
        ("http://demandes.ville.example/requests/2027-0001", None),
        ("https://[", None),
        ("javascript:alert(1)", None),
    ],
)
def test_an_oembed_address_is_a_page_of_ours_or_nothing(
    address: str, found: tuple[str, str, str] | None
) -> None:
    target = rules.target_of(address, TOWN)
    assert (target and (target.kind, target.name, target.tag)) == found


@given(st.text(max_size=12), st.text(max_size=12))
def test_sizes_are_what_was_allowed_within_reason(width: str, height: str) -> None:
    wide, high = rules.size(width, height, rules.HEIGHTS["request"])
    assert rules.LEAST_WIDTH <= wide <= rules.WIDTH
    assert rules.LEAST_HEIGHT <= high <= rules.HEIGHTS["request"]
    assert rules.size("320", "200", 500) == (320, 200)


def test_colours_are_read_from_the_lines_of_decidim_and_from_plain_codes() -> None:
    style = """:root { --primary: #E02D2D; --primary-rgb: 224 45 45; --secondary: #155abf;
        --tertiary: #ebc34b; --other: #123456; }"""
    found = [(one.name, one.colour) for one in pasted(style)]
    assert found == [("primary", "#e02d2d"), ("secondary", "#155abf"), ("tertiary", "#ebc34b")]
    assert [one.colour for one in pasted("#e64, puis #e64 et #ee6644")] == ["#ee6644"]
    assert pasted("rouge, rgb(1, 2, 3), #12, #1234567") == []


@given(st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}"))
def test_any_colour_is_measured_and_worn_so_that_it_can_be_read(colour: str) -> None:
    tint = measured(colour)
    assert contrast(tint.worn, LIGHT_PAPER) >= 4.5
    assert tint.ratio <= contrast(colour, LIGHT_PAPER) < tint.ratio + 0.11
    assert tint.adjusted == (tint.worn != colour)
    assert tint.adjusted or tint.ratio >= 4.5


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading_of_colours(said: str) -> None:
    assert len(pasted(said)) <= MOST


def test_the_participation_site_of_the_demonstration_shows_each_town_and_links_to_it(
    tmp_path: Path,
) -> None:
    app, places = Flask("participation"), layout(8300, tmp_path, 3)
    add_page(app, places)
    tags = _Tags(app.test_client().get(PATH).get_data(as_text=True)).tags
    for town in places.towns:
        assert f"{town.url}/embed/board?locale=fr" in [a["src"] for t, a in tags if t == "iframe"]
        assert f"{town.url}/requests?lang=fr" in [a["href"] for t, a in tags if t == "a"]
    assert not [tag for tag, _ in tags if tag == "script"]
