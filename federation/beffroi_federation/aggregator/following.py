# SPDX-License-Identifier: AGPL-3.0-or-later
"""What follows when records come and go, whichever program takes them: pages, worker, one pull."""

from collections.abc import Collection
from datetime import datetime

from beffroi_federation.aggregator.kernel.runtime import Follower
from beffroi_federation.aggregator.taxii import commands as taxii
from beffroi_federation.aggregator.topics import commands as topics

FOLLOWER: Follower = topics.TopicsFollow()


def on_settled(log_ids: Collection[int] | None, now: datetime) -> None:
    """Group requests into topics, and share objects of STIX, after records were derived."""
    topics.on_settled(log_ids, now)
    taxii.on_settled(log_ids, now)
