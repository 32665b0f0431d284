# SPDX-License-Identifier: AGPL-3.0-or-later
"""The second stage: from stored rows to what is shown, through the nation's own gate.

`settle` is the one place where a record becomes visible.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from beffroi_federation.aggregator.kernel import bulk, search
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.kernel.runtime import runtime
from beffroi_federation.aggregator.national.models import (
    Content,
    IncidentCell,
    Item,
    Record,
    SetAside,
    Waiting,
)
from beffroi_federation.aggregator.national.queries import WaitingRow
from beffroi_federation.aggregator.national.rules import department_of, gate, place, words_to_find
from beffroi_federation.aggregator.national.service.holding import held_among
from beffroi_federation.aggregator.national.service.taking import unshow
from beffroi_federation.aggregator.national.service.tallying import count_cells, count_records
from beffroi_federation.errors import Malformed, OverLimit
from beffroi_federation.records import UNKNOWN, read_record
from beffroi_federation.vocabulary import SUPPORT_BANDS
from beffroi_privacy.periods import period_end


@dataclass(frozen=True, slots=True)
class Source:
    """Whose log it is: what deriving a record needs to know of its town."""

    log_id: int
    town_id: int
    siren: str
    communes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that is newly kept from being shown: its log, position, why, and what was found."""

    log_id: int
    position: int
    why: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Open:
    """The newest version of a record, when it is open: not withdrawn, its content there."""

    first: int
    position: int
    seen_at: datetime
    content: bytes


@dataclass(frozen=True, slots=True)
class Examined:
    """What a verified content was found to be: its members, or why it is not shown."""

    kind: str
    known: dict[str, Any]
    why: str = ""
    labels: tuple[str, ...] = ()


BY_A_PERSON = "person"
"""Why a record is not shown that somebody here holds back."""
UNREADABLE = Examined(UNKNOWN, {}, "unreadable")


def examine(content: bytes) -> Examined:
    """Read a verified content and run the nation's own gate on it; touches no table.

    This takes a millisecond or more, so it is done before a transaction begins.
    """
    try:
        read = read_record(content)
    except (Malformed, OverLimit):
        return UNREADABLE
    if read.known is None or read.kind == UNKNOWN:
        return Examined(UNKNOWN, {}, "unknown")
    known = dict(read.known)
    labels = gate(known)
    return Examined(read.kind, known, "held" if labels else "", labels)


def open_versions(log_id: int, begins: int, ends: int, limit: int) -> list[Open]:
    """Return the open versions of up to `limit` records whose first version is in a range."""
    rows = db.session.execute(
        select(Item.first, Item.position, Item.seen_at, Content.content)
        .join(Content, (Content.log_id == Item.log_id) & (Content.position == Item.position))
        .where(Item.log_id == log_id, Item.first >= begins, Item.first < ends)
        .where(Item.next.is_(None), Item.withdrawn.is_(None))
        .order_by(Item.first)
        .limit(limit)
    )
    return [Open(row.first, row.position, row.seen_at, bytes(row.content)) for row in rows]


def _still_open(log_id: int, positions: Sequence[int]) -> set[tuple[int, int]]:
    """Return (log, position) of those of these versions that are open as things stand now."""
    found: set[tuple[int, int]] = set()
    for some in bulk.batches(positions, bulk.AT_ONCE):
        query = (
            select(Item.position)
            .join(Content, (Content.log_id == Item.log_id) & (Content.position == Item.position))
            .where(Item.log_id == log_id, Item.position.in_(some))
            .where(Item.next.is_(None), Item.withdrawn.is_(None))
        )
        found.update((log_id, position) for position in db.session.scalars(query))
    return found


def settle(found: Sequence[tuple[Source, Open, Examined]]) -> list[Kept]:
    """Write the derived rows of these versions anew; return what is newly kept back.

    They are open versions as they were read and examined, maybe a while ago: one that is no longer
    open is left out, because whoever closed it took its derived rows away and marked the record
    anew. The caller holds `lock_logs`. A record is shown if its newest version is open, readable,
    about the town's own communes, and clean for the gate.
    """
    by_log: dict[int, list[int]] = {}
    for source, one, _ in found:
        by_log.setdefault(source.log_id, []).append(one.position)
    still: set[tuple[int, int]] = set()
    for log_id, positions in by_log.items():
        still |= _still_open(log_id, positions)
    found = [row for row in found if (row[0].log_id, row[1].position) in still]
    ids = [place(source.log_id, one.first) for source, one, _ in found]
    before = _set_aside(ids)
    held = held_among(ids)
    found = [
        (source, one, replace(known, why=BY_A_PERSON) if id in held else known)
        for id, (source, one, known) in zip(ids, found, strict=True)
    ]
    unshow(ids)
    derived = [derive(*row) for row in found]
    _write(derived)
    runtime().follower.shown([one.row["id"] for one in derived if one.may_be_a_request])
    return [
        Kept(source.log_id, one.position, why, examined.labels)
        for source, one, examined in found
        if (why := _why(source, examined)) and (source.log_id, one.position, why) not in before
    ]


def _set_aside(ids: Sequence[int]) -> set[tuple[int, int, str]]:
    """Return (log, position, why) of those of these records that are kept back already."""
    found: set[tuple[int, int, str]] = set()
    columns = (SetAside.log_id, SetAside.position, SetAside.why)
    for some in bulk.batches(ids, bulk.AT_ONCE):
        rows = db.session.execute(select(*columns).where(SetAside.id.in_(some)))
        found.update((row.log_id, row.position, row.why) for row in rows)
    return found


@dataclass(frozen=True, slots=True)
class Derived:
    """One row of a derived table, and the words it is found by."""

    table: type[Record] | type[IncidentCell] | type[SetAside]
    row: dict[str, Any]
    words: str = ""

    @property
    def may_be_a_request(self) -> bool:
        """Say whether it is a request, or kept back, whatever it was before."""
        return self.table is SetAside or self.row.get("kind") == "request"


def _write(derived: Sequence[Derived]) -> None:
    for table in (Record, IncidentCell, SetAside):
        rows = [one.row for one in derived if one.table is table]
        if rows:
            names = list(rows[0])
            bulk.insert(table, names, [[row[name] for name in names] for row in rows])
            if table is Record:
                count_records([(row, json.loads(row["known"])) for row in rows])
            elif table is IncidentCell:
                count_cells(rows)
    search.put([(one.row["id"], one.words) for one in derived if one.words])


def derive(source: Source, version: Open, found: Examined) -> Derived:
    """Return what an open content becomes: a record, a cell of counts, or set aside."""
    head: dict[str, Any] = {
        "id": place(source.log_id, version.first),
        "log_id": source.log_id,
        "town_id": source.town_id,
        "position": version.position,
    }
    why = _why(source, found)
    if why:
        return Derived(SetAside, {**head, "why": why, "labels": " ".join(found.labels)})
    known = found.known
    seen_at = bulk.moment(version.seen_at)
    named = known.get("commune", known.get("area"))
    head |= {"first": version.first, "seen_at": seen_at, "period": known["period"]}
    head["department"] = department_of(named, source.communes)
    if found.kind == "incident_summary":
        names = ("family", "category", "area", "state", "count", "closed", "delay")
        head["until"] = period_end(str(known["period"])).isoformat()
        return Derived(IncidentCell, head | {name: known.get(name) for name in names})
    columns = ("commune", "theme", "status", "outcome", "clock", "supports", "answered", "title")
    row = head | {name: known.get(name) for name in columns}
    supports = known.get("supports")
    row["demand"] = SUPPORT_BANDS.index(supports) if supports in SUPPORT_BANDS else 0
    row |= {"kind": found.kind, "known": json.dumps(known)}
    return Derived(Record, row, words_to_find(known))


def _why(source: Source, found: Examined) -> str:
    """Return why a content is not shown, or nothing when it is."""
    return found.why or ("" if _at_home(source, found.known) else "elsewhere")


def _at_home(source: Source, known: Mapping[str, Any]) -> bool:
    """Say whether a record speaks of the town itself or of a commune that it serves."""
    place_named = known.get("commune", known.get("area", "other"))
    return place_named in {"other", source.siren} or place_named in source.communes


def shorten(row: WaitingRow, done: int) -> bool:
    """Take what was derived, up to `done`, off a waiting range; False if it is another one now."""
    here = (Waiting.id == row.id, Waiting.begins == row.begins, Waiting.ends == row.ends)
    if done >= row.ends:
        result = db.session.execute(delete(Waiting).where(*here))
    else:
        result = db.session.execute(update(Waiting).where(*here).values(begins=done))
    return bool(result.rowcount)  # type: ignore[attr-defined]  # of a DELETE or UPDATE
