# SPDX-License-Identifier: AGPL-3.0-or-later
"""The legal delays of a case: they begin with what is known, are met, dropped, or strike. None
commits.
"""

from datetime import datetime
from typing import Protocol

from sqlalchemy import select, update

from beffroi.cyber.models import CyberCase, CyberClock, CyberStep
from beffroi.cyber.rules.clocks import circumstances
from beffroi.kernel.actors import Actor
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, NotFound
from beffroi.legal.hours import AWARE, HourDelay, HourPack, load
from beffroi_web.words import N_

PACK = "fr"


class Terms(Protocol):
    """What the settings say of a town."""

    @property
    def zone(self) -> str:
        """The town's time zone."""

    @property
    def nis2(self) -> bool:
        """Whether NIS 2 covers it."""


def pack() -> HourPack:
    """Return the pack by which the town counts."""
    return load(PACK)


def _rows(case_id: int) -> dict[str, CyberClock]:
    found = db.session.scalars(select(CyberClock).where(CyberClock.case_id == case_id))
    return {row.rule: row for row in found}


def _step(case_id: int, code: str, rule: str, *, now: datetime, actor: Actor | None = None) -> None:
    who = actor.account_id if actor is not None else None
    db.session.add(CyberStep(case_id=case_id, at=now, code=code, rule=rule, words="", who=who))
    db.session.flush()


def begin(
    case: CyberCase, category: str, terms: Terms, *, now: datetime, since: datetime | None = None
) -> None:
    """Begin the delays whose circumstances hold, counted from `since` (or now); drop the others.

    One that was met stays as it is; one that an agent dropped stays dropped while nothing changes.
    """
    holds = circumstances(
        category=category,
        rsit=case.rsit,
        personal_data=case.personal_data,
        owner=case.owner,
        nis2=terms.nis2,
    )
    rows, wanted = _rows(case.case_id), {d.code: d for d in pack().begun(AWARE, holds)}
    for code, delay in wanted.items():
        if code not in rows:
            _start(case.case_id, delay, since or now, terms.zone, now=now)
    for code, row in rows.items():
        starts = {d.code for d in pack().delays if d.after == AWARE}
        if code in starts - set(wanted) and row.met_at is None and row.dropped_at is None:
            row.dropped_at = now
            _step(case.case_id, "dropped", code, now=now)
    db.session.flush()


def _start(case_id: int, delay: HourDelay, began: datetime, zone: str, *, now: datetime) -> None:
    due_at = delay.ends(began, zone)
    db.session.add(CyberClock(case_id=case_id, rule=delay.code, began_at=began, due_at=due_at))
    _step(case_id, "clock", delay.code, now=now)


def _running(case_id: int, rule: str) -> CyberClock:
    row = _rows(case_id).get(rule)
    if row is None:
        raise NotFound(N_("This case has no such delay."))
    if row.met_at is not None:
        raise Conflict(N_("That was done before."))
    return row


def meet(case_id: int, rule: str, terms: Terms, *, actor: Actor, now: datetime) -> None:
    """Note that what a delay asks was done now; what follows from it begins."""
    row = _running(case_id, rule)
    row.met_at, row.dropped_at = now, None
    late = row.due_at is not None and row.due_at < now
    _step(case_id, "late" if late else "met", rule, now=now, actor=actor)
    known = _rows(case_id)
    for delay in pack().delays:
        if delay.after == rule and delay.code not in known:
            _start(case_id, delay, now, terms.zone, now=now)


def drop(case_id: int, rule: str, *, actor: Actor, now: datetime) -> None:
    """Note that a delay does not apply; again, that it does after all."""
    row = _running(case_id, rule)
    row.dropped_at = None if row.dropped_at else now
    _step(case_id, "dropped" if row.dropped_at else "clock", rule, now=now, actor=actor)


def strike(clock_id: int, *, now: datetime) -> int | None:
    """Write that a delay is over, once; return its case, None where another was quicker."""
    struck = db.session.execute(
        update(CyberClock)
        .where(CyberClock.id == clock_id, CyberClock.struck_at.is_(None))
        .where(CyberClock.met_at.is_(None), CyberClock.dropped_at.is_(None))
        .where(CyberClock.due_at <= now)
        .values(struck_at=now)
        .returning(CyberClock.case_id, CyberClock.rule)
    ).first()
    if struck is None:
        return None
    _step(struck.case_id, "over", struck.rule, now=now)
    return int(struck.case_id)
