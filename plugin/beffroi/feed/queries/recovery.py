# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads for a log that was restored: since when it is behind, which fact is where, what is held."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.engine import Connection

from beffroi.feed.models import FIRST_EPOCH, LogBundle, LogContent, LogFact, LogState
from beffroi.feed.queries.reads import Content, live_places, withdrawal_version
from beffroi.feed.queries.store import current_log
from beffroi.kernel.db import db
from beffroi.kernel.driver import one
from beffroi_federation.checkpoint import parse
from beffroi_federation.merkle import EMPTY_ROOT, TILE_WIDTH, Frontier, leaf_hashes
from beffroi_federation.notes import parse as parse_note
from beffroi_federation.tiles import decode_leaves

AT_ONCE = 1000
BUNDLES_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the current log stands in a database: its id, and size and root of its checkpoint."""

    log_id: int
    size: int
    root: bytes


def standing_in(connection: Connection) -> Standing:
    """Return where the current log stands by its served checkpoint, as a connection sees it."""
    newest = select(LogState.log_id, LogState.note).order_by(LogState.log_id.desc()).limit(1)
    row = connection.execute(newest).first()
    if row is None or not row.note:
        return Standing(row.log_id if row else FIRST_EPOCH, 0, EMPTY_ROOT)
    checkpoint = parse(parse_note(row.note).text)
    return Standing(row.log_id, checkpoint.size, checkpoint.root)


def note_in(connection: Connection) -> str:
    """Return the signed note of the current log, as a connection sees it; "" without one."""
    newest = select(LogState.note).order_by(LogState.log_id.desc()).limit(1)
    return connection.execute(newest).scalar() or ""


def root_in(connection: Connection, log_id: int, size: int) -> bytes:
    """Return the root of the first entries of a log, worked out from the entries themselves."""
    bundles = connection.execution_options(yield_per=BUNDLES_AT_ONCE).scalars(
        select(LogBundle.leaves)
        .where(LogBundle.log_id == log_id, LogBundle.index < -(-size // TILE_WIDTH))
        .order_by(LogBundle.index)
    )
    frontier = Frontier()
    for data in bundles:
        leaves = decode_leaves(bytes(data))[: size - frontier.size]
        frontier = frontier.extended(leaf_hashes(leaves))
    return frontier.root() if frontier.size == size else b""


def behind_since(log_id: int | None = None) -> datetime | None:
    """Return since when a log is an old copy of itself, or None while it is not."""
    if one("SELECT 1 FROM log_state WHERE behind_since IS NOT NULL LIMIT 1") is None:
        return None  # what is asked several times in each turn of the worker, and nearly always so
    moment: datetime | None = db.session.scalar(
        select(LogState.behind_since).where(LogState.log_id == (log_id or current_log()))
    )
    return moment


def fact_at(position: int, log_id: int) -> LogFact | None:
    """Return what is known of a place: its fact, version, record id and kind of entry."""
    return db.session.get(LogFact, (log_id, position))


def facts_between(log_id: int, start: int, end: int) -> dict[int, str]:
    """Return the facts of the places from `start` on and below `end`."""
    rows = db.session.execute(
        select(LogFact.position, LogFact.fact).where(
            LogFact.log_id == log_id, LogFact.position >= start, LogFact.position < end
        )
    )
    return {row.position: row.fact for row in rows}


def is_withdrawn(position: int, log_id: int) -> bool:
    """Say whether a withdrawal of a place is known."""
    known = fact_at(position, log_id)
    if known is None:
        return False
    found = select(LogFact.position).where(
        LogFact.log_id == log_id,
        LogFact.fact == known.fact,
        LogFact.version == withdrawal_version(position),
    )
    return db.session.scalar(found) is not None


def left_behind(log_id: int) -> list[int]:
    """Return the cases whose record was live in the epoch before and is not in this one.

    Where a backup is older than its log's epoch: what this epoch did not publish again had been
    withdrawn by then.
    """
    before = select(LogFact.fact).where(
        LogFact.log_id == log_id - 1,
        or_(LogFact.fact.like("request:%"), LogFact.fact.like("cyber:%")),
        LogFact.entry != "wdr",
    )
    facts = db.session.scalars(before.distinct()).all()
    return [
        int(fact.partition(":")[2])
        for fact in facts
        if live_places(fact, log_id - 1) and not live_places(fact, log_id)
    ]


def held_contents(log_id: int, end: int) -> Iterator[Content]:
    """Yield the contents that the town still has of the entries below `end`, in order."""
    last = -1
    while True:
        rows = db.session.execute(
            select(LogContent.position, LogContent.salt, LogContent.content)
            .where(LogContent.log_id == log_id)
            .where(LogContent.position > last, LogContent.position < end)
            .order_by(LogContent.position)
            .limit(AT_ONCE)
        ).all()
        for row in rows:
            yield Content(row.position, bytes(row.salt), bytes(row.content))
        if len(rows) < AT_ONCE:
            return
        last = rows[-1].position
