# SPDX-License-Identifier: AGPL-3.0-or-later
"""Holding a record back, and letting it go: a person's decision, which outlives rebuilds."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from beffroi_federation.aggregator.kernel import bulk
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.kernel.runtime import runtime
from beffroi_federation.aggregator.national.models import HeldText, Waiting
from beffroi_federation.aggregator.national.rules import place
from beffroi_federation.aggregator.national.service.taking import unshow


def held_among(ids: Collection[int]) -> set[int]:
    """Return those of these records that a person holds back."""
    found: set[int] = set()
    for some in bulk.batches(sorted(ids), bulk.AT_ONCE):
        found.update(db.session.scalars(select(HeldText.id).where(HeldText.id.in_(some))))
    return found


def hold(log_id: int, first: int, *, by: str, reason: str, now: datetime) -> bool:
    """Hold a record back at once, whatever its later versions say; False if it is held already.

    The caller holds `lock_logs`.
    """
    id = place(log_id, first)
    if held_among([id]):
        return False
    runtime().follower.going([id])
    db.session.add(HeldText(id=id, log_id=log_id, by=by[:200], reason=reason, at=now))
    unshow([id])
    runtime().follower.unshown([id])
    _anew(log_id, first)
    return True


def let_go(log_id: int, first: int) -> bool:
    """Let a record go that was held back; False if it was not. It is derived anew, and shown."""
    row = db.session.get(HeldText, place(log_id, first))
    if row is None:
        return False
    db.session.delete(row)
    _anew(log_id, first)
    return True


def _anew(log_id: int, first: int) -> None:
    db.session.add(Waiting(log_id=log_id, begins=first, ends=first + 1))
