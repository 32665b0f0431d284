# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writing down why nothing was taken from a town."""

from datetime import datetime, timedelta

from beffroi_federation.aggregator.intake.models import LogState
from beffroi_federation.aggregator.intake.rules import (
    AT_ONCE,
    MOST_REFUSALS,
    TOLD_AFTER,
    Heard,
    evidence,
    next_time,
    plain,
    step_of,
    step_of_silence,
    wait_after,
)
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.towns import service as towns
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_federation.aggregator.witness import queries as witness
from beffroi_federation.errors import ProtocolError
from beffroi_federation.merkle import Frontier


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
        if row.misses == TOLD_AFTER:
            towns.note(town.id, step_of_silence(error), now=now, details=plain(error))
        again = error.details.get("retry_after")
        row.due_at = now + wait_after(row.misses, again, origin=town.origin, now=now)
        return None
    row.refusals += 1
    row.due_at = next_time(town.origin, now, every)
    towns.note(
        town.id,
        step,
        now=now,
        details=plain(error),
        evidence=evidence(town.origin, town.vkey, _accepted(row), error, heard)
        if step in AT_ONCE or row.refusals == 1  # the same again tells nothing more
        else None,
    )
    if step in AT_ONCE:
        towns.quarantine(town.id, step)
    elif row.refusals >= MOST_REFUSALS:
        towns.note(town.id, "quarantined", now=now)
        towns.quarantine(town.id, "quarantined")
    return step


def _accepted(row: LogState) -> bytes | None:
    """Return the last checkpoint that was accepted, by pulling or by submission."""
    note = witness.standing(row.log_id).note
    return note.encode() if note else row.note


def _state(log_id: int) -> LogState:
    row = db.session.get(LogState, log_id)
    if row is None:
        row = LogState(
            log_id=log_id, frontier=Frontier().to_bytes(), behind=0, refusals=0, misses=0, grown=0
        )
        db.session.add(row)
        db.session.flush()
    return row
