# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lists by keyset: walked to the end, each row comes exactly once, whatever its neighbours."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from beffroi.cases import queries
from beffroi.cases import service as cases
from beffroi.kernel.actors import Actor
from beffroi.kernel.db import db
from beffroi.kernel.errors import Invalid
from beffroi_web.paging import encode_cursor
from support.town import PUBLIC_URL, Town


@pytest.fixture
def full(town: Town) -> Town:
    """Thirteen requests: seven received in the same second, three pairs with equal supports."""
    with town.change():
        party = cases.party_for_email("a@x.example", lang="fr", now=town.now)
        for number in range(13):
            new = cases.NewCase(
                "data_request", "web", "fr", {"title": f"Menus numéro {number}"}, town.today, party
            )
            at = town.now if number < 7 else town.now + timedelta(hours=number // 2)
            case = cases.open_case(new, actor=Actor(), now=at, chance=town.chance)
            db.session.execute(
                text("INSERT INTO data_request (case_id, object) VALUES (:id, 'dataset')"),
                {"id": case.id},
            )
            case.supports = number % 4
            case.due_on = town.today + timedelta(days=number % 3) if number % 2 else None
    return town


def walk(town: Town, sort: str, limit: int) -> list[str]:
    refs: list[str] = []
    cursor = None
    with town.look():
        for _ in range(50):
            page = queries.page(queries.card_select(), sort=sort, cursor=cursor, limit=limit)
            assert len(page.items) <= limit
            refs += [row.ref for row in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return refs
            assert page.items
    raise AssertionError("the list never ends")


def test_no_row_is_lost_or_doubled_over_pages_in_any_order(full: Town) -> None:
    for sort in ("newest", "oldest", "supported", "due"):
        whole = walk(full, sort, 200)
        assert len(whole) == len(set(whole)) == 13, sort
        for limit in (1, 2, 5, 13):
            assert walk(full, sort, limit) == whole, (sort, limit)


def test_lists_are_in_the_order_they_say(full: Town) -> None:
    assert walk(full, "newest", 5) == walk(full, "oldest", 5)[::-1]
    with full.look():
        rows = queries.page(queries.card_select(), sort="supported", cursor=None, limit=50).items
        due = queries.page(queries.card_select(), sort="due", cursor=None, limit=50).items
    assert [r.supports for r in rows] == sorted((r.supports for r in rows), reverse=True)
    days = [r.due_on for r in due]
    assert days[6:] == [None] * 7
    assert days[:6] == sorted(days[:6])


def test_a_row_that_comes_meanwhile_disturbs_no_later_page(full: Town) -> None:
    with full.look():
        first = queries.page(queries.card_select(), sort="newest", cursor=None, limit=5)
    full.later(days=1)
    full.request()
    with full.look():
        second = queries.page(
            queries.card_select(), sort="newest", cursor=first.next_cursor, limit=200
        )
    seen = [r.ref for r in first.items] + [r.ref for r in second.items]
    assert len(seen) == len(set(seen)) == 13


@pytest.mark.parametrize(
    "values",
    [[], ["x", 1], [1], [1, 2, 3], ["2027-13-45T00:00:00", 1], [None, None], ["2027-01-12", "x"]],
)
@pytest.mark.parametrize("sort", ["newest", "supported", "due"])
def test_a_cursor_made_by_hand_is_refused_or_harmless(
    village: Town, values: list[Any], sort: str
) -> None:
    for section in ("requests", "incidents"):
        for path in (f"/{section}", f"/api/v1/{section}"):
            response = village.visitor().get(
                path, query_string={"cursor": encode_cursor(values), "sort": sort}
            )
            assert response.status_code in {200, 422}, (path, values)
    agent = village.signed_in("agent")
    response = agent.get("/desk", query_string={"cursor": encode_cursor(values)})
    assert response.status_code in {200, 422}


def test_a_cursor_of_another_order_is_refused_or_harmless_on_both_databases(full: Town) -> None:
    cursors = {}
    with full.look():
        for sort in ("newest", "oldest", "supported", "due"):
            page = queries.page(queries.card_select(), sort=sort, cursor=None, limit=3)
            cursors[sort] = page.next_cursor
    for sort in ("newest", "oldest", "supported"):
        for cursor in cursors.values():
            response = full.visitor().get(
                "/api/v1/requests", query_string={"cursor": cursor, "sort": sort}
            )
            assert response.status_code in {200, 422}, (sort, cursor)


def test_a_cursor_that_is_none_of_ours_is_refused_in_words(village: Town) -> None:
    with village.look(), pytest.raises(Invalid):
        queries.page(queries.card_select(), sort="newest", cursor="%%%", limit=5)
    response = village.app.test_client().get(
        "/requests?cursor=%25%25", base_url=PUBLIC_URL, headers={"Accept-Language": "en"}
    )
    assert response.status_code == 422
    assert "This place in the list is not known" in response.get_data(as_text=True)


def test_the_api_is_walked_by_its_cursors(full: Town) -> None:
    client = full.visitor()
    seen: list[str] = []
    query: dict[str, Any] = {"limit": 4}
    while True:
        body = client.get("/api/v1/requests", query_string=query).get_json()
        assert set(body) == {"items", "next_cursor"}
        seen += [item["ref"] for item in body["items"]]
        if body["next_cursor"] is None:
            break
        query["cursor"] = body["next_cursor"]
    assert len(seen) == len(set(seen)) == 13
