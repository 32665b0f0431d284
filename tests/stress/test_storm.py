# SPDX-License-Identifier: AGPL-3.0-or-later
"""What judges a storm finds the faults that it is there to find."""

import sqlite3
import time
from pathlib import Path

from beffroi.kernel.db import MIGRATIONS
from beffroi_federation.merkle import Frontier, leaf_hash
from support.databases import fresh
from support.storm import Heals, Storm, _forks, look
from support.town import open_town


def roots(leaves: list[str]) -> list[tuple[int, bytes]]:
    tree = Frontier()
    found = [(0, tree.root())]
    for leaf in leaves:
        tree = tree.with_one(leaf_hash(leaf.encode()))
        found.append((tree.size, tree.root()))
    return found


def test_a_checkpoint_that_the_log_does_not_continue_is_a_fork() -> None:
    leaves = ["a", "b", "c"]
    assert _forks(leaves, roots(leaves)) == []
    assert _forks(leaves, [*roots(leaves)[:2], (2, roots(["a", "x"])[2][1])]) == [2]
    assert _forks(leaves, roots([*leaves, "d"])) == [4], "shown, and gone since"


def test_only_a_sign_that_began_after_the_fault_ends_it() -> None:
    heals = Heals()
    before = time.monotonic()
    heals.fault("web", "acknowledged")
    heals.sign("acknowledged", before)
    heals.sign("grown", time.monotonic())
    assert heals.took == {}
    heals.sign("acknowledged", time.monotonic())
    assert (list(heals.took), heals.open) == (["web"], [])


def test_what_was_told_and_is_not_there_is_lost_and_a_torso_is_seen(tmp_path: Path) -> None:
    url = fresh("sqlite", MIGRATIONS, tmp_path)
    with open_town(tmp_path, url) as town:
        kept, torn = town.request(), town.request()
        town.work()
        storm = Storm(None, tmp_path / "journal")  # type: ignore[arg-type]  # nobody writes
        storm.acknowledged = [(1.0, "requests", kept)]
        found = look(url, storm, [])
        assert (found.cases, found.lost, found.doubled, found.forked, found.half) == (
            2, [], 0, [], {},
        )  # fmt: skip
        storm.acknowledged += [(2.0, "requests", "D-1999-0001"), (3.0, "requests", torn)]
        storm.acknowledged += [(4.0, "requests", kept)]
        with sqlite3.connect(url.removeprefix("sqlite:///")) as tables:
            [[case_id]] = tables.execute('SELECT id FROM "case" WHERE ref = ?', (torn,))
            tables.execute("DELETE FROM timeline WHERE case_id = ?", (case_id,))
        found = look(url, storm, [])
        assert [ref for _, ref in found.lost] == ["D-1999-0001", torn]
        assert found.doubled == 1
        assert set(found.half) == {"a case without its first step"}
