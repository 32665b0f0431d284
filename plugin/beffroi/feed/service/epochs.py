# SPDX-License-Identifier: AGPL-3.0-or-later
"""A new epoch: the log begins anew under another origin and key, and says where the old one ended.

For a town whose key may be known to others, or whose log cannot be caught up. In one transaction:

- the new log's first entry (`epo`) names the old origin and the last size and root that are known;
- a batch follows with what is live: each reception again (the same commitment, since its author
  holds the salt), each record in its newest version under the `id` it had, with a new salt. What
  was superseded or withdrawn stays behind;
- the contents and salts of the old log are deleted: a record has one content and one salt.

The old log's entries and tiles stay in the tables and are served no more. Nothing of the new log is
served before the new key has signed it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import delete, insert

from beffroi.feed import queries
from beffroi.feed.models import LogBatch, LogContent, LogFact, LogState
from beffroi.feed.queries import SqlLogStore
from beffroi.feed.service.recovery import take_back
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db
from beffroi_federation import log
from beffroi_federation.entries import (
    BatchEntry,
    EpochEntry,
    ReceivedEntry,
    RecordEntry,
    encode_entry,
    parse_entry,
)
from beffroi_federation.merkle import root_at
from beffroi_federation.signing import SignerStanding
from beffroi_privacy.commitments import SALT_BYTES, commit

AT_ONCE, LEAVES_AT_ONCE = 1000, 4096


@dataclass(frozen=True, slots=True)
class Begun:
    """What a new epoch began with: its id, where the old log ended, what was published again."""

    log_id: int
    old_size: int
    receptions: int
    records: int


def begin(
    old_origin: str,
    standing: SignerStanding | None,
    *,
    period: str,
    chance: Chance,
) -> Begun:
    """Begin the epoch after the current one, in the caller's transaction; nothing is signed yet.

    `standing` is the old signer's, if it can still be asked: where it remembers more than the log
    holds, the old log is said to have ended there. `period` names the first batch.
    """
    old = SqlLogStore()
    old.take_turn()
    size = old.head().published
    root = root_at(old, size)
    if standing is not None and standing.size > size:
        size, root = standing.size, standing.root
    take_back(old, old.head().published)
    state = LogState(log_id=old.log_id + 1, size=0, published=0, note="", behind_since=None)
    db.session.add(state)
    db.session.flush()
    new = SqlLogStore(old.log_id + 1)
    log.append(
        new, [encode_entry(EpochEntry(old_origin, size, root)), encode_entry(BatchEntry(period))]
    )
    db.session.add(LogBatch(log_id=new.log_id, position=1, period=period, slot=None))
    receptions, placed = _receive_again(old.log_id, new)
    records = _publish_again(old.log_id, new, placed, chance)
    db.session.execute(delete(LogContent).where(LogContent.log_id != new.log_id))
    db.session.flush()
    return Begun(new.log_id, size, receptions, records)


def _receive_again(old_id: int, new: SqlLogStore) -> tuple[int, dict[str, int]]:
    """Append every reception again; return how many there are, and the new place of each by fact.

    Also those of cases that were lost: their authors hold the receipts.
    """
    old, count = SqlLogStore(old_id), 0
    placed: dict[str, int] = {}
    for start in range(0, old.head().size, LEAVES_AT_ONCE):
        some = [
            (at, leaf)
            for at, leaf in enumerate(old.read_leaves(start, LEAVES_AT_ONCE), start)
            if isinstance(parse_entry(leaf), ReceivedEntry)
        ]
        if not some:
            continue
        first = log.append(new, [leaf for _, leaf in some]).first_index
        known = queries.facts_between(old_id, start, start + LEAVES_AT_ONCE)
        here = {known[at]: first + n for n, (at, _) in enumerate(some) if at in known}
        facts = [_fact(new, place, fact, 1, None, "rcv") for fact, place in here.items()]
        if facts:
            db.session.execute(insert(LogFact), facts)
        count += len(some)
        placed |= here
    return count, placed


def _publish_again(
    old_id: int, new: SqlLogStore, receptions: dict[str, int], chance: Chance
) -> int:
    """Append the newest version of every live record again; return how many there are."""
    count = 0
    live = _live(old_id)
    while some := list(islice(live, AT_ONCE)):
        salts = [chance(SALT_BYTES) for _ in some]
        leaves = [
            encode_entry(RecordEntry(commit(salt, content), receptions.get(_reception(fact))))
            for salt, (_, fact, content) in zip(salts, some, strict=True)
        ]
        first = log.append(new, leaves).first_index
        facts, contents = [], []
        for place, (salt, (known, fact, content)) in enumerate(
            zip(salts, some, strict=True), first
        ):
            facts.append(_fact(new, place, fact, known.version, known.record_id, "rec"))
            at = {"log_id": new.log_id, "position": place}
            contents.append({**at, "salt": salt, "content": content})
        db.session.execute(insert(LogFact), facts)
        db.session.execute(insert(LogContent), contents)
        count += len(some)
    return count


def _reception(fact: str) -> str:
    """Return the fact of the reception that a record answers, if its fact is of a case."""
    return fact.replace("request:", "received:", 1) if fact.startswith("request:") else ""


def _live(old_id: int) -> Iterator[tuple[queries.Placed, str, bytes]]:
    """Yield place, fact and content of each record's newest version that is not withdrawn."""
    for held in queries.held_contents(old_id, SqlLogStore(old_id).head().size):
        known = queries.fact_at(held.position, old_id)
        if known is None:
            continue  # of a case that is not here: nobody could ever withdraw it
        live = queries.live_places(known.fact, old_id)
        if live and live[-1].position == held.position:
            yield live[-1], known.fact, held.content


def _fact(
    new: SqlLogStore, position: int, fact: str, version: int, record_id: str | None, kind: str
) -> dict[str, object]:
    return {
        "log_id": new.log_id,
        "position": position,
        "fact": fact,
        "version": version,
        "record_id": record_id,
        "entry": kind,
    }
