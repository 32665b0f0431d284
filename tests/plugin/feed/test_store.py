# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's log store keeps the contract of every log store, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from beffroi.feed.queries import SqlLogStore
from beffroi.kernel.db import unit_of_work
from support.log_contract import LogContract, LogUnderTest
from support.town import Town


class StoreWithTransactions(SqlLogStore):
    """The store, whose transactions are the application's units of work."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with unit_of_work():
            yield


class TestSqlLogStore(LogContract):
    @pytest.fixture
    def log(self, town: Town) -> Iterator[LogUnderTest]:
        with town.look():
            yield StoreWithTransactions()


def test_two_epochs_are_two_logs(village: Town) -> None:
    with village.look():
        first, second = StoreWithTransactions(1), StoreWithTransactions(2)
        with unit_of_work():
            first.stage(0, [b"a", b"b"], [])
            second.stage(0, [b"c"], [])
        assert (first.head().size, second.head().size) == (2, 1)
        assert list(second.read_leaves(0, 9)) == [b"c"]
