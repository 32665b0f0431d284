# SPDX-License-Identifier: AGPL-3.0-or-later
"""Putting requests into topics, letting them go, and a curator's corrections. Nothing commits.

`lock` is taken first by whatever writes here: topics have one writer at a time, and it waits for
nobody else while it writes.
"""

from beffroi_federation.aggregator.topics.service.correcting import (
    merge,
    move,
    rename,
    split,
)
from beffroi_federation.aggregator.topics.service.grouping import BATCH, drop_derived, group_due
from beffroi_federation.aggregator.topics.service.hinting import towns_due, write_hints
from beffroi_federation.aggregator.topics.service.leaving import due, forget_places, leave
from beffroi_federation.aggregator.topics.service.store import lock

__all__ = [
    "BATCH", "drop_derived", "due", "forget_places", "group_due", "leave", "lock", "merge", "move",
    "rename", "split", "towns_due", "write_hints",
]  # fmt: skip
