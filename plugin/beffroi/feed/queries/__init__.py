# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the log (`reads`), and the store that the protocol appends to (`store`)."""

from beffroi.feed.queries.reads import (
    Content,
    Placed,
    contents,
    everywhere,
    has_slot,
    live_places,
    places,
    proof_place,
    withdrawal_version,
    withdrawn_by,
)
from beffroi.feed.queries.store import SqlLogStore, current_log

__all__ = [
    "Content",
    "Placed",
    "SqlLogStore",
    "contents",
    "current_log",
    "everywhere",
    "has_slot",
    "live_places",
    "places",
    "proof_place",
    "withdrawal_version",
    "withdrawn_by",
]
