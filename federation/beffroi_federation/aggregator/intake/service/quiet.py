# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is written of towns from which nothing new came: a few columns, many towns at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from beffroi_federation.aggregator.intake.rules import next_time
from beffroi_federation.aggregator.kernel import bulk

Quiet = tuple[int, str, int]
"""A log that has nothing new: its id, its origin, and the turn that was read."""


def write_quiet(quiet: Sequence[Quiet], *, now: datetime, every: timedelta) -> None:
    """Write that these logs were asked and have nothing new, and when they are asked again.

    A log that was written in the meantime is left alone: whoever wrote knew more.
    """
    stored = bulk.moments()
    when = stored(now)
    bulk.run(
        'UPDATE "log_state" SET "verified_at" = ?, "tried_at" = ?, "due_at" = ?, '
        '"refusals" = 0, "misses" = 0 WHERE "log_id" = ? AND "turn" = ?',
        [
            (when, when, stored(next_time(origin, now, every)), log_id, turn)
            for log_id, origin, turn in quiet
        ],
    )


def put_off(waits: Sequence[tuple[int, datetime]], *, now: datetime) -> None:
    """Write that these logs were tried, and when they are asked again; nothing else is known."""
    when = bulk.moment(now)
    bulk.run(
        'UPDATE "log_state" SET "tried_at" = ?, "due_at" = ? WHERE "log_id" = ?',
        [(when, bulk.moment(due), log_id) for log_id, due in waits],
    )
