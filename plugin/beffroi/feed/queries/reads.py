# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the log: contents, places of facts, batches. Nothing loads the whole log."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, select

from beffroi.feed.models import LogBatch, LogContent, LogFact
from beffroi.feed.queries.store import SqlLogStore, current_log
from beffroi.kernel.db import db


@dataclass(frozen=True, slots=True)
class Content:
    """One content that is still served."""

    position: int
    salt: bytes
    content: bytes


def contents(first: int, count: int, published: int, log_id: int | None = None) -> list[Content]:
    """Return the contents of up to `count` entries from `first` on, published ones only."""
    rows = db.session.execute(
        select(LogContent.position, LogContent.salt, LogContent.content)
        .where(LogContent.log_id == (log_id or current_log()), LogContent.position >= first)
        .where(LogContent.position < min(first + count, published))
        .order_by(LogContent.position)
    )
    return [Content(r.position, bytes(r.salt), bytes(r.content)) for r in rows]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where one version of a fact stands in the log."""

    position: int
    version: int
    record_id: str | None
    entry: str


# Put in order here and not in SQL: SQLite would else walk the whole log in the order of positions.
_PLACES = select(LogFact.position, LogFact.version, LogFact.record_id, LogFact.entry).where(
    LogFact.log_id == bindparam("log_id"), LogFact.fact == bindparam("fact")
)


def places(fact: str, log_id: int | None = None) -> list[Placed]:
    """Return every place of a fact in one log (the current epoch's), oldest first."""
    rows = db.session.execute(_PLACES, {"log_id": log_id or current_log(), "fact": fact})
    found = [Placed(r.position, r.version, r.record_id, r.entry) for r in rows]
    return sorted(found, key=lambda placed: placed.position)


def everywhere(fact: str) -> list[tuple[int, int]]:
    """Return every (log, position) of a fact, in all epochs."""
    rows = db.session.execute(select(LogFact.log_id, LogFact.position).where(LogFact.fact == fact))
    return [(row.log_id, row.position) for row in rows]


def proof_place(case_id: int) -> int | None:
    """Return the newest published place of a data request that is not withdrawn, or None."""
    live = live_places(f"request:{case_id}")
    published = SqlLogStore().head().published
    shown = [p.position for p in live if p.position < published]
    return shown[-1] if shown else None


def live_places(fact: str, log_id: int | None = None) -> list[Placed]:
    """Return the places of a fact that no withdrawal names, oldest first."""
    found = places(fact, log_id)
    gone = {withdrawn_by(place) for place in found if place.entry == "wdr"}
    return [p for p in found if p.entry != "wdr" and p.position not in gone]


def newest_period(log_id: int | None = None) -> date | None:
    """Return the first day of the week, or the day, that the newest batch is of."""
    period = db.session.scalar(
        select(LogBatch.period)
        .where(LogBatch.log_id == (log_id or current_log()))
        .order_by(LogBatch.position.desc())
        .limit(1)
    )
    if period is None:
        return None
    return date.fromisoformat(f"{period}-1" if "W" in period else period)


def withdrawal_version(position: int) -> int:
    """Return the version under which a place's withdrawal is noted: one a place, below zero."""
    return -position - 1


def withdrawn_by(withdrawal: Placed) -> int:
    """Return the place that a withdrawal names."""
    return -withdrawal.version - 1


def has_slot(period: str, log_id: int | None = None) -> bool:
    """Say whether a period (an ISO week, or a day for withdrawals) has had its batch."""
    of_log = LogBatch.log_id == (log_id or current_log())
    found = select(LogBatch.position).where(of_log, LogBatch.slot == period)
    return db.session.scalar(found.limit(1)) is not None
