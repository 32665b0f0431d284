# SPDX-License-Identifier: AGPL-3.0-or-later
"""Frames for other sites, oEmbed and OpenGraph, as programs and other sites meet them."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from beffroi.kernel.db import MIGRATIONS
from beffroi_web.configuration import SettingsRefused
from support.databases import fresh
from support.town import PUBLIC_URL, Town, open_town, town_settings

HOST = "https://participer.ville.example"
FRAMES = ("/embed/board", "/embed/request/{ref}", "/embed/report", "/embed/counter")


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[Town]:
    """A town that one site may show."""
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with open_town(tmp_path, url, embed_hosts=[HOST]) as made:
        yield made


def released(town: Town, **fields: str) -> str:
    ref = town.request(**fields)
    town.release(ref)
    return ref


def oembed(town: Town, path: str, **more: str) -> tuple[int, dict[str, object]]:
    query = "".join(f"&{name}={value}" for name, value in more.items())
    answer = town.visitor().get(f"/oembed?url={quote(PUBLIC_URL + path, safe='')}{query}")
    return answer.status_code, answer.get_json(silent=True) or {}


def test_frames_may_stand_on_the_named_site_only_and_other_pages_nowhere(hosted: Town) -> None:
    ref = released(hosted)
    for path in FRAMES:
        headers = hosted.visitor().get(path.format(ref=ref)).headers
        policy = headers["Content-Security-Policy"]
        assert f"frame-ancestors 'self' {HOST}" in policy.split("; ")
        assert "unsafe" not in policy
        assert "X-Frame-Options" not in headers
    for path in ("/", f"/requests/{ref}", "/sign-in", "/embed/nothing", "/oembed"):
        headers = hosted.visitor().get(path).headers
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
        assert headers["X-Frame-Options"] == "DENY"


def test_where_no_site_is_named_none_may_show_a_frame(village: Town) -> None:
    policy = village.visitor().get("/embed/board").headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy.split("; ")


def test_hosts_that_are_no_exact_origins_or_this_machine_are_refused(tmp_path: Path) -> None:
    for hosts in ("https://*.example", f"{HOST} {HOST}", "http://127.0.0.1:3000"):
        with pytest.raises(SettingsRefused, match="EMBED_HOSTS"):
            town_settings(tmp_path, "sqlite:///x", embed_hosts=hosts)


def test_a_frame_sets_no_cookie_is_kept_by_an_etag_and_is_one_body_a_language(hosted: Town) -> None:
    ref = released(hosted)
    for path in FRAMES:
        path = path.format(ref=ref)
        first = hosted.visitor().get(path)
        assert "Set-Cookie" not in first.headers
        assert first.headers["Cache-Control"] == "public, max-age=0, must-revalidate"
        again = hosted.visitor().get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304
        assert HOST in again.headers["Content-Security-Policy"]  # a 304 renews what was kept
        assert "X-Frame-Options" not in again.headers


def test_whoever_is_signed_in_is_shown_what_a_stranger_is(hosted: Town) -> None:
    """On a site of the same domain the browser sends our cookie into the frame."""
    released(hosted)
    agent = hosted.signed_in("agent", lang="en")
    theirs, ours = agent.get("/embed/board"), hosted.visitor().get("/embed/board")
    assert theirs.get_data() == ours.get_data()
    assert theirs.headers["Cache-Control"] == ours.headers["Cache-Control"]


def test_a_frame_has_no_form_and_its_links_leave_it(hosted: Town) -> None:
    ref = released(hosted)
    for path in FRAMES:
        page = hosted.visitor().page(path.format(ref=ref))
        assert "<form" not in page
        assert '<base target="_top">' in page
        assert "<iframe" not in page


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("locale=en", "en"), ("locale=en-GB", "en"), ("locale=fr-CA", "fr"), ("locale=pt-BR", "fr"),
     ("locale=en&lang=fr", "fr"), ("locale=%3Cscript%3E", "fr"), ("", "fr")],
)  # fmt: skip
def test_the_locale_of_the_host_is_heeded_with_a_fallback_and_carried_on(
    hosted: Town, asked: str, spoken: str
) -> None:
    answer = hosted.visitor().get(f"/embed/board?{asked}")
    assert answer.headers["Content-Language"] == spoken
    assert (b"lang=en" in answer.get_data()) == (spoken == "en")


def test_an_unspoken_locale_leaves_the_choice_to_the_browser(hosted: Town) -> None:
    answer = hosted.visitor().get("/embed/board?locale=br", headers={"Accept-Language": "en"})
    assert answer.headers["Content-Language"] == "en"
    assert "Accept-Language" in answer.headers["Vary"]


def test_a_board_is_short_narrowed_on_demand_and_shows_titles_first(hosted: Town) -> None:
    for number in range(5):
        released(hosted, title=f"Menus numéro {number}")
    released(hosted, title="Le code du péage", object="source_code")
    hosted.request(title="Secret marqué")
    page = hosted.visitor().page("/embed/board")
    assert page.count("<h2>") == 3
    assert "relecture" not in page
    assert hosted.visitor().page("/embed/board?limit=9").count("<h2>") == 7
    narrowed = hosted.visitor().page("/embed/board?object=source_code&theme=nothing&limit=x")
    assert narrowed.count("<h2>") == 1
    assert "/requests?status=&" not in narrowed
    assert "Secret" not in hosted.visitor().page("/embed/board?limit=10")


def test_what_is_not_listed_or_gone_is_nothing_in_a_frame_and_unknown_to_oembed(
    hosted: Town,
) -> None:
    removed, report = released(hosted), hosted.report(category="neighbours")
    hosted.remove(removed)
    street = hosted.report()
    for ref in (removed, report, street, "2027-9999"):
        answer = hosted.visitor().get(f"/embed/request/{ref}")
        assert answer.status_code == 404
        assert HOST in answer.headers["Content-Security-Policy"]
        assert "Plus rien" in answer.get_data(as_text=True)
        assert oembed(hosted, f"/requests/{ref}")[0] == 404
    assert oembed(hosted, f"/incidents/{report}")[0] == 404
    assert oembed(hosted, f"/incidents/{street}")[0] == 200


def test_only_words_that_an_agent_released_go_to_other_sites(hosted: Town) -> None:
    ref = hosted.request(title="Un titre à relire", wanted="Des mots à relire, assez longs.")
    address = f"{PUBLIC_URL}/requests/{ref}"
    for path in (f"/embed/request/{ref}", f"/requests/{ref}", f"/oembed?url={quote(address)}"):
        said = hosted.visitor().page(path)
        assert "à relire" not in said
        assert ref in said
    with hosted.change():  # as a text that appears by itself: for the town's own pages
        from beffroi.kernel.db import db

        db.session.execute(
            db.text("UPDATE case_text SET state = 'shown', public = original WHERE role = 'title'")
        )
    assert "Un titre à relire" in hosted.visitor().page(f"/requests/{ref}").split("<h1>")[1]
    for path in ("/embed/board", f"/embed/request/{ref}", f"/oembed?url={quote(address)}"):
        assert "Un titre" not in hosted.visitor().page(path), path
    assert "Un titre" not in _meta(hosted, f"/requests/{ref}", "og:title")


def _meta(town: Town, path: str, name: str) -> str:
    return town.visitor().page(path).split(f'property="{name}" content="')[1].split('"')[0]


def test_a_request_says_to_other_sites_what_it_is_and_where_its_oembed_stands(hosted: Town) -> None:
    ref = released(hosted, title='Menus "bio" & <autres>', wanted="Chaque semaine. " * 30)
    page = hosted.visitor().page(f"/requests/{ref}?lang=en")
    assert (
        _meta(hosted, f"/requests/{ref}", "og:title") == "Menus &#34;bio&#34; &amp; &lt;autres&gt;"
    )
    assert len(_meta(hosted, f"/requests/{ref}", "og:description")) <= 200
    assert _meta(hosted, f"/requests/{ref}?lang=en", "og:url") == f"{PUBLIC_URL}/requests/{ref}"
    link = page.split('type="application/json+oembed" href="')[1].split('"')[0]
    said = json.loads(hosted.visitor().page(link.replace("&amp;", "&")))
    assert said["title"] == 'Menus "bio" & <autres>'
    assert (said["version"], said["type"], said["width"]) == ("1.0", "rich", 600)
    assert f'src="{PUBLIC_URL}/embed/request/{ref}?locale=en"' in said["html"]
    assert f'<a href="{PUBLIC_URL}/requests/{ref}?lang=en">' in said["html"]


def test_reports_and_campaigns_are_links_and_so_is_all_where_no_site_is_named(
    village: Town,
) -> None:
    report, ref = village.report(), released(village)
    village.release(report)
    for path in (f"/incidents/{report}", f"/requests/{ref}"):
        status, said = oembed(village, path)
        assert (status, said["type"]) == (200, "link")
        assert "html" not in said
        assert "+oembed" in village.visitor().page(path)
    assert "lampadaire" in _meta(village, f"/incidents/{report}", "og:description")


def test_oembed_speaks_xml_heeds_sizes_and_refuses_the_rest(hosted: Town) -> None:
    ref = released(hosted)
    answer = hosted.visitor().get(
        f"/oembed?format=xml&maxwidth=320&maxheight=200&url={PUBLIC_URL}/requests/{ref}"
    )
    root = ElementTree.fromstring(answer.get_data())
    assert (answer.mimetype, root.findtext("width"), root.findtext("height")) == (
        "text/xml", "320", "200",
    )  # fmt: skip
    assert 'width="320" height="200"' in (root.findtext("html") or "")
    assert hosted.visitor().get("/oembed?format=yaml&url=x").status_code == 501
    assert hosted.visitor().get("/oembed").status_code == 422
    assert (
        hosted.visitor().get(f"/oembed?url=https://evil.example/requests/{ref}").status_code == 404
    )


def test_scripts_name_no_star_and_check_who_speaks(hosted: Town) -> None:
    for name in ("frame.js", "beffroi.js"):
        answer = hosted.visitor().get(f"/embed/{name}")
        assert answer.mimetype == "text/javascript"
        script = answer.get_data(as_text=True)
        assert '"*"' not in script
        assert "event.origin" in script
        assert "event.source" in script
