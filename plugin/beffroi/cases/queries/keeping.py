# SPDX-License-Identifier: AGPL-3.0-or-later
"""What indexes and stores are compared with: erased cases, released words, names of files."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.engine import Connection

from beffroi.cases.models import (
    ERASED,
    Attachment,
    Case,
    CaseText,
    Party,
)
from beffroi.cases.queries import similar
from beffroi.cases.rules import SHOWN
from beffroi.kernel import search
from beffroi.kernel.db import db


def erased() -> Select[int]:
    """Return a select of the ids of erased cases: removed ones, whose author is nobody any more.

    A case whose author's account has ended without being asked for stays public, and followed.
    """
    gone = (Party.kind == ERASED, Case.visibility == "removed")
    return select(Case.id).join(Party, Party.id == Case.party_id).where(*gone)


@dataclass(frozen=True, slots=True)
class IndexedCase:
    """A case and the words by which it is found; none while it is not public."""

    case_id: int
    received_at: datetime
    searched: search.Indexed | None
    near: similar.Shown


def released_words(after: int, most: int) -> list[IndexedCase]:
    """Return the cases after one, in the order of their ids, with their released words."""
    heads = db.session.execute(
        select(Case.id, Case.ref, Case.kind, Case.visibility, Case.received_at)
        .where(Case.id > after)
        .order_by(Case.id)
        .limit(most)
    ).all()
    said: dict[int, list[tuple[str, str]]] = {head.id: [] for head in heads}
    public = [head.id for head in heads if head.visibility == "public"]
    texts = select(CaseText.case_id, CaseText.role, CaseText.public).where(
        CaseText.case_id.in_(public), CaseText.state.in_(SHOWN), CaseText.public.is_not(None)
    )
    for text in db.session.execute(texts.order_by(CaseText.id)):
        said[text.case_id].append((text.role, text.public))
    return [
        IndexedCase(
            head.id,
            head.received_at,
            similar.searched(head.id, head.received_at, head.ref, said[head.id])
            if head.visibility == "public"
            else None,
            (head.id, head.kind, said[head.id]),
        )
        for head in heads
    ]


def stored_names(seen: Connection | None = None) -> set[str]:
    """Return the names under which files of cases are stored, as a connection sees them."""
    rows = (seen or db.session).execute(select(Attachment.stored_name, Attachment.thumb_name))
    return {name for row in rows for name in row if name}
