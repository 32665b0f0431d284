# SPDX-License-Identifier: AGPL-3.0-or-later
"""Clean texts that appear by themselves on the town's own pages, and the draws that measure them.

Nothing here tells the outbox: what no agent has released never leaves the town. A text appears only
after it was in the urn of a weekly draw, and one that was drawn only after its verdict. None
commits.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.exc import IntegrityError

from beffroi.cases import rules, service
from beffroi.cases.events import CaseChanged
from beffroi.cases.models import Case, CaseText, SampleWeek, TextSample
from beffroi.cases.service import reading
from beffroi.kernel.actors import SYSTEM, Actor
from beffroi.kernel.bus import publish
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, NotFound
from beffroi.texts.rules import sampling
from beffroi_web.words import N_


def _able() -> tuple[ColumnElement[bool], ...]:
    """Return what holds for a text that may appear by itself."""
    return (
        Case.visibility == "public",
        Case.channel.not_in(rules.FROM_ELSEWHERE),
        CaseText.state == "pending",
        CaseText.verdict == "clean",
        CaseText.voice == "citizen",
        CaseText.role.not_in({*rules.NEVER_PUBLIC, "answer"}),
    )


def draw_week(week: date, *, now: datetime, chance: Chance) -> int:
    """Hold the draw of a week, once, among the clean texts that were in none; return how many.

    A second worker that comes at the same moment draws nothing.
    """
    urn = list(
        db.session.scalars(
            select(CaseText.id)
            .join(Case, Case.id == CaseText.case_id)
            .where(*_able(), CaseText.sampled_on.is_(None))
            .order_by(CaseText.id)
        )
    )
    drawn = sampling.draw(urn, chance)
    try:
        with db.session.begin_nested():
            db.session.add(SampleWeek(week=week, texts=len(urn), drawn=len(drawn), drawn_at=now))
    except IntegrityError:
        return 0
    _put_in(urn, week)
    cases = db.session.execute(
        select(CaseText.id, CaseText.case_id).where(CaseText.id.in_(drawn or [0]))
    )
    for row in cases.all():
        db.session.add(TextSample(case_id=row.case_id, text_id=row.id, week=week, drawn_at=now))
    db.session.flush()
    return len(drawn)


def _put_in(ids: list[int], week: date) -> None:
    for start in range(0, len(ids), 500):
        db.session.execute(
            update(CaseText)
            .where(CaseText.id.in_(ids[start : start + 500]))
            .values(sampled_on=week)
            .execution_options(synchronize_session="fetch")
        )


def due(now: datetime, most: int) -> list[int]:
    """Return the texts whose time to appear has come, the oldest first."""
    drawn: Any = select(TextSample.text_id).where(
        TextSample.judged_at.is_(None) | TextSample.leak.is_(True)
    )
    rows = (
        select(CaseText.id)
        .join(Case, Case.id == CaseText.case_id)
        .where(
            *_able(),
            CaseText.sampled_on.is_not(None),
            CaseText.written_at <= now - sampling.WAIT,
            CaseText.id.not_in(drawn),
        )
        .order_by(CaseText.written_at, CaseText.id)
        .limit(most)
    )
    return list(db.session.scalars(rows))


def _locked(text_id: int) -> tuple[Case, CaseText] | None:
    """Return a text and its case for a change, the case locked, or None."""
    row = db.session.get(CaseText, text_id)
    case = service.case_by_id(row.case_id) if row is not None else None
    if row is None or case is None:
        return None
    db.session.refresh(row)
    return case, row


def show(text_id: int, *, now: datetime) -> bool:
    """Show a text on the town's own pages if it is clean when it is read now; say if it is."""
    found = _locked(text_id)
    if found is None or found[1].state != "pending" or found[0].visibility != "public":
        return False
    case, row = found
    if reading.read_again([row.id]):
        return False
    db.session.refresh(row)
    if row.verdict != "clean":
        return False
    row.public, row.state = row.original, "shown"
    service.step(case, "shown", actor=SYSTEM, now=now, codes={"role": row.role}, text_id=row.id)
    service.index(case)
    return True


def unshow(text_id: int) -> None:
    """Take a shown text off again; it waits for an agent."""
    found = _locked(text_id)
    if found is None or found[1].state != "shown":
        return
    case, row = found
    row.public, row.state = None, "pending"
    service.index(case)
    publish(CaseChanged(case_id=case.id, kind=case.kind, at=case.changed_at))


def judge(text_id: int, *, leak: bool, reason: str, actor: Actor, now: datetime) -> None:
    """Keep an agent's verdict on a drawn text; a leak takes the text off at once."""
    sample = db.session.scalar(
        select(TextSample).where(TextSample.text_id == text_id).with_for_update()
    )
    if sample is None:
        raise NotFound(N_("This text was not drawn."))
    if sample.judged_at is not None:
        raise Conflict(N_("Somebody has judged this text already."))
    sample.judged_at, sample.judged_by, sample.leak = now, actor.account_id, leak
    found = _locked(text_id)
    if leak and found is not None and found[1].state != "held":
        service.hold_text(found[0], found[1], reason=reason, actor=actor, now=now)
    db.session.flush()
