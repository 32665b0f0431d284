# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the witness: what was accepted of each log, its tiles, and the nation's own log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, text

from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.national import queries as national
from beffroi_federation.aggregator.witness.models import (
    Accepted,
    OwnEntry,
    OwnLog,
    OwnTile,
    Witnessed,
    WitnessTile,
)
from beffroi_federation.aggregator.witness.rules import Standing
from beffroi_federation.errors import Inconsistent
from beffroi_federation.log import Head
from beffroi_federation.merkle import HASH_BYTES, TILE_WIDTH, Tile, leaf_hash

OWN_LOG = 1
TURN_KEY = 0x62656666_77000001
"""The advisory lock under which the nation's own log grows."""

_STANDING = [getattr(Witnessed, name) for name in Standing.__dataclass_fields__]


def standings(log_ids: Sequence[int]) -> dict[int, Standing]:
    """Return what was accepted of these logs; one of which nothing was has no row."""
    rows = bulk.rows_of(_STANDINGS, "log_id", sorted(set(log_ids)))
    return {
        log_id: Standing(
            log_id, size, bytes(root), note, bulk.moment_of(since), line, bulk.moment_of(at)
        )
        for log_id, size, root, note, since, line, at in rows
    }


_STANDINGS = (
    'SELECT "log_id", "size", "root", "note", "since", "cosignature", "cosigned_at" '
    'FROM "witnessed" WHERE'
)


def standing(log_id: int) -> Standing:
    """Return what was accepted of a log: the empty tree, if nothing was."""
    return standings([log_id]).get(log_id, Standing(log_id))


def beyond(sizes: Mapping[int, int]) -> dict[int, Standing]:
    """Return what was accepted of those logs of which more was accepted than these sizes."""
    head = 'SELECT "log_id", "size" FROM "witnessed" WHERE'
    rows = bulk.rows_of(head, "log_id", sorted(sizes))
    return standings([log_id for log_id, size in rows if size > sizes[log_id]])


def standing_of(origin_hash: str) -> Standing | None:
    """Return what was accepted of the log with this name in our addresses, or None."""
    row = db.session.execute(
        select(*_STANDING).where(Witnessed.origin_hash == origin_hash, Witnessed.size > 0)
    ).first()
    return None if row is None else _standing(row)


def _standing(row: Row[Any]) -> Standing:
    values = dict(zip(Standing.__dataclass_fields__, row, strict=True))
    return Standing(**values | {"root": bytes(values["root"])})


def uncosigned(limit: int, log_id: int | None = None) -> list[Standing]:
    """Return standings that have yet to be cosigned; of one log, if it is named."""
    query = select(*_STANDING).where(Witnessed.cosigned_at.is_(None), Witnessed.size > 0)
    if log_id is not None:
        query = query.where(Witnessed.log_id == log_id)
    rows = db.session.execute(query.order_by(Witnessed.log_id).limit(limit))
    return [_standing(row) for row in rows]


def held_entries(log_id: int, accepted: int) -> int:
    """Return how many entries of a log can be given: stored, and under what was accepted."""
    return min(accepted, national.stored_size(log_id))


class TownTiles:
    """The hash tiles of a town's stored log: level 0 is hashed from its leaves, the rest is kept.

    `read_tile` is that of `merkle.HashReader`. A log of a million entries keeps 125 KB of it.
    """

    def __init__(self, log_id: int) -> None:
        self.log_id = log_id

    def bundles(self) -> int:
        """Return how many full bundles of entries the kept tiles cover."""
        row = db.session.execute(
            select(WitnessTile.index, func.length(WitnessTile.hashes))
            .where(WitnessTile.log_id == self.log_id, WitnessTile.level == 1)
            .order_by(WitnessTile.index.desc())
            .limit(1)
        ).first()
        return 0 if row is None else row[0] * TILE_WIDTH + row[1] // HASH_BYTES

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Return the first `width` hashes of a tile; Inconsistent if they are not there."""
        if level == 0:
            start = index * TILE_WIDTH
            leaves = national.leaves(self.log_id, start, start + width)
            if len(leaves) != width:
                raise Inconsistent("The stored log lacks an entry that its size implies")
            return b"".join(map(leaf_hash, leaves))
        hashes = db.session.scalar(
            select(WitnessTile.hashes).where(
                WitnessTile.log_id == self.log_id,
                WitnessTile.level == level,
                WitnessTile.index == index,
            )
        )
        if hashes is None or len(hashes) < width * HASH_BYTES:
            raise Inconsistent("The tiles of a town are not worked out yet", level=level)
        return bytes(hashes[: width * HASH_BYTES])


class OwnLogStore:
    """The store of the nation's own log; durable with the caller's transaction (`log.LogStore`)."""

    def take_turn(self) -> None:
        """Wait until no other transaction appends or signs; SQLite has one writer anyway."""
        if db.engine.dialect.name == "postgresql":
            db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": TURN_KEY})

    def head(self) -> Head:
        """Return where the log stands."""
        row = db.session.execute(
            select(OwnLog.size, OwnLog.published, OwnLog.note).where(OwnLog.id == OWN_LOG)
        ).first()
        return Head(row.size, row.published, row.note) if row else Head(0, 0, "")

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Return the first `width` hashes of a staged tile."""
        hashes = db.session.scalar(
            select(OwnTile.hashes).where(OwnTile.level == level, OwnTile.index == index)
        )
        if hashes is None or len(hashes) < width * HASH_BYTES:
            raise Inconsistent("The log's store lacks a tile that its size implies", level=level)
        return bytes(hashes[: width * HASH_BYTES])

    def read_leaves(self, first_index: int, count: int) -> list[bytes]:
        """Return `count` leaves from `first_index` on, in order."""
        rows = db.session.scalars(
            select(OwnEntry.leaf)
            .where(OwnEntry.position >= first_index, OwnEntry.position < first_index + count)
            .order_by(OwnEntry.position)
        )
        return [leaf.encode("ascii") for leaf in rows]

    def stage(
        self,
        first_index: int,
        leaves: Sequence[bytes],
        tiles: Sequence[Tile],
        *,
        root: bytes | None = None,
    ) -> None:
        """Add leaves and put tiles in the place of what they grew from."""
        state = self._state()
        if state.size != first_index:
            raise Inconsistent("Somebody else appended meanwhile", size=state.size)
        rows = [(at, leaf.decode("ascii")) for at, leaf in enumerate(leaves, first_index)]
        bulk.insert(OwnEntry, ("position", "leaf"), rows)
        bulk.run(
            'INSERT INTO "own_tile" ("level", "index", "hashes") VALUES (?, ?, ?) '
            'ON CONFLICT ("level", "index") DO UPDATE SET "hashes" = excluded."hashes"',
            [(tile.level, tile.index, tile.hashes) for tile in tiles],
        )
        state.size = first_index + len(leaves)
        db.session.flush()

    def commit(self, note: str, size: int) -> None:
        """Make `note` the served checkpoint of the first `size` leaves."""
        state = self._state()
        if not state.published <= size <= state.size:
            raise Inconsistent("A checkpoint does not fit the log's store", size=size)
        state.note, state.published = note, size
        db.session.flush()

    def _state(self) -> OwnLog:
        state = db.session.get(OwnLog, OWN_LOG)
        if state is None:
            state = OwnLog(id=OWN_LOG, size=0, published=0, note="")
            db.session.add(state)
            db.session.flush()
        return state


@dataclass(frozen=True, slots=True)
class AcceptedRow:
    """A checkpoint that was accepted, and its place in the nation's own log (None: not yet)."""

    id: int
    log_id: int
    size: int
    root: bytes
    signature: bytes
    at: datetime
    position: int | None


def unlogged(limit: int) -> list[AcceptedRow]:
    """Return accepted checkpoints that have yet to enter the nation's own log, oldest first."""
    columns = [getattr(Accepted, name) for name in AcceptedRow.__dataclass_fields__]
    rows = db.session.execute(
        select(*columns).where(Accepted.position.is_(None)).order_by(Accepted.id).limit(limit)
    )
    return [AcceptedRow(*row) for row in rows]
