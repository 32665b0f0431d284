# SPDX-License-Identifier: AGPL-3.0-or-later
from collections.abc import Iterator
from pathlib import Path

import pytest

from beffroi.kernel.db import MIGRATIONS
from beffroi_federation.aggregator.kernel.db import MIGRATIONS as NATIONS
from beffroi_web.clock import FixedClock
from support.databases import fresh
from support.nation import Nation
from support.town import NOON, Town, open_town


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Town]:
    """A town on SQLite."""
    with open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path)) as made:
        yield made


@pytest.fixture
def nation(tmp_path: Path) -> Iterator[Nation]:
    """A nation on SQLite."""
    with Nation.on(fresh("sqlite", NATIONS, tmp_path), tmp_path, FixedClock(NOON)) as made:
        yield made
