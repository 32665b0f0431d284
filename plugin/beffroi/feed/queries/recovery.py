# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads for a log that was restored: since when it is behind, which fact is where, what is held."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select

from beffroi.feed.models import LogContent, LogFact, LogState
from beffroi.feed.queries.reads import Content, withdrawal_version
from beffroi.feed.queries.store import current_log
from beffroi.kernel.db import db

AT_ONCE = 1000


def behind_since(log_id: int | None = None) -> datetime | None:
    """Return since when a log is an old copy of itself, or None while it is not."""
    moment: datetime | None = db.session.scalar(
        select(LogState.behind_since).where(LogState.log_id == (log_id or current_log()))
    )
    return moment


def fact_at(position: int, log_id: int) -> LogFact | None:
    """Return what is known of a place: its fact, version, record id and kind of entry."""
    return db.session.get(LogFact, (log_id, position))


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
