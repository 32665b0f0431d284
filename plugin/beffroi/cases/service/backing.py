# SPDX-License-Identifier: AGPL-3.0-or-later
"""What citizens do on a case: comment, support, follow."""

from datetime import datetime

from sqlalchemy import select

from beffroi.cases.models import (
    Case,
    CaseText,
    Follower,
    Support,
)
from beffroi.cases.service import reading
from beffroi.cases.service.steps import add_text, step
from beffroi.kernel.actors import Actor
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db
from beffroi.kernel.errors import Invalid, NotFound
from beffroi_web.words import N_


def comment(
    case: Case,
    words: str,
    *,
    party_id: int,
    actor: Actor,
    now: datetime,
    hidden: tuple[str, ...] = (),
) -> CaseText:
    """Add a comment, pending until an agent releases it; `hidden`: what its author hides in it."""
    if case.visibility != "public":
        raise NotFound(N_("There is no case with this reference."))
    if not words.strip():
        raise Invalid(N_("The comment is empty."), errors={"comment": [N_("Missing.")]})
    aids = reading.aids_for(party_id, hidden=hidden)
    row = add_text(case, "comment", words, party_id=party_id, voice=actor.voice, now=now, aids=aids)
    step(case, "commented", actor=actor, now=now, text_id=row.id)
    return row


def support(case: Case, party_id: int, *, now: datetime) -> bool:
    """Count a party's support once; return False where it was counted before."""
    exists = db.session.scalar(
        select(Support.id).where(Support.case_id == case.id, Support.party_id == party_id)
    )
    if exists is not None:
        return False
    db.session.add(Support(case_id=case.id, party_id=party_id, at=now))
    case.supports += 1
    case.changed_at = now
    db.session.flush()
    return True


def follow(case_id: int, party_id: int, *, now: datetime, chance: Chance) -> None:
    """Make a party follow a case (again)."""
    row = db.session.scalar(
        select(Follower).where(Follower.case_id == case_id, Follower.party_id == party_id)
    )
    if row is None:
        db.session.add(
            Follower(case_id=case_id, party_id=party_id, token=chance(24).hex(), since=now)
        )
    else:
        row.ended_at = None
    db.session.flush()


def unfollow(token: str, *, now: datetime) -> int:
    """End the following that a token names; return the case's id, or raise NotFound."""
    row = db.session.scalar(select(Follower).where(Follower.token == token))
    if row is None:
        raise NotFound(N_("This link stops nothing: it is not (or no longer) known."))
    row.ended_at = row.ended_at or now
    return row.case_id
