# SPDX-License-Identifier: AGPL-3.0-or-later
"""What follows records into topics: in their transaction when they go, soon after when they come."""

from collections.abc import Collection, Sequence
from datetime import datetime

from beffroi_federation.aggregator.kernel.db import db, unit_of_work
from beffroi_federation.aggregator.topics import service


class TopicsFollow:
    """Topics follow records: see `kernel.runtime.Follower`."""

    def shown(self, ids: Sequence[int]) -> None:
        """Note, in the transaction that shows requests or keeps them back, that they are due."""
        service.due(ids)

    def unshown(self, ids: Sequence[int]) -> None:
        """Let records go from topics, counts, titles and hints in the transaction in which they go."""
        service.leave(ids)

    def dropped(self) -> None:
        """Drop what is derived; it is made again from the records that are derived anew."""
        service.drop_derived()


def on_settled(_log_ids: Collection[int] | None, now: datetime) -> None:
    """Put what is due into topics, a batch a transaction."""
    group_all(now=now)


def group_all(*, now: datetime) -> int:
    """Put everything that is due into topics; return how many requests that were.

    A crash in between leaves the rest due. Two processes take turns.
    """
    grouped = 0
    while service.something_due():
        db.session.rollback()
        with unit_of_work():
            grouped += service.group_due(now=now)
    db.session.rollback()
    return grouped
