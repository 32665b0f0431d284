# SPDX-License-Identifier: AGPL-3.0-or-later
"""Catching up where it is not simple: imported cases, entries that were staged and never signed."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from beffroi.cases import service as cases
from beffroi.cyber import service as cyber
from beffroi.cyber.service import release
from beffroi.data_requests.service import ImportedRequest, import_requests
from beffroi.feed import service
from beffroi.feed.queries import SqlLogStore
from beffroi.kernel.actors import SYSTEM
from beffroi.kernel.db import MIGRATIONS, db
from beffroi_federation.errors import ProtocolError
from support.campaigns import open_call
from support.databases import database_fixture, fresh
from support.drill import Drill, drilled

# The restore drill goes these ways on both databases.
database_url = database_fixture(MIGRATIONS, kinds=("sqlite",))


@pytest.fixture
def drill(database_url: str, tmp_path: Path) -> Iterator[Drill]:
    with ExitStack() as stack, drilled(database_url, tmp_path, stack, kind="copy") as (made, _):
        yield made


def imported(drill: Drill, *titles: str) -> None:
    rows = [
        ImportedRequest(
            source=f"elsewhere:{title}",
            object="dataset",
            title=title,
            wanted="Tout ce qui existe.",
            received_at=datetime(2027, 1, 4, 9, tzinfo=UTC),
            lang="fr",
            official=True,
        )
        for title in titles
    ]
    with drill.town.change():
        import_requests(rows, now=drill.town.now)


def titles(drill: Drill) -> list[str]:
    return sorted(r["title"] for r in drill.records() if "title" in r)


def test_imported_requests_are_known_again_by_their_words(drill: Drill) -> None:
    imported(drill, "Arbres", "Bancs", "Chaises")
    file = drill.back_up()
    drill.work()
    drill.pull()
    drill.restore(file)
    report = drill.recover()
    assert (report.unknown, report.doubtful) == ([], 0)
    drill.work()
    assert titles(drill) == ["Arbres", "Bancs", "Chaises"]
    drill.no_fork()


def test_an_imported_request_whose_words_changed_since_waits_for_an_agent(drill: Drill) -> None:
    imported(drill, "Arbres")
    file = drill.back_up()
    [ref] = [row.ref for row in drill.town.rows('SELECT ref FROM "case"')]
    drill.town.release(ref, title="Arbres et bancs")
    drill.work()
    drill.pull()
    drill.restore(file)
    report = drill.recover()
    assert report.doubtful == 1
    assert len(report.unknown) == 1
    drill.work()
    assert titles(drill) == ["Arbres et bancs"]
    assert "release it again" in drill.town.one("SELECT result FROM outbox WHERE fact = 'request'")


def stage(drill: Drill) -> None:
    """Stage what waits without having it signed, as a worker does that dies in between."""
    town = drill.town
    with town.change():
        service.stage(now=town.now, today=town.today, chance=town.chance, period="2027-W02")


def facts(drill: Drill) -> dict[str, Any]:
    return {r.fact: r.position for r in drill.town.rows("SELECT fact, position FROM log_fact")}


def test_entries_that_were_staged_from_an_old_copy_are_taken_back_and_enter_later(
    drill: Drill,
) -> None:
    drill.work()
    drill.pull()
    file = drill.back_up()
    drill.town.request(title="Publiée, puis perdue avec la base")
    drill.work()
    drill.pull()
    signed = drill.leaves()
    drill.restore(file)
    drill.town.request(title="Reçue avant que le journal ait rattrapé son retard")
    stage(drill)
    before = facts(drill)
    assert drill.leaves() != signed
    drill.recover()
    assert drill.leaves() == signed
    with drill.town.look():
        store = SqlLogStore()
        assert store.head().size == store.head().published == len(signed)
    drill.work()
    assert drill.leaves()[: len(signed)] == signed
    assert facts(drill).keys() == before.keys()
    drill.no_fork()
    drill.nothing_twice()
    drill.is_sound()


def test_entries_that_were_staged_at_the_backup_and_signed_since_stay_linked(drill: Drill) -> None:
    drill.work()
    ref = drill.town.request(title="Entre deux")
    drill.town.release(ref)
    stage(drill)
    file = drill.back_up()
    linked = facts(drill)
    drill.work()
    drill.pull()
    drill.restore(file)
    assert drill.recover().unknown == []
    assert facts(drill) == linked
    drill.town.answer(ref, "published", url="https://donnees.ville.example/x")
    drill.work()
    assert [leaf["t"] for leaf in drill.leaves()].count("sup") == 1
    drill.nothing_twice()
    drill.is_sound()


def test_nothing_is_staged_while_the_log_is_behind(drill: Drill) -> None:
    drill.work()
    file = drill.back_up()
    drill.town.request()
    drill.work()
    drill.restore(file)
    drill.town.request()
    before = drill.dump()
    with pytest.raises(ProtocolError), drill.town.look():
        drill.town.publish()
    assert drill.dump() == before
    with drill.town.look():
        db.session.rollback()


def test_a_campaign_is_known_again_by_its_random_id_and_goes_on_in_the_log(drill: Drill) -> None:
    town = drill.town
    call = open_call(town, first=town.today + timedelta(days=7))
    file = drill.back_up()
    town.later(days=8)
    drill.work()
    drill.pull()
    drill.restore(file)
    assert call.now.phase == "planned"
    assert drill.recover().unknown == []
    drill.work()  # the phase is written again, since the database has forgotten it
    entries = town.rows("SELECT entry FROM log_fact WHERE fact LIKE 'campaign:%'")
    assert [row.entry for row in entries] == ["rec", "sup"]
    told = [r for r in drill.records() if r["kind"] == "campaign"]
    assert {(r["id"], r["phase"]) for r in told} == {(call.now.record_id, "call")}
    drill.no_fork()


@pytest.fixture
def city(tmp_path: Path) -> Iterator[Drill]:
    """A town of more than 10,000 inhabitants, whose cyber cases may leave a record; on SQLite."""
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with (
        ExitStack() as stack,
        drilled(url, tmp_path, stack, kind="copy", population_band="10000-49999") as (made, _),
    ):
        yield made


def allowed(drill: Drill) -> str:
    """Close a cyber case and allow its record, which waits for the worker."""
    town = drill.town
    ref = town.report(family="cyber", category="defaced", email="alix@citizens.example")
    found = cyber.Classification(
        "information-content-security:unauthorised-information-modification",
        "minor", "website", "CLEAR", False,
    )  # fmt: skip
    how: dict[str, Any] = {"actor": SYSTEM, "now": town.now}
    with town.change():
        case = cases.the_case(ref)
        cyber.classify(case.id, found, cyber.terms_of(town.settings), **how)
        cyber.set_embargo(case.id, None, "UTC", **how)
        release.close(case, "resolved", "La page est rétablie.", today=town.today, **how)
        release.allow(case, band="10000-49999", chance=town.chance, **how)
    return ref


def told_of_cyber(drill: Drill) -> list[str]:
    return [r["class"] for r in drill.records() if r["kind"] == "cyber_incident"]


def withdrawn(drill: Drill, ref: str) -> None:
    with drill.town.change():
        release.forbid(cases.the_case(ref), "Par erreur", actor=SYSTEM, now=drill.town.now)


def test_cyber_records_are_known_again_the_withdrawn_stay_so_and_the_erased_erased(
    city: Drill,
) -> None:
    taken, erased = allowed(city), allowed(city)
    city.work()
    later = allowed(city)
    file = city.back_up()
    withdrawn(city, taken)
    city.town.remove(erased, code="erasure")
    city.work()
    city.pull()
    city.restore(file)
    report = city.recover()
    assert (report.unknown, report.held) == ([], [])  # no reference for who is not on the list
    facts = city.town.rows(
        "SELECT c.ref, cc.withdrawn_at, t.original FROM cyber_case cc"
        ' JOIN "case" c ON c.id = cc.case_id'
        " JOIN case_text t ON t.case_id = c.id AND t.role = 'description'"
    )
    assert {f.ref: (f.withdrawn_at is None, f.original == "") for f in facts} == {
        taken: (False, False), erased: (False, True), later: (True, False),
    }  # fmt: skip
    city.work()  # its record is made once more, since the database has forgotten it
    assert [leaf["t"] for leaf in city.leaves()].count("rec") == 3
    assert len(told_of_cyber(city)) == 1
    withdrawn(city, later)
    city.work()
    assert told_of_cyber(city) == []
    city.nothing_twice()
    city.is_sound()


def test_a_cyber_record_that_came_and_went_since_the_backup_is_not_made_again(city: Drill) -> None:
    gone, stays = allowed(city), allowed(city)
    file = city.back_up()
    city.work()
    withdrawn(city, gone)
    city.work()
    city.pull()
    city.restore(file)
    assert len(city.recover().unknown) == 2  # nothing says whose the record was, or its withdrawal
    city.work()
    assert [leaf["t"] for leaf in city.leaves()].count("rec") == 2
    waits = "SELECT allowed_at IS NULL FROM cyber_case WHERE case_id = :id"
    asked = [city.town.one(waits, id=city.town.id_of(ref)) for ref in (gone, stays)]
    assert asked == [1, 0]
    assert len(told_of_cyber(city)) == 1
    city.no_fork()
