# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the intake: how fresh each town is, and what is to be done next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from beffroi_federation.aggregator.intake.models import Absent, ContentBundle, LogState
from beffroi_federation.aggregator.intake.rules import RECHECKS_PER_PULL
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.national import queries as national_queries
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_federation.checkpoint import open_checkpoint
from beffroi_federation.entries import RecordEntry, SupersedeEntry
from beffroi_federation.errors import ContentMismatch, Fork
from beffroi_federation.merkle import Frontier, leaf_hash
from beffroi_federation.notes import Verifier
from beffroi_federation.verify import read_entries, require_root
from beffroi_privacy.commitments import commit


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far and when a log was verified; `absent` counts contents that are awaited.

    `turn` counts the writes: what was read under an earlier turn is not written.
    """

    log_id: int
    frontier: Frontier
    note: bytes | None
    etag: str | None
    behind: int
    verified_at: datetime | None
    changed_at: datetime | None
    tried_at: datetime | None
    due_at: datetime | None
    refusals: int
    misses: int
    grown_on: date | None
    grown: int
    turn: int = 0
    absent: int = 0

    @property
    def size(self) -> int:
        """Return the number of verified entries."""
        return self.frontier.size


def freshness(log_ids: Sequence[int] | None = None) -> dict[int, Freshness]:
    """Return how fresh these logs (all by default) are; a log never tried has no row."""
    query = select(LogState)
    waits = select(Absent.log_id, func.count()).group_by(Absent.log_id)
    if log_ids is not None:
        query = query.where(LogState.log_id.in_(log_ids))
        waits = waits.where(Absent.log_id.in_(log_ids))
    absent = {log_id: count for log_id, count in db.session.execute(waits)}
    return {row.log_id: _fresh(row, absent) for row in db.session.scalars(query)}


def _fresh(row: LogState, absent: dict[int, int]) -> Freshness:
    return Freshness(
        log_id=row.log_id,
        frontier=Frontier.from_bytes(row.frontier),
        note=row.note,
        etag=row.etag,
        behind=row.behind,
        verified_at=row.verified_at,
        changed_at=row.changed_at,
        tried_at=row.tried_at,
        due_at=row.due_at,
        refusals=row.refusals,
        misses=row.misses,
        grown_on=row.grown_on,
        grown=row.grown,
        turn=row.turn,
        absent=absent.get(row.log_id, 0),
    )


def turn_of(log_id: int) -> int:
    """Return how often a log was written: whoever writes has to have read this turn."""
    return db.session.scalar(select(LogState.turn).where(LogState.log_id == log_id)) or 0


def to_recheck(log_id: int, checked_before: datetime) -> list[tuple[int, str | None]]:
    """Return (bundle, ETag) of contents not compared since a moment, the oldest first."""
    rows = db.session.execute(
        select(ContentBundle.bundle, ContentBundle.etag)
        .where(ContentBundle.log_id == log_id, ContentBundle.checked_at <= checked_before)
        .order_by(ContentBundle.checked_at, ContentBundle.bundle)
        .limit(RECHECKS_PER_PULL)
    )
    return [(row.bundle, row.etag) for row in rows]


def absent_since(log_id: int, start: int, end: int) -> dict[int, datetime]:
    """Return since when the contents from `start` to `end` are absent, by position."""
    rows = db.session.execute(
        select(Absent.position, Absent.since).where(
            Absent.log_id == log_id, Absent.position >= start, Absent.position < end
        )
    )
    return {row.position: row.since for row in rows}


def last_verified() -> datetime | None:
    """Return when any town was last pulled and verified."""
    return db.session.scalar(select(func.max(LogState.verified_at)))


def verify_stored(town: TownRow, known: Freshness) -> int:
    """Compute the root of the stored leaves anew and compare it; return how many there are.

    The stored contents are compared with their entries as well. Raises ProtocolError.
    """
    frontier = Frontier()
    while leaves := national_queries.leaves(town.log_id, frontier.size, frontier.size + 2_560):
        start = frontier.size
        frontier = frontier.extended(leaf_hash(leaf) for leaf in leaves)
        entries = read_entries(start, leaves)
        for position, salt, content in national_queries.contents(town.log_id, start, frontier.size):
            entry = entries[position - start]
            if not isinstance(entry, RecordEntry | SupersedeEntry) or entry.commitment != commit(
                salt, content
            ):
                raise ContentMismatch("A stored content does not fit its entry", index=position)
    if frontier != known.frontier:
        raise Fork("The stored entries do not lead to the stored state", size=frontier.size)
    if known.note is not None:
        checkpoint = open_checkpoint(known.note, [Verifier.from_text(town.vkey)])
        if not known.behind:
            require_root(frontier, checkpoint, since=0)
    return frontier.size
