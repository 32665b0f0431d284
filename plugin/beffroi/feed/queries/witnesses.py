# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of what the witnesses have seen, and the checkpoint as it is served, with their lines."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from beffroi.feed.models import LogWitness
from beffroi.feed.queries.store import SqlLogStore
from beffroi.kernel.db import db
from beffroi.kernel.extension import SeenLog
from beffroi_federation import log
from beffroi_federation.checkpoint import Proof
from beffroi_federation.log import Head

MOST_LINES = 12
"""Cosignatures served below the log's own: a reader takes 16 lines."""


@dataclass(frozen=True, slots=True)
class WitnessRow:
    """What one witness has seen of the current log; `current` says that it saw what is served."""

    name: str
    vkey: str
    seen: int
    cosigned: int
    cosigned_at: datetime | None
    due_at: datetime | None
    failures: int
    trouble: str
    current: bool


def witnesses() -> list[WitnessRow]:
    """Return every witness that was asked, by name."""
    store = SqlLogStore()
    published = store.head().published
    rows = db.session.scalars(
        select(LogWitness).where(LogWitness.log_id == store.log_id).order_by(LogWitness.name)
    )
    return [
        WitnessRow(
            row.name,
            row.vkey,
            row.seen,
            row.cosigned,
            row.cosigned_at,
            row.due_at,
            row.failures,
            row.trouble,
            bool(row.line) and row.cosigned == published,
        )
        for row in rows
    ]


def seen_log() -> list[SeenLog]:
    """Return which witnesses have seen how much of the log and when, for people; by name."""
    return [
        SeenLog(row.name, row.cosigned, row.cosigned_at, row.current)
        for row in witnesses()
        if row.cosigned_at is not None
    ]


def proof_for(store: SqlLogStore, index: int) -> Proof | None:
    """Return the proof of an entry under the checkpoint as it is served, witnesses' lines included.

    None if the entry is not published. A proof that is kept shows who had seen the log by then.
    """
    proof = log.proof_for(store, index)
    if proof is None:
        return None
    head = store.head()
    return replace(proof, note=served_note(store, head)) if head.note == proof.note else proof


def served_note(store: SqlLogStore, head: Head) -> str:
    """Return the checkpoint with the cosignatures of exactly this tree below the log's own line.

    A witness that has only seen a smaller tree has no line here.
    """
    if not head.note:
        return ""
    lines = db.session.scalars(
        select(LogWitness.line)
        .where(LogWitness.log_id == store.log_id, LogWitness.cosigned == head.published)
        .where(LogWitness.line != "")
        .order_by(LogWitness.name)
        .limit(MOST_LINES)
    )
    return head.note + "".join(lines)
