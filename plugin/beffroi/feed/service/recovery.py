# SPDX-License-Identifier: AGPL-3.0-or-later
"""A log that was restored from a backup catches up with itself, from the nation's copy.

A restored log is an older copy of the one that was signed. Nothing is signed and nothing is served
before it holds all that was: a town that went on from the backup would fork its log. All that is
taken is checked against the one thing that nobody else can make, a note signed by our own key:

1. the log as it is here must be the beginning of the signed tree; entries that were staged and
   never signed are taken back where the signed tree has others in their place;
2. the entries that were fetched must lead to the signed root, and that of the signer's memory
   must lie on the way;
3. each content must open the commitment of its entry.

Then everything is put back in one transaction, and the signer takes the note: if any check fails,
nothing has changed.

What was withdrawn after the backup is withdrawn again at once: the content goes, and the case is
told (`events.WithdrawalRecovered`). A content that the nation no longer holds, although no
withdrawal is in the log yet, was deleted by the act itself and waits for its batch: it counts as
withdrawn (`places`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from hmac import compare_digest

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection

from beffroi.feed import queries
from beffroi.feed.events import (
    NamelessWithdrawalRecovered,
    NewerVersionRecovered,
    WithdrawalRecovered,
)
from beffroi.feed.models import (
    FIRST_EPOCH,
    LogBatch,
    LogContent,
    LogFact,
    LogState,
)
from beffroi.feed.queries import SqlLogStore
from beffroi.feed.service.linking import Linked, Linker
from beffroi.feed.service.places import Places
from beffroi.kernel.bus import publish
from beffroi.kernel.db import db
from beffroi.outbox import queries as outbox
from beffroi.outbox import service as outbox_service
from beffroi_federation import log
from beffroi_federation.checkpoint import Checkpoint, open_checkpoint
from beffroi_federation.entries import Content
from beffroi_federation.errors import Fork, Inconsistent, Rollback, SignerLocked
from beffroi_federation.merkle import consistency_proof, root_at
from beffroi_federation.notes import Verifier
from beffroi_federation.signer_facts import epoch_of
from beffroi_federation.signing import Signer, SignerStanding, Standing
from beffroi_federation.verify import read_entries
from beffroi_web.words import N_

LEAVES_AT_ONCE = 4096


class Relation(StrEnum):
    """How the log as it is here stands to its signer."""

    LEVEL = "level"
    BEHIND = "behind"
    UNKNOWN = "unknown"
    FORKED = "forked"
    OTHER_EPOCH = "other-epoch"


def relation(standing: SignerStanding) -> Relation:
    """Return how the log stands to what its signer signed last.

    LEVEL: it may go on. BEHIND: the signer has signed more than is here. UNKNOWN: the signer does
    not know what it signed, or knows less than is here. FORKED: it has signed another history.
    OTHER_EPOCH: its key is not that of the log here.
    """
    store = SqlLogStore()
    if epoch_of(standing.origin) != store.log_id:
        return Relation.OTHER_EPOCH
    head = store.head()
    if standing.kind is Standing.NEVER_SIGNED:
        return Relation.LEVEL if head.published == 0 else Relation.UNKNOWN
    if standing.size > head.size:
        return Relation.BEHIND
    if standing.size and not compare_digest(root_at(store, standing.size), standing.root):
        return Relation.FORKED
    if standing.locked or standing.size < head.published:
        return Relation.UNKNOWN
    return Relation.LEVEL


def require_level(signer: Signer) -> None:
    """Return if the log may be added to; SignerLocked or Rollback otherwise, and nothing is staged.

    Asked before every publication, so that what is not going to be signed never enters the log.
    """
    standing = signer.state()
    if queries.behind_since() is not None:
        raise Rollback(N_("The log was restored from a backup and has not caught up yet"))
    match relation(standing):
        case Relation.UNKNOWN:
            raise SignerLocked(standing.reason or N_("The signer knows less than the log holds"))
        case Relation.OTHER_EPOCH:
            raise other_epoch(standing)
        case Relation.BEHIND:
            size = SqlLogStore().head().size
            sentence = N_("The signer has signed more entries than the log holds")
            raise Rollback(sentence, signed=standing.size, held=size)
        case Relation.FORKED:
            raise Fork(
                N_("The signer signed another history than the log holds"), size=standing.size
            )


def other_epoch(standing: SignerStanding) -> SignerLocked:
    """Return the error of a signer whose key is of another epoch than the log."""
    return SignerLocked(
        N_("The signer's key is not that of this epoch of the log"),
        key=epoch_of(standing.origin),
        log=queries.current_log(),
    )


def mark_behind(connection: Connection, epoch: int, *, now: datetime) -> None:
    """Say that the log was restored: nothing of it is served until it has caught up.

    `epoch` is the one that the signer signs for. Where the backup is of an earlier one, that one is
    over: its contents go, and the current log is empty here.
    """
    log_id = connection.scalar(select(func.max(LogState.log_id)))
    if log_id is None or epoch > log_id:
        log_id = max(epoch, FIRST_EPOCH)
        connection.execute(delete(LogContent).where(LogContent.log_id != log_id))
        new = {"log_id": log_id, "size": 0, "published": 0, "note": ""}
        connection.execute(insert(LogState), [new])
    this = update(LogState).where(LogState.log_id == log_id)
    connection.execute(this.values(behind_since=now))


def mark_level() -> None:
    """Say that the log is what its signer signed last."""
    db.session.execute(update(LogState).values(behind_since=None))


@dataclass(frozen=True, slots=True)
class Copy:
    """What the nation gave, bounded and not yet verified.

    `leaves` follow the published entries here; `contents` yields all that it holds, in order.
    """

    note: str
    leaves: Sequence[bytes]
    contents: Callable[[], Iterator[Content]]


@dataclass(slots=True)
class CaughtUp:
    """What catching up did. Cases are given by their references.

    `unknown` are places of cases that the database does not have. `unlocked` is False where the
    nation has yet to take what the log holds already.
    """

    before: int
    after: int
    contents: int = 0
    unlocked: bool = True
    held: list[str] = field(default_factory=list)
    newer: list[str] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    doubtful: int = 0


def check_note(note: str, standing: SignerStanding) -> Checkpoint:
    """Return the checkpoint of the nation's note if it can be what the log is caught up with.

    Raises Unsigned or Malformed for a note that our key did not sign, Inconsistent for another
    log's, Fork where our log or our signer has another history, Rollback where the nation's copy
    ends before what our signer has signed.
    """
    if epoch_of(standing.origin) != queries.current_log():
        raise other_epoch(standing)
    checkpoint = open_checkpoint(note, [Verifier.from_text(key) for key in standing.vkeys])
    if checkpoint.origin != standing.origin:
        sentence = N_("The aggregator gave the checkpoint of another log")
        raise Inconsistent(sentence, expected=standing.origin, got=checkpoint.origin)
    store = SqlLogStore()
    head = store.head()
    known = head.published
    if checkpoint.size <= known and root_at(store, checkpoint.size) != checkpoint.root:
        raise Fork(N_("The log here is not the one that our own key signed"), size=checkpoint.size)
    if standing.size > max(checkpoint.size, known):
        raise Rollback(
            N_("The aggregator does not hold all that our signer has signed"),
            signed=standing.size,
            held=checkpoint.size,
        )
    return checkpoint


def put_back(copy: Copy, signer: Signer, *, now: datetime, today: date) -> CaughtUp:
    """Verify the nation's copy and make it the log, in the caller's transaction.

    Raises what `check_note` raises, Fork for entries that do not lead to the signed root,
    ContentMismatch for a content that is not the one that was published, OverLimit where more
    contents are gone than withdrawals explain. After any of them the caller rolls back.
    """
    store = SqlLogStore()
    store.take_turn()
    standing = signer.state()
    checkpoint = check_note(copy.note, standing)
    start = store.head().published
    since = queries.behind_since(store.log_id) or now
    staged = _put_leaves(store, start, copy.leaves) if checkpoint.size > start else 0
    _require_roots(store, checkpoint, standing)
    linker = Linker(store.log_id, since=since, today=today)
    places = Places(store.log_id, start, read_entries(start, copy.leaves), linker, staged)
    report = CaughtUp(start, max(checkpoint.size, start))
    report.contents = places.take(copy.contents(), checkpoint.size)
    found = places.finish()
    for case in queries.left_behind(store.log_id) if start == 0 else ():
        found.withdrawn.setdefault(case, "error")
    _conclude(found, report, now=now)
    _agree(store, checkpoint, standing, copy.note, signer)
    report.unlocked = relation(signer.state()) is Relation.LEVEL
    mark_level()
    return report


def _agree(
    store: SqlLogStore, checkpoint: Checkpoint, standing: SignerStanding, note: str, signer: Signer
) -> None:
    """Let the signer take the note where it knows less, and make what it signed last the head."""
    knows = standing.kind is Standing.SIGNED
    if checkpoint.size < store.head().published or (knows and standing.size > checkpoint.size):
        return
    if not knows or standing.size < checkpoint.size:
        proof = consistency_proof(store, standing.size, checkpoint.size)
        standing = signer.catch_up(note, proof)
    store.commit(standing.note, checkpoint.size)


def _put_leaves(store: SqlLogStore, start: int, leaves: Sequence[bytes]) -> int:
    """Append the leaves that are not staged already; take back what was staged in their place.

    Returns how many were staged: what they are about is known.
    """
    staged = store.head().size - start
    same = 0
    for mine, theirs in zip(store.read_leaves(start, staged), leaves, strict=False):
        if mine != theirs:
            break
        same += 1
    take_back(store, start + same)
    for at in range(same, len(leaves), LEAVES_AT_ONCE):
        log.append(store, leaves[at : at + LEAVES_AT_ONCE])
    return same


def take_back(store: SqlLogStore, size: int) -> None:
    """Undo the staging of all entries from `size` on, none of which was ever signed.

    Their facts wait again.
    """
    if store.head().size == size:
        return
    staged = select(LogFact.entry, LogFact.position).where(
        LogFact.log_id == store.log_id, LogFact.position >= size
    )
    gone = [f"{row.entry} {row.position}" for row in db.session.execute(staged)]
    outbox_service.reopen(outbox.that_became(gone))
    for model in (LogFact, LogContent, LogBatch):
        of_log = (model.log_id == store.log_id, model.position >= size)
        db.session.execute(delete(model).where(*of_log))
    store.cut(size)
    db.session.expire_all()


def _require_roots(store: SqlLogStore, checkpoint: Checkpoint, standing: SignerStanding) -> None:
    """Raise Fork unless the log leads to the signed root, past what the signer remembers."""
    size = store.head().size
    if size < checkpoint.size or root_at(store, checkpoint.size) != checkpoint.root:
        raise Fork(
            N_("The entries that the aggregator gave do not lead to the root that our key signed"),
            size=checkpoint.size,
        )
    if standing.size and root_at(store, standing.size) != standing.root:
        raise Fork(N_("The signer remembers another history than this"), size=standing.size)


def _conclude(found: Linked, report: CaughtUp, *, now: datetime) -> None:
    """Mark what is in the log already, tell the cases of their withdrawals, fill the report."""
    outbox_service.done(found.results, now=now)
    for case_id, reason in sorted(found.withdrawn.items()):
        publish(WithdrawalRecovered(case_id=case_id, reason=reason, at=now))
    for case_id in sorted(found.newer - found.withdrawn.keys()):
        publish(NewerVersionRecovered(case_id=case_id, at=now))
    if found.nameless:
        publish(NamelessWithdrawalRecovered(known=frozenset(found.named), at=now))
    report.held = outbox.references(found.withdrawn)
    report.newer = outbox.references(found.newer - found.withdrawn.keys())
    report.unknown = found.unknown
    report.doubtful = sum(how.startswith("refused") for how in found.results.values())
