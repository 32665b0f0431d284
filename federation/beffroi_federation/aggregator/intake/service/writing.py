# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writing what was prepared of many towns in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from beffroi_federation.aggregator.intake.models import Absent
from beffroi_federation.aggregator.intake.rules import next_time
from beffroi_federation.aggregator.intake.service.announcing import heed
from beffroi_federation.aggregator.intake.service.taken import Prepared, Stored
from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.national import service as national
from beffroi_federation.aggregator.towns import service as towns
from beffroi_federation.aggregator.witness import service as witness
from beffroi_federation.merkle import Frontier


def write(prepared: Sequence[Prepared], *, every: timedelta) -> list[Stored | None]:
    """Write what was prepared, one town at most once; None for a town that was overtaken.

    `every` is how often a town is asked again. The caller's transaction holds all of it or
    nothing. Afterwards the touched records wait for `national.commands.settle_waiting`; what was
    withdrawn, replaced or forgotten is gone from every table already.
    """
    log_ids = sorted(one.town.log_id for one in prepared)
    if len(set(log_ids)) != len(log_ids):
        raise ValueError("one town was prepared twice for one transaction")
    national.lock_logs(log_ids)
    states = _states(log_ids)
    current = [one for one in prepared if _is_current(one, states[one.town.log_id])]
    current = _accepted(current)
    national.write_changes([one.changes for one in current])
    _write_awaited(current)
    _write_bundles(current)
    _advance(current, states, every)
    for one in current:
        if one.announced is not None:
            heed(one.town, one.announced, now=one.now)
        if one.compared.still_served:
            indexes = ", ".join(map(str, sorted(one.compared.still_served)[:20]))
            towns.note(one.town.id, "still-served", now=one.now, details={"indexes": indexes})
    written = {one.town.log_id for one in current}
    return [
        Stored(len(one.taken.leaves), one.taken.behind) if one.town.log_id in written else None
        for one in prepared
    ]


def _accepted(current: Sequence[Prepared]) -> list[Prepared]:
    """Let the witness take its steps; leave out the towns of which it accepted more meanwhile."""
    moved = witness.accept([(one.step, one.now) for one in current if one.step is not None])
    return [one for one in current if one.step is None or one.town.log_id not in moved]


@dataclass(frozen=True, slots=True)
class _State:
    """How far a log stands, as `write` needs it; `grown_on` is a day as the driver has it."""

    turn: int = 0
    size: int = 0
    grown: int = 0
    grown_on: Any = None
    new: bool = True


_STATES = 'SELECT "log_id", "turn", "frontier", "grown", "grown_on" FROM "log_state" WHERE'


def _states(log_ids: Sequence[int]) -> dict[int, _State]:
    found = {log_id: _State() for log_id in log_ids}
    for log_id, turn, frontier, grown, grown_on in bulk.rows_of(_STATES, "log_id", log_ids):
        size = Frontier.from_bytes(bytes(frontier)).size
        found[log_id] = _State(turn, size, grown, grown_on, new=False)
    return found


def _is_current(one: Prepared, state: _State) -> bool:
    """Say whether a town's state is still the one that the pull started from."""
    return state.turn == one.turn and (one.only_removals or state.size == one.taken.start)


def _write_awaited(current: Sequence[Prepared]) -> None:
    """Write which contents are awaited since when."""
    bulk.run(
        'DELETE FROM "absent_content" WHERE "log_id" = ? AND "position" = ?',
        [(one.town.log_id, at) for one in current for at in one.compared.arrived],
    )
    rows = [
        (one.town.log_id, at, bulk.moment(one.now))
        for one in current
        for at in one.compared.awaited
    ]
    bulk.insert(Absent, ("log_id", "position", "since"), rows)


def _write_bundles(current: Sequence[Prepared]) -> None:
    """Write when which bundles were compared; part of a bundle is no comparison of all of it."""
    head = (
        'INSERT INTO "content_bundle" ("log_id", "bundle", "etag", "checked_at") '
        'VALUES (?, ?, ?, ?) ON CONFLICT ("log_id", "bundle") DO UPDATE SET "etag" = '
    )
    whole: list[tuple[Any, ...]] = []
    part: list[tuple[Any, ...]] = []
    stored = bulk.moments()
    for one in current:
        when = stored(one.now)
        for bundle, etag, all_of_it in one.compared.bundles:
            (whole if all_of_it else part).append((one.town.log_id, bundle, etag, when))
    bulk.run(f'{head}excluded."etag", "checked_at" = excluded."checked_at"', whole)
    bulk.run(f"{head}NULL", part)


def _advance(current: Sequence[Prepared], states: dict[int, _State], every: timedelta) -> None:
    """Write how far the logs are verified now, and when they are asked again."""
    new = [one for one in current if states[one.town.log_id].new]
    bulk.run(
        'INSERT INTO "log_state" ("log_id", "frontier", "behind", "refusals", "misses", "grown") '
        "VALUES (?, ?, 0, 0, 0, 0)",
        [(one.town.log_id, Frontier().to_bytes()) for one in new],
    )
    whole = [one for one in current if not one.only_removals]
    stored = bulk.moments()
    bulk.run(
        'UPDATE "log_state" SET "frontier" = ?, "behind" = ?, "verified_at" = ?, "tried_at" = ?, '
        '"due_at" = ?, "grown" = ?, "grown_on" = ?, "refusals" = 0, "misses" = 0, '
        '"changed_at" = COALESCE(?, "changed_at"), "turn" = "turn" + 1 WHERE "log_id" = ?',
        [_advanced(one, states[one.town.log_id], every, stored) for one in whole],
    )
    bulk.run(
        'UPDATE "log_state" SET "note" = ?, "etag" = ? WHERE "log_id" = ?',
        [
            (one.taken.note, one.taken.etag, one.town.log_id)
            for one in whole
            if one.taken.checkpoint is not None
        ],
    )
    bulk.run(
        'UPDATE "log_state" SET "no_tail_at" = ? WHERE "log_id" = ?',
        [
            (stored(one.now) if one.taken.no_tail else None, one.town.log_id)
            for one in whole
            if one.taken.no_tail is not None
        ],
    )
    bulk.run(
        'UPDATE "log_state" SET "turn" = "turn" + 1 WHERE "log_id" = ?',
        [(one.town.log_id,) for one in current if one.only_removals],
    )


def _advanced(
    one: Prepared, state: _State, every: timedelta, stored: Callable[[datetime], Any]
) -> tuple[Any, ...]:
    """Return how far one town is verified now, and its log, in the order of the statement."""
    now, today, when = one.now, bulk.day(one.now.date()), stored(one.now)
    grown, grown_on = state.grown, state.grown_on
    if one.taken.leaves:
        grown = len(one.taken.leaves) + (grown if grown_on == today else 0)
        grown_on = today
    due = now if one.taken.behind else next_time(one.town.origin, now, every)
    return (
        one.taken.frontier.to_bytes(),
        one.taken.behind,
        when,
        when,
        stored(due),
        grown,
        grown_on,
        when if one.taken.leaves else None,
        one.town.log_id,
    )
