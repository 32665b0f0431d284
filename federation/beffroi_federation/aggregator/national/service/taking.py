# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first stage: what verified entries do to the store, read beforehand, written in bulk."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, count, repeat
from typing import Any, TypeAlias

from sqlalchemy import select

from beffroi_federation.aggregator.kernel import bulk, search
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.kernel.runtime import runtime
from beffroi_federation.aggregator.national.models import (
    Content,
    Item,
    RawEntry,
    Received,
    Waiting,
)
from beffroi_federation.aggregator.national.queries import versions_at
from beffroi_federation.aggregator.national.rules import SHIFT, place
from beffroi_federation.aggregator.national.service.tallying import uncount
from beffroi_federation.entries import (
    BatchEntry,
    Entry,
    ReceivedEntry,
    RecordEntry,
    SupersedeEntry,
    WithdrawEntry,
)
from beffroi_federation.verify import Consequences, follow

_ONLY_NEW = frozenset({RecordEntry, ReceivedEntry, BatchEntry})
"""Entries that change no version before them."""
_HELD = 'ORDER BY "id" FOR NO KEY UPDATE'
DERIVED = ("record", "incident_cell", "set_aside")


ItemRow: TypeAlias = tuple[int, int, int, int | None, str | None, Any]
"""Log, position, first, next, withdrawn, and the moment it was seen as the driver stores it."""
ContentRow: TypeAlias = tuple[int, int, bytes, bytes]
"""Log, position, salt, content."""


@dataclass(slots=True)
class Changes:
    """What is to be written for one log; positions of its own, nothing in it is visible yet.

    `leaves` are new from `start` on, seen at `seen` (one moment, or one for each). `items` and
    `received` are the rows of new versions and receptions, `contents` those of contents that were
    compared with their entries, all as the tables have them. `replaced`, `withdrawn` and `answered`
    change older rows; `gone` is when withdrawals were seen, by the first version of the record that
    they name, as the driver stores it; `forgotten` are positions whose stored content goes.
    `touched` are the first versions of older records that were touched: what is derived from them
    goes now, and is derived anew later.
    """

    log_id: int
    start: int
    seen: datetime | Sequence[datetime]
    leaves: Sequence[bytes] = ()
    items: list[ItemRow] = field(default_factory=list)
    received: list[tuple[int, int, int | None, Any]] = field(default_factory=list)
    replaced: list[tuple[int, int]] = field(default_factory=list)
    withdrawn: list[tuple[int, str]] = field(default_factory=list)
    gone: dict[int, Any] = field(default_factory=dict)
    answered: list[tuple[int, int]] = field(default_factory=list)
    contents: list[ContentRow] = field(default_factory=list)
    forgotten: set[int] = field(default_factory=set)
    touched: set[int] = field(default_factory=set)

    def waiting(self) -> list[tuple[int, int]]:
        """Return the ranges of first versions that are to be derived."""
        ranges = [(first, first + 1) for first in sorted(self.touched)]
        fresh = [item[2] for item in self.items if item[2] >= self.start]
        if fresh:
            ranges.append((min(fresh), max(fresh) + 1))
        return ranges


@dataclass(frozen=True, slots=True)
class Known:
    """What was taken before of the entries that new ones point to; see `verify.Past`."""

    kinds: Mapping[int, str]
    nexts: Mapping[int, int]
    firsts: Mapping[int, int]

    def kind_at(self, index: int) -> str | None:
        """Return `rec` for any published version, `rcv` for a reception, else None."""
        return self.kinds.get(index)

    def next_version(self, index: int) -> int | None:
        """Return the index of the newer version of an entry, or None."""
        return self.nexts.get(index)


def known_of(log_id: int, start: int, entries: Sequence[Entry]) -> Known:
    """Read what new entries from `start` on point to among the older ones, a few queries in all."""
    named = {entry.received for entry in entries if type(entry) is RecordEntry}
    if not _ONLY_NEW.issuperset(map(type, entries)):
        named |= {entry.replaces for entry in entries if type(entry) is SupersedeEntry}
        named |= {entry.index for entry in entries if type(entry) is WithdrawEntry}
    wanted = {at for at in named if at is not None and at < start}
    if not wanted:
        return Known({}, {}, {})
    versions = versions_at(log_id, sorted(wanted))
    kinds = dict.fromkeys(versions, "rec")
    for some in bulk.batches(sorted(wanted - versions.keys()), bulk.AT_ONCE):
        query = select(Received.position).where(
            Received.log_id == log_id, Received.position.in_(some)
        )
        kinds |= dict.fromkeys(db.session.scalars(query), "rcv")
    nexts = {at: one.next for at, one in versions.items() if one.next is not None}
    return Known(kinds, nexts, {at: one.first for at, one in versions.items()})


def changes_of(
    log_id: int,
    start: int,
    leaves: Sequence[bytes],
    entries: Sequence[Entry],
    *,
    seen: datetime | Sequence[datetime],
) -> Changes:
    """Return what verified entries do to the store; Inconsistent if one points where it may not.

    Contents are not looked at. Only reads.
    """
    known = known_of(log_id, start, entries)
    done = follow(start, entries, known)
    changes = Changes(log_id, start, seen, leaves)
    moments = _moments(changes)
    changes.items = list(_published(changes, entries, done, known, moments))
    released: dict[int, int] = {}
    for record, reception in done.answered.items():
        released.setdefault(reception, record)
    changes.received = [(log_id, at, released.get(at), moments[at - start]) for at in done.received]
    changes.answered = [(at, by) for at, by in released.items() if at < start]
    changes.replaced = [(old, new) for old, new in done.superseded.items() if old < start]
    changes.withdrawn = [(at, code) for at, code in done.withdrawn.items() if at < start]
    changes.forgotten = {at for at in (*done.superseded, *done.withdrawn) if at < start}
    changes.touched = {known.firsts[at] for at in changes.forgotten}
    if done.withdrawn:
        firsts = {**known.firsts, **{item[1]: item[2] for item in changes.items}}
        for entry, moment in zip(entries, moments, strict=True):
            if type(entry) is WithdrawEntry and entry.index in firsts:
                changes.gone[firsts[entry.index]] = moment
    return changes


def _published(
    changes: Changes,
    entries: Sequence[Entry],
    done: Consequences,
    known: Known,
    moments: Sequence[Any],
) -> Iterator[ItemRow]:
    """Yield the rows of new versions, each with the first version of its record."""
    log_id, start = changes.log_id, changes.start
    superseded, withdrawn = done.superseded, done.withdrawn
    if not superseded and not withdrawn:  # every version is its record's first, and open
        whole, nothing = done.published, repeat(None)
        seen = [moments[one - start] for one in whole]
        yield from zip(repeat(log_id), whole, whole, nothing, nothing, seen, strict=False)
        return
    firsts: dict[int, int] = {}
    for at in done.published:
        entry = entries[at - start]
        first = at
        if isinstance(entry, SupersedeEntry):
            replaced = entry.replaces
            first = known.firsts[replaced] if replaced < start else firsts.get(replaced, replaced)
            firsts[at] = first
        yield log_id, at, first, superseded.get(at), withdrawn.get(at), moments[at - start]


def lock_logs(log_ids: Collection[int]) -> None:
    """Hold these logs for this transaction, so that writing and deriving one take turns.

    SQLite has one writer anyway.
    """
    if db.engine.dialect.name != "sqlite" and log_ids:
        bulk.rows_of('SELECT "id" FROM "log" WHERE', "id", sorted(log_ids), _HELD)


def write_changes(several: Sequence[Changes]) -> None:
    """Write what was found for several logs, in bulk; the caller holds `lock_logs`.

    What is withdrawn, replaced or forgotten leaves contents, derived tables and the search index
    here and now.
    """
    write_raw(several)
    write_versions(several)
    for one in several:
        if one.forgotten:
            bulk.delete_in(
                "content", '"log_id" = ?', "position", (one.log_id,), sorted(one.forgotten)
            )
    gone = _closed(several)
    if gone:
        runtime().follower.going(gone)
    touched = [place(one.log_id, first) for one in several for first in sorted(one.touched)]
    unshow(touched)
    if touched:
        runtime().follower.unshown(touched)
    rows = [(one.log_id, *range_) for one in several for range_ in one.waiting()]
    bulk.insert(Waiting, ("log_id", "begins", "ends"), rows)


def write_raw(several: Sequence[Changes]) -> None:
    """Write leaves as they were hashed, and contents with their salts."""
    leaves = chain.from_iterable(
        zip(repeat(one.log_id), count(one.start), one.leaves, _moments(one), strict=False)
        for one in several
    )
    bulk.insert(RawEntry, ("log_id", "position", "leaf", "seen_at"), leaves)
    contents = chain.from_iterable(one.contents for one in several)
    bulk.insert(Content, ("log_id", "position", "salt", "content"), contents)


def write_versions(several: Sequence[Changes]) -> None:
    """Write versions and receptions, and what became of the older ones."""
    items = chain.from_iterable(one.items for one in several)
    bulk.insert(Item, ("log_id", "position", "first", "next", "withdrawn", "seen_at"), items)
    received = chain.from_iterable(one.received for one in several)
    bulk.insert(Received, ("log_id", "position", "released", "seen_at"), received)
    for statement, rows in (
        (
            'UPDATE "item" SET "next" = ? WHERE "log_id" = ? AND "position" = ?',
            [(new, one.log_id, old) for one in several for old, new in one.replaced],
        ),
        (
            'UPDATE "item" SET "withdrawn" = ? '
            'WHERE "log_id" = ? AND "position" = ? AND "withdrawn" IS NULL',
            [(code, one.log_id, at) for one in several for at, code in one.withdrawn],
        ),
        (
            'UPDATE "received" SET "released" = ? '
            'WHERE "log_id" = ? AND "position" = ? AND "released" IS NULL',
            [(by, one.log_id, at) for one in several for at, by in one.answered],
        ),
    ):
        bulk.run(statement, rows)
    if closed := _closed(several):
        moments = {place(one.log_id, at): when for one in several for at, when in one.gone.items()}
        bulk.run(
            'INSERT INTO "tombstone" ("id", "log_id", "at") VALUES (?, ?, ?) '
            'ON CONFLICT ("id") DO UPDATE SET "at" = excluded."at"',
            [(id, id >> SHIFT, moments[id]) for id in closed],
        )


def _closed(several: Sequence[Changes]) -> list[int]:
    """Return the records whose newest version the new entries withdrew, once versions are there."""
    found: list[int] = []
    for one in several:
        for some in bulk.batches(sorted(one.gone), bulk.AT_ONCE):
            query = select(Item.first).where(Item.log_id == one.log_id, Item.first.in_(some))
            query = query.where(Item.next.is_(None), Item.withdrawn.is_not(None))
            found += [place(one.log_id, first) for first in db.session.scalars(query)]
    return found


def _moments(one: Changes) -> list[Any]:
    """Return when each new entry was seen, as the driver stores it, by its number from `start`."""
    if isinstance(one.seen, datetime):
        return [bulk.moment(one.seen)] * len(one.leaves)
    return [bulk.moment(when) for when in one.seen]


def unshow(ids: Sequence[int]) -> None:
    """Take records out of every derived table and of the search index."""
    if not ids:
        return
    uncount(ids)
    for table in DERIVED:
        bulk.delete_in(table, "", "id", (), ids)
    search.remove(ids)
