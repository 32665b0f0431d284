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
from beffroi_web.migrating import current_and_head, downgrade, upgrade
from support.databases import BOTH, Kind, discard, empty

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


def test_from_nothing_to_the_tables_of_the_code(url: str) -> None:
    upgrade(MIGRATIONS, url)
    assert tables(url) == set(Base.metadata.tables) | {"alembic_version"}
    assert differences(url) == []
    current, head = current_and_head(MIGRATIONS, url)
    assert current == head


def test_a_second_upgrade_changes_nothing(url: str) -> None:
    upgrade(MIGRATIONS, url)
    before = tables(url)
    upgrade(MIGRATIONS, url)
    assert tables(url) == before


def test_back_to_nothing_and_there_again(url: str) -> None:
    upgrade(MIGRATIONS, url)
    downgrade(MIGRATIONS, url, "base")
    assert tables(url) <= {"alembic_version"}
    upgrade(MIGRATIONS, url)
    assert differences(url) == []
