# SPDX-License-Identifier: AGPL-3.0-or-later
"""Parsing, following and comparing what was verified up to the root; only reads."""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat

from beffroi_federation.aggregator.intake.queries import absent_since, turn_of
from beffroi_federation.aggregator.intake.rules import ContentMissing, reading
from beffroi_federation.aggregator.intake.service.announcing import announced
from beffroi_federation.aggregator.intake.service.taken import (
    Compared,
    Prepared,
    ServedContents,
    Taken,
)
from beffroi_federation.aggregator.intake.service.witnessing import Accepted, step_of_pull
from beffroi_federation.aggregator.national import queries as national_queries
from beffroi_federation.aggregator.national import service as national
from beffroi_federation.aggregator.national.service import Changes
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_federation.entries import (
    Entry,
    RecordEntry,
    SupersedeEntry,
    parse_contents,
)
from beffroi_federation.errors import ContentMismatch, Malformed
from beffroi_federation.merkle import Frontier
from beffroi_federation.verify import PATIENCE, read_entries
from beffroi_privacy.commitments import commit, commit_each

COMMITTED = (RecordEntry, SupersedeEntry)
"""The entries that commit to a content."""
_COMMITTED_KINDS = frozenset(COMMITTED)


def prepare(
    town: TownRow, taken: Taken, accepted: Accepted | None = None, *, now: datetime
) -> Prepared:
    """Parse, follow and compare what one pull of a town brought; nothing is written.

    `accepted` is what was accepted of the log before; read here if it was not read already. Raises
    ProtocolError for whatever is wrong with it.
    """
    log_id = town.log_id
    turn = turn_of(log_id) if taken.turn is None else taken.turn
    step = step_of_pull(town, taken, accepted, now=now)
    with reading("entries"):
        entries = read_entries(taken.start, taken.leaves)
        changes = national.changes_of(log_id, taken.start, taken.leaves, entries, seen=now)
    compared = Compared()
    fresh = _Fresh(taken.start, entries, changes)
    with reading("contents"):
        for served in taken.contents:
            _compare(log_id, served, taken.frontier.size, fresh, compared, now)
    changes.contents = compared.contents
    changes.forgotten |= compared.gone
    again = compared.gone | compared.returned
    if again:
        versions = national_queries.versions_at(log_id, sorted(again))
        changes.touched |= {one.first for one in versions.values()}
    said = announced(town, taken.start, entries, taken.note)
    return Prepared(town, taken, turn, now, changes, compared, step=step, announced=said)


def prepare_removals(
    town: TownRow, served: Sequence[ServedContents], *, turn: int | None = None, now: datetime
) -> Prepared:
    """Look for the contents that a town no longer serves, and believe nothing else of it.

    A quarantine protects readers from what a town says, never from what somebody had removed.
    """
    log_id = town.log_id
    turn = turn_of(log_id) if turn is None else turn
    compared = Compared()
    for one in served:
        if not one.unchanged:
            kept = set(parse_contents(one.body).indexes)
            compared.gone |= national_queries.held_contents(log_id, one.start, one.end) - kept
        if one.bundle is not None:
            compared.bundles.append((one.bundle, one.etag if one.unchanged else None, True))
    changes = Changes(log_id, 0, now, forgotten=compared.gone)
    versions = national_queries.versions_at(log_id, sorted(compared.gone))
    changes.touched = {one.first for one in versions.values()}
    taken = Taken(0, Frontier())
    return Prepared(town, taken, turn, now, changes, compared, only_removals=True)


@dataclass(slots=True)
class _Fresh:
    """The entries that are new, and what they do to versions, new and old."""

    start: int
    entries: Sequence[Entry]
    changes: Changes
    replaced: set[int] = field(default_factory=set)
    withdrawn: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Gather what is replaced and withdrawn, wherever it stands."""
        changes = self.changes
        self.replaced = {old for old, _ in changes.replaced}
        self.replaced |= {item[1] for item in changes.items if item[3] is not None}
        self.withdrawn = {at for at, _ in changes.withdrawn}
        self.withdrawn |= {item[1] for item in changes.items if item[4] is not None}


@dataclass(slots=True)
class _Range:
    """What is known of the entries from `start` to `end` before their contents are looked at."""

    start: int
    end: int
    entries: list[Entry]
    replaced: set[int]
    withdrawn: set[int]
    held: frozenset[int] = frozenset()
    absent: dict[int, datetime] = field(default_factory=dict)


def _known(log_id: int, start: int, end: int, fresh: _Fresh) -> _Range:
    """Return what is known of a range; asks the database only for what is older than this pull."""
    older = min(end, fresh.start)
    new = list(fresh.entries[max(start - fresh.start, 0) : max(end - fresh.start, 0)])
    if start >= older:
        return _Range(start, end, new, fresh.replaced, fresh.withdrawn)
    entries = list(read_entries(start, national_queries.leaves(log_id, start, older)))
    versions = national_queries.versions_in(log_id, start, older)
    return _Range(
        start,
        end,
        entries + new,
        fresh.replaced | {at for at, one in versions.items() if one.next is not None},
        fresh.withdrawn | {at for at, one in versions.items() if one.withdrawn is not None},
        national_queries.held_contents(log_id, start, older),
        absent_since(log_id, start, older),
    )


def _compare(
    log_id: int, served: ServedContents, size: int, fresh: _Fresh, to: Compared, now: datetime
) -> None:
    """Compare the contents of one range with their entries; ContentMismatch or ContentMissing."""
    start, end = served.start, min(served.end, size)
    if served.unchanged:
        absent = absent_since(log_id, start, end)
        _not_overdue(absent, (at for at in absent), now)
        if served.bundle is not None:
            to.bundles.append((served.bundle, served.etag, True))
        return
    known = _known(log_id, start, end, fresh)
    seen, beyond = _open(served, known, fresh, to)
    pending: list[int] = []
    if len(seen) < len(known.entries):
        settled = seen | known.withdrawn | known.replaced
        pending = [
            at
            for at, entry in enumerate(known.entries, start)
            if at not in settled and isinstance(entry, COMMITTED)
        ]
    _not_overdue(known.absent, pending, now)
    waits = set(pending)
    to.awaited += [at for at in pending if at not in known.absent]
    to.arrived += [at for at in known.absent if at not in waits]
    to.gone |= known.held & waits
    if served.bundle is not None:
        to.bundles.append((served.bundle, None if beyond else served.etag, True))
    else:
        to.bundles += [(n, None, False) for n in range(start >> 8, (max(end, 1) - 1 >> 8) + 1)]


def _open(
    served: ServedContents, known: _Range, fresh: _Fresh, to: Compared
) -> tuple[set[int], bool]:
    """Compare each content with its entry; return those that fit, and whether some lie beyond."""
    indexes, salts, contents = parse_contents(served.body)
    served.body = b""
    if indexes and not served.start <= indexes[0] <= indexes[-1] < served.end:
        sentence = "A content is served with another bundle than its own"
        raise Malformed(sentence, index=indexes[-1], bundle=served.bundle)
    beyond = bool(indexes) and indexes[-1] >= known.end
    if beyond:
        inside = bisect_left(indexes, known.end)
        indexes, salts, contents = indexes[:inside], salts[:inside], contents[:inside]
    closed, log_id = known.replaced | known.withdrawn, fresh.changes.log_id
    commitments = _commitments(indexes, known)
    if closed.isdisjoint(indexes) and commit_each(salts, contents) == commitments:
        rows = zip(repeat(log_id), indexes, salts, contents)  # as it nearly always is
        to.contents += (row for row in rows if row[1] not in known.held) if known.held else rows
        to.returned.update(at for at in indexes if at < fresh.start and at not in known.held)
        return set(indexes), beyond
    altered: list[tuple[int, bytes]] = []
    seen: set[int] = set()
    for index, salt, content, commitment in zip(indexes, salts, contents, commitments, strict=True):
        if index in closed:
            if index not in known.replaced:  # nobody needs those any more
                to.still_served.append(index)
        elif commit(salt, content) != commitment:
            altered.append((index, content))
        else:
            seen.add(index)
            if index not in known.held:
                to.contents.append((log_id, index, salt, content))
    if altered:
        raise ContentMismatch(
            "A content is not the one that its entry commits to",
            index=altered[0][0],
            altered=len(altered),
            sha256=hashlib.sha256(altered[0][1]).hexdigest(),
        )
    to.returned.update(at for at in seen if at < fresh.start and at not in known.held)
    return seen, beyond


def _commitments(indexes: Sequence[int], known: _Range) -> list[bytes]:
    """Return what the entries of these contents commit to; Malformed if one commits to nothing."""
    entries, start = known.entries, known.start
    chosen = [entries[index - start] for index in indexes]
    if not _COMMITTED_KINDS.issuperset(map(type, chosen)):
        for index, entry in zip(indexes, chosen, strict=True):
            if not isinstance(entry, COMMITTED):
                sentence = "A content is served for an entry that has none"
                raise Malformed(sentence, index=index, kind=entry.kind)
    return [entry.commitment for entry in chosen]  # type: ignore[union-attr]  # looked at above


def _not_overdue(absent: dict[int, datetime], positions: Iterable[int], now: datetime) -> None:
    """Refuse contents that have been absent for 8 days or more."""
    overdue = sorted(at for at in positions if at in absent and now - absent[at] >= PATIENCE)
    if overdue:
        raise ContentMissing(
            "A content has been absent for more than 8 days",
            index=overdue[0],
            missing=len(overdue),
        )
