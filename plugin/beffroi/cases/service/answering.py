# SPDX-License-Identifier: AGPL-3.0-or-later
"""The institution's official answer."""

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import unquote_plus

from sqlalchemy import select

from beffroi.cases import rules
from beffroi.cases.models import (
    Case,
    OfficialAnswer,
)
from beffroi.cases.service import offering
from beffroi.cases.service.steps import add_text, gate, move, public_changed, step
from beffroi.kernel.actors import Actor
from beffroi.kernel.chance import Chance, system_chance
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from beffroi_web.words import N_


@dataclass(frozen=True, slots=True)
class Answer:
    """The institution's answer as the desk gives it."""

    status: str
    outcome: str
    words: str
    ground: str | None = None
    url: str | None = None
    planned: str | None = None
    duplicate_of: str | None = None
    licence: str | None = None
    swhid: str | None = None
    redirected_to: str | None = None


def _may_point(case: Case, other: Case | None) -> bool:
    """Say whether a duplicate may name a case: another of its kind, shown wherever this one is."""
    if other is None or other.id == case.id or other.kind != case.kind:
        return False
    return other.visibility == "public" or case.visibility != "public"


def gate_answer(given: Answer) -> None:
    """Raise Invalid unless the words of an answer, and the address that it gives, pass the gate."""
    gate(given.words)
    gate(unquote_plus(given.url or ""), "url")
    gate(given.redirected_to or "", "redirected_to")


def _repeated(case: Case, given: Answer) -> Case | None:
    """Return the case that an answer names as asked before, or None; raise where it may not."""
    if case.visibility == "removed":
        raise Conflict(N_("This case was removed: nothing is answered any more."))
    other = None
    if given.duplicate_of:  # read, not locked: two answers that name each other would wait for ever
        found = select(Case).where(Case.ref == given.duplicate_of)
        if case.kind != rules.CONFIDENTIAL:  # nobody learns by trying references
            found = found.where(Case.kind != rules.CONFIDENTIAL)
        other = db.session.scalar(found)
        if other is None:
            raise NotFound(N_("There is no case with this reference."))
    named = given.status == "duplicate" or other is not None
    if named and not _may_point(case, other):
        raise Invalid(
            N_("Say which case this one repeats."), errors={"duplicate_of": [N_("Missing.")]}
        )
    return other


def answer(
    case: Case,
    given: Answer,
    *,
    actor: Actor,
    now: datetime,
    today: date,
    chance: Chance = system_chance,
) -> OfficialAnswer:
    """Give an official answer: the status moves, the text is released, followers are told.

    Where it repeats another case, whoever stands behind it is asked about that one.
    """
    other = _repeated(case, given)
    move(
        case,
        given.status,
        by="official answer",
        actor=actor,
        now=now,
        today=today,
        reason=given.words,
    )
    gate_answer(given)
    text = add_text(case, "answer", given.words, party_id=None, voice="institution", now=now)
    text.public, text.state, text.version = text.original, "released", 1
    text.released_at, text.released_by = now, actor.account_id
    row = OfficialAnswer(
        case_id=case.id,
        text_id=text.id,
        outcome=given.outcome,
        ground=given.ground,
        url=given.url,
        planned=given.planned,
        duplicate_of=other.id if other else None,
        licence=given.licence,
        swhid=given.swhid,
        redirected_to=given.redirected_to,
        answered_at=now,
    )
    db.session.add(row)
    step(case, "answered", actor=actor, now=now, codes={"outcome": given.outcome}, text_id=text.id)
    if other is not None:
        offering.ask_to_join(case, other, actor=actor, now=now, chance=chance)
    public_changed(case, now=now)
    return row
