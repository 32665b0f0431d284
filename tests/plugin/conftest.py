# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fixtures of the town's tests: the same town on both databases, or on SQLite alone for pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from beffroi.kernel.db import MIGRATIONS
from support.databases import database_fixture, fresh
from support.mailbox import Mailbox, open_mailbox
from support.town import Town, open_town

database_url = database_fixture(MIGRATIONS)


@pytest.fixture
def town(database_url: str, tmp_path: Path) -> Iterator[Town]:
    """A town, once on SQLite and once on PostgreSQL."""
    with open_town(tmp_path, database_url) as made:
        yield made


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Town]:
    """A town on SQLite alone: for pages, whose database was tried out elsewhere."""
    with open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path)) as made:
        yield made


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A real mail server on loopback that keeps what comes."""
    with open_mailbox() as opened:
        yield opened
