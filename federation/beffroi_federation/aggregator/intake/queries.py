# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the intake: how fresh each town is, and what is to be done next."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property
from typing import Any

from sqlalchemy import BindParameter, Date, Row, Select, bindparam, func, or_, select, type_coerce
from sqlalchemy.types import NullType

from beffroi_federation.aggregator.intake.models import Absent, ContentBundle, LogState
from beffroi_federation.aggregator.intake.rules import RECHECKS_PER_PULL
from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import db, one_of, rows_of
from beffroi_federation.aggregator.national import queries as national_queries
from beffroi_federation.aggregator.towns.models import Log, Town
from beffroi_federation.aggregator.towns.queries import TownRow, town_columns
from beffroi_federation.checkpoint import open_checkpoint
from beffroi_federation.entries import RecordEntry, SupersedeEntry
from beffroi_federation.errors import ContentMismatch, Fork
from beffroi_federation.merkle import Frontier, leaf_hash
from beffroi_federation.notes import Verifier
from beffroi_federation.verify import read_entries, require_root
from beffroi_privacy.commitments import commit
from beffroi_web.database import UtcDateTime


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
    if log_ids is None:
        states, waits = rows_of(_states()), rows_of(_waits())
    else:
        queries = _of_logs()
        states, waits = (rows_of(query, ids=list(log_ids)) for query in queries)
    absent = {log_id: count for log_id, count in waits}
    return {row.log_id: _fresh(row, absent) for row in states}


@cache
def _of_logs() -> tuple[Any, Any]:
    these = one_of("ids")
    states = _states().where(LogState.log_id.in_(these))
    return states, _waits().where(Absent.log_id.in_(these))


@cache
def _waits() -> Any:
    return select(Absent.log_id, func.count()).group_by(Absent.log_id)


@cache
def _states() -> Select[Any]:
    return select(*(getattr(LogState, name) for name in _STATE_NAMES))


def _fresh(row: Any, absent: dict[int, int]) -> Freshness:
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


PAGE = 500
"""Towns read from the registry at a time."""

ASKED = ("approved", "quarantined")
"""The states of a town that is asked; one in quarantine for removals alone."""

_STATE_NAMES = [name for name in Freshness.__dataclass_fields__ if name != "absent"]


def _raw(column: Any) -> Any:
    """Return a column as the driver gives it: moments and days are parsed when they are needed."""
    timed = isinstance(column.type, UtcDateTime | Date)
    return type_coerce(column, NullType()) if timed else column


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


class Due:
    """A town that is to be asked, with what is known of its log; parsed when it is needed."""

    def __init__(self, row: Row[Any]) -> None:
        self._row = row
        self.log_id: int = row[_AT["log_id"]]
        self.origin: str = row[_AT["origin"]]
        self.prefix: str = row[_AT["prefix"]]
        self.siren: str = row[_AT["siren"]]
        self.name: str = row[_AT["name"]]
        self.state: str = row[_AT["state"]]
        self.behind: int = row[_STATE_AT + _FRESH["behind"]] or 0
        self.etag: str | None = row[_STATE_AT + _FRESH["etag"]]
        self.turn: int = row[_STATE_AT + _FRESH["turn"]] or 0
        self.no_tail_at = bulk.moment_of(row[-1])

    @property
    def size(self) -> int:
        """Return how many entries of its log are verified."""
        frontier = self._row[_STATE_AT + _FRESH["frontier"]]
        return 0 if frontier is None else Frontier.size_of(frontier)

    @cached_property
    def town(self) -> TownRow:
        """Return the town."""
        town = dict(zip(_AT, self._row, strict=False))
        for name in ("added_at", "approved_at"):
            town[name] = bulk.moment_of(town[name])
        return TownRow(**town)

    @cached_property
    def fresh(self) -> Freshness | None:
        """Return how far its log was verified, or None if it was never tried."""
        values = dict(zip(_STATE_NAMES, self._row[_STATE_AT:], strict=False))
        if values["log_id"] is None:
            return None
        for name in ("verified_at", "changed_at", "tried_at", "due_at"):
            values[name] = bulk.moment_of(values[name])
        values["frontier"] = Frontier.from_bytes(bytes(values["frontier"]))
        values["grown_on"] = _day(values["grown_on"])
        return Freshness(**values)


_AT = {name: at for at, name in enumerate(TownRow.__dataclass_fields__)}
_STATE_AT = len(_AT)
_FRESH = {name: at for at, name in enumerate(Freshness.__dataclass_fields__)}


def due(now: datetime | None) -> Iterator[list[Due]]:
    """Yield the towns to be asked by pages: those whose time has come, or all without `now`.

    Approved towns, and those in quarantine. A page is read when it is wanted, so that a round over
    all towns of the country never holds them at once; what is written in between does not bring a
    town twice.
    """
    after = 0
    while True:
        query = _due().where(Log.id > after).order_by(Log.id).limit(PAGE)
        if now is not None:
            query = query.where(or_(LogState.due_at.is_(None), LogState.due_at <= now))
        page = _read(query)
        if not page:
            return
        after = page[-1].log_id
        yield page


def due_towns(sirens: Collection[str]) -> Iterator[list[Due]]:
    """Yield these towns by pages, due or not; those that may not be asked are left out."""
    wanted = sorted(set(sirens))
    for at in range(0, len(wanted), PAGE):
        query = _due().where(Town.siren.in_(wanted[at : at + PAGE])).order_by(Log.id)
        yield _read(query)


def due_logs(log_ids: Collection[int]) -> list[Due]:
    """Return the towns of these logs as they stand now."""
    query = _due().where(Log.id.in_(log_ids)).order_by(Log.id)
    return _read(query)


def still_due(log_ids: Collection[int], now: datetime) -> list[Due]:
    """Return those of these logs whose time has come and has not been used by somebody else."""
    query = _due().where(Log.id.in_(log_ids)).order_by(Log.id)
    query = query.where(or_(LogState.due_at.is_(None), LogState.due_at <= now))
    return _read(query)


def _read(query: Select[Any]) -> list[Due]:
    return [Due(row) for row in db.session.connection().execute(query).all()]


@cache
def _due() -> Select[Any]:
    return (
        select(
            *map(_raw, town_columns()),
            *(_raw(getattr(LogState, name)) for name in _STATE_NAMES),
            _raw(LogState.no_tail_at),
        )
        .join(Log, (Log.town_id == Town.id) & Log.active)
        .outerjoin(LogState, LogState.log_id == Log.id)
        .where(Town.state.in_(ASKED))
    )


def rechecks(
    log_ids: Sequence[int], checked_before: datetime
) -> dict[int, list[tuple[int, str | None]]]:
    """Return, by log, (bundle, ETag) of contents not compared since a moment, the oldest first.

    At most `RECHECKS_PER_PULL` of each log.
    """
    found: dict[int, list[tuple[int, str | None]]] = {}
    values = {"logs": list(log_ids), "before": checked_before}
    for log_id, bundle, etag, _ in db.session.connection().execute(_rechecks(), values).all():
        found.setdefault(log_id, []).append((bundle, etag))
    return found


@cache
def _rechecks() -> Select[Any]:
    order = func.row_number().over(
        partition_by=ContentBundle.log_id,
        order_by=(ContentBundle.checked_at, ContentBundle.bundle),
    )
    logs: BindParameter[Any] = bindparam("logs", expanding=True)
    before: BindParameter[Any] = bindparam("before")
    ranked = (
        select(ContentBundle.log_id, ContentBundle.bundle, ContentBundle.etag, order.label("rank"))
        .where(ContentBundle.log_id.in_(logs), ContentBundle.checked_at <= before)
        .subquery()
    )
    return select(ranked).where(ranked.c.rank <= RECHECKS_PER_PULL).order_by(ranked.c.rank)


def turn_of(log_id: int) -> int:
    """Return how often a log was written: whoever writes has to have read this turn."""
    return db.session.scalar(select(LogState.turn).where(LogState.log_id == log_id)) or 0


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
