# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's log store keeps the contract of every log store, on both databases."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from beffroi.feed.queries import SqlLogStore
from beffroi.kernel.db import db, unit_of_work
from beffroi_federation.errors import Inconsistent
from beffroi_federation.log import (
    append,
    bundle_for,
    consistency_for,
    forget_trees,
    proof_for,
    publish,
    tile_for,
)
from beffroi_federation.merkle import Frontier, leaf_hash, root_at
from beffroi_federation.merkle.edge import forget_edges
from beffroi_federation.signer import memory_signer
from beffroi_federation.tiles import decode_bundle
from support.log_contract import ORIGIN, SEED, LogContract, LogUnderTest
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


def leaves_from(first: int, end: int) -> list[bytes]:
    return [b'{"leaf":%d}' % number for number in range(first, end)]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512, 65_536 + 300])
def test_what_was_never_signed_is_taken_back_to_the_byte(village: Town, size: int) -> None:
    with village.look():
        cut, straight = StoreWithTransactions(1), StoreWithTransactions(2)
        for log_id, store in ((1, cut), (2, straight)):
            with unit_of_work():
                append(store, leaves_from(0, size))
                store.cut(size)  # a tail is folded
            assert store.log_id == log_id
        with unit_of_work():
            append(cut, leaves_from(size, 66_000))
            cut.cut(size)
        assert cut.head().size == size
        assert kept(village, 1) == kept(village, 2)
        with unit_of_work():
            append(cut, leaves_from(size, size + 9))
        expected = Frontier().extended(map(leaf_hash, leaves_from(0, size + 9))).root()
        assert root_at(cut, size + 9) == expected


def test_the_root_of_what_is_staged_stands_beside_its_size_and_goes_with_a_cut(
    village: Town,
) -> None:
    with village.look():
        store = StoreWithTransactions(1)
        assert store.head().root is None
        for size in (1, 256, 700):
            with unit_of_work():
                append(store, leaves_from(store.head().size, size))
            assert store.head().root == root_at(store, size)
        with unit_of_work():
            store.cut(500)
        assert store.head().root is None
        with unit_of_work():
            append(store, leaves_from(500, 501))
        assert store.head().root == root_at(store, 501)


def test_another_process_that_appended_meanwhile_is_followed(village: Town) -> None:
    with village.look():
        store = StoreWithTransactions(1)
        with unit_of_work():
            append(store, leaves_from(0, 300))
        with unit_of_work():
            append(store, leaves_from(300, 301))  # its edge is remembered here
        with unit_of_work():
            store.cut(300)
        forget_edges()
        with unit_of_work():
            append(store, [b"of another process"])
        remembered = store.head()
        with unit_of_work():
            append(store, leaves_from(301, 310))
        leaves = [*leaves_from(0, 300), b"of another process", *leaves_from(301, 310)]
        expected = Frontier().extended(map(leaf_hash, leaves)).root()
        assert remembered.root != expected
        assert root_at(store, 310) == store.head().root == expected


def test_what_is_published_is_never_taken_back(village: Town) -> None:
    with village.look():
        store = StoreWithTransactions(1)
        with unit_of_work():
            append(store, leaves_from(0, 9))
            store.commit("note", 5)
        for size in (4, 10):
            with pytest.raises(Inconsistent), unit_of_work():
                store.cut(size)
        assert store.head().size == 9


def test_leaves_are_read_from_any_place_across_bundles(village: Town) -> None:
    with village.look():
        store = StoreWithTransactions(1)
        with unit_of_work():
            append(store, leaves_from(0, 700))
        for first, count in (
            (0, 1),
            (0, 256),
            (255, 2),
            (300, 400),
            (699, 1),
            (690, 100),
            (700, 5),
        ):
            expected = leaves_from(first, min(700, first + count))
            assert list(store.read_leaves(first, count)) == expected
        assert store.leaves_at([699, 0, 256, 255]) == [
            leaves_from(at, at + 1)[0] for at in (699, 0, 256, 255)
        ]


def kept(town: Town, log_id: int) -> list[list[tuple[object, ...]]]:
    """The bundles and tiles of a log, as they stand in the database."""
    return [
        [tuple(row) for row in town.rows(
            f"SELECT {columns} FROM {table} WHERE log_id = {log_id} ORDER BY 1, 2"
        )]
        for table, columns in (
            ("log_bundle", '"index", leaves'), ("log_tile", 'level, "index", hashes')
        )
    ]  # fmt: skip


def test_entries_one_by_one_are_the_same_log_as_all_at_once(town: Town) -> None:
    ends = [*range(1, 9), 250, 251, 254, 255, 256, 257, 270, 271, 300, 511, 512, 513, 530, 531, 540]
    with town.look():
        single, whole = StoreWithTransactions(1), StoreWithTransactions(2)
        for end in ends:
            with unit_of_work():
                append(single, leaves_from(single.head().size, end))
            if end % 3 == 0:
                forget_edges()
            expected = Frontier().extended(map(leaf_hash, leaves_from(0, end))).root()
            assert root_at(single, end) == single.head().root == expected
            assert list(single.read_leaves(0, 600)) == leaves_from(0, end)
            first = (end - 1) // 256 * 256
            bundle = single.read_bundle(first // 256, end - first)
            assert decode_bundle(bundle, end - first) == tuple(leaves_from(first, end))
        assert town.one("SELECT count(*) FROM log_tail") == 540 - 530
        with unit_of_work():
            append(whole, leaves_from(0, 540))
            for store in (single, whole):
                store.commit("note", 540)
        assert town.one("SELECT count(*) FROM log_tail") == 0
        assert kept(town, 1) == kept(town, 2)


def test_a_tail_is_cut_like_everything_that_was_never_signed(village: Town) -> None:
    with village.look():
        cut, whole = StoreWithTransactions(1), StoreWithTransactions(2)
        with unit_of_work():
            append(cut, leaves_from(0, 300))
        for end in (301, 302, 303):
            with unit_of_work():
                append(cut, leaves_from(end - 1, end))
        with unit_of_work():
            cut.cut(302)
            append(whole, leaves_from(0, 302))
            whole.cut(302)
        assert kept(village, 1) == kept(village, 2)
        with unit_of_work():
            append(cut, [b"another"])
        assert list(cut.read_leaves(300, 9)) == [*leaves_from(300, 302), b"another"]


class Counting(SqlLogStore):
    """The town's store, which counts what is read of the log."""

    def __init__(self) -> None:
        super().__init__()
        self.tiles = self.bundles = 0

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        self.tiles += 1
        return super().read_tile(level, index, width)

    def read_bundle(self, index: int, width: int) -> bytes:
        self.bundles += 1
        return super().read_bundle(index, width)


def test_a_proof_a_tile_and_a_bundle_read_what_the_tree_is_high(village: Town) -> None:
    with village.look():
        with unit_of_work():
            append(SqlLogStore(), leaves_from(0, 66_000))
            publish(SqlLogStore(), memory_signer(ORIGIN, SEED))
        forget_trees()
        store = Counting()
        assert proof_for(store, 12_345) is not None
        assert store.tiles <= 3 + 2  # the partial tiles, and the full ones above the leaf
        store.tiles = 0
        assert proof_for(store, 12_346) is not None
        assert consistency_for(store, 12_346) is not None
        assert store.tiles == 0
        assert tile_for(store, 0, 7, 256) is not None
        assert bundle_for(store, store, 7, 256) is not None
        assert (store.tiles, store.bundles) == (1, 1)


def test_no_page_of_the_log_reads_more_than_it_serves(village: Town) -> None:
    """What any address of the log makes the database hand over is bounded, however long the log."""
    with village.look():
        with unit_of_work():
            append(SqlLogStore(), leaves_from(0, 66_000))
            publish(SqlLogStore(), memory_signer(ORIGIN, SEED))
    client = village.app.test_client()
    handed: list[int] = []

    def row(_cursor: sqlite3.Cursor, values: tuple[object, ...]) -> tuple[object, ...]:
        handed.append(1)
        return values

    def count(connection: sqlite3.Connection, *_: object) -> None:
        connection.row_factory = row

    with village.look():
        event.listen(db.engine, "checkout", count)
    few = 24  # where the log stands, is it behind, and the tiles on the way
    for path, contents in (
        ("checkpoint", 0), ("tile/0/100", 0), ("tile/1/001.p/1", 0), ("tile/entries/100", 0),
        ("tile/entries/257.p/208", 0), ("content/100", 256), ("tail/65990", 10),
        ("tail/0", 4_096), ("proof/3", 0), ("proof/65999", 0),
    ):  # fmt: skip
        handed.clear()
        forget_trees()
        answer = client.get(f"/log/{path}", base_url=village.settings.public_url)
        assert answer.status_code == 200, path
        assert 0 < len(handed) <= few + contents, path
