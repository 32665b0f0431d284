# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people and programs read."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

import beffroi_federation.aggregator
from beffroi_web.catalogues import message_ids, missing
from beffroi_web.guards import check_guards
from support.nation import Nation, make_town, request_content
from support.simulated_town import SimulatedTown

PACKAGE = Path(beffroi_federation.aggregator.__file__).parent
WEB = PACKAGE.parent.parent / "beffroi_web"
Serve = Callable[[SimulatedTown], SimulatedTown]

PAGES = (
    "/",
    "/towns",
    "/towns?q=beffroi",
    "/towns/210000006",
    "/communes/99999",
    "/communes/12345",
    "/requests",
    "/requests?q=autobus&status=open&theme=TRAN&town=210000006&commune=99999",
    "/requests/210000006-1-1",
    "/requests/210000006-1-2",
    "/search",
    "/search?what=topics&q=cantine&status=refused",
    "/search?what=towns&q=beffroi&kind=commune",
    "/map",
    "/map?measure=incidents",
    "/map/35",
    "/open-first",
    "/open-first?by=domain",
    "/audit/towns",
    "/audit/checkpoints",
    "/topics",
    "/topics?q=autobus&theme=TRAN&town=210000006&status=waiting",
    "/incidents",
    "/incidents?family=street&town=210000006&commune=99999",
    "/audit",
    "/audit?all=1",
    "/how-it-works",
    "/accessibility",
    "/privacy",
    "/sign-in",
)


def test_every_page_answers_in_both_languages(full_nation: Nation) -> None:
    for path in PAGES:
        french, english = (full_nation.page(path, lang) for lang in ("fr", "en"))
        assert '<html lang="fr">' in french, path
        assert '<html lang="en">' in english, path
        assert french != english, path
        for page in (french, english):
            assert page.count("<h1") == 1, path
            assert "%(" not in page, path
            assert "None" not in re.sub(r"<[^>]*>", "", page), path


def test_an_anonymous_reader_gets_no_cookie_and_an_etag(full_nation: Nation) -> None:
    answer = full_nation.client().get("/requests")
    assert "Set-Cookie" not in answer.headers
    again = full_nation.client().get("/requests", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_texts_of_strangers_are_escaped(full_nation: Nation) -> None:
    page = full_nation.page("/requests/210000006-1-3")
    assert "&lt;b&gt;Budget&lt;/b&gt; &amp; comptes" in page
    assert "<script>alert" not in page
    assert 'rel="nofollow noopener external"' in page
    assert "<b>Budget" not in full_nation.page("/requests")


def test_a_protected_cell_says_so_and_has_no_figure(full_nation: Nation) -> None:
    first = full_nation.page("/incidents")
    assert "One more cell is protected" in first
    summed, page = full_nation.page("/incidents?cells=all").split("Every published count")
    row = next(part for part in summed.split("<tr") if "Graffiti" in part)
    assert row.count("protected") == 2
    row = next(part for part in page.split("<tr") if "Graffiti" in part)
    assert row.count("protected") == 2
    shown = next(part for part in page.split("<tr") if "lighting" in part)
    assert ">12<" in shown
    assert "8 to 30 days" in shown


def test_the_answer_stands_before_the_question_with_its_reason(full_nation: Nation) -> None:
    page = full_nation.page("/requests/210000006-1-2")
    assert page.index("Official answer") < page.index("What was asked")
    assert "CRPA-L311-5" in page
    assert "An appeal is under way." in page
    assert "entry 2" in page
    assert "/log/proof/2" in page


def test_search_folds_accents_and_matches_beginnings(full_nation: Nation) -> None:
    assert "cantine" in full_nation.page("/requests?q=CANTÏ")
    assert "No request found" in full_nation.page("/requests?q=introuvable")
    assert "No request found" not in full_nation.page("/requests?q=%25%27%22*()")


def test_filters_narrow_and_can_be_removed(full_nation: Nation) -> None:
    page = full_nation.page("/requests?status=refused&theme=EDUC")
    assert "cantine" in page
    assert "autobus" not in page
    assert 'href="/requests?theme=EDUC"' in page
    assert "No request found" in full_nation.page("/requests?town=000000000")


def test_lists_page_by_cursor_without_losing_or_repeating_a_row(
    nation: Nation, serve: Serve
) -> None:
    town = make_town()
    for number in range(1, 26):
        town.record(request_content(number, period=f"2026-W{30 + number % 5}"))
    town.publish()
    serve(town)
    nation.know(town)
    nation.pull()
    seen: list[str] = []
    url = "/api/v1/records?limit=7"
    while True:
        body = nation.client().get(url).json
        assert body is not None
        seen += [item["ref"] for item in body["items"]]
        if body["next_cursor"] is None:
            break
        url = f"/api/v1/records?limit=7&cursor={body['next_cursor']}"
    assert len(seen) == 25
    assert len(set(seen)) == 25
    page = nation.page("/requests?limit=7")
    later = re.search(r'rel="next" href="([^"]+)"', page)
    assert later is not None
    assert nation.client().get(later[1].replace("&amp;", "&")).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/towns/123", 404),
        ("/towns/999999999", 404),
        ("/communes/xyz", 404),
        ("/requests/nonsense", 404),
        ("/requests/210000006-1-999", 404),
        ("/requests/210000006-9-1", 404),
        ("/requests?cursor=nonsense", 422),
        ("/requests?limit=0", 422),
        ("/audit/99999999999999999999/evidence", 404),
        ("/audit?cursor=WyJhIl0", 404),
        ("/nowhere", 404),
    ],
)
def test_bad_input_gets_a_page_that_says_what_to_do(
    full_nation: Nation, path: str, status: int
) -> None:
    answer = full_nation.client().get(path, headers={"Accept-Language": "fr"})
    assert answer.status_code == status
    page = answer.get_data(as_text=True)
    assert '<html lang="fr">' in page
    assert f"Code {status}" in page
    assert 'class="purpose"' in page


def test_the_api_has_the_shape_of_its_contract(full_nation: Nation) -> None:
    client = full_nation.client()
    for path in ("towns", "records", "audit"):
        body = client.get(f"/api/v1/{path}?limit=1").json
        assert body is not None
        assert set(body) == {"items", "next_cursor"}
        assert len(body["items"]) == 1
    records = client.get("/api/v1/records?status=refused").json
    assert records is not None
    (item,) = records["items"]
    assert item["record"]["title"] == "Le code de la cantine"
    assert (item["index"], item["siren"], item["ref"]) == (2, "210000006", "210000006-1-2")
    assert item["url"] == "http://127.0.0.1:8300/requests/210000006-1-2"
    cells = client.get("/api/v1/records?kind=incident_summary").json
    assert cells is not None
    hidden = next(i["record"] for i in cells["items"] if i["record"]["state"] == "suppressed")
    assert "count" not in hidden
    towns = client.get("/api/v1/towns?commune=99999").json
    assert towns is not None
    assert towns["items"][0]["state"] == "approved"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/records?kind=poem",
        "/api/v1/records?limit=201",
        "/api/v1/records?cursor=nonsense",
        "/api/v1/audit?kind=poem",
    ],
)
def test_a_wrong_query_is_a_problem_with_its_field(full_nation: Nation, path: str) -> None:
    answer = full_nation.client().get(path)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert answer.json is not None
    assert list(answer.json["errors"]) == [path.rsplit("?")[1].split("=")[0]]


def test_an_unknown_town_of_a_query_is_not_found(full_nation: Nation) -> None:
    assert full_nation.client().get("/api/v1/records?town=999999999").status_code == 404


def test_openapi_describes_every_route(full_nation: Nation) -> None:
    described = full_nation.client().get("/api/openapi.json").json
    assert described is not None
    assert described["openapi"].startswith("3.1")
    assert set(described["paths"]) == {
        "/api/v1/towns", "/api/v1/records", "/api/v1/similar", "/api/v1/audit",
        "/api/v1/topics", "/api/v1/topics/{slug}",
        "/api/openapi.json",
    }  # fmt: skip


def test_a_silent_and_a_mute_town_are_named(full_nation: Nation) -> None:
    assert "Verified" in full_nation.page("/towns")
    full_nation.clock.move(timedelta(days=10))
    full_nation.pull()
    assert "Silent" in full_nation.page("/towns")
    full_nation.clock.move(timedelta(days=21))
    full_nation.pull()
    assert "Mute" in full_nation.page("/towns/210000006")


def test_every_route_declares_a_guard(small_nation: Nation) -> None:
    check_guards(small_nation.app)


def test_every_sentence_has_its_french() -> None:
    own = PACKAGE / "translations/fr/LC_MESSAGES/messages.po"
    shared = [
        WEB / "translations/fr/LC_MESSAGES/messages.po",
        WEB / "sign_in/translations/fr/LC_MESSAGES/messages.po",
    ]
    assert len(message_ids(PACKAGE)) > 100
    assert missing(PACKAGE, own, *shared) == []


def test_the_nation_answers_before_any_town_is_known(small_nation: Nation) -> None:
    for path in ("/", "/towns", "/requests", "/incidents", "/audit"):
        assert 'class="empty"' in small_nation.page(path)
    assert small_nation.client().get("/readyz").status_code == 200
