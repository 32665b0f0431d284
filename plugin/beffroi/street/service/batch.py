# SPDX-License-Identifier: AGPL-3.0-or-later
"""The same thing done to many reports: tried first, then done, all or each. None commits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import SessionTransaction

from beffroi.cases import service as cases
from beffroi.cases.rules import STREET
from beffroi.incidents import service as incidents
from beffroi.kernel.actors import Actor
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid, Refusal
from beffroi.street.rules.batch import ACTIONS, MOST
from beffroi.street.service import Moment
from beffroi_web.words import N_


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be done to which reports; the fields of an action that is not chosen are empty."""

    action: str
    refs: tuple[str, ...]
    department_id: int | None = None
    status: str = ""
    outcome: str = ""
    words: str = ""
    duplicate_of: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one report: nothing to say, or the refusal."""

    ref: str
    refusal: Refusal | None = None


class Undone(Exception):
    """Nothing of it is kept: it was a trial, or one was refused where all had to go."""

    def __init__(self, done: Sequence[Done]) -> None:
        super().__init__("undone")
        self.done = tuple(done)


def carry_out(asked: Asked, *, actor: Actor, at: Moment) -> list[Done]:
    """Do what is asked to each report in turn; one that is refused stays as it was.

    Inside a unit of work: whoever wants all or nothing, or only to see, rolls it back
    (`Undone`). Raises Invalid where the request itself is not complete.
    """
    check(asked)
    return [_one(ref, asked, actor, at) for ref in dict.fromkeys(asked.refs)]


def check(asked: Asked) -> None:
    """Raise Invalid where what is asked is not complete."""
    errors: dict[str, list[str]] = {}
    if not asked.refs:
        errors["ref"] = [N_("Choose at least one report.")]
    if len(asked.refs) > MOST:
        errors["ref"] = [N_("At most 100 reports at once.")]
    needed = {
        "route": ("department", asked.department_id),
        "status": ("status", asked.status),
        "close": ("words", asked.words.strip()),
        "merge": ("duplicate_of", asked.duplicate_of.strip()),
        "hold": ("words", asked.words.strip()),
    }
    if asked.action not in ACTIONS:
        errors["action"] = [N_("Choose what is to be done.")]
    elif not needed[asked.action][1]:
        errors[needed[asked.action][0]] = [N_("This is needed.")]
    if asked.action == "close" and asked.outcome not in {"resolved", "no_action"}:
        errors["outcome"] = [N_("Choose an outcome.")]
    if errors:
        raise Invalid(N_("This cannot be done yet."), errors=errors)


def _one(ref: str, asked: Asked, actor: Actor, at: Moment) -> Done:
    try:
        point: SessionTransaction = db.session.begin_nested()
        with point:
            _ACTIONS[asked.action](ref, asked, actor, at)
    except Refusal as refusal:
        return Done(ref, refusal)
    return Done(ref)


def _the_report(ref: str) -> Any:
    case = cases.the_case(ref)
    if case.kind != STREET:
        raise Conflict(N_("It is no street report."))
    if case.visibility == "removed":
        raise Conflict(N_("This case is removed already."))
    return case


def _route(ref: str, asked: Asked, actor: Actor, at: Moment) -> None:
    case = _the_report(ref)
    if case.department_id == asked.department_id:
        raise Conflict(N_("It is with this department already."))
    cases.assign(case, department_id=asked.department_id, account_id=None, actor=actor, now=at.now)


def _status(ref: str, asked: Asked, actor: Actor, at: Moment) -> None:
    case = _the_report(ref)
    cases.move(
        case, asked.status, by="desk", actor=actor, now=at.now, today=at.today, reason=asked.words
    )


def _close(ref: str, asked: Asked, actor: Actor, at: Moment) -> None:
    incidents.answer(
        _the_report(ref), asked.outcome, asked.words, actor=actor, now=at.now, today=at.today
    )


def _merge(ref: str, asked: Asked, actor: Actor, at: Moment) -> None:
    other = asked.duplicate_of.strip()
    if ref == other:
        raise Conflict(N_("It is the report that the others repeat: it stays open."))
    incidents.answer(
        _the_report(ref),
        "duplicate",
        asked.words.strip() or f"→ {other}",
        duplicate_of=other,
        actor=actor,
        now=at.now,
        today=at.today,
    )


def _hold(ref: str, asked: Asked, actor: Actor, at: Moment) -> None:
    case = _the_report(ref)
    cases.hold_case(
        case.id, reason=asked.words.strip()[:500], code="error", actor=actor, now=at.now
    )


_ACTIONS: dict[str, Callable[[str, Asked, Actor, Moment], None]] = {
    "route": _route,
    "status": _status,
    "close": _close,
    "merge": _merge,
    "hold": _hold,
}
