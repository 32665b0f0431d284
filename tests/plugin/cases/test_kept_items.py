# SPDX-License-Identifier: AGPL-3.0-or-later
"""What lists give of a case is kept, and is never other than what would be put together now."""

import re
import threading
from collections.abc import Callable, Sequence

import pytest
from msgspec import json

from beffroi.cases.commands import keep_items
from beffroi.cases.queries import listed as lists
from beffroi.cases.queries.listing import Listing, item
from beffroi.cases.service.listing import _ALONE, keep_some_items
from beffroi.data_requests.queries import listed as requests
from beffroi.incidents.queries import listed as reports
from beffroi.kernel import driver
from beffroi.kernel.db import MIGRATIONS, db
from beffroi_web.migrating import downgrade, upgrade
from support.town import PUBLIC_URL, Town

LISTINGS = (requests.REQUESTS, reports.REPORTS)
HERE = {"latitude": 48.1147, "longitude": -1.6794}


def given(town: Town) -> list[dict[str, object]]:
    """Return what the lists give now, of both kinds and in two orders."""
    with town.look():
        pages = [
            read({"sort": sort, "limit": 50}, f"{PUBLIC_URL}/somewhere")[0].items
            for read in (requests.items, reports.items)
            for sort in ("newest", "supported")
        ]
    return [json.decode(one) for page in pages for one in page]


def kept(town: Town) -> dict[str, str]:
    """Return the items that are kept, by reference."""
    return dict(map(tuple, town.rows("SELECT ref, item FROM case_item WHERE item <> ''")))


def put_together_now(town: Town) -> list[dict[str, object]]:
    """Return what the lists give when nothing at all is kept."""
    with town.change():
        driver.execute("UPDATE case_item SET ref = NULL, item = NULL")
    return given(town)


def keep(town: Town) -> int:
    with town.look():
        count, in_the_way = keep_items(LISTINGS)
    assert not in_the_way
    return count


def test_what_is_kept_is_what_would_be_put_together_after_every_change(town: Town) -> None:
    ref = town.request(title="Menus « des écoles » \\ et\tcrèches", wanted='Tout,\nsans "rien".')
    report = town.report(**HERE)
    changes: list[Callable[[], object]] = [
        lambda: town.release(ref),
        lambda: town.release(report),
        lambda: town.signed_in().post(f"/requests/{ref}/support"),
        lambda: town.release(ref, title="Menus, encore"),
        lambda: town.request(title="Menus des crèches", email="sam@citizens.example"),
        lambda: town.answer(ref, "published", url="https://data.ville.example/menus"),
        lambda: town.signed_in().post(f"/incidents/{report}/support"),
        lambda: town.close(report, "resolved"),
        lambda: town.hold(ref, "title"),
        lambda: town.hold(report, "description"),
        lambda: town.remove(report),
        lambda: town.remove(ref),
    ]
    keep(town)
    for number, change in enumerate(changes):
        change()
        now = given(town)
        assert put_together_now(town) == now, number
        assert keep(town) > 0, number
        assert given(town) == now, number
        assert keep(town) == 0, number
        assert len(kept(town)) == len({one["ref"] for one in now}), number


OF_IT = 'case_id = (SELECT id FROM "case" WHERE ref = ?)'
CHANGES = (
    'UPDATE "case" SET supports = supports + 1 WHERE ref = ?',
    f"UPDATE case_text SET state = 'held' WHERE role = 'title' AND {OF_IT}",
    "INSERT INTO official_answer (case_id, outcome, text_id, answered_at)"
    f" SELECT case_id, 'redirected', text_id, answered_at FROM official_answer WHERE {OF_IT}",
    f"DELETE FROM official_answer WHERE {OF_IT}",
    f"UPDATE data_request SET theme = 'ENER' WHERE {OF_IT}",
)


@pytest.mark.parametrize(
    "change", CHANGES, ids=[change.split(" SET")[0][:30] for change in CHANGES]
)
def test_a_statement_past_all_services_takes_the_item_away_in_its_own_transaction(
    town: Town, change: str
) -> None:
    ref, other = town.request(), town.request(title="Bancs", email="o@citizens.example")
    for one in (ref, other):
        town.release(one)
    town.answer(ref, "refused", ground="privacy")
    keep(town)
    with town.change():
        driver.execute(change, ref)
        left = driver.rows("SELECT ref FROM case_item WHERE item <> ''")
        assert [tuple(row) for row in left] == [(other,)]
    now = given(town)
    assert put_together_now(town) == now


def test_every_table_that_an_item_names_is_watched(town: Town) -> None:
    named = {"case"}
    for one in LISTINGS:
        for sqlite in (True, False):
            named |= set(re.findall(r"(?:FROM|JOIN) (\w+)", item(one, sqlite=sqlite)))
    watched: dict[str, set[str]] = {}
    if db_is_sqlite(town):
        for table, sql in town.rows(
            "SELECT tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
        ):
            watched.setdefault(table, set()).add(re.findall(r"AFTER (\w+)", sql)[0])
    else:
        for table, what in town.rows(
            "SELECT event_object_table, event_manipulation FROM information_schema.triggers"
        ):
            watched.setdefault(table, set()).add(what)
    assert watched.pop("case") >= {"INSERT", "UPDATE"}  # its row goes with it
    assert watched == {table: {"INSERT", "UPDATE", "DELETE"} for table in named - {"case"}}


def db_is_sqlite(town: Town) -> bool:
    with town.look():
        return bool(db.engine.dialect.name == "sqlite")


def test_the_item_of_a_case_that_is_in_no_list_is_empty(town: Town) -> None:
    ref = town.request()
    town.release(ref)
    town.remove(ref)
    keep(town)
    assert kept(town) == {}
    rows = town.rows('SELECT item FROM case_item JOIN "case" c ON c.id = case_id')
    assert [tuple(row) for row in rows] == [("",)]


# On SQLite there is one writer at a time: nobody can be in the middle of a change.
ON_A_SERVER = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.database)], indirect=True
)


@ON_A_SERVER
def test_nothing_is_put_together_while_somebody_changes_a_case_on_a_server(town: Town) -> None:
    ref = town.request()
    town.release(ref)
    keep(town)
    changed, go_on = threading.Event(), threading.Event()

    def change() -> None:
        with town.change():
            driver.execute("UPDATE case_text SET state = 'held' WHERE role = 'title'")
            changed.set()
            assert go_on.wait(20)

    other = threading.Thread(target=change)
    other.start()
    try:
        assert changed.wait(20)
        with town.look():
            assert keep_items(LISTINGS) == (0, True)
    finally:
        go_on.set()
        other.join(20)
    assert kept(town) == {}
    assert keep(town) == 1
    assert json.decode(kept(town)[ref])["title"] is None


@ON_A_SERVER
def test_a_change_waits_for_items_that_are_being_put_together_on_a_server(town: Town) -> None:
    ref = town.request()
    town.release(ref)
    begun, done = threading.Event(), threading.Event()

    def change() -> None:
        assert begun.wait(20)
        with town.change():
            driver.execute("UPDATE case_text SET state = 'held' WHERE role = 'title'")
        done.set()

    other = threading.Thread(target=change)
    other.start()
    with town.change():
        assert keep_some_items(LISTINGS, 10) == 1
        begun.set()
        assert not done.wait(1)
    other.join(20)
    assert done.is_set()
    assert kept(town) == {}
    assert given(town)[0]["title"] is None


def test_after_an_upgrade_every_case_of_before_waits_and_the_lists_give_the_same(
    town: Town,
) -> None:
    town.release(town.request())
    town.release(town.report(**HERE))
    keep(town)
    before = given(town)
    downgrade(MIGRATIONS, town.settings.database_url, "0032")
    upgrade(MIGRATIONS, town.settings.database_url)
    assert kept(town) == {}
    assert given(town) == before
    assert keep(town) == 2
    assert given(town) == before


def test_a_page_goes_on_although_a_case_leaves_the_list_while_it_is_read(
    village: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = []
    for number in range(3):
        refs.append(village.request(title=f"Menus {number}", email=f"a{number}@c.example"))
        village.release(refs[-1])
        village.later(hours=1)
    put_together = lists._put_together

    def meanwhile(listing: Listing, ids: Sequence[int]) -> dict[int, str]:
        """As if the newest had been removed after the heads of the page were read."""
        return {one: item for one, item in put_together(listing, ids).items() if one != max(ids)}

    monkeypatch.setattr(lists, "_put_together", meanwhile)
    seen, cursor = [], ""
    with village.look():
        for _ in range(3):
            page, _ = requests.items({"limit": 2, "cursor": cursor}, PUBLIC_URL)
            seen.append([json.decode(one)["ref"] for one in page.items])
            if page.next_cursor is None:
                break
            cursor = page.next_cursor
    assert seen == [[refs[1]], []]


def test_the_key_of_the_triggers_is_that_of_who_keeps_items() -> None:
    [migration] = (MIGRATIONS / "versions").glob("0033_*.py")
    assert f"pg_advisory_xact_lock_shared({_ALONE})" in migration.read_text()


def test_the_worker_keeps_items_by_itself(village: Town) -> None:
    ref = village.request()
    village.release(ref)
    village.later(minutes=2)
    village.work()
    assert set(kept(village)) == {ref}
