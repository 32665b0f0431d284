# SPDX-License-Identifier: AGPL-3.0-or-later
"""A case that repeats another: who stands behind it is asked about the other one. None commits.

Nothing is moved. Each party that supports or follows the repeated case, and does not do so with the
other, gets one question; only its own yes makes it support or follow.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select

from beffroi.cases import service
from beffroi.cases.events import AskedToJoin
from beffroi.cases.models import Case, Follower, JoinOffer, Support
from beffroi.kernel.actors import Actor
from beffroi.kernel.bus import publish
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db
from beffroi.kernel.errors import Gone, NotFound
from beffroi_web.words import N_


def ask_to_join(case: Case, other: Case, *, actor: Actor, now: datetime, chance: Chance) -> int:
    """Ask everybody who stands behind a case about the one that it repeats; return how many."""
    if other.visibility != "public":
        return 0  # nobody could look at it
    supports = _parties(select(Support.party_id), Support.case_id, case, other)
    live = Follower.ended_at.is_(None)
    follows = _parties(select(Follower.party_id).where(live), Follower.case_id, case, other)
    asked = set(
        db.session.scalars(
            select(JoinOffer.party_id).where(
                JoinOffer.case_id == case.id, JoinOffer.other_id == other.id
            )
        )
    )
    parties = sorted((supports | follows) - asked)
    for party_id in parties:
        db.session.add(
            JoinOffer(
                case_id=case.id,
                other_id=other.id,
                party_id=party_id,
                token=chance(24).hex(),
                supports=party_id in supports,
                follows=party_id in follows,
                made_at=now,
            )
        )
    if parties:
        codes = {"other": other.ref, "asked": len(parties)}
        row = service.step(case, "asked_to_join", actor=actor, now=now, codes=codes, public=False)
        publish(AskedToJoin(case_id=case.id, timeline_id=row.id, at=now))
    return len(parties)


def _parties(wanted: Select[int], column: Any, case: Case, other: Case) -> set[int]:
    """Return who does something with the one case and not with the other."""
    here = set(db.session.scalars(wanted.where(column == case.id)))
    there = set(db.session.scalars(wanted.where(column == other.id)))
    return here - there


def answer_offer(token: str, *, yes: bool, now: datetime, chance: Chance) -> str:
    """Do what somebody said to the question of a link; return the other case's reference.

    What was said can be said again. A yes after the other case was removed is refused.
    """
    found = db.session.execute(
        select(JoinOffer.id, Case.ref)
        .join(Case, Case.id == JoinOffer.other_id)
        .where(JoinOffer.token == token)
    ).first()
    if found is None:
        raise NotFound(N_("This link asks nothing: it is not (or no longer) known."))
    other = service.the_case(found.ref)  # locked: two clicks at once count one support
    row = db.session.get_one(JoinOffer, found.id)
    if yes:
        if other.visibility != "public":
            raise Gone(N_("The other one is no longer shown."))
        if row.supports:
            service.support(other, row.party_id, now=now)
        if row.follows:
            service.follow(other.id, row.party_id, now=now, chance=chance)
    row.said, row.said_at = ("yes" if yes else "no"), now
    return other.ref


def forget_offers(parties: Collection[int]) -> int:
    """Delete every question that some parties were asked; return how many."""
    gone = db.session.execute(
        delete(JoinOffer)
        .where(JoinOffer.party_id.in_(parties))
        .execution_options(synchronize_session=False)
    )
    return int(getattr(gone, "rowcount", 0))


def forget_old_offers(before: datetime) -> int:
    """Delete the questions that were asked before a moment; return how many."""
    gone = db.session.execute(
        delete(JoinOffer)
        .where(JoinOffer.made_at < before)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(gone, "rowcount", 0))
