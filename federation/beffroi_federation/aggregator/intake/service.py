# SPDX-License-Identifier: AGPL-3.0-or-later
"""The second half of a pull: what was read and verified up to the root is parsed and written.

The first half (`adapters.reader`) asks the network. The order of checks is the protocol's
(`docs/protocol/pulling.md`): note, signature, size window, bundles, frontier root; only then is
anything parsed, and all of it is stored in one transaction with the new state. Nothing here
commits.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert

from beffroi_federation.aggregator.intake.models import Absent, ContentBundle, LogState
from beffroi_federation.aggregator.intake.queries import absent_since
from beffroi_federation.aggregator.intake.rules import (
    AT_ONCE,
    MOST_REFUSALS,
    ContentMissing,
    Heard,
    evidence,
    next_time,
    plain,
    step_of,
    wait_after,
)
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.national import queries as national_queries
from beffroi_federation.aggregator.national import service as national
from beffroi_federation.aggregator.towns import service as towns
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_federation.checkpoint import Checkpoint
from beffroi_federation.entries import Content, parse_entry
from beffroi_federation.errors import (
    ContentMismatch,
    ProtocolError,
)
from beffroi_federation.merkle import (
    TILE_WIDTH,
    Frontier,
)
from beffroi_federation.verify import (
    PATIENCE,
    ContentState,
    Verdict,
    check_contents,
    follow,
    read_entries,
)
from beffroi_privacy.commitments import commit


@dataclass(frozen=True, slots=True)
class ServedContents:
    """The contents of one bundle as served; `unchanged` when the town said so (304)."""

    bundle: int
    unchanged: bool
    etag: str | None
    contents: Mapping[int, Content]


@dataclass(frozen=True, slots=True)
class Taken:
    """What one pull brought, verified up to the root; contents are not compared yet.

    `checkpoint` is None when nothing changed. `start` is the size that it was read from.
    """

    start: int
    frontier: Frontier
    checkpoint: Checkpoint | None = None
    note: bytes | None = None
    etag: str | None = None
    leaves: Sequence[bytes] = ()
    contents: Sequence[ServedContents] = ()

    @property
    def behind(self) -> int:
        """Return how many entries of the checkpoint are still to be taken."""
        return 0 if self.checkpoint is None else self.checkpoint.size - self.frontier.size


@dataclass(frozen=True, slots=True)
class Stored:
    """What a pull changed: entries taken, entries still to take, texts kept back by the gate."""

    entries: int
    behind: int
    kept: Sequence[national.Kept] = ()


def examine(taken: Taken) -> dict[bytes, national.Examined]:
    """Read the new contents that fit their entries, and run the gate on them, before writing.

    Contents that do not fit are left to `store`, which refuses them.
    """
    found = {}
    for served in taken.contents:
        for index, one in served.contents.items():
            if 0 <= index - taken.start < len(taken.leaves):
                entry = parse_entry(taken.leaves[index - taken.start])
                if getattr(entry, "commitment", None) == commit(one.salt, one.content):
                    found[national.digest(one.content)] = national.examine(one.content)
    return found


def store(
    town: TownRow,
    source: national.Source,
    taken: Taken,
    examined: Mapping[bytes, national.Examined],
    *,
    now: datetime,
    every: timedelta,
) -> Stored | None:
    """Parse and write what was verified, with the new state; None if another pull came first.

    `examined` is what `examine` found in the new contents.

    Raises ProtocolError if entries or contents are not what they must be: the caller's
    transaction then writes nothing.
    """
    row = _state(town.log_id)
    if Frontier.from_bytes(row.frontier).size != taken.start:
        return None
    touched: set[int] = set()
    if taken.leaves:
        entries = read_entries(taken.start, taken.leaves)
        done = follow(taken.start, entries, national_queries.PastOf(town.log_id))
        national.keep_leaves(town.log_id, taken.start, taken.leaves, now=now)
        seen = [now] * len(entries)
        touched |= national.take(town.log_id, taken.start, entries, done, seen)
    still_served: list[int] = []
    for served in taken.contents:
        changed, again = _compare(town.log_id, served, taken.frontier.size, now)
        touched |= set(national_queries.firsts_of(town.log_id, sorted(changed)).values())
        still_served += again
    kept = national.settle(source, touched, examined)
    _tell(town, kept, still_served, now)
    _advance(row, town, taken, now, every)
    return Stored(len(taken.leaves), taken.behind, kept)


def store_removals(
    town: TownRow, source: national.Source, served: Sequence[ServedContents], *, now: datetime
) -> None:
    """Forget the contents that a town no longer serves, and believe nothing else of it.

    A quarantine protects readers from what a town says, never from what somebody had removed.
    """
    gone: set[int] = set()
    for bundle in served:
        if not bundle.unchanged:
            start = bundle.bundle * TILE_WIDTH
            held = national_queries.held_contents(town.log_id, start, start + TILE_WIDTH)
            gone |= held - bundle.contents.keys()
        _checked(town.log_id, bundle.bundle, bundle.etag if bundle.unchanged else None, now)
    national.forget_contents(town.log_id, gone)
    firsts = national_queries.firsts_of(town.log_id, sorted(gone))
    national.settle(source, set(firsts.values()))


def _state(log_id: int) -> LogState:
    row = db.session.get(LogState, log_id)
    if row is None:
        row = LogState(
            log_id=log_id, frontier=Frontier().to_bytes(), behind=0, refusals=0, misses=0, grown=0
        )
        db.session.add(row)
        db.session.flush()
    return row


def _advance(row: LogState, town: TownRow, taken: Taken, now: datetime, every: timedelta) -> None:
    """Write how far the log is verified now, and when it is asked again."""
    if taken.checkpoint is not None:
        row.note, row.etag = taken.note, taken.etag
    if taken.leaves:
        row.grown = len(taken.leaves) + (row.grown if row.grown_on == now.date() else 0)
        row.grown_on = now.date()
        row.changed_at = now
    row.frontier = taken.frontier.to_bytes()
    row.behind = taken.behind
    row.verified_at = row.tried_at = now
    row.refusals = row.misses = 0
    row.due_at = now if taken.behind else next_time(town.origin, now, every)


def _compare(
    log_id: int, served: ServedContents, size: int, now: datetime
) -> tuple[set[int], list[int]]:
    """Compare the contents of one bundle with their entries, and keep or forget them.

    Returns the positions that changed, and those that are withdrawn but served. Raises
    ContentMismatch or ContentMissing.
    """
    start = served.bundle * TILE_WIDTH
    end = min(start + TILE_WIDTH, size)
    absent = absent_since(log_id, start, end)
    if served.unchanged:
        _not_overdue(position for position, since in absent.items() if now - since >= PATIENCE)
        _checked(log_id, served.bundle, served.etag, now)
        return set(), []
    leaves = national_queries.leaves(log_id, start, end)
    replaced = national_queries.superseded_in(log_id, start, end)  # nobody needs those any more
    entries = {
        at: entry
        for at, entry in enumerate(read_entries(start, leaves), start)
        if at not in replaced
    }
    verdicts = check_contents(
        entries,
        {index: one for index, one in served.contents.items() if index < end},
        withdrawn=national_queries.withdrawn_in(log_id, start, end),
        first_seen=absent,
        now=now,
    )
    _refuse_altered(verdicts, served)
    _not_overdue(at for at, one in verdicts.items() if one.state is ContentState.MISSING)
    changed = _keep(log_id, verdicts, national_queries.held_contents(log_id, start, end))
    _await(log_id, start, end, verdicts, absent, now)
    beyond = any(index >= end for index in served.contents)
    _checked(log_id, served.bundle, None if beyond else served.etag, now)
    return changed, [at for at, one in verdicts.items() if one.still_served]


def _refuse_altered(verdicts: Mapping[int, Verdict], served: ServedContents) -> None:
    altered = [at for at, one in verdicts.items() if one.state is ContentState.MISMATCH]
    if altered:
        found = hashlib.sha256(served.contents[altered[0]].content).hexdigest()
        raise ContentMismatch(
            "A content is not the one that its entry commits to",
            index=altered[0],
            altered=len(altered),
            sha256=found,
        )


def _not_overdue(positions: Iterable[int]) -> None:
    overdue = sorted(positions)
    if overdue:
        raise ContentMissing(
            "A content has been absent for more than 8 days",
            index=overdue[0],
            missing=len(overdue),
        )


def _keep(log_id: int, verdicts: Mapping[int, Verdict], held: frozenset[int]) -> set[int]:
    """Store contents that are new, forget those that are served no longer; return both."""
    fresh = [
        one.content
        for at, one in verdicts.items()
        if one.state is ContentState.OPEN and one.content is not None and at not in held
    ]
    gone = [at for at in held if at in verdicts and verdicts[at].content is None]
    national.keep_contents(log_id, fresh)
    national.forget_contents(log_id, gone)
    return {one.index for one in fresh} | set(gone)


def _await(
    log_id: int,
    start: int,
    end: int,
    verdicts: Mapping[int, Verdict],
    absent: Mapping[int, datetime],
    now: datetime,
) -> None:
    """Write which contents are awaited since when."""
    pending = {at for at, one in verdicts.items() if one.state is ContentState.PENDING}
    if absent.keys() - pending:
        db.session.execute(
            delete(Absent).where(
                Absent.log_id == log_id, Absent.position.in_(sorted(absent.keys() - pending))
            )
        )
    fresh = sorted(pending - absent.keys())
    if fresh:
        rows = [{"log_id": log_id, "position": at, "since": now} for at in fresh]
        db.session.execute(insert(Absent), rows)


def _checked(log_id: int, bundle: int, etag: str | None, now: datetime) -> None:
    row = db.session.get(ContentBundle, (log_id, bundle))
    if row is None:
        db.session.add(ContentBundle(log_id=log_id, bundle=bundle, etag=etag, checked_at=now))
    else:
        row.etag, row.checked_at = etag, now


def _tell(
    town: TownRow, kept: Sequence[national.Kept], still_served: Sequence[int], now: datetime
) -> None:
    """Write into the town's story what was kept back, and what it serves though withdrawn."""
    for one in kept:
        if one.why in {"held", "unreadable", "elsewhere"}:
            details = {"index": one.position, "found": " ".join(one.labels)}
            towns.note(town.id, one.why, now=now, details=details)
    if still_served:
        details = {"indexes": ", ".join(map(str, sorted(still_served)[:20]))}
        towns.note(town.id, "still-served", now=now, details=details)


def refuse(
    town: TownRow, error: ProtocolError, heard: Heard, *, now: datetime, every: timedelta
) -> str | None:
    """Write down why a pull was refused, and stop the town if that is due; return the step.

    None means that nobody is to blame: the town could not be reached, and is asked again later.
    """
    row = _state(town.log_id)
    row.tried_at = now
    step = step_of(error)
    if step is None:
        row.misses += 1
        row.due_at = now + wait_after(row.misses, error.details.get("retry_after"))
        return None
    row.refusals += 1
    row.due_at = next_time(town.origin, now, every)
    towns.note(
        town.id,
        step,
        now=now,
        details=plain(error),
        evidence=evidence(town.origin, town.vkey, row.note, error, heard)
        if step in AT_ONCE
        else None,
    )
    if step in AT_ONCE:
        towns.quarantine(town.id, step)
    elif row.refusals >= MOST_REFUSALS:
        towns.note(town.id, "quarantined", now=now)
        towns.quarantine(town.id, "quarantined")
    return step
