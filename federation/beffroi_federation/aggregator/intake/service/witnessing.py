# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where the pull and the witness meet: neither accepts a history that the other has not.

A pull that brings a new checkpoint compares it with what was accepted of the log, by pulling or by
submission, and moves that on in the transaction that writes the entries.
"""

from datetime import datetime

from sqlalchemy import select, update

from beffroi_federation.aggregator.intake.models import LogState
from beffroi_federation.aggregator.intake.service.taken import Taken
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_federation.aggregator.witness import queries as witness
from beffroi_federation.aggregator.witness.rules import Step, follow_pull
from beffroi_federation.merkle import Frontier
from beffroi_federation.notes import Verifier


def step_of_pull(town: TownRow, taken: Taken, *, now: datetime) -> Step | None:
    """Return the step that a pull is for the witness, or None for none; only reads.

    `now` is when the pull began. Raises Fork or Rollback when the town serves another history than
    the one that was accepted.
    """
    if taken.checkpoint is None or taken.note is None:
        return None
    row = db.session.execute(
        select(LogState.frontier, LogState.note).where(LogState.log_id == town.log_id)
    ).first()
    before = Frontier() if row is None else Frontier.from_bytes(row.frontier)
    if before.size != taken.start:
        return None  # another pull came first; `write` will say so
    known = row is not None and row.note == taken.note
    return follow_pull(
        witness.standing(town.log_id),
        before,
        taken.leaves,
        taken.checkpoint,
        taken.note,
        [Verifier.from_text(town.vkey)],
        asked=None if known else now,
    )


def hurry(log_id: int, now: datetime) -> None:
    """Let a log be pulled at the next turn: its town says that there is something new."""
    db.session.execute(
        update(LogState)
        .where(LogState.log_id == log_id, LogState.due_at > now, LogState.misses == 0)
        .values(due_at=now)
    )
