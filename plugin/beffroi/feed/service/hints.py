# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeping what the nation's file of hints said, and when it is asked for next. None commits."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, or_, update

from beffroi.feed.models import Hint, HintFile
from beffroi.feed.rules import kept_since
from beffroi.kernel.db import db
from beffroi.kernel.extension import AskedElsewhere

ONLY = 1
LEASE = AGAIN = timedelta(hours=1)
"""How long a reading is one worker's, and how long after one that failed the next one comes."""
KEPT = ("town", "title", "answer", "url", "published_url", "outcome", "answered")
"""The members of an answer that are kept, where they have a value."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A reading that is due, and this worker's: what is held, by `etag` and day."""

    etag: str
    held: date | None


def _file() -> HintFile:
    row = db.session.get(HintFile, ONLY)
    if row is None:
        row = HintFile(id=ONLY, etag="", trouble="")
        db.session.add(row)
        db.session.flush()
    return row


def claim(*, now: datetime) -> Turn | None:
    """Take the turn of reading the file if it is due, or None; a worker that dies lets it go."""
    row = _file()
    taken = db.session.execute(
        update(HintFile)
        .where(HintFile.id == ONLY, or_(HintFile.due_at.is_(None), HintFile.due_at <= now))
        .values(due_at=now + LEASE)
        .execution_options(synchronize_session=False)
    )
    return Turn(row.etag, row.day) if getattr(taken, "rowcount", 0) == 1 else None


def keep(
    day: date,
    etag: str,
    answers: Mapping[int, Sequence[AskedElsewhere]],
    *,
    now: datetime,
    again: datetime,
) -> None:
    """Keep a file that was read, by case, in the place of the one before."""
    row = _file()
    row.day, row.etag, row.read_at, row.due_at, row.trouble = day, etag, now, again, ""
    db.session.execute(delete(Hint))
    db.session.add_all(
        Hint(case_id=case_id, said=_said(said)) for case_id, said in answers.items() if said
    )


def _said(answers: Sequence[AskedElsewhere]) -> str:
    topic = answers[0].topic
    members = [{name: getattr(one, name) for name in KEPT if getattr(one, name)} for one in answers]
    counts = [topic.url, topic.published, topic.refused] if topic else None
    return json.dumps({"topic": counts, "answers": members}, ensure_ascii=False)


def current(*, now: datetime, again: datetime) -> None:
    """Note that what is held is what the nation has."""
    row = _file()
    row.read_at, row.due_at, row.trouble = now, again, ""


def gone(*, now: datetime, again: datetime) -> None:
    """Forget what is held: the nation has no file for this town, or has withdrawn it."""
    row = _file()
    soon = now + AGAIN if row.etag else again
    row.etag, row.read_at, row.due_at, row.trouble = "", now, min(soon, again), ""
    db.session.execute(delete(Hint))


def failed(trouble: str, *, now: datetime, again: datetime) -> bool:
    """Note why the file could not be read; say whether that is news. What is held stays."""
    row = _file()
    news, row.trouble, row.due_at = row.trouble != trouble, trouble, min(now + AGAIN, again)
    return news


def drop_old(today: date) -> None:
    """Delete what is kept of a file that is too old."""
    row = _file()
    if row.etag and (row.day is None or row.day < kept_since(today)):
        row.etag = ""
        db.session.execute(delete(Hint))


def forget_file() -> None:
    """Delete all that is known of files of hints: no key is pinned any more."""
    db.session.execute(delete(Hint))
    db.session.execute(delete(HintFile))


def forget_case(case_id: int) -> None:
    """Delete what was kept beside a request that has been withdrawn."""
    db.session.execute(delete(Hint).where(Hint.case_id == case_id))
