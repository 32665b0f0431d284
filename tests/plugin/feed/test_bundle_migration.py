# SPDX-License-Identifier: AGPL-3.0-or-later
"""Leaves that stood one a row stand in bundles afterwards, and the other way round."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.pool import NullPool

from beffroi.kernel.db import MIGRATIONS
from beffroi_federation.tiles import decode_leaves
from beffroi_web.migrating import downgrade, upgrade
from support.databases import BOTH, Kind, discard, empty


def leaf(log_id: int, position: int) -> str:
    return f'{{"log":{log_id},"position":{position}}}' + "x" * (position % 900)


SIZES = {1: 5_000, 2: 256, 3: 1}


def put(connection: Connection) -> None:
    for log_id, size in SIZES.items():
        connection.execute(
            text("INSERT INTO log_entry (log_id, position, leaf) VALUES (:log, :position, :leaf)"),
            [{"log": log_id, "position": n, "leaf": leaf(log_id, n)} for n in range(size)],
        )


@pytest.mark.parametrize("kind", BOTH)
def test_every_leaf_is_the_same_after_the_migration_and_after_going_back(
    kind: Kind, tmp_path: Path
) -> None:
    url = empty(kind, tmp_path)
    upgrade(MIGRATIONS, url, "0004")
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        put(connection)
    upgrade(MIGRATIONS, url, "0005")
    with engine.begin() as connection:
        for log_id, size in SIZES.items():
            rows = connection.execute(
                text('SELECT "index", leaves FROM log_bundle WHERE log_id = :log ORDER BY "index"'),
                {"log": log_id},
            ).all()
            assert [row.index for row in rows] == list(range(-(-size // 256)))
            found = [each for row in rows for each in decode_leaves(bytes(row.leaves))]
            assert found == [leaf(log_id, n).encode() for n in range(size)]
    downgrade(MIGRATIONS, url, "0004")
    with engine.begin() as connection:
        rows = connection.execute(
            text("SELECT log_id, position, leaf FROM log_entry ORDER BY log_id, position")
        ).all()
        assert [tuple(row) for row in rows] == [
            (log_id, n, leaf(log_id, n)) for log_id, size in SIZES.items() for n in range(size)
        ]
    engine.dispose()
    discard(url)


@pytest.mark.parametrize("kind", BOTH)
def test_a_log_without_entries_goes_there_and_back(kind: Kind, tmp_path: Path) -> None:
    url = empty(kind, tmp_path)
    upgrade(MIGRATIONS, url, "0005")
    downgrade(MIGRATIONS, url, "0004")
    upgrade(MIGRATIONS, url, "0005")
    discard(url)
