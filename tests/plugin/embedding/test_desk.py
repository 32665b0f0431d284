# SPDX-License-Identifier: AGPL-3.0-or-later
"""The desk's page of embedding, and the colour that a town borrows from the site that shows it."""

import html
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from beffroi.embedding.adapters import manifest
from beffroi.embedding.rules.snippets import PLACES
from beffroi.kernel import look
from beffroi.kernel.db import MIGRATIONS
from beffroi_web.fetching import Fetching, NotFetched
from support.browser import served
from support.databases import fresh
from support.decidim_page import Host, make_host
from support.town import Town, open_town, town_settings

DESK = "/desk/embedding"


@dataclass
class Pair:
    """A town on this machine and a site that it names."""

    town: Town
    host: Host
    url: str


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[Host, str]]:
    """A site with a manifest, and its address."""
    host = Host(manifest={"name": "Participer à Exemple", "theme_color": "#FFD500"})
    with served(make_host(host)) as url:
        yield host, url


@pytest.fixture
def pair(tmp_path: Path, site: tuple[Host, str]) -> Iterator[Pair]:
    host, url = site
    local = {"public_url": "http://127.0.0.1:9", "embed_hosts": [url]}
    with open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path), **local) as town:
        yield Pair(town, host, url)


def worn(town: Town) -> str:
    """The colour of the sheet to which the front page leads."""
    page = town.visitor().page("/requests")
    sheet = page.split('href="/web/theme.css')[1].split('"')[0]
    answer = town.visitor().get("/web/theme.css" + sheet)
    assert "immutable" in answer.headers["Cache-Control"]
    return answer.get_data(as_text=True).split("--town: ")[1].split(";")[0]


def test_administrators_alone_see_what_to_paste_where_with_a_preview(pair: Pair) -> None:
    town = pair.town
    assert town.signed_in("agent").get(DESK).status_code == 403
    town.release(town.request())
    admin = town.signed_in("administrator")
    for show in ("board", "request", "report", "counter"):
        page = admin.page(f"{DESK}?show={show}&locale=en")
        assert page.count("<textarea class") == len(PLACES)
        preview = html.unescape(page.split('<iframe src="')[1].split('"')[0])
        assert preview.endswith("locale=en")
        assert town.visitor().get(preview).status_code == 200
    assert f"<code>{pair.url}</code>" in page


def test_without_a_site_the_page_says_so_and_without_a_title_there_is_no_request(
    village: Town,
) -> None:
    page = village.signed_in("administrator").page(f"{DESK}?show=request")
    assert "BEFFROI_EMBED_HOSTS" in page
    assert "Aucune demande à montrer" in page


def test_the_colour_of_the_host_is_read_measured_and_then_worn_by_every_page(pair: Pair) -> None:
    town, admin = pair.town, pair.town.signed_in("administrator")
    assert worn(town) == "#2f4b6e"
    etag = town.visitor().get("/requests").headers["ETag"]
    page = admin.post(DESK, {"step": "read", "host": pair.url}).get_data(as_text=True)
    assert "Participer à Exemple" in page
    assert "1,2 pour 1" in page  # refused as it is, with the measured ratio
    assert "#7f6a00" in page
    assert worn(town) == "#2f4b6e"  # nothing changed by looking
    chosen = {"step": "wear", "colour": "#ffd500", "host": pair.url}
    assert admin.post(DESK, chosen).status_code == 303
    assert worn(town) == "#7f6a00"
    again = town.visitor().get("/requests", headers={"If-None-Match": etag})
    assert again.status_code == 200  # a page that was kept is made anew
    assert pair.url in admin.page(DESK).split('id="colour"')[1].split("<form")[0]
    assert admin.post(DESK, {"step": "reset"}).status_code == 303
    assert worn(town) == "#2f4b6e"


def test_colours_are_pasted_and_what_is_none_is_refused_with_what_was_typed(pair: Pair) -> None:
    admin = pair.town.signed_in("administrator")
    said = admin.post(DESK, {"step": "look", "colours": "--primary: #155abf; --tertiary: #eee;"})
    assert said.status_code == 200
    assert said.get_data(as_text=True).count('name="step" value="wear"') == 2
    wrong = admin.post(DESK, {"step": "look", "colours": "rouge vif"})
    assert wrong.status_code == 422
    assert "rouge vif</textarea>" in wrong.get_data(as_text=True)
    for colour in ("red", "#fff;}", ""):
        answer = admin.post(DESK, {"step": "wear", "colour": colour})
        assert answer.status_code == 422, colour
    assert worn(pair.town) == "#2f4b6e"


def test_a_manifest_without_a_colour_is_refused_in_words(pair: Pair) -> None:
    admin, good = pair.town.signed_in("administrator"), pair.host.manifest
    wrong: list[Any] = [{}, {"theme_color": "red"}, {"theme_color": 5}, {"theme_color": "#12"}, []]
    for pair.host.manifest in wrong:
        answer = admin.post(DESK, {"step": "read", "host": pair.url})
        assert answer.status_code == 422
        assert "manifeste" in answer.get_data(as_text=True)
    pair.host.manifest = good


def test_only_named_hosts_are_read_and_no_private_address(pair: Pair, tmp_path: Path) -> None:
    admin = pair.town.signed_in("administrator")
    assert admin.post(DESK, {"step": "read", "host": "http://169.254.1.1"}).status_code == 422
    settings = town_settings(tmp_path, "sqlite:///x", embed_hosts=["https://host.example"])
    assert isinstance(manifest.fetching(settings), Fetching)
    inside = Fetching(user_agent="tests", resolve=lambda host, port: ["10.0.0.1"])
    with pytest.raises(NotFetched, match="not public"):
        manifest.read("https://host.example", inside)


def test_on_both_databases_the_chosen_colour_is_one_row_that_a_restart_finds(town: Town) -> None:
    for colour in ("#155abf", "#b22222"):
        with town.change():
            look.choose(colour, "", now=town.now)
    with town.look():
        chosen = look.chosen()
        assert chosen is not None
        assert (chosen.colour, chosen.source, chosen.set_at) == ("#b22222", "", town.now)
        assert look.worn(town.settings) == "#b22222"
    with town.change():
        look.forget()
    with town.look():
        assert look.worn(town.settings) == town.settings.colour
