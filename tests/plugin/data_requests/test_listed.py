# SPDX-License-Identifier: AGPL-3.0-or-later
"""The list of requests by its ETags, which change with whatever it shows, and by its cursors."""

from collections.abc import Callable, Sequence

import pytest
from msgspec import json

from beffroi.cases.queries import listed as lists
from beffroi.cases.service import the_case
from beffroi.data_requests.queries import listed
from beffroi.incidents.queries import listed as reports
from beffroi.kernel.versions import reader, token
from support.town import PUBLIC_URL, Town

LISTS = ("/api/v1/requests", "/requests?lang=fr", "/requests?lang=en", "/requests?q=menus&lang=en")


REPORTS = (
    "/api/v1/incidents",
    "/api/v1/incidents/map?window=47,-3,49,0",
    "/api/v1/incidents?window=48.1,-1.7,48.2,-1.6",
    "/incidents?lang=fr",
)


def etags(town: Town, lists: Sequence[str] = LISTS) -> dict[str, tuple[str, bytes]]:
    client = town.app.test_client()
    found = {}
    for path in lists:
        answer = client.get(path, base_url=PUBLIC_URL)
        assert answer.status_code == 200
        found[path] = (answer.headers["ETag"], answer.get_data())
        again = client.get(path, base_url=PUBLIC_URL, headers={"If-None-Match": found[path][0]})
        assert (again.status_code, again.get_data()) == (304, b""), path
        assert client.get(path, base_url=PUBLIC_URL).get_data() == found[path][1]
    return found


def test_every_change_that_shows_gives_new_etags_at_once(town: Town) -> None:
    ref = town.request()
    changes: list[Callable[[], object]] = [
        lambda: town.release(ref),
        lambda: town.signed_in().post(f"/requests/{ref}/support"),
        lambda: town.answer(ref, "published", url="https://data.ville.example/menus"),
        lambda: town.request(title="Menus des crèches", email="sam@citizens.example"),
        lambda: town.release(ref, title="Menus, encore"),
        lambda: town.hold(ref, "title"),
        lambda: town.remove(ref),
    ]
    before = etags(town)
    for number, change in enumerate(changes):
        change()
        after = etags(town)
        for path in LISTS:
            if after[path][1] != before[path][1]:
                assert after[path][0] != before[path][0], (number, path)
        assert after["/api/v1/requests"][1] != before["/api/v1/requests"][1], number
        before = after


def test_every_change_of_reports_that_shows_gives_new_etags_at_once(town: Town) -> None:
    here = {"latitude": 48.1147, "longitude": -1.6794}
    ref = town.report(**here)
    changes: list[Callable[[], object]] = [
        lambda: town.release(ref),
        lambda: town.signed_in().post(f"/incidents/{ref}/support"),
        lambda: town.close(ref, "resolved"),
        lambda: town.release(town.report(**here, description="Un banc est cassé.")),
        lambda: town.hold(ref, "description"),
        lambda: town.remove(ref),
    ]
    before = etags(town, REPORTS)
    for number, change in enumerate(changes):
        change()
        after = etags(town, REPORTS)
        for path in REPORTS:
            if after[path][1] != before[path][1]:
                assert after[path][0] != before[path][0], (number, path)
        assert after["/api/v1/incidents"][1] != before["/api/v1/incidents"][1], number
        before = after


def test_a_search_finds_what_it_seeks_among_many_hits_of_another_kind(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [town.report(description=f"Le banc {n} est cassé.") for n in range(3)]
    for ref in wanted:
        town.release(ref)
    for n in range(9):
        town.later(hours=1)
        town.release(town.request(title=f"Les bancs du quartier {n}", email=f"b{n}@c.example"))
    for most in (lists.MOST_WALKED, 2):
        monkeypatch.setattr(lists, "MOST_WALKED", most)
        for sort in ("newest", "oldest", "supported"):
            with town.look():
                first, _ = reports.cards({"q": "banc", "sort": sort, "limit": 2})
                rest, _ = reports.cards(
                    {"q": "banc", "sort": sort, "limit": 2, "cursor": first.next_cursor}
                )
            seen = [row.ref for row in (*first.items, *rest.items)]
            assert sorted(seen) == sorted(wanted), (most, sort)
            assert rest.next_cursor is None


def test_the_day_changes_the_page_and_not_the_api(village: Town) -> None:
    village.release(village.request())
    before = etags(village)
    village.later(days=1)
    after = etags(village)
    assert after["/api/v1/requests"] == before["/api/v1/requests"]
    assert after["/requests?lang=fr"][0] != before["/requests?lang=fr"][0]


def test_nobody_else_gets_the_page_of_somebody_signed_in(village: Town) -> None:
    village.release(village.request())
    agent = village.signed_in("agent", name="Camille Agent")
    mine = agent.page("/requests")
    assert "Camille Agent" in mine
    stranger = village.visitor().page("/requests")
    assert "Camille Agent" not in stranger
    assert "Camille Agent" in agent.page("/requests")
    etag = village.visitor().get("/requests").headers["ETag"]
    assert agent.get("/requests", headers={"If-None-Match": etag}).status_code == 200


def _fail_in_the_middle(town: Town, ref: str) -> None:
    with town.change():
        the_case(ref).supports = 7
        raise ZeroDivisionError


def test_a_change_that_fails_and_other_tables_leave_the_version(town: Town) -> None:
    ref = town.request()
    with town.look():
        before = token(reader())
    with pytest.raises(ZeroDivisionError):
        _fail_in_the_middle(town, ref)
    town.signed_in("agent")
    with town.look():
        assert token(reader()) == before
    town.remove(ref)
    with town.look():
        assert token(reader()) not in {before, ""}


def test_pages_of_a_search_are_walked_to_the_end_in_every_order(town: Town) -> None:
    refs = []
    for number in range(9):
        wanted = {"title": f"Menus {number}"} if number % 2 else {"title": f"Repas {number}"}
        refs.append(town.request(email=f"a{number}@citizens.example", **wanted))
        town.release(refs[-1])
        town.later(hours=1 if number % 3 else 0)
    for sort in ("newest", "oldest", "supported", "relevance"):
        for narrow in ({}, {"object": "dataset"}):
            seen: list[str] = []
            cursor = ""
            with town.look():
                while True:
                    filters = {"q": "menus", "sort": sort, "limit": 2, "cursor": cursor, **narrow}
                    page, _ = listed.items(filters, PUBLIC_URL)
                    seen += [json.decode(one)["ref"] for one in page.items]
                    if page.next_cursor is None:
                        break
                    cursor = page.next_cursor
            assert sorted(seen) == sorted(refs), sort
            if sort == "newest":
                assert seen == refs[::-1]
            if sort == "relevance":
                assert set(seen[:4]) == set(refs[1::2])


def test_no_word_of_a_person_is_among_the_pieces_that_pages_share(village: Town) -> None:
    ref = village.request(title="Xylophones municipaux", wanted="Les xylophones, un par un.")
    village.release(ref)
    village.close(village.report(description="Un xylophone dans la rue."), "resolved")
    stranger = village.visitor()
    for path in ("/", "/requests", "/requests?q=xylophones", "/incidents", f"/requests/{ref}"):
        assert stranger.get(path).status_code == 200
    kept = repr(village.app.extensions["beffroi_web"].pieces)
    assert "badge" in kept
    assert "ylophone" not in kept
    assert f"/{ref}" not in kept


WAYS = (
    ("/api/v1/requests", ("", "limit=1", "status=any_open", "theme=EDUC&sort=oldest", "q=menus")),
    ("/api/v1/incidents", ("", "limit=1", "category=lighting", "q=banc")),
)


@pytest.mark.parametrize(("path", "queries"), WAYS, ids=[path for path, _ in WAYS])
def test_the_short_way_in_front_of_the_application_says_what_the_view_says(
    village: Town, path: str, queries: Sequence[str]
) -> None:
    for title in ("Menus des écoles", "Menus des crèches"):
        village.release(village.request(title=title, theme="EDUC"))
    village.release(village.report(description="Un banc est cassé."))
    client = village.app.test_client()

    def asked(query: str) -> tuple[int, dict[str, str], bytes]:
        answer = client.get(f"{path}?{query}", base_url=PUBLIC_URL)
        headers = {name: value for name, value in answer.headers if name != "ETag"}
        return answer.status_code, headers, answer.get_data()

    for query in queries:
        by_view = asked(f"{query}&other=%31")  # signs that are spelt otherwise go the long way
        shortly = asked(f"{query}&other=2" if query else "other=2")
        assert shortly == by_view, query
        assert json.decode(shortly[2])["items"]
    for wrong in ("limit=0", "limit=1&limit=1", "cursor=nonsense", "limit=+1"):
        assert asked(wrong)[0] == 422, wrong
