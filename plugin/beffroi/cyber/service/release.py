# SPDX-License-Identifier: AGPL-3.0-or-later
"""Closing a case, and the one record that may leave of it, after the embargo. None commits."""

from collections.abc import Set
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import select

from beffroi.cases import service as cases
from beffroi.cases.models import Case
from beffroi.cyber import rules, service
from beffroi.cyber.events import CyberReleased, CyberWithdrawn
from beffroi.cyber.models import CyberCase
from beffroi.incidents import service as incidents
from beffroi.kernel.actors import Actor
from beffroi.kernel.bus import publish
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from beffroi_web.words import N_


class Closing(Protocol):
    """What is asked of a case: the day on which it was closed."""

    @property
    def closed_on(self) -> date | None:
        """That day, or None while it is open."""


def standing(case: Closing, row: CyberCase) -> rules.Standing:
    """Return what decides whether a record may be made of a case."""
    return rules.Standing(
        closed_on=case.closed_on,
        embargo_until=row.embargo_until,
        tlp=row.tlp,
        rsit=row.rsit,
        surface=row.surface,
        severity=row.severity,
        allowed=row.allowed_at is not None,
        withdrawn=row.withdrawn_at is not None,
    )


def close(
    case: Case, outcome: str, words: str, *, actor: Actor, now: datetime, today: date
) -> None:
    """Close a case with words that who reported it reads.

    Never as a repetition: its author would learn that there is another, and its reference.
    """
    if outcome not in rules.OUTCOMES:
        raise Invalid(N_("Choose an outcome."), errors={"outcome": [N_("Unknown.")]})
    incidents.answer(case, outcome, words, actor=actor, now=now, today=today)
    service.step(case.id, "closed", now=now, actor=actor)


def reopen(case: Case, reason: str, *, actor: Actor, now: datetime, today: date) -> None:
    """Open a closed case again; its record, where there is one, is withdrawn first."""
    service.refuse_if_made(_row(case.id))
    cases.move(case, "in_progress", by="desk", actor=actor, now=now, today=today, reason=reason)
    service.step(case.id, "reopened", now=now, actor=actor)


def allow(case: Case, *, band: str, actor: Actor, now: datetime, chance: Chance) -> None:
    """Allow the public record of a case: it is made once nothing hinders it any more."""
    row = _row(case.id)
    if band in rules.SMALL_BANDS:
        raise Conflict(N_("Towns of fewer than 10,000 inhabitants publish no such record."))
    if row.withdrawn_at is not None:
        raise Conflict(N_("The record was withdrawn: it is not made again."))
    if row.allowed_at is None:
        row.allowed_at, row.record_id = now, chance(16).hex()
        service.step(case.id, "release", now=now, actor=actor)


def forbid(case: Case, reason: str, *, actor: Actor, now: datetime) -> None:
    """Take the permission back; a record that was made is withdrawn, with a reason."""
    row = _row(case.id)
    if row.allowed_at is None or row.withdrawn_at is not None:
        raise Conflict(N_("There is nothing to take back."))
    if row.made_at is None:
        row.allowed_at = row.record_id = None
        service.step(case.id, "kept", now=now, actor=actor)
        return
    if not reason.strip():
        raise Invalid(N_("Say why."), errors={"withdraw_reason": [N_("Missing.")]})
    row.withdrawn_at = now
    service.step(case.id, "withdrawn", now=now, words=reason.strip(), actor=actor)
    publish(CyberWithdrawn(case_id=case.id, reason="error", at=now))


def withdrawn_before(case_id: int, why: str, *, now: datetime) -> None:
    """Note that the record of a case was withdrawn already, if it has one; nothing is told."""
    row = db.session.get(CyberCase, case_id)
    if row is not None and row.withdrawn_at is None:
        row.withdrawn_at = now
        service.step(case_id, "withdrawn", now=now, words=why)


def ask_anew(why: str, *, but: Set[int], now: datetime) -> None:
    """Take back each permission of which no record was made, but those of some cases."""
    waiting = select(CyberCase).where(
        CyberCase.allowed_at.is_not(None), CyberCase.made_at.is_(None)
    )
    for row in db.session.scalars(waiting).all():
        if row.case_id not in but and row.withdrawn_at is None:
            row.allowed_at = row.record_id = None
            service.step(row.case_id, "kept", now=now, words=why)


def make(case_id: int, *, band: str, now: datetime) -> bool:
    """Hand an allowed record to the outbox if nothing hinders it now; say whether it was."""
    case = cases.case_by_id(case_id)
    row = db.session.get(CyberCase, case_id, populate_existing=True)
    if case is None or row is None or row.made_at is not None or case.visibility == "removed":
        return False
    if rules.hindrances(standing(case, row), band=band, now=now):
        return False
    row.made_at = now
    service.step(case_id, "released", now=now)
    publish(CyberReleased(case_id=case_id, at=now))
    return True


def _row(case_id: int) -> CyberCase:
    row = db.session.get(CyberCase, case_id)
    if row is None:
        raise NotFound(N_("There is no case with this reference."))
    return row
