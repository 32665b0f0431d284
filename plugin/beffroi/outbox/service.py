# SPDX-License-Identifier: AGPL-3.0-or-later
"""Putting facts into the outbox, taking them out, forgetting them after 30 days. None commits."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, update

from beffroi.kernel.db import db
from beffroi.outbox.models import OutboxRow

KEPT = timedelta(days=30)


def put(
    fact: str,
    *,
    now: datetime,
    case_id: int | None = None,
    version: int = 0,
    codes: Mapping[str, Any] | None = None,
) -> None:
    """Write a fact into the current transaction."""
    db.session.add(
        OutboxRow(fact=fact, case_id=case_id, version=version, codes=dict(codes or {}), made_at=now)
    )
    db.session.flush()


def done(row_id: int, result: str, *, now: datetime) -> None:
    """Mark a fact as dealt with, and how: an index, `superseded`, or why it was refused."""
    db.session.execute(
        update(OutboxRow).where(OutboxRow.id == row_id).values(done_at=now, result=result[:200])
    )


def purge(now: datetime) -> int:
    """Delete facts dealt with more than 30 days ago; return how many."""
    result = db.session.execute(delete(OutboxRow).where(OutboxRow.done_at < now - KEPT))
    return int(getattr(result, "rowcount", 0))
