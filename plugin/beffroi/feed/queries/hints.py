# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of what the nation's file of hints told; for the desk. Nothing of an old file is read."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from beffroi.feed.models import Hint, HintFile, LogFact
from beffroi.feed.queries.store import current_log
from beffroi.feed.rules import kept_since
from beffroi.kernel.db import db
from beffroi.kernel.extension import AskedElsewhere, HintsStanding, TopicElsewhere

REQUEST = "request:"
"""What the name of a request's fact in the log begins with; its case follows."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """What is known of the file: see `models.HintFile`."""

    day: date | None
    etag: str
    read_at: datetime | None
    due_at: datetime | None
    trouble: str


_FILE = select(*(getattr(HintFile, name) for name in FileRow.__dataclass_fields__))


def file() -> FileRow | None:
    """Return what is known of the file, or None before it was ever asked for."""
    row = db.session.execute(_FILE).first()
    return FileRow(*row) if row else None


def kept(case_id: int, *, today: date) -> list[AskedElsewhere]:
    """Return what other towns answered to a request, by a file that is not too old."""
    row = db.session.execute(
        select(Hint.said, HintFile.day)
        .join(HintFile, HintFile.day >= kept_since(today))
        .where(Hint.case_id == case_id)
    ).first()
    return _answers(row.said, row.day) if row else []


def _answers(said: str, day: date) -> list[AskedElsewhere]:
    known = json.loads(said)
    topic = TopicElsewhere(*known["topic"]) if known["topic"] else None
    return [
        AskedElsewhere(**{"answer": None, **one}, topic=topic, told_on=day)
        for one in known["answers"]
    ]


def hinted(*, today: date) -> set[int]:
    """Return the ids of the cases that other towns have answered, by a file not too old."""
    rows = select(Hint.case_id).join(HintFile, HintFile.day >= kept_since(today))
    return set(db.session.scalars(rows))


def standing(*, wanted: bool, today: date) -> HintsStanding:
    """Return how the reading of the file stands; `wanted` where a key is pinned."""
    row = file()
    if not wanted or row is None:
        return HintsStanding(wanted, None, None, "")
    held = row.day if row.etag and row.day and row.day >= kept_since(today) else None
    return HintsStanding(True, held, row.read_at, row.trouble)


def cases_of(records: Collection[str]) -> dict[str, int]:
    """Return the cases of requests by the `id` of their records, in the current log."""
    rows = db.session.execute(
        select(LogFact.record_id, LogFact.fact)
        .where(LogFact.log_id == current_log(), LogFact.record_id.in_(list(records)))
        .where(LogFact.fact.startswith(REQUEST, autoescape=True))
    )
    return {str(row.record_id): int(row.fact.removeprefix(REQUEST)) for row in rows}
