# SPDX-License-Identifier: AGPL-3.0-or-later
"""The migrations make what the models say, on both databases, and can be undone."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

from beffroi_federation.aggregator import app as the_app
from beffroi_federation.aggregator.kernel.db import MIGRATIONS, Base
from beffroi_federation.aggregator.witness.rules import origin_hash
from beffroi_federation.entries import CheckpointEntry
from beffroi_federation.merkle import Frontier
from beffroi_federation.verify import accepted_note
from beffroi_web.migrating import current_and_head, downgrade, steps, upgrade
from support import past
from support.databases import BOTH, Kind, discard, empty
from support.nation import make_town

MOMENT = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)

assert the_app  # importing the application declares every table


@pytest.mark.parametrize("kind", BOTH)
def test_every_schema_of_the_past_is_upgraded_filled_as_the_models_say_and_can_be_undone(
    kind: Kind, tmp_path: Path
) -> None:
    url = empty(kind, tmp_path)
    seen = past.walk(past.nation(), url)
    assert (seen.empty, set(seen.moved)) == ([], set(past.NATION_MOVED))
    marked = {step.revision for step in steps(MIGRATIONS) if step.contracts}
    assert set(seen.narrowed) == marked, seen.narrowed
    current, head = current_and_head(MIGRATIONS, url)
    assert current == head
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = [
            one
            for one in compare_metadata(context, Base.metadata)
            if "record_search" not in str(one)
        ]
    assert differences == []
    downgrade(MIGRATIONS, url, "base")
    left = set(inspect(engine).get_table_names()) - {"alembic_version"}
    assert left == set()
    discard(url)


@pytest.mark.parametrize("kind", BOTH)
def test_the_witness_goes_on_from_what_was_pulled_before_there_was_one(
    kind: Kind, tmp_path: Path
) -> None:
    url = empty(kind, tmp_path)
    upgrade(MIGRATIONS, url, "0003")
    town = make_town()
    town.begin_batch("2026-W40")
    note = town.publish()
    stranger = note.splitlines(keepends=True)[-1].replace(town.origin, "autre.example")
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement, values in (
            ("INSERT INTO town (id, siren, name, kind, url, contact, population_band, software, "
             "state, reason, dns, added_at) VALUES (1, '210000006', 'A', 'commune', 'http://a', "
             "'', '', '', 'approved', '', 'checked', :at)", {"at": MOMENT}),
            ("INSERT INTO log (id, town_id, epoch, origin, prefix, vkey, active, state) VALUES "
             "(1, 1, 1, :origin, 'http://a/log', :vkey, :yes, 'current')",
             {"origin": town.origin, "vkey": town.vkey(), "yes": True}),
            ("INSERT INTO log (id, town_id, epoch, origin, prefix, vkey, active, state) VALUES "
             "(2, 1, 2, 'new', 'http://a/log', 'none', :no, 'waiting')", {"no": False}),
            ("INSERT INTO log_state (log_id, frontier, note, behind, verified_at, refusals, "
             "misses, grown) VALUES (1, :frontier, :note, 0, :at, 0, 0, 0)",
             {"frontier": Frontier().to_bytes(), "note": (note + stranger).encode(),
              "at": MOMENT}),
        ):  # fmt: skip
            connection.execute(text(statement), values)
    upgrade(MIGRATIONS, url, "0004")
    with engine.connect() as connection:
        seen = connection.execute(
            text("SELECT size, root, note, origin_hash, cosignature FROM witnessed")
        ).all()
        accepted = connection.execute(
            text("SELECT log_id, size, root, signature, position FROM accepted_checkpoint")
        ).all()
    assert [(r.size, bytes(r.root), r.note, r.origin_hash, r.cosignature) for r in seen] == [
        (1, town.root(), note, origin_hash(town.origin), None)
    ]
    (entry,) = accepted
    chk = CheckpointEntry(town.origin, entry.size, bytes(entry.root), bytes(entry.signature))
    assert accepted_note(chk) == note
    assert entry.position is None
    upgrade(MIGRATIONS, url)
    discard(url)


@pytest.mark.parametrize("kind", BOTH)
def test_a_log_that_was_pulled_before_turns_were_counted_is_pulled_on(
    kind: Kind, tmp_path: Path
) -> None:
    url = empty(kind, tmp_path)
    upgrade(MIGRATIONS, url, "0002")
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement, values in (
            ("INSERT INTO town (id, siren, name, kind, url, contact, population_band, software, "
             "state, reason, dns, added_at) VALUES (1, '210000006', 'A', 'commune', 'http://a', "
             "'', '', '', 'approved', '', 'checked', :at)", {"at": MOMENT}),
            ("INSERT INTO log (id, town_id, epoch, origin, prefix, vkey, active, state) VALUES "
             "(1, 1, 1, 'a', 'http://a/log', 'none', :yes, 'current')", {"yes": True}),
            ("INSERT INTO log_state (log_id, frontier, behind, refusals, misses, grown) VALUES "
             "(1, :frontier, 7, 0, 0, 3)", {"frontier": Frontier().to_bytes()}),
        ):  # fmt: skip
            connection.execute(text(statement), values)
    upgrade(MIGRATIONS, url, "0003")
    with engine.begin() as connection:
        kept = connection.execute(text("SELECT behind, grown, turn FROM log_state")).one()
        connection.execute(
            text("INSERT INTO waiting (id, log_id, begins, ends) VALUES (1, 1, 0, 5)")
        )
    assert tuple(kept) == (7, 3, 0)
    downgrade(MIGRATIONS, url, "0002")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT behind FROM log_state")).scalar() == 7
    discard(url)


@pytest.mark.parametrize("kind", BOTH)
def test_what_was_shown_before_there_were_tallies_is_counted(kind: Kind, tmp_path: Path) -> None:
    url = empty(kind, tmp_path)
    upgrade(MIGRATIONS, url, "0010")
    engine = create_engine(url, poolclass=NullPool)
    record = (
        "INSERT INTO record (id, log_id, town_id, first, position, kind, period, theme, status, "
        "demand, answered, known, seen_at) VALUES "
        "(:id, 1, 1, :id, :id, :kind, :period, :theme, :status, 0, :answered, :known, :at)"
    )
    request = {"kind": "request", "period": "2025-W52", "theme": "ENVI", "known": "{}"}
    cyber = {"kind": "cyber_incident", "period": "2026-Q1", "theme": None, "status": None,
             "known": '{"class": "fraud"}'}  # fmt: skip
    cell = (
        "INSERT INTO incident_cell (id, log_id, town_id, first, position, family, category, area, "
        "period, until, state, count, closed, seen_at) VALUES (:id, 1, 1, :id, :id, 'street', "
        "'road', 'other', '2026-09', '2026-10-01', :state, :count, :closed, :at)"
    )
    with engine.begin() as connection:
        for statement, values in (
            ("INSERT INTO town (id, siren, name, kind, url, contact, population_band, software, "
             "state, reason, dns, added_at) VALUES (1, '210000006', 'A', 'commune', 'http://a', "
             "'', '', '', 'approved', '', 'checked', :at)", {}),
            ("INSERT INTO log (id, town_id, epoch, origin, prefix, vkey, active, state) VALUES "
             "(1, 1, 1, 'a', 'http://a/log', 'none', :yes, 'current')", {"yes": True}),
            (record, {**request, "id": 1, "status": "open", "answered": None}),
            (record, {**request, "id": 2, "status": "refused", "answered": "2026-W02"}),
            (record, {**cyber, "id": 3, "answered": None}),
            (cell, {"id": 4, "state": "shown", "count": 9, "closed": 5}),
            (cell, {"id": 5, "state": "suppressed", "count": None, "closed": None}),
        ):  # fmt: skip
            connection.execute(text(statement), {**values, "at": MOMENT})
    upgrade(MIGRATIONS, url, "0011")
    with engine.connect() as connection:
        tallies = connection.execute(text("SELECT what, code, n FROM town_tally")).all()
        cells = connection.execute(text("SELECT * FROM cell_tally")).all()
    assert sorted(map(tuple, tallies)) == [
        ("cyber", "fraud 2026-Q1", 1), ("status", "open", 1), ("status", "refused", 1),
        ("theme", "ENVI", 2), ("weeks", "002", 1),
    ]  # fmt: skip
    assert [tuple(row) for row in cells] == [(1, "street", "road", "2026-Q3", 1, 1, 9, 5)]
    upgrade(MIGRATIONS, url, "0015")
    with engine.connect() as connection:
        sums = connection.execute(text("SELECT * FROM nation_tally ORDER BY what")).all()
        assert connection.execute(text("SELECT count(*) FROM nation_move")).scalar() == 0
    assert [tuple(row) for row in sums] == [
        ("cells", "street", "road", "2026-Q3", 1, 1, 9, 5),
        ("cyber", "", "fraud 2026-Q1", "", 1, 0, 0, 0),
    ]
    downgrade(MIGRATIONS, url, "0010")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM record")).scalar() == 3
    discard(url)
