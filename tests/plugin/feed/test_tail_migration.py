# SPDX-License-Identifier: AGPL-3.0-or-later
"""Back from the migration that brought the tail of a log, nothing of it is lost."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from beffroi.kernel.db import MIGRATIONS
from beffroi_federation.merkle import leaf_hash
from beffroi_federation.tiles import encode_leaves
from beffroi_web.migrating import downgrade, upgrade
from support.databases import BOTH, Kind, discard, empty


def leaves(log_id: int, first: int, end: int) -> list[bytes]:
    return [b'{"log":%d,"leaf":%d}' % (log_id, number) for number in range(first, end)]


LOGS = {1: (300, 303), 2: (0, 2), 3: (256, 257), 4: (7, 7)}
"""Where each log's tail begins, and where it ends."""


@pytest.mark.parametrize("kind", BOTH)
def test_a_tail_is_folded_on_the_way_back_and_stays_so_on_the_way_there(
    kind: Kind, tmp_path: Path
) -> None:
    url = empty(kind, tmp_path)
    upgrade(MIGRATIONS, url, "0017")
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for log_id, (folded, end) in LOGS.items():
            for first in range(0, folded, 256):
                here = leaves(log_id, first, min(folded, first + 256))
                place = {"log": log_id, "index": first // 256}
                connection.execute(
                    text(
                        'INSERT INTO log_bundle (log_id, "index", leaves) VALUES (:log, :index, :l)'
                    ),
                    {**place, "l": encode_leaves(here)},
                )
                connection.execute(
                    text("INSERT INTO log_tile VALUES (:log, 0, :index, :h)"),
                    {**place, "h": b"".join(map(leaf_hash, here))},
                )
            for position, leaf in enumerate(leaves(log_id, folded, end), folded):
                connection.execute(
                    text("INSERT INTO log_tail VALUES (:log, :position, :leaf)"),
                    {"log": log_id, "position": position, "leaf": leaf},
                )
    downgrade(MIGRATIONS, url, "0016")
    upgrade(MIGRATIONS, url, "0017")
    with engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM log_tail")) == 0
        for log_id, (_, end) in LOGS.items():
            bundles, tiles = (
                b"".join(
                    bytes(one)
                    for one in connection.scalars(
                        text(f'SELECT {column} FROM {table} WHERE log_id = :log ORDER BY "index"'),
                        {"log": log_id},
                    )
                )
                for column, table in (("leaves", "log_bundle"), ("hashes", "log_tile"))
            )
            assert bundles == encode_leaves(leaves(log_id, 0, end))
            assert tiles == b"".join(map(leaf_hash, leaves(log_id, 0, end)))
    engine.dispose()
    discard(url)
