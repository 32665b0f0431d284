# SPDX-License-Identifier: AGPL-3.0-or-later
"""What follows when records come and go, whichever program takes them: pages, worker, one pull."""

from collections.abc import Collection, Sequence
from datetime import datetime

from beffroi_federation.aggregator.exports.commands import ExportsFollow
from beffroi_federation.aggregator.kernel.runtime import Follower
from beffroi_federation.aggregator.taxii import commands as taxii
from beffroi_federation.aggregator.topics import commands as topics


class Followers:
    """Several followers as one, each in its turn."""

    def __init__(self, *each: Follower) -> None:
        self._each = each

    def shown(self, ids: Sequence[int]) -> None:
        """Tell each that requests are shown, changed, or kept back."""
        for one in self._each:
            one.shown(ids)

    def going(self, ids: Sequence[int]) -> None:
        """Tell each that records are withdrawn or held back, while they are still there."""
        for one in self._each:
            one.going(ids)

    def unshown(self, ids: Sequence[int]) -> None:
        """Tell each that records are shown no longer."""
        for one in self._each:
            one.unshown(ids)

    def dropped(self) -> None:
        """Tell each that all records are derived anew."""
        for one in self._each:
            one.dropped()


FOLLOWER: Follower = Followers(ExportsFollow(), topics.TopicsFollow())


def on_settled(log_ids: Collection[int] | None, now: datetime) -> None:
    """Group requests into topics, and share objects of STIX, after records were derived."""
    topics.on_settled(log_ids, now)
    taxii.on_settled(log_ids, now)
