# SPDX-License-Identifier: AGPL-3.0-or-later
"""A case whose words are written elsewhere follows them: new words, and their end. None commits.

What people said here stays: comments, supports and followers are this town's own.
"""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import select

from beffroi.cases import rules, service
from beffroi.cases.events import CaseWithdrawn
from beffroi.cases.models import Case, CaseText
from beffroi.cases.service import reading
from beffroi.kernel.actors import SYSTEM
from beffroi.kernel.bus import publish
from beffroi.kernel.db import db


def rewrite(case: Case, words: Mapping[str, str], *, now: datetime) -> list[str]:
    """Put the words that stand elsewhere now in the place of the former; return the roles changed.

    A text that was public waits for an agent again: nobody has read the new words, and the author
    may have taken the old ones back. A held text stays held, one whose original has ended stays so.
    """
    if case.visibility == "removed":
        return []
    rows = db.session.scalars(
        select(CaseText).where(CaseText.case_id == case.id, CaseText.role.in_(list(words)))
    ).all()
    changed, was_public, has_left = [], False, False
    for row in rows:
        said = rules.checked_text(row.role, words[row.role])
        if not said or row.original in {"", said}:
            continue
        changed.append(row.role)
        row.original = said
        row.lang = case.lang
        for name, value in reading.remembered(said, reading.aids_for()).items():
            setattr(row, name, value)
        if row.state in rules.SHOWN:
            was_public = True
            has_left = has_left or (row.state == "released" and row.role in rules.IN_RECORDS)
            row.public, row.state = None, "pending"
    if changed:
        codes = {"roles": changed}
        service.step(case, "changed_there", actor=SYSTEM, now=now, codes=codes, public=False)
    if has_left:
        publish(CaseWithdrawn(case_id=case.id, reason="error", at=now))
    if was_public:
        service.public_changed(case, now=now)
    return changed


def follow(case: Case, status: str, *, reason: str, now: datetime, today: date) -> bool:
    """Move a case along with its origin if its own status allows it; say if it moved.

    What an agent has decided here is never undone by what happens elsewhere.
    """
    if case.visibility == "removed" or case.status == status:
        return False
    if rules.move_allowed(case.kind, case.status, status, "desk") is None or not case.open:
        return False
    service.move(case, status, by="desk", actor=SYSTEM, now=now, today=today, reason=reason)
    return True
