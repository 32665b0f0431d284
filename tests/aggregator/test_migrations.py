# SPDX-License-Identifier: AGPL-3.0-or-later
"""The migrations make what the models say, on both databases, and can be undone."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool

from beffroi_federation.aggregator import app as the_app
from beffroi_federation.aggregator.kernel.db import MIGRATIONS, Base
from beffroi_web.migrating import current_and_head, downgrade, upgrade
from support.databases import BOTH, Kind, discard, empty

assert the_app  # importing the application declares every table


@pytest.mark.parametrize("kind", BOTH)
def test_migrations_and_models_agree_and_can_be_undone(kind: Kind, tmp_path: Path) -> None:
    url = empty(kind, tmp_path)
    upgrade(MIGRATIONS, url)
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
