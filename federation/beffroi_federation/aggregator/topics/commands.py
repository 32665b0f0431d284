# SPDX-License-Identifier: AGPL-3.0-or-later
"""What follows records into topics: in their transaction when they go, soon after else."""

from collections.abc import Collection, Sequence
from datetime import datetime

from beffroi_federation.aggregator.kernel.db import db, unit_of_work
from beffroi_federation.aggregator.kernel.runtime import runtime
from beffroi_federation.aggregator.topics import queries, service
from beffroi_federation.aggregator.towns.queries import all_towns
from beffroi_federation.aggregator.witness.commands import hints_key


class TopicsFollow:
    """Topics follow records: see `kernel.runtime.Follower`."""

    def shown(self, ids: Sequence[int]) -> None:
        """Note, in the transaction that shows requests or keeps them back, that they are due."""
        service.due(ids)

    def going(self, ids: Sequence[int]) -> None:
        """Forget in which topic withdrawn records stood."""
        service.forget_places(ids)

    def unshown(self, ids: Sequence[int]) -> None:
        """Let records go from topics, counts, titles and hints, in this transaction."""
        service.leave(ids)

    def dropped(self) -> None:
        """Drop what is derived; it is made again from the records that are derived anew."""
        service.drop_derived()


def on_settled(log_ids: Collection[int] | None, now: datetime) -> None:
    """Put what is due into topics, a batch a transaction; with nothing else to do, make hints."""
    group_all(now=now)
    if log_ids is None:
        make_hints(now=now)


HINTS_AT_ONCE = 200
"""Files of hints made in one round: those of a whole country are made within a night."""


def make_hints(*, now: datetime) -> int:
    """Make files of hints that are missing or of another day; return how many.

    Does nothing on a machine that does not hold the nation's keys.
    """
    settings = runtime().settings
    key = hints_key(settings.data_dir, settings.public_url)
    if key is None:
        return 0
    by_id = {town.id: town for town in all_towns("approved", "quarantined")}
    due = service.towns_due(by_id, now=now, limit=HINTS_AT_ONCE)
    db.session.rollback()
    for town in due:
        with unit_of_work():
            service.write_hints(town, settings.public_url, key.sign, now=now)
    return len(due)


def group_all(*, now: datetime) -> int:
    """Put everything that is due into topics; return how many requests that were.

    A crash in between leaves the rest due. Two processes take turns.
    """
    grouped = 0
    while queries.something_due():
        db.session.rollback()
        with unit_of_work():
            grouped += service.group_due(now=now)
    db.session.rollback()
    return grouped
