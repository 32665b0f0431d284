# SPDX-License-Identifier: AGPL-3.0-or-later
"""Taking logs on for a job, so that no two jobs of one period hold the same log."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, literal, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from beffroi_federation.aggregator.intake.models import LogState, PullClaim
from beffroi_federation.aggregator.intake.queries import ASKED
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.towns.models import Log, Town
from beffroi_web.database import UtcDateTime


def claim(now: datetime, *, until: datetime, most: int) -> list[int]:
    """Return up to `most` logs that are due and that nobody holds, held until a moment from now on.

    Two processes that claim at once get different ones: the row of a log is written once.
    """
    wanted = (
        select(Log.id, literal(until, UtcDateTime))
        .join(Town, (Log.town_id == Town.id) & Log.active)
        .outerjoin(LogState, LogState.log_id == Log.id)
        .outerjoin(PullClaim, PullClaim.log_id == Log.id)
        .where(Town.state.in_(ASKED))
        .where(or_(LogState.due_at.is_(None), LogState.due_at <= now))
        .where(or_(PullClaim.until.is_(None), PullClaim.until <= now))
        .order_by(Log.id)
        .limit(most)
    )
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(PullClaim).from_select(["log_id", "until"], wanted)
    taken = statement.on_conflict_do_update(
        index_elements=[PullClaim.log_id],
        set_={"until": statement.excluded.until},
        where=PullClaim.until <= now,
    ).returning(PullClaim.log_id)
    return sorted(db.session.scalars(taken))


def give_back(log_ids: Collection[int]) -> None:
    """Hold these logs no longer; what is due of them may be claimed at once."""
    db.session.execute(delete(PullClaim).where(PullClaim.log_id.in_(sorted(log_ids))))
