# SPDX-License-Identifier: AGPL-3.0-or-later
from collections.abc import Iterator
from pathlib import Path

import pytest

from beffroi.kernel.db import MIGRATIONS
from support.databases import fresh
from support.town import Town, open_town


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Town]:
    """A town on SQLite."""
    with open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path)) as made:
        yield made
