# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the registry."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, select

from beffroi_federation.aggregator.kernel import bulk, search
from beffroi_federation.aggregator.kernel.db import db, one_of, rows_of
from beffroi_federation.aggregator.towns.models import Log, Town, TownCommune, TownEvent, TownWord
from beffroi_federation.aggregator.towns.rules import FAULTS

LAST = "\uffff"
"""Comes after every letter and digit, by which words are kept."""


@dataclass(frozen=True, slots=True)
class TownRow:
    """A town as the registry holds it; the last five members are those of its active log."""

    id: int
    siren: str
    name: str
    kind: str
    url: str
    contact: str
    population_band: str
    software: str
    state: str
    reason: str
    dns: str
    added_at: datetime
    approved_at: datetime | None
    approved_by: str | None
    log_id: int
    epoch: int
    origin: str
    prefix: str
    vkey: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One thing that happened to a town, as the audit page tells it."""

    id: int
    at: datetime
    step: str
    by: str
    words: str
    details: Mapping[str, Any]
    has_evidence: bool
    siren: str
    name: str


_TOWN = [
    *(
        getattr(Town, name)
        for name in TownRow.__dataclass_fields__
        if name not in {"log_id", "epoch", "origin", "prefix", "vkey"}
    ),
    Log.id,
    Log.epoch,
    Log.origin,
    Log.prefix,
    Log.vkey,
]


def town_columns() -> list[Any]:
    """Return the columns of a `TownRow`, for a query of another feature over towns and logs."""
    return list(_TOWN)


@cache
def _towns() -> Select[Any]:
    return select(*_TOWN).join(Log, (Log.town_id == Town.id) & Log.active)


@cache
def _towns_by_log() -> Select[Any]:
    return select(*_TOWN).join(Log, Log.town_id == Town.id)


def all_towns(*states: str) -> list[TownRow]:
    """Return the towns in these states (all by default), by name."""
    query = _towns().order_by(Town.name, Town.siren)
    if states:
        query = query.where(Town.state.in_(states))
    return [TownRow(*row) for row in rows_of(query)]


def desk_towns(
    order: Sequence[str], *, states: Collection[str], query: str, limit: int
) -> tuple[list[TownRow], int]:
    """Return up to `limit` towns, by state in an order and by name, and how many there are."""
    place = case({state: at for at, state in enumerate(order)}, value=Town.state)
    found = _towns().where(Town.state.in_(states), *_called(query))
    count = db.session.scalar(select(func.count()).select_from(found.subquery())) or 0
    rows = rows_of(found.order_by(place, Town.name, Town.siren).limit(limit))
    return [TownRow(*row) for row in rows], count


def town_by_siren(siren: str) -> TownRow | None:
    """Return a town by its SIREN."""
    found = rows_of(_towns().where(Town.siren == siren))
    return TownRow(*found[0]) if found else None


def towns_of_logs(log_ids: Iterable[int]) -> dict[int, TownRow]:
    """Return the town that each of these logs belongs to, by log; the row describes that log."""
    rows = rows_of(_of_logs(), ids=sorted(set(log_ids)))
    return {row.log_id: row for row in (TownRow(*one) for one in rows)}


@cache
def _of_logs() -> Select[Any]:
    return _towns_by_log().where(Log.id.in_(one_of("ids")))


@dataclass(frozen=True, slots=True)
class LogName:
    """What the name of a record is made of: its body, and the epoch and origin of its log."""

    siren: str
    name: str
    epoch: int
    origin: str


def log_names() -> dict[int, LogName]:
    """Return the name of every log, ended ones too, by its id."""
    query = select(Log.id, Town.siren, Town.name, Log.epoch, Log.origin)
    rows = rows_of(query.join(Town, Town.id == Log.town_id))
    return {row[0]: LogName(*row[1:]) for row in rows}


def town_of_origin(origin: str) -> TownRow | None:
    """Return the town whose current log goes by this origin, or None."""
    row = db.session.execute(_towns().where(Log.origin == origin)).first()
    return TownRow(*row) if row else None


def keys_before(town_id: int, origin: str, since: datetime) -> list[str]:
    """Return the keys of a log that another took over from since a moment, both having signed.

    The town's signer goes on with the old one for 30 days, and names it for what it asks. A key
    that a person replaced is none of these.
    """
    rows = db.session.scalars(
        select(TownEvent.details).where(
            TownEvent.town_id == town_id, TownEvent.step == "key-changed", TownEvent.at >= since
        )
    )
    return [
        str(details["before"])
        for details in rows
        if details.get("origin") == origin and "before" in details
    ]


def town_of_epoch(siren: str, epoch: int) -> TownRow | None:
    """Return a town with the log of one epoch, or None."""
    query = _towns_by_log().where(Town.siren == siren, Log.epoch == epoch)
    row = db.session.execute(query).first()
    return TownRow(*row) if row else None


@dataclass(frozen=True, slots=True)
class LogRow:
    """One epoch of a town's feed as the registry holds it."""

    id: int
    town_id: int
    epoch: int
    origin: str
    vkey: str
    state: str


def logs_of(town_id: int) -> list[LogRow]:
    """Return every epoch of a town's feed, the oldest first."""
    columns = [getattr(Log, name) for name in LogRow.__dataclass_fields__]
    rows = rows_of(select(*columns).where(Log.town_id == town_id).order_by(Log.epoch))
    return [LogRow(*row) for row in rows]


def towns_page(
    *, query: str = "", commune: str = "", between: tuple[str, str] | None = None, kind: str = "",
    state: str = "", after: tuple[str, str] | None = None, limit: int = 20,
) -> list[TownRow]:  # fmt: skip
    """Return up to `limit` towns by name, after (name, SIREN).

    They are filtered by words, by a commune that they serve, by one `between` two INSEE codes, and
    by kind.
    """
    wanted = _towns().order_by(Town.name, Town.siren).limit(limit)
    if kind:
        wanted = wanted.where(Town.kind == kind)
    if state:
        wanted = wanted.where(Town.state == state)
    if between is not None:
        wanted = wanted.where(Town.id.in_(ids_between(between)))
    if commune:
        wanted = wanted.where(
            exists().where(TownCommune.town_id == Town.id, TownCommune.insee == commune)
        )
    wanted = wanted.where(*_called(query))
    if after is not None:
        name, siren = after
        wanted = wanted.where((Town.name > name) | ((Town.name == name) & (Town.siren > siren)))
    return [TownRow(*row) for row in rows_of(wanted)]


def ids_between(between: tuple[str, str]) -> Select[Any]:
    """Return the query of the ids of towns that serve a commune between two INSEE codes."""
    return select(TownCommune.town_id).where(TownCommune.insee.between(*between))


def ids_where(
    *, between: tuple[str, str] | None = None, kind: str = "", commune: str = ""
) -> Select[Any] | None:
    """Return the query of the ids of towns narrowed as `towns_page` does it; None if by nothing."""
    query = select(Town.id)
    if between is None and not kind and not commune:
        return None
    if between is not None:
        query = query.where(Town.id.in_(ids_between(between)))
    if kind:
        query = query.where(Town.kind == kind)
    return query.where(Town.id.in_(ids_between((commune, commune)))) if commune else query


def _called(query: str) -> list[ColumnElement[bool]]:
    """Return the conditions that a town's name or SIREN has each word, or one beginning with it."""
    return [
        Town.id.in_(
            select(TownWord.town_id).where(TownWord.word >= word, TownWord.word < word + LAST)
        )
        for word in search.words_of(query)
    ]


def communes_of(town_id: int) -> list[str]:
    """Return the communes that a town serves, in order."""
    query = select(TownCommune.insee).where(TownCommune.town_id == town_id)
    return [row[0] for row in rows_of(query.order_by(TownCommune.insee))]


def communes_of_towns(town_ids: Collection[int]) -> dict[int, list[str]]:
    """Return the communes that each of these towns serves."""
    found: dict[int, list[str]] = {}
    for some in bulk.batches(sorted(set(town_ids)), bulk.AT_ONCE):
        for town_id, insee in rows_of(_served(), ids=some):
            found.setdefault(town_id, []).append(insee)
    return found


@cache
def _served() -> Any:
    query = select(TownCommune.town_id, TownCommune.insee)
    return query.where(TownCommune.town_id.in_(one_of("ids")))


def logs_of_department(code: str) -> Any:
    """Return a query of the ids of the logs of towns that serve a commune of a département."""
    query = select(Log.id).join(TownCommune, TownCommune.town_id == Log.town_id)
    return query.where(TownCommune.insee.startswith(code, autoescape=True))


def towns_of_commune(insee: str) -> list[TownRow]:
    """Return the towns that serve a commune, by name."""
    return towns_page(commune=insee, limit=200)


def counts() -> dict[str, int]:
    """Return how many towns are in each state."""
    rows = rows_of(select(Town.state, func.count()).group_by(Town.state))
    return {state: count for state, count in rows}


def events(
    *,
    town_id: int | None = None,
    faults_only: bool = False,
    step: str = "",
    before: int | None = None,
    limit: int,
) -> list[EventRow]:
    """Return events, newest first, before an id; of one town, of one step, or only faults."""
    wanted = select(
        TownEvent.id,
        TownEvent.at,
        TownEvent.step,
        TownEvent.by,
        TownEvent.words,
        TownEvent.details,
        TownEvent.evidence.is_not(None),
        Town.siren,
        Town.name,
    ).join(Town, Town.id == TownEvent.town_id)
    if town_id is not None:
        wanted = wanted.where(TownEvent.town_id == town_id)
    if faults_only:
        wanted = wanted.where(TownEvent.step.in_(sorted(FAULTS)))
    if step:
        wanted = wanted.where(TownEvent.step == step)
    if before is not None:
        wanted = wanted.where(TownEvent.id < before)
    rows = rows_of(wanted.order_by(TownEvent.id.desc()).limit(limit))
    return [_event(tuple(row)) for row in rows]


APPEALED = ("appealed", "appealed-signed")
APPEAL_STEPS = (*APPEALED, "appeal-granted", "appeal-refused")


def awaits_answer(town_id: int) -> bool:
    """Say whether a town's last appeal waits for an answer."""
    query = select(TownEvent.step).where(
        TownEvent.town_id == town_id, TownEvent.step.in_(APPEAL_STEPS)
    )
    return db.session.scalar(query.order_by(TownEvent.id.desc()).limit(1)) in APPEALED


def evidence(event_id: int) -> tuple[EventRow, bytes] | None:
    """Return an event with the bytes kept as evidence, or None where none were kept."""
    row = db.session.execute(
        select(
            TownEvent.id,
            TownEvent.at,
            TownEvent.step,
            TownEvent.by,
            TownEvent.words,
            TownEvent.details,
            TownEvent.evidence,
            Town.siren,
            Town.name,
        )
        .join(Town, Town.id == TownEvent.town_id)
        .where(TownEvent.id == event_id)
    ).first()
    if row is None or row.evidence is None:
        return None
    values = tuple(row)
    return _event((*values[:6], True, *values[7:])), bytes(row.evidence)


def _event(values: tuple[Any, ...]) -> EventRow:
    return EventRow(*values)
