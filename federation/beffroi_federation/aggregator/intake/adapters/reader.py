# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first half of a pull: ask a town what is new, and verify it up to the signed root.

A conversation (`beffroi_federation.asking`): no connection and no table is touched here, so the
same code is carried by the engine of the national pull and by a plain fetcher, and no transaction
is open while a town is slow. The order of checks is the protocol's (`docs/protocol/pulling.md`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from beffroi_federation import asking
from beffroi_federation.aggregator.intake.queries import Due, Freshness
from beffroi_federation.aggregator.intake.rules import (
    TURN_BYTES,
    Heard,
    asks_for_tails,
    end_of_turn,
    quota,
    reading,
)
from beffroi_federation.aggregator.intake.service import ServedContents, Taken
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_federation.asking import NOT_MODIFIED, Talk
from beffroi_federation.checkpoint import Checkpoint, open_checkpoint
from beffroi_federation.errors import Fork, Inconsistent, Malformed
from beffroi_federation.merkle import TILE_WIDTH, Frontier, leaf_hashes, verify_consistency
from beffroi_federation.notes import Verifier
from beffroi_federation.tail import Tail
from beffroi_federation.tiles import bundle_places
from beffroi_federation.verify import ReplicaState, accept_checkpoint, extend

Recheck = Sequence[tuple[int, str | None]]
"""Older content bundles to compare again, with their ETags."""


def read(due: Due, recheck: Recheck, heard: Heard, *, now: datetime) -> Talk[Taken | None]:
    """Ask a town for what is new, and verify it up to the signed root.

    None if there is nothing new, and nothing else was to be compared. `heard` is filled on the
    way, as evidence. Raises ProtocolError; nothing is written.
    """
    if due.behind and due.fresh is not None and due.fresh.note is not None:
        fetched = None  # the checkpoint that was accepted is caught up first
        note, etag = due.fresh.note, due.fresh.etag
    else:
        with reading("checkpoint"):
            fetched = yield from asking.checkpoint(due.etag)
        if fetched.status == NOT_MODIFIED:
            return (yield from _only_recheck(due, recheck)) if recheck else None
        note, etag = fetched.body, fetched.etag
    town, fresh = due.town, due.fresh
    frontier = Frontier() if fresh is None else fresh.frontier
    verifiers = [Verifier.from_text(town.vkey)]
    heard.note, heard.start = note, frontier.size
    with reading("checkpoint"):
        if fetched is None:
            checkpoint = open_checkpoint(note, verifiers)
        else:
            state = ReplicaState(town.origin, frontier, frontier.root())
            room = _room(town, fresh, now)
            checkpoint = accept_checkpoint(state, note, verifiers, max_growth=room)
    taken = Taken(
        frontier.size, frontier, checkpoint, note, etag, turn=0 if fresh is None else fresh.turn
    )
    if checkpoint.size == frontier.size:
        return replace(taken, contents=(yield from _contents(dict(recheck), [0])))
    return (yield from _grown(due, taken, recheck, heard, now))


def removals(recheck: Recheck) -> Talk[list[ServedContents]]:
    """Ask a town in quarantine for the contents it still serves, and for nothing else."""
    return _contents(dict(recheck), [0])


def _only_recheck(due: Due, recheck: Recheck) -> Talk[Taken]:
    """Compare older contents of a town that has nothing new."""
    fresh = due.fresh
    frontier, turn = (Frontier(), 0) if fresh is None else (fresh.frontier, fresh.turn)
    contents = yield from _contents(dict(recheck), [0])
    return Taken(frontier.size, frontier, contents=contents, turn=turn)


def _grown(due: Due, taken: Taken, recheck: Recheck, heard: Heard, now: datetime) -> Talk[Taken]:
    """Ask for new entries, compare their root, and only then ask for what else is missing."""
    checkpoint, start = taken.checkpoint, taken.start
    if checkpoint is None:
        raise ValueError("a log that has grown has a checkpoint")
    end = end_of_turn(start, checkpoint.size)
    tail: Tail | None = None
    no_tail: bool | None = None
    before = taken.frontier
    with reading("entries"):
        if asks_for_tails(end - start, due.no_tail_at, now):
            tail = yield from asking.tails(start, end)
            no_tail = tail is None
        if tail is not None:
            heard.leaves.extend(tail.leaves[: end - start])
        else:
            for place in bundle_places(end, start):
                leaves = yield from asking.bundle(place.index, place.width)
                heard.leaves.extend(leaves[max(start - place.index * TILE_WIDTH, 0) :])
        frontier = yield from _verified(due.town, before, checkpoint, heard.leaves, end)
    new: dict[str, Any] = {
        "frontier": frontier,
        "leaves": tuple(heard.leaves),
        "no_tail": no_tail,
    }
    bundles = range(start // TILE_WIDTH, (end - 1) // TILE_WIDTH + 1)
    older = {number: etag for number, etag in recheck if number not in bundles}
    if tail is not None and len(older) == len(recheck):
        body = b"".join(line + b"\n" for line in tail.lines)
        served = ServedContents(start, start + len(tail.leaves), body)
        contents = [served, *(yield from _contents(older, [0]))]
        return replace(taken, contents=contents, **new)
    return (yield from _with_contents(replace(taken, **new), before, bundles, older))


def _with_contents(
    taken: Taken, before: Frontier, bundles: range, older: Mapping[int, str | None]
) -> Talk[Taken]:
    """Ask for the contents of new entries by bundles, and for older ones if there is room.

    When they are more than one turn may hold, the turn ends with a bundle that is whole: its
    entries are the beginning of what was verified just now.
    """
    bytes_ = [0]
    found: list[ServedContents] = []
    for number in bundles:
        found += yield from _contents({number: None}, bytes_)
        if bytes_[0] > TURN_BYTES and number != bundles[-1]:
            leaves = taken.leaves[: (number + 1) * TILE_WIDTH - taken.start]
            frontier = before.extended(leaf_hashes(leaves))
            return replace(taken, frontier=frontier, leaves=leaves, contents=found)
    return replace(taken, contents=[*found, *(yield from _contents(older, bytes_))])


def _room(town: TownRow, fresh: Freshness | None, now: datetime) -> int:
    """Return how many entries may still come from a town today."""
    first_day = fresh is None or fresh.verified_at is None or not fresh.size
    grown = fresh.grown if fresh is not None and fresh.grown_on == now.date() else 0
    return max(0, quota(town.population_band, first_day=first_day) - grown)


def _verified(
    town: TownRow, frontier: Frontier, checkpoint: Checkpoint, leaves: Sequence[bytes], end: int
) -> Talk[Frontier]:
    """Return the frontier after the leaves, proven to lead to the signed root; Fork otherwise.

    When only a part is taken now, its own root is proven consistent with the checkpoint through
    the log's hash tiles, so that nothing is parsed that the signed root does not cover.
    """
    if end == checkpoint.size:
        state = ReplicaState(town.origin, frontier, frontier.root())
        return extend(state, checkpoint, leaves).frontier
    part = frontier.extended(leaf_hashes(leaves))
    if part.size != end:
        raise Malformed(
            "The log serves another number of entries than was asked for", got=part.size
        )
    proof = yield from asking.consistency(end, checkpoint.size)
    try:
        verify_consistency(end, checkpoint.size, proof, part.root(), checkpoint.root)
    except Inconsistent as error:
        raise Fork(
            "The entries served do not lead to the signed root", size=checkpoint.size, upto=end
        ) from error
    return part


def _contents(bundles: Mapping[int, str | None], taken: list[int]) -> Talk[list[ServedContents]]:
    """Ask for the contents of bundles until `taken`, the bytes so far, is too much for one turn.

    What is left out is compared in a later pull: it has waited the longest then.
    """
    found = []
    for number, etag in sorted(bundles.items()):
        if taken[0] > TURN_BYTES:
            break
        with reading("contents"):
            served = yield from asking.contents(number, etag)
        taken[0] += len(served.body)
        found.append(
            ServedContents.of_bundle(
                number, served.body, etag=served.etag, unchanged=served.unchanged
            )
        )
    return found
