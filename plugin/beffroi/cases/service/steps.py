# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every change of a case is made of: the case locked, a text added, a step, the index."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from beffroi.cases import rules
from beffroi.cases.events import (
    CaseChanged,
    PublicVersionChanged,
    StepTaken,
)
from beffroi.cases.models import (
    Case,
    CaseText,
    TimelineRow,
)
from beffroi.cases.queries import similar
from beffroi.cases.service import reading
from beffroi.kernel import search
from beffroi.kernel.actors import Actor
from beffroi.kernel.bus import publish
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from beffroi.texts import queries as texts
from beffroi.texts.rules import still_personal
from beffroi_web.words import N_


def add_text(
    case: Case,
    role: str,
    words: str,
    *,
    party_id: int | None,
    voice: str,
    now: datetime,
    aids: reading.Aids | None = None,
) -> CaseText:
    """Add a text to a case; it is pending: nobody but its author and agents reads it.

    `aids` are what the program reads it with: what is known of the author, what the author hides.
    """
    original = rules.checked_text(role, words)
    row = CaseText(
        case_id=case.id,
        role=role,
        original=original,
        public=None,
        state="pending",
        version=0,
        lang=case.lang,
        party_id=party_id,
        voice=voice,
        written_at=now,
        **reading.remembered(original, aids),
    )
    db.session.add(row)
    db.session.flush()
    return row


def step(
    case: Case,
    name: str,
    *,
    actor: Actor,
    now: datetime,
    codes: Mapping[str, Any] | None = None,
    text_id: int | None = None,
    public: bool = True,
    told: bool = True,
) -> TimelineRow:
    """Append a step to a case's timeline; followers are told of official ones if `told`."""
    row = TimelineRow(
        case_id=case.id,
        at=now,
        step=name,
        voice=actor.voice,
        account_id=actor.account_id,
        codes=dict(codes or {}),
        text_id=text_id,
        public=public,
    )
    db.session.add(row)
    case.changed_at = now
    db.session.flush()
    publish(CaseChanged(case_id=case.id, kind=case.kind, at=now))
    if public and told and name in rules.OFFICIAL_STEPS:
        publish(StepTaken(case_id=case.id, timeline_id=row.id, step=name, at=now))
    return row


def the_case(ref: str) -> Case:
    """Return a case by its reference for a change, or raise NotFound.

    Its row is locked until the transaction ends, so that changes of one case follow each other:
    without it two agents at once would give two versions the same number, which the log refuses.
    """
    alone = select(Case).where(Case.ref == ref).with_for_update(key_share=True)
    case = db.session.scalar(alone.execution_options(populate_existing=True))
    if case is None:
        raise NotFound(N_("There is no case with this reference."))
    return case


def case_by_id(case_id: int) -> Case | None:
    """Return a case for a change, locked like `the_case`, or None."""
    alone = select(Case).where(Case.id == case_id).with_for_update(key_share=True)
    return db.session.scalar(alone.execution_options(populate_existing=True))


def the_text(case: Case, text_id: int) -> CaseText:
    """Return one text of a case for a change, or raise NotFound."""
    row = db.session.get(CaseText, text_id)
    if row is None or row.case_id != case.id:
        raise NotFound(N_("This case has no such text."))
    return row


def gate(words: str, field: str = "public") -> None:
    """Raise Invalid, naming what and where, if words to be public hold what must not be in them.

    That is a strong identifier, or words that the town always hides.
    """
    found = still_personal(words, texts.lists())
    if found:
        where = ", ".join(f"{m.label} ({m.start}-{m.end})" for m in found)
        raise Invalid(
            N_("This text still holds personal details, so it cannot be released: %(where)s."),
            errors={field: [N_("Mask what is marked, then release.")]},
            where=where,
        )


def index(case: Case) -> None:
    """Index a case anew by the words that its page shows."""
    db.session.flush()
    rows = db.session.execute(
        select(CaseText.role, CaseText.public)
        .where(CaseText.case_id == case.id, CaseText.state.in_(rules.SHOWN))
        .order_by(CaseText.id)
    )
    texts = [(role, words) for role, words in rows if words] if case.visibility == "public" else []
    shown = case.visibility == "public"
    if shown:
        search.put(similar.searched(case.id, case.received_at, case.ref, texts))
    else:
        search.remove(case.id, case.received_at)
    similar.put([(case.id, case.kind, texts)])


def public_changed(case: Case, *, now: datetime) -> None:
    """Raise a case's public version, index its public words anew and tell the outbox."""
    case.version += 1
    index(case)
    publish(PublicVersionChanged(case_id=case.id, kind=case.kind, version=case.version, at=now))


def move(
    case: Case, target: str, *, by: str, actor: Actor, now: datetime, today: date, reason: str = ""
) -> None:
    """Change a case's status along an allowed move, with a reason where the move owes one."""
    allowed = rules.move_allowed(case.kind, case.status, target, by)
    if allowed is None:
        raise Conflict(
            N_("A case cannot go from %(origin)s to %(target)s in this way."),
            origin=case.status,
            target=target,
        )
    if allowed.reason and not reason.strip():
        raise Invalid(N_("This step needs a reason."), errors={"reason": [N_("Missing.")]})
    was_open = case.open
    case.status, case.open = target, rules.is_open(case.kind, target)
    if case.open:
        case.closed_on = None
    elif was_open:
        case.closed_on = today
    if by == "desk":
        if reason.strip():
            gate(reason)
        name = "reopened" if case.open and not was_open else "moved"
        step(
            case,
            name,
            actor=actor,
            now=now,
            codes={"from": allowed.origin, "to": target, "reason": reason.strip()[:500]},
        )
        public_changed(case, now=now)
