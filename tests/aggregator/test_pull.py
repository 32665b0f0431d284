# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pulling honest towns: what is taken, what is asked, what disappears."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import text

from beffroi_federation.aggregator.intake import rules
from beffroi_federation.aggregator.intake.commands import verify_stored
from beffroi_federation.aggregator.kernel.db import db, unit_of_work
from beffroi_federation.aggregator.national.commands import rebuild
from beffroi_web.clock import FixedClock
from support.nation import Nation, cell_content, make_town, request_content
from support.simulated_town import SimulatedTown

Serve = Callable[[SimulatedTown], SimulatedTown]


@pytest.fixture
def town(serve: Serve) -> SimulatedTown:
    """A town with a batch, three requests and a cell of counts."""
    made = make_town()
    made.begin_batch("2026-W40")
    for number in (1, 2, 3):
        made.record(request_content(number))
    made.record(cell_content())
    made.publish()
    return serve(made)


def test_an_honest_town_is_taken_and_a_quiet_second_pull_asks_once(
    nation: Nation, town: SimulatedTown
) -> None:
    nation.know(town)
    first = nation.pull()["210000006"]
    assert (first.result, first.entries, first.behind) == ("taken", 5, 0)
    town.requests.clear()
    assert nation.pull()["210000006"].result == "unchanged"
    assert town.requests == ["log/checkpoint"]
    ready = nation.client().get("/readyz")
    assert ready.status_code == 200
    assert ready.json == {
        "ready": True, "migrated": True, "towns": 1, "verified": 1, "entries": 5, "records": 4,
        "refused": 0,
    }  # fmt: skip


def test_nothing_is_pulled_from_a_town_that_nobody_approved(
    nation: Nation, town: SimulatedTown
) -> None:
    nation.know(town, approve=False)
    town.requests.clear()
    assert nation.pull() == {}
    assert town.requests == []


def test_the_nation_is_not_ready_before_the_approved_town_was_pulled(
    small_nation: Nation, town: SimulatedTown
) -> None:
    small_nation.know(town)
    answer = small_nation.client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["verified"] == 0
    assert small_nation.client().get("/healthz").status_code == 200


def test_a_newer_version_replaces_the_older_one_everywhere(
    nation: Nation, town: SimulatedTown
) -> None:
    nation.know(town)
    nation.pull()
    town.supersede(
        1,
        request_content(
            1, title="Plan des pistes cyclables", status="published", outcome="published",
            answer="Voici les pistes.", answered="2026-W41",
        ),
    )  # fmt: skip
    town.publish()
    assert nation.pull()["210000006"].entries == 1
    page = nation.page("/requests/210000006-1-1")
    assert "Plan des pistes cyclables" in page
    assert "Voici les pistes." in page
    assert "ligne 1" not in nation.dump()
    assert "Plan des pistes" in nation.page("/requests?q=cyclables")
    assert "Plan des pistes" not in nation.page("/requests?q=autobus")


def test_a_withdrawal_empties_every_table_and_page_at_once(
    nation: Nation, town: SimulatedTown
) -> None:
    nation.know(town)
    nation.pull()
    salt = town.contents[2][0]
    assert "ligne 2" in nation.dump()
    town.withdraw(2)
    town.publish()
    nation.pull()
    dump = nation.dump()
    assert "ligne 2" not in dump
    assert repr(salt) not in dump
    assert nation.client().get("/requests/210000006-1-2").status_code == 410
    assert "ligne 3" in nation.page("/requests")
    assert nation.client().get("/readyz").status_code == 200


def test_every_version_of_a_withdrawn_request_is_gone(nation: Nation, town: SimulatedTown) -> None:
    nation.know(town)
    nation.pull()
    newer = town.supersede(1, request_content(1, title="Une version corrigée"))
    town.publish()
    nation.pull()
    town.withdraw(1)
    town.withdraw(newer)
    town.publish()
    nation.pull()
    assert "version corrigée" not in nation.dump()


def test_a_content_that_is_served_no_longer_disappears_before_its_withdrawal(
    nation: Nation, town: SimulatedTown, clock: FixedClock
) -> None:
    nation.know(town)
    nation.pull()
    content = town.contents.pop(3)
    clock.move(timedelta(days=1, minutes=1))
    assert nation.pull()["210000006"].result == "unchanged"
    assert "ligne 3" not in nation.dump()
    assert nation.town().state == "approved"
    town.contents[3] = content
    clock.move(timedelta(days=1, minutes=1))
    nation.pull()
    assert "ligne 3" in nation.page("/requests")


def test_a_content_that_stays_away_puts_the_town_in_quarantine_after_8_days(
    nation: Nation, town: SimulatedTown, clock: FixedClock
) -> None:
    nation.know(town)
    nation.pull()
    town.contents.pop(3)
    clock.move(timedelta(days=1, minutes=1))
    nation.pull()
    clock.move(timedelta(days=7))
    assert nation.pull()["210000006"].result == "unchanged"
    clock.move(timedelta(days=1, minutes=1))
    done = nation.pull()["210000006"]
    assert (done.result, done.step) == ("refused", "missing")
    assert nation.town().state == "quarantined"
    assert "absent for more than 8 days" in nation.page("/audit")


def test_a_town_in_quarantine_can_still_have_something_removed(
    nation: Nation, town: SimulatedTown, clock: FixedClock
) -> None:
    nation.know(town)
    nation.pull()
    town.leaves[1] = town.leaves[2]
    town.record(request_content(4))
    town.publish()
    assert nation.pull()["210000006"].step == "broken"
    assert "ligne 3" in nation.page("/requests")
    town.contents.pop(3)
    clock.move(timedelta(days=1, minutes=1))
    nation.pull()
    assert "ligne 3" not in nation.dump()
    assert "ligne 2" in nation.page("/requests")


def test_a_large_log_is_taken_in_several_verified_turns(
    small_nation: Nation, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "GROWTH_PER_PULL", 600)
    town = make_town()
    for number in range(1, 1_500):
        town.receive(b"%d" % number)
    town.record(request_content(1))
    town.publish()
    serve(town)
    small_nation.know(town)
    done = small_nation.pull()["210000006"]
    assert (done.result, done.behind) == ("taken", 0)
    assert any(path.startswith("log/tile/0/") for path in town.requests)
    assert town.requests.count("log/checkpoint") == 1
    assert len(small_nation.rows("raw_entry")) == 1_500
    assert "ligne 1" in small_nation.page("/requests")


def test_a_text_with_an_identifier_is_held_counted_and_never_shown(
    nation: Nation, serve: Serve
) -> None:
    town = make_town()
    town.record(request_content(1, summary="Écrivez à camille@example.org pour le fichier."))
    town.record(request_content(2))
    town.publish()
    serve(town)
    nation.know(town)
    assert nation.pull()["210000006"].kept_back == 1
    for path in ("/", "/requests", "/towns/210000006", "/audit", "/api/v1/records"):
        answer = nation.client().get(path)
        assert "camille@example.org" not in answer.get_data(as_text=True)
    assert nation.client().get("/requests/210000006-1-0").status_code == 404
    assert "personal identifier" in nation.page("/audit")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (request_content(1, status="invented"), "unreadable"),
        (request_content(1, commune="12345"), "elsewhere"),
        (request_content(1, kind="poem"), "unknown"),
        (request_content(1, v=2), "unknown"),
    ],
)
def test_a_verified_content_that_does_not_fit_is_kept_and_not_shown(
    small_nation: Nation, serve: Serve, content: bytes, why: str
) -> None:
    town = make_town()
    town.record(content)
    town.publish()
    serve(town)
    small_nation.know(town)
    assert small_nation.pull()["210000006"].result == "taken"
    assert [row[4] for row in small_nation.rows("set_aside")] == [why]
    assert "ligne 1" not in small_nation.page("/requests")
    assert len(small_nation.rows("content")) == 1


def test_unknown_members_of_a_record_are_never_shown(small_nation: Nation, serve: Serve) -> None:
    town = make_town()
    town.record(request_content(1, extra="un membre de demain"))
    town.publish()
    serve(town)
    small_nation.know(town)
    small_nation.pull()
    assert "ligne 1" in small_nation.page("/requests")
    answer = small_nation.client().get("/api/v1/records")
    assert "un membre de demain" not in answer.get_data(as_text=True)
    assert "un membre de demain" in repr(small_nation.rows("content"))


def test_requests_received_and_untold_after_30_days_are_counted(
    nation: Nation, serve: Serve, clock: FixedClock
) -> None:
    town = make_town()
    told = town.receive(b"told")
    town.receive(b"buried")
    town.record(request_content(1), received=told)
    town.publish()
    serve(town)
    nation.know(town)
    nation.pull()
    items = nation.client().get("/api/v1/towns").json
    assert items is not None
    assert items["items"][0]["unreleased"] == 0
    clock.move(timedelta(days=31))
    nation.pull()
    items = nation.client().get("/api/v1/towns").json
    assert items is not None
    assert items["items"][0]["unreleased"] == 1


def test_a_rebuild_gives_the_same_tables(nation: Nation, town: SimulatedTown) -> None:
    nation.know(town)
    nation.pull()
    told = town.receive(b"told")
    town.record(request_content(5, summary="Appelez le 06 12 34 56 78"))
    town.record(request_content(6), received=told)
    town.publish()
    nation.pull()
    town.supersede(1, request_content(1, title="Corrigé"))
    town.withdraw(2)
    town.publish()
    nation.pull()
    derived = (
        "record", "incident_cell", "set_aside", "item", "received", "record_search", "town_tally",
        "cell_tally",
    )  # fmt: skip
    before = {table: nation.rows(table) for table in derived}
    assert all(before.values())
    with nation.app.app_context():
        assert rebuild() == 10
        assert [one.fault for one in verify_stored()] == [""]
    assert {table: nation.rows(table) for table in derived} == before


def test_a_changed_row_of_the_store_is_found_by_verify(
    small_nation: Nation, town: SimulatedTown
) -> None:
    small_nation.know(town)
    small_nation.pull()
    with small_nation.app.app_context():
        with unit_of_work():
            db.session.execute(text("UPDATE raw_entry SET leaf = :leaf WHERE position = 0"),
                               {"leaf": b'{"p":"2026-W41","t":"bat","v":1}'})  # fmt: skip
        (found,) = verify_stored()
    assert "do not lead to the stored state" in found.fault
