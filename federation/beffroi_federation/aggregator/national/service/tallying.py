# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tallies of towns, moved in the transaction in which records come and go.

A town's rows change only under `lock_logs`, so that two transactions never wait for each other
here. What all towns have in common is moved by rows that are only added; who folds adds them up in
a transaction of its own, and who reads adds what is not folded yet.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import add
from typing import Any

from sqlalchemy import select, text

from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.national.models import IncidentCell, NationMove, Record
from beffroi_federation.aggregator.national.rules import alike, span_of

_RECORD = ("town_id", "kind", "status", "theme", "period", "answered")
_CELL = ("town_id", "family", "category", "period", "until", "state", "count", "closed")
_SUMS = ("shown", "protected", "reported", "closed")
_OF = ("family", "category", "span")


def _adding(table: str, keys: Sequence[str], sums: Sequence[str]) -> str:
    """Return the statement that adds to the sums of a row, or makes the row."""
    names = ", ".join(f'"{name}"' for name in (*keys, *sums))
    marks = ", ".join("?" * (len(keys) + len(sums)))
    known = ", ".join(f'"{name}"' for name in keys)
    added = ", ".join(f'"{name}" = "{table}"."{name}" + excluded."{name}"' for name in sums)
    return (
        f'INSERT INTO "{table}" ({names}) VALUES ({marks})'  # noqa: S608  fixed names
        f" ON CONFLICT ({known}) DO UPDATE SET {added}"
    )


_ADD = _adding("town_tally", ("town_id", "what", "code"), ("n",))
_ADD_CELLS = _adding("cell_tally", ("town_id", *_OF), _SUMS)
_ADD_MOVES = _adding("nation_tally", ("what", *_OF), _SUMS)
_MOVE = ("what", *_OF, *_SUMS)
_TAKE_MOVES = (
    "DELETE FROM nation_move WHERE id IN (SELECT id FROM nation_move ORDER BY id LIMIT :most)"
    " RETURNING what, family, category, span, shown, protected, reported, closed"
)
_NONE_LEFT = (
    "DELETE FROM nation_tally WHERE shown = 0 AND protected = 0 AND reported = 0 AND closed = 0"
)
SUMS_KEY = 0x62656666_00000015
"""Our advisory lock: one folds at a time."""
FOLDED_AT_ONCE = 50_000


def count_records(rows: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> None:
    """Count records, each as its row and its members, in the tallies of their towns."""
    _move(rows, 1)


def _move(rows: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]], by: int) -> None:
    counted: Counter[tuple[int, str, str]] = Counter()
    for row, known in rows:
        for what, code in alike(row, known):
            counted[row["town_id"], what, code] += by
    bulk.run(_ADD, [(*key, n) for key, n in sorted(counted.items())])
    cyber = (
        ("cyber", "", code, "", n, 0, 0, 0) for (_, w, code), n in counted.items() if w == "cyber"
    )
    _move_nation(_summed(cyber))
    if by < 0 and counted:
        towns = sorted({key[0] for key in counted})
        bulk.delete_in("town_tally", '"n" = 0', "town_id", (), towns)


def count_cells(rows: Iterable[Mapping[str, Any]]) -> None:
    """Count cells of incident counts in the tallies of their towns."""
    _move_cells(rows, 1)


def _move_cells(rows: Iterable[Mapping[str, Any]], by: int) -> None:
    summed: dict[tuple[int, str, str, str], list[int]] = {}
    whole: Counter[tuple[int, str, str]] = Counter()
    for row in rows:
        span = span_of(row["period"], row["until"])
        key = (row["town_id"], row["family"], row["category"], span)
        sums = summed.setdefault(key, [0, 0, 0, 0])
        shown = row["state"] == "shown"
        sums[0 if shown else 1] += by
        sums[2] += by * (row["count"] or 0)
        sums[3] += by * (row["closed"] or 0)
        told = (0 if shown else 1, row["count"] or 0, row["closed"] or 0)
        for code, n in zip(("protected", "reported", "closed"), told, strict=True):
            whole[row["town_id"], "cells", code] += by * n
    bulk.run(_ADD_CELLS, [(*key, *sums) for key, sums in sorted(summed.items())])
    _move_nation(_summed(("cells", *of, *sums) for (_, *of), sums in summed.items()))
    bulk.run(_ADD, [(*key, n) for key, n in sorted(whole.items()) if n])
    if by < 0 and summed:
        towns = sorted({key[0] for key in summed})
        bulk.delete_in("town_tally", '"n" = 0', "town_id", (), towns)
        bulk.delete_in("cell_tally", '"shown" = 0 AND "protected" = 0', "town_id", (), towns)


def _move_nation(moves: Sequence[Sequence[Any]]) -> None:
    """Put down by how much the sums over all towns move."""
    bulk.insert(NationMove, _MOVE, moves)


def _summed(moves: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Return moves of the same sums as one, in order; none that moves nothing."""
    found: dict[tuple[str, ...], list[int]] = {}
    for move in moves:
        held = found.setdefault(tuple(move[:4]), [0, 0, 0, 0])
        held[:] = map(add, held, move[4:])
    return [(*of, *sums) for of, sums in sorted(found.items()) if any(sums)]


def hold_sums(*, wait: bool = True) -> bool:
    """Keep others from folding until this transaction ends; say whether that is so.

    SQLite has one writer at a time anyway.
    """
    if db.engine.dialect.name != "postgresql":
        return True
    how = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    held = db.session.scalar(text(f"SELECT {how}(:key)"), {"key": SUMS_KEY})
    return wait or bool(held)


def fold(most: int = FOLDED_AT_ONCE) -> int:
    """Add the oldest moves to the sums over all towns; return how many, 0 while another folds.

    In the transaction that is open, which is to hold nothing else: on PostgreSQL nobody but who
    holds the lock writes these sums, and it is held to the end.
    """
    if not hold_sums(wait=False):
        return 0
    taken = db.session.execute(text(_TAKE_MOVES), {"most": most}).all()
    moves = _summed(taken)
    bulk.run(_ADD_MOVES, moves)
    if any(min(one[4:]) < 0 for one in moves):
        db.session.execute(text(_NONE_LEFT))
    return len(taken)


def uncount(ids: Sequence[int]) -> None:
    """Take records and cells out of the tallies; those that are not shown are none of them."""
    for some in bulk.batches(ids, bulk.AT_ONCE):
        columns = [getattr(Record, name) for name in (*_RECORD, "known")]
        found = db.session.execute(select(*columns).where(Record.id.in_(some))).mappings()
        _move([(dict(row), row["known"]) for row in found], -1)
        columns = [getattr(IncidentCell, name) for name in _CELL]
        cells = db.session.execute(select(*columns).where(IncidentCell.id.in_(some))).mappings()
        _move_cells([dict(row) for row in cells], -1)
