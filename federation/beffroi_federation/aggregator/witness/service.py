# SPDX-License-Identifier: AGPL-3.0-or-later
"""Accepting checkpoints, cosigning them, and writing them into the nation's own log.

Nothing here commits. What was accepted of a log is one row; whoever moves it holds it first
(`hold`), so that two submissions, or a submission and a pull, never accept two histories.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import select, update

from beffroi_federation import log
from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.national import queries as national
from beffroi_federation.aggregator.towns.queries import towns_of_logs
from beffroi_federation.aggregator.witness.models import Accepted, Witnessed
from beffroi_federation.aggregator.witness.queries import (
    AcceptedRow,
    OwnLogStore,
    TownTiles,
    standings,
    uncosigned,
    unlogged,
)
from beffroi_federation.aggregator.witness.rules import (
    Standing,
    Step,
    Submission,
    judge,
    origin_hash,
)
from beffroi_federation.checkpoint import Checkpoint
from beffroi_federation.entries import CheckpointEntry, encode_entry
from beffroi_federation.merkle import EMPTY_ROOT, TILE_WIDTH, tile_root
from beffroi_federation.notes import Signature
from beffroi_federation.notes import parse as parse_note
from beffroi_federation.signing import CheckpointSigner

Cosign = Callable[[str, int], Signature]
"""Cosigns a checkpoint's text at a second since 1970."""

ENTRIES_A_TURN = 4_096
BUNDLES_A_TURN = 64


def hold(log_ids: Sequence[int]) -> dict[int, Standing]:
    """Return what was accepted of each log, held until the caller's transaction ends."""
    ids = sorted(set(log_ids))
    known = standings(ids)
    towns = towns_of_logs([one for one in ids if one not in known])
    bulk.run(
        'INSERT INTO "witnessed" ("log_id", "origin_hash", "size", "root", "note") '
        'VALUES (?, ?, 0, ?, ?) ON CONFLICT ("log_id") DO NOTHING',
        [(one, origin_hash(towns[one].origin), EMPTY_ROOT, "") for one in ids if one in towns],
    )
    if db.engine.dialect.name == "sqlite" and not towns:
        return known  # a unit of work there is the only writer
    if db.engine.dialect.name == "postgresql":
        for some in bulk.batches(ids, bulk.AT_ONCE):
            query = select(Witnessed.log_id).where(Witnessed.log_id.in_(some))
            db.session.execute(query.order_by(Witnessed.log_id).with_for_update()).all()
    return standings(ids)


def accept(steps: Sequence[tuple[Step, datetime]]) -> set[int]:
    """Take steps, each at its moment, in the caller's transaction; return the logs that had moved.

    A step whose standing is no longer the one it starts from is left out, and so must be whatever
    came with it, unless the very same tree was accepted meanwhile, or a larger one (which a pull is
    compared with when it gets there). Each new size is kept for the nation's own log, once.
    """
    if not steps:
        return set()
    held = hold([one.before.log_id for one, _ in steps])
    still = [(one, at) for one, at in steps if _is_current(one, held[one.before.log_id])]
    grown = [
        (one, one.checkpoint, bulk.moment(at))
        for one, at in still
        if one.checkpoint.size > one.before.size
    ]
    bulk.run(
        'UPDATE "witnessed" SET "size" = ?, "root" = ?, "note" = ?, "since" = ?, '
        '"cosignature" = NULL, "cosigned_at" = NULL WHERE "log_id" = ?',
        [(new.size, new.root, one.note, at, one.before.log_id) for one, new, at in grown],
    )
    rows = [
        (one.before.log_id, new.size, new.root, one.signature.key_id + one.signature.signature, at)
        for one, new, at in grown
    ]
    bulk.insert(Accepted, ("log_id", "size", "root", "signature", "at"), rows)
    return {
        one.before.log_id
        for one, _ in steps
        if not _is_current(one, held[one.before.log_id])
        and not _is_harmless(one, held[one.before.log_id])
    }


def _is_harmless(step: Step, held: Standing) -> bool:
    new = step.checkpoint
    return held.size > new.size or (held.size, held.root) == (new.size, new.root)


def _is_current(step: Step, held: Standing) -> bool:
    return (held.size, held.root) == (step.before.size, step.before.root)


def submit(
    log_id: int,
    submission: Submission,
    checkpoint: Checkpoint,
    signature: Signature,
    cosigning: Cosign,
    *,
    now: datetime,
) -> tuple[str, bool]:
    """Judge a submission, take its step and cosign it; return our line, and whether it grew.

    Raises what `rules.judge` raises. The caller commits before it answers.
    """
    standing = hold([log_id])[log_id]
    step = judge(submission, checkpoint, signature, standing)
    accept([(step, now)])
    line = cosigning(checkpoint.text(), int(now.timestamp())).line()
    if checkpoint.size:
        _keep_cosignature(log_id, checkpoint.size, line, now)
    return line, checkpoint.size > standing.size


def _keep_cosignature(log_id: int, size: int, line: str, now: datetime) -> None:
    db.session.execute(
        update(Witnessed)
        .where(Witnessed.log_id == log_id, Witnessed.size == size)
        .values(cosignature=line, cosigned_at=now)
    )


def cosign_waiting(
    cosigning: Cosign, *, now: datetime, log_id: int | None = None, limit: int = 500
) -> int:
    """Cosign what pulls accepted (of one log only, if it is named); return how many."""
    waiting = uncosigned(limit, log_id)
    for one in waiting:
        text = parse_note(one.note).text
        line = cosigning(text, int(now.timestamp())).line()
        _keep_cosignature(one.log_id, one.size, line, now)
    return len(waiting)


def write_own_log(signer: CheckpointSigner) -> list[AcceptedRow]:
    """Append what was accepted to the nation's own log and publish it; return what entered.

    In one transaction with the places of the entries: a crash before its commit leaves a signature
    that nobody saw, and the signer gives the same note for the same tree again.
    """
    store = OwnLogStore()
    store.take_turn()
    rows = unlogged(ENTRIES_A_TURN)
    if rows:
        origins = {at: town.origin for at, town in towns_of_logs([r.log_id for r in rows]).items()}
        leaves = [
            encode_entry(
                CheckpointEntry(
                    origins[row.log_id], row.size, bytes(row.root), bytes(row.signature)
                )
            )
            for row in rows
        ]
        first = log.append(store, leaves).first_index
        db.session.execute(
            update(Accepted),
            [{"id": row.id, "position": first + at} for at, row in enumerate(rows)],
        )
    head = store.head()
    if head.size > head.published:
        log.publish(store, signer)
    return rows


def extend_tiles(log_id: int, accepted: int, most: int = BUNDLES_A_TURN) -> bool:
    """Work out more of the kept tiles of a log, at most `most` bundles; say whether all is done."""
    tiles = TownTiles(log_id)
    done = tiles.bundles()
    whole = min(accepted, national.stored_size(log_id)) // TILE_WIDTH
    end = min(whole, done + most)
    if end == done:
        return True
    roots = [tile_root(tiles.read_tile(0, at, TILE_WIDTH)) for at in range(done, end)]
    grown = log.grow(_Above(tiles), done, roots)
    bulk.run(
        'INSERT INTO "witness_tile" ("log_id", "level", "index", "hashes") VALUES (?, ?, ?, ?) '
        'ON CONFLICT ("log_id", "level", "index") DO UPDATE SET "hashes" = excluded."hashes"',
        [(log_id, tile.level + 1, tile.index, tile.hashes) for tile in grown],
    )
    return end == whole


class _Above:
    """The tree of a log's full bundles: its level 0 is the log's level 1."""

    def __init__(self, tiles: TownTiles) -> None:
        self._tiles = tiles

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Return the first hashes of a tile of the tree above."""
        return self._tiles.read_tile(level + 1, index, width)
