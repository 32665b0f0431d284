# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where the pull and the witness meet: neither accepts a history that the other has not.

A pull that brings a new checkpoint compares it with what was accepted of the log, by pulling or by
submission, and moves that on in the transaction that writes the entries.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from beffroi_federation.aggregator.intake.models import LogState
from beffroi_federation.aggregator.intake.service.taken import Taken
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_federation.aggregator.witness import queries as witness
from beffroi_federation.aggregator.witness.rules import (
    Standing,
    Step,
    follow_pull,
    require_size,
)
from beffroi_federation.merkle import Frontier
from beffroi_federation.notes import Verifier


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was verified of a log before a pull, and what was accepted of it.

    `catching_up` is the note that was accepted earlier and whose entries are still being taken,
    None for a log that is not behind. Read for many logs at once, or by `accepted_of` for one.
    """

    frontier: Frontier
    catching_up: bytes | None
    standing: Standing


def accepted_of(log_id: int) -> Accepted:
    """Read what was verified and accepted of a log."""
    row = db.session.execute(
        select(LogState.frontier, LogState.note, LogState.behind).where(LogState.log_id == log_id)
    ).first()
    standing = witness.standing(log_id)
    if row is None:
        return Accepted(Frontier(), None, standing)
    return Accepted(Frontier.from_bytes(row.frontier), row.note if row.behind else None, standing)


def step_of_pull(
    town: TownRow, taken: Taken, accepted: Accepted | None = None, *, now: datetime
) -> Step | None:
    """Return the step that a pull is for the witness, or None for none; only reads.

    `now` is when the pull began; `accepted` is read here if it was not before. Raises
    Fork or Rollback when the town serves another history than the one that was accepted.
    """
    if accepted is None:
        accepted = accepted_of(town.log_id)
    if accepted.frontier.size != taken.start:
        return None  # another pull came first; `write` will say so
    if taken.checkpoint is None or taken.note is None:
        require_size(accepted.standing, taken.start, asked=now)
        return None
    return follow_pull(
        accepted.standing,
        accepted.frontier,
        taken.leaves,
        taken.checkpoint,
        taken.note,
        [Verifier.from_text(town.vkey)],
        asked=None if accepted.catching_up == taken.note else now,
    )


def hurry(log_id: int, now: datetime) -> None:
    """Let a log be pulled at the next turn: its town says that there is something new."""
    db.session.execute(
        update(LogState)
        .where(LogState.log_id == log_id, LogState.due_at > now, LogState.misses == 0)
        .values(due_at=now)
    )
