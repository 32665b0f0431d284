# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeping what witnesses have seen, and when each is asked again. Nothing here commits."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, or_, update

from beffroi.feed.models import LogWitness
from beffroi.kernel.db import db
from beffroi_federation.cosigning import Cosignature
from beffroi_federation.policy import PolicyWitness

FRESH_FOR = timedelta(days=1)
"""An idle log has its checkpoint cosigned anew after this long."""

LEASE = timedelta(minutes=2)
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)


def keep_only(log_id: int, vkeys: Collection[str]) -> None:
    """Forget witnesses that are no longer in the policy, and their lines."""
    db.session.execute(
        delete(LogWitness).where(LogWitness.log_id == log_id, LogWitness.vkey.not_in(list(vkeys)))
    )


def claim(
    log_id: int, witness: PolicyWitness, published: int, *, now: datetime
) -> tuple[int, bool]:
    """Take a witness's turn, if it is due; return the size it has seen, and whether it is ours.

    It is due when it has not cosigned what is published, or a day ago, and its wait is over. The
    turn is a lease: a worker that dies leaves it to run out.
    """
    vkey = witness.verifier.vkey()
    row = db.session.get(LogWitness, (log_id, vkey))
    if row is None:
        row = LogWitness(
            log_id=log_id, vkey=vkey, name=witness.name, seen=0, cosigned=0, line="", failures=0,
            trouble="",
        )  # fmt: skip
        db.session.add(row)
        db.session.flush()
    row.name = witness.name
    fresh = row.asked_at is not None and now - row.asked_at < FRESH_FOR
    if row.cosigned == published and fresh:
        return row.seen, False
    seen = row.seen
    db.session.flush()
    taken = db.session.execute(
        update(LogWitness)
        .where(LogWitness.log_id == log_id, LogWitness.vkey == vkey)
        .where(or_(LogWitness.due_at.is_(None), LogWitness.due_at <= now))
        .values(due_at=now + LEASE)
        .execution_options(synchronize_session=False)
    )
    return seen, getattr(taken, "rowcount", 0) == 1


def cosigned(log_id: int, size: int, cosignature: Cosignature, *, now: datetime) -> None:
    """Keep a verified cosignature of the tree of this size."""
    row = db.session.get_one(LogWitness, (log_id, cosignature.verifier.vkey()))
    row.seen = row.cosigned = size
    row.cosigned_at = datetime.fromtimestamp(min(cosignature.seconds, 2**35), UTC)
    row.asked_at = now
    row.line = cosignature.signature.line()
    row.due_at, row.failures, row.trouble = None, 0, ""


def failed(
    log_id: int, vkey: str, sentence: str, *, now: datetime, retry_after: object = None
) -> None:
    """Note that a witness did not cosign, and wait longer each time, or as long as it asked."""
    row = db.session.get_one(LogWitness, (log_id, vkey))
    row.failures += 1
    row.trouble = sentence[:500]
    row.due_at = now + wait_after(row.failures, retry_after)


def wait_after(failures: int, retry_after: object = None) -> timedelta:
    """Return how long to wait after the n-th failure in a row: doubling, six hours at most."""
    wait = min(FIRST_WAIT * (1 << min(failures - 1, 12)), LONGEST_WAIT)
    if isinstance(retry_after, int):
        wait = min(max(wait, timedelta(seconds=retry_after)), 4 * LONGEST_WAIT)
    return wait
