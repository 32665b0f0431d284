# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the log (`reads`; of a restored one `recovery`), and the `store` that it is kept in."""

from beffroi.feed.queries.copying import copy_paths
from beffroi.feed.queries.keeping import kept_proof, receipt_of
from beffroi.feed.queries.reads import (
    Content,
    Placed,
    contents,
    everywhere,
    has_slot,
    live_places,
    newest_period,
    places,
    proof_place,
    withdrawal_version,
    withdrawn_by,
)
from beffroi.feed.queries.recovery import (
    behind_since,
    fact_at,
    facts_between,
    held_contents,
    is_withdrawn,
    left_behind,
    note_in,
    root_in,
    standing_in,
)
from beffroi.feed.queries.store import SqlLogStore, current_log

__all__ = [
    "Content",
    "Placed",
    "SqlLogStore",
    "behind_since",
    "contents",
    "copy_paths",
    "current_log",
    "everywhere",
    "fact_at",
    "facts_between",
    "has_slot",
    "held_contents",
    "is_withdrawn",
    "kept_proof",
    "left_behind",
    "live_places",
    "newest_period",
    "note_in",
    "places",
    "proof_place",
    "receipt_of",
    "root_in",
    "standing_in",
    "withdrawal_version",
    "withdrawn_by",
]
