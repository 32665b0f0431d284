# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeping what was verified, and deriving what is shown from it. Nothing here commits.

`settle` is the one place where a record becomes visible or stops being so: it looks at the raw
tables and writes the derived rows anew. A pull settles the records it touched, a rebuild settles
all of them, so both end in the same rows.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from beffroi_federation.aggregator.kernel import search
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.national.models import (
    Content,
    IncidentCell,
    Item,
    RawEntry,
    Received,
    Record,
    SetAside,
)
from beffroi_federation.aggregator.national.queries import PastOf, firsts_of
from beffroi_federation.aggregator.national.rules import gate, place, words_to_find
from beffroi_federation.entries import Content as Served
from beffroi_federation.entries import Entry, SupersedeEntry
from beffroi_federation.errors import Malformed, OverLimit
from beffroi_federation.records import UNKNOWN, read_record
from beffroi_federation.verify import Consequences, follow, read_entries
from beffroi_federation.vocabulary import SUPPORT_BANDS
from beffroi_privacy.periods import period_end

BATCH = 250
REBUILD_BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Source:
    """Whose log it is: what deriving a record needs to know of its town."""

    log_id: int
    town_id: int
    siren: str
    communes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that is newly kept from being shown: its position, why, and what was found."""

    position: int
    why: str
    labels: tuple[str, ...]


def keep_leaves(log_id: int, start: int, leaves: Sequence[bytes], *, now: datetime) -> None:
    """Store verified leaves from `start` on, as they were hashed."""
    if leaves:
        db.session.execute(
            insert(RawEntry),
            [
                {"log_id": log_id, "position": at, "leaf": leaf, "seen_at": now}
                for at, leaf in enumerate(leaves, start)
            ],
        )


def keep_contents(log_id: int, contents: Iterable[Served]) -> None:
    """Store verified contents; those that are there already stay."""
    rows = [
        {"log_id": log_id, "position": one.index, "salt": one.salt, "content": one.content}
        for one in contents
    ]
    for some in _batches(rows, BATCH):
        known = set(
            db.session.scalars(
                select(Content.position).where(
                    Content.log_id == log_id, Content.position.in_([r["position"] for r in some])
                )
            )
        )
        fresh = [row for row in some if row["position"] not in known]
        if fresh:
            db.session.execute(insert(Content), fresh)


def forget_contents(log_id: int, positions: Collection[int]) -> None:
    """Delete contents with their salts, at once."""
    for some in _batches(sorted(positions), BATCH):
        db.session.execute(
            delete(Content).where(Content.log_id == log_id, Content.position.in_(some))
        )


def take(
    log_id: int, start: int, entries: Sequence[Entry], done: Consequences, seen: Sequence[datetime]
) -> set[int]:
    """Write what new entries do to records; return the first indexes of the records touched.

    `seen` says when each entry was first taken. Contents that are withdrawn or replaced by a newer
    version are deleted here.
    """
    firsts = _first_versions(log_id, start, entries, done)
    inside = range(start, start + len(entries))
    if done.received:
        released: dict[int, int] = {}
        for record, reception in done.answered.items():
            released.setdefault(reception, record)
        rows = [
            {"log_id": log_id, "position": at, "released": released.get(at),
             "seen_at": seen[at - start]}
            for at in done.received
        ]  # fmt: skip
        db.session.execute(insert(Received), rows)
    if done.published:
        items = [
            {"log_id": log_id, "position": at, "first": firsts[at], "next": done.superseded.get(at),
             "withdrawn": done.withdrawn.get(at), "seen_at": seen[at - start]}
            for at in done.published
        ]  # fmt: skip
        db.session.execute(insert(Item), items)
    _mark_older(log_id, inside, done)
    forget_contents(log_id, done.withdrawn.keys() | done.superseded.keys())
    touched = {firsts[at] for at in done.published}
    touched |= {firsts[at] for at in done.withdrawn if at in firsts}
    touched |= set(firsts_of(log_id, [at for at in done.withdrawn if at not in firsts]).values())
    return touched


def _first_versions(
    log_id: int, start: int, entries: Sequence[Entry], done: Consequences
) -> dict[int, int]:
    """Return the first version of each new version, by position."""
    older = [old for old in done.superseded if old < start]
    known = firsts_of(log_id, older)
    firsts: dict[int, int] = {}
    for at in done.published:
        entry = entries[at - start]
        if isinstance(entry, SupersedeEntry):
            replaced = entry.replaces
            firsts[at] = firsts[replaced] if replaced >= start else known[replaced]
        else:
            firsts[at] = at
    return firsts


def _mark_older(log_id: int, inside: range, done: Consequences) -> None:
    """Write what new entries do to entries that were taken before."""
    older = [{"at": old, "new": new} for old, new in done.superseded.items() if old not in inside]
    if older:
        db.session.connection().execute(
            update(Item)
            .where(Item.log_id == log_id, Item.position == bindparam("at"))
            .values(next=bindparam("new")),
            older,
        )
    gone = [{"at": at, "code": code} for at, code in done.withdrawn.items() if at not in inside]
    if gone:
        db.session.connection().execute(
            update(Item)
            .where(Item.log_id == log_id, Item.position == bindparam("at"))
            .where(Item.withdrawn.is_(None))
            .values(withdrawn=bindparam("code")),
            gone,
        )
    answers = [
        {"at": reception, "by": record}
        for record, reception in done.answered.items()
        if reception not in inside
    ]
    if answers:
        db.session.connection().execute(
            update(Received)
            .where(Received.log_id == log_id, Received.position == bindparam("at"))
            .where(Received.released.is_(None))
            .values(released=bindparam("by")),
            answers,
        )


@dataclass(frozen=True, slots=True)
class Examined:
    """What a verified content was found to be: its members, or why it is not shown."""

    kind: str
    known: dict[str, Any]
    why: str = ""
    labels: tuple[str, ...] = ()


def examine(content: bytes) -> Examined:
    """Read a verified content and run the nation's own gate on it; touches no table.

    This takes a millisecond or more, so a pull does it before its transaction begins.
    """
    try:
        read = read_record(content)
    except (Malformed, OverLimit):
        return Examined(UNKNOWN, {}, "unreadable")
    if read.known is None or read.kind == UNKNOWN:
        return Examined(UNKNOWN, {}, "unknown")
    known = dict(read.known)
    labels = gate(known)
    return Examined(read.kind, known, "held" if labels else "", labels)


def digest(content: bytes) -> bytes:
    """Return the key under which a content that was examined before is found again."""
    return hashlib.sha256(content).digest()


def settle(
    source: Source, firsts: Collection[int], examined: Mapping[bytes, Examined] | None = None
) -> list[Kept]:
    """Make the derived rows of these records what the raw tables say; return what is kept back now.

    `examined` holds what was examined already, by `digest`; the rest is examined here.

    A record is shown if its newest version is open (not withdrawn, content there), readable, about
    the town's own communes, and clean for the gate.
    """
    kept: list[Kept] = []
    for some in _batches(sorted(firsts), BATCH):
        kept += _settle(source, some, examined or {})
    return kept


def _settle(
    source: Source, firsts: Sequence[int], examined: Mapping[bytes, Examined]
) -> list[Kept]:
    ids = [place(source.log_id, first) for first in firsts]
    before = {
        (row.position, row.why)
        for row in db.session.execute(
            select(SetAside.position, SetAside.why).where(SetAside.id.in_(ids))
        )
    }
    for table in (Record, IncidentCell, SetAside):
        db.session.execute(delete(table).where(table.id.in_(ids)))
    search.remove(ids)
    derived = [
        derive(source, first, position, seen_at, examined.get(digest(content)) or examine(content))
        for first, position, seen_at, content in _open_versions(source.log_id, firsts)
    ]
    for table in (Record, IncidentCell, SetAside):
        rows = [one.row for one in derived if one.table is table]
        if rows:
            db.session.execute(insert(table), rows)
    search.put([(one.row["id"], one.words) for one in derived if one.words])
    asides = [one.row for one in derived if one.table is SetAside]
    return [
        Kept(row["position"], row["why"], tuple(str(row["labels"]).split()))
        for row in asides
        if (row["position"], row["why"]) not in before
    ]


def _open_versions(log_id: int, firsts: Sequence[int]) -> list[tuple[int, int, datetime, bytes]]:
    """Return (first, position, seen, content) of the newest versions that are open."""
    rows = db.session.execute(
        select(Item.first, Item.position, Item.seen_at, Content.content)
        .join(Content, (Content.log_id == Item.log_id) & (Content.position == Item.position))
        .where(Item.log_id == log_id, Item.first.in_(firsts))
        .where(Item.next.is_(None), Item.withdrawn.is_(None))
        .order_by(Item.first)
    )
    return [(row.first, row.position, row.seen_at, bytes(row.content)) for row in rows]


@dataclass(frozen=True, slots=True)
class Derived:
    """One row of a derived table, and the words it is found by."""

    table: type[Record] | type[IncidentCell] | type[SetAside]
    row: dict[str, Any]
    words: str = ""


def derive(
    source: Source, first: int, position: int, seen_at: datetime, found: Examined
) -> Derived:
    """Return what an open content becomes: a record, a cell of counts, or set aside."""
    head: dict[str, Any] = {
        "id": place(source.log_id, first),
        "log_id": source.log_id,
        "town_id": source.town_id,
        "position": position,
    }
    why = found.why or ("" if _at_home(source, found.known) else "elsewhere")
    if why:
        return Derived(SetAside, {**head, "why": why, "labels": " ".join(found.labels)})
    known = found.known
    head |= {"first": first, "seen_at": seen_at, "period": known["period"]}
    if found.kind == "incident_summary":
        names = ("family", "category", "area", "state", "count", "closed", "delay")
        head["until"] = period_end(str(known["period"])).isoformat()
        return Derived(IncidentCell, head | {name: known.get(name) for name in names})
    columns = ("commune", "theme", "status", "outcome", "clock", "supports", "answered", "title")
    row = head | {name: known.get(name) for name in columns}
    supports = known.get("supports")
    row["demand"] = SUPPORT_BANDS.index(supports) if supports in SUPPORT_BANDS else 0
    row |= {"kind": found.kind, "known": known}
    return Derived(Record, row, words_to_find(known))


def _at_home(source: Source, known: Mapping[str, Any]) -> bool:
    """Say whether a record speaks of the town itself or of a commune that it serves."""
    place_named = known.get("commune", known.get("area", "other"))
    return place_named in {"other", source.siren} or place_named in source.communes


def rebuild(sources: Sequence[Source]) -> int:
    """Drop everything derived and derive it again from the raw tables; return how many leaves.

    Raises ProtocolError if a stored leaf does not read, which a pull would have refused.
    """
    search.clear()
    for table in (Record, IncidentCell, SetAside, Item, Received):
        db.session.execute(delete(table))
    return sum(_rebuild_one(source) for source in sources)


def _rebuild_one(source: Source) -> int:
    start = 0
    while True:
        rows = db.session.execute(
            select(RawEntry.leaf, RawEntry.seen_at)
            .where(RawEntry.log_id == source.log_id, RawEntry.position >= start)
            .order_by(RawEntry.position)
            .limit(REBUILD_BATCH)
        ).all()
        if not rows:
            return start
        entries = read_entries(start, [bytes(row.leaf) for row in rows])
        done = follow(start, entries, PastOf(source.log_id))
        touched = take(source.log_id, start, entries, done, [row.seen_at for row in rows])
        settle(source, touched)
        start += len(rows)


UNRELEASED_AFTER = timedelta(days=30)
"""A received request without a record is told of after this long."""


def _batches(values: Sequence[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(values)
    while some := list(islice(iterator, size)):
        yield some
