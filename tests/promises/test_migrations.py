# SPDX-License-Identifier: AGPL-3.0-or-later
"""The migrations of a town lead to exactly the tables of the code, and back, on both databases."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect
from sqlalchemy.pool import NullPool

import beffroi.app  # noqa: F401  declares every table
from beffroi.kernel.db import MIGRATIONS, Base
from beffroi_web.migrating import current_and_head, downgrade, steps, upgrade
from support import past
from support.databases import BOTH, Kind, discard, empty
from support.past import TOWN_MOVED

INDEXES = ("case_search", "nearby_case", "nearby_dataset", "nearby_street")
"""The databases' own text indexes, which no model declares."""


@pytest.fixture(params=BOTH)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table."""
    kind: Kind = request.param
    made = empty(kind, tmp_path)
    yield made
    discard(made)


def tables(url: str) -> set[str]:
    engine = create_engine(url, poolclass=NullPool)
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return {n for n in names if not n.startswith(INDEXES)}


def differences(url: str) -> list[Any]:
    """What Alembic would still change; the search index is the databases' own."""
    engine = create_engine(url, poolclass=NullPool)

    def ours(thing: Any, name: str | None, kind: str, reflected: bool, other: Any) -> bool:
        table = name if kind == "table" else getattr(getattr(thing, "table", None), "name", "")
        return not str(table).startswith(INDEXES)

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": ours, "compare_type": True}
        )
        found = compare_metadata(context, Base.metadata)
    engine.dispose()
    return list(found)


def test_there_is_one_head_and_one_line_of_migrations() -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    assert len(script.get_heads()) == 1
    assert len(script.get_bases()) == 1
    for revision in script.walk_revisions():
        assert not revision.is_branch_point
        assert (revision.doc or "").strip(), f"{revision.revision} tells no story"


def test_every_schema_of_the_past_is_upgraded_filled_and_no_row_is_lost(url: str) -> None:
    """Rows of every schema go through every later migration; the log keeps its entries and root.

    What a migration takes from older code is marked in it, and nothing else is.
    """
    seen = past.walk(past.town(), url)
    assert seen.empty == []
    assert {revision: set(moved) for revision, moved in seen.moved.items()} == TOWN_MOVED
    marked = {step.revision for step in steps(MIGRATIONS) if step.contracts}
    assert set(seen.narrowed) == marked, seen.narrowed
    assert tables(url) == set(Base.metadata.tables) | {"alembic_version"}
    assert differences(url) == []
    current, head = current_and_head(MIGRATIONS, url)
    assert current == head
    upgrade(MIGRATIONS, url)  # a second time there is nothing to do
    assert differences(url) == []
    downgrade(MIGRATIONS, url, "base")
    assert tables(url) <= {"alembic_version"}
    upgrade(MIGRATIONS, url)
    assert differences(url) == []
