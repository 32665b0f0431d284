# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verbs on an answer that is not given yet: write, have it read, plan, publish. None commits.

One draft a case. What happens to it stands on the timeline as internal steps, without its words.
Whoever publishes holds the case's row, and the draft goes in the same transaction as the answer
comes: it is published once.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import force_locale, gettext
from sqlalchemy import delete, select, update

from beffroi.cases import service as cases
from beffroi.cases.models import Case
from beffroi.data_requests import rules
from beffroi.data_requests.models import AnswerDraft
from beffroi.data_requests.rules import drafts
from beffroi.data_requests.service.answering import answer
from beffroi.kernel.actors import SYSTEM, Actor
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from beffroi.legal.law import Law
from beffroi_web.words import N_


def draft_of(case: Case) -> AnswerDraft | None:
    """Return the draft of a case that is locked for a change, or None."""
    wanted = select(AnswerDraft).where(AnswerDraft.case_id == case.id)
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def _the_draft(case: Case) -> AnswerDraft:
    row = draft_of(case)
    if row is None:
        raise NotFound(N_("There is no draft of an answer here any more."))
    return row


def _internal(case: Case, name: str, actor: Actor, now: datetime, **codes: Any) -> None:
    cases.step(case, name, actor=actor, now=now, codes=codes, public=False)


def save(
    case: Case,
    form: Mapping[str, Any],
    *,
    state: str = "draft",
    publish_at: datetime | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Keep what the desk sent as the case's draft; what was approved before is approved no more."""
    if case.visibility == "removed":
        raise Conflict(N_("This case was removed: nothing is answered any more."))
    if state != "draft":
        _check(case, form)
    row = draft_of(case) or AnswerDraft(case_id=case.id)
    row.form, row.state, row.publish_at = dict(form), state, publish_at
    row.written_by, row.reviewed_by, row.word = actor.account_id, None, None
    row.changed_at = now
    db.session.add(row)
    db.session.flush()
    _internal(case, _STEPS[state], actor, now, **_when(publish_at))


BARE = N_("Missing.")
"""What a field is told where the sentence above it says the rest."""

_STEPS = {"draft": "drafted", "review": "review_asked", "scheduled": "answer_planned"}


def _when(publish_at: datetime | None) -> dict[str, str]:
    return {"at": publish_at.isoformat()} if publish_at else {}


def _check(case: Case, form: Mapping[str, Any]) -> None:
    """Raise what answering with it now would raise about the form itself."""
    given = rules.AnswerForm(**form)
    rules.check_answer(given)
    target = rules.STATUS_OF_OUTCOME[given.outcome]
    cases.gate_answer(
        cases.Answer(target, given.outcome, given.words, url=given.url,
                     redirected_to=given.redirected_to)
    )  # fmt: skip


def approve(case: Case, *, actor: Actor, now: datetime) -> None:
    """Let a draft go out; only somebody else than who wrote it can. A planned one is planned now.

    One whose moment has passed meanwhile is approved, and waits for a hand.
    """
    row = _in_review(case, actor)
    planned = row.publish_at is not None and row.publish_at > now
    row.state, row.reviewed_by, row.word, row.changed_at = "approved", actor.account_id, None, now
    if planned:
        row.state = "scheduled"
    else:
        row.publish_at = None
    _internal(case, "draft_approved", actor, now, **_when(row.publish_at))


def send_back(case: Case, word: str, *, actor: Actor, now: datetime) -> None:
    """Send a draft back to who wrote it, with a word that says why."""
    row = _in_review(case, actor)
    if not word.strip():
        raise Invalid(N_("Say what is to be changed."), errors={"word": [N_("Missing.")]})
    row.state, row.reviewed_by, row.word = "returned", actor.account_id, word.strip()[:1000]
    row.changed_at = now
    _internal(case, "draft_sent_back", actor, now)


def _in_review(case: Case, actor: Actor) -> AnswerDraft:
    row = _the_draft(case)
    if row.state != "review":
        raise Conflict(N_("Nobody has asked for a review of this draft."))
    if row.written_by is not None and row.written_by == actor.account_id:
        raise Forbidden(N_("Somebody else reads it: nobody approves their own answer."))
    return row


def drop(case: Case, *, actor: Actor, now: datetime) -> None:
    """Throw a draft away."""
    db.session.delete(_the_draft(case))
    _internal(case, "draft_dropped", actor, now)


def may_answer_at_once(case: Case, *, reviewed: bool) -> None:
    """Raise Conflict where an answer may not go out without the draft: a review is owed or asked.

    `reviewed` says that in this town a second agent reads every answer.
    """
    row = draft_of(case)
    if reviewed:
        raise Conflict(N_("Here a second agent reads each answer: ask for a review first."))
    if row is not None and row.state == "review":
        raise Conflict(
            N_("A colleague was asked to read the draft: wait for it, or save it as a draft again.")
        )


def publish_now(
    case: Case, *, reviewed: bool, actor: Actor, now: datetime, today: date, law: Law
) -> None:
    """Give the answer that the draft holds, as it stands, with every check done again."""
    row = _the_draft(case)
    if row.state not in drafts.MAY_GO_OUT and (reviewed or row.state != "draft"):
        raise Conflict(N_("This draft has to be approved by a second agent first."))
    answer(case, rules.AnswerForm(**row.form), actor=actor, now=now, today=today, law=law)


def publish_due(case_id: int, *, now: datetime, today: date, law: Law) -> bool:
    """Give the answer of a case whose moment has come; say whether it was given just now."""
    case = cases.case_by_id(case_id)
    row = draft_of(case) if case is not None else None
    if case is None or row is None or not _is_due(row, now):
        return False  # another worker was here, or somebody changed it
    answer(case, rules.AnswerForm(**row.form), actor=_institution(row), now=now, today=today,
           law=law)  # fmt: skip
    return True


def _is_due(row: AnswerDraft, now: datetime) -> bool:
    return row.state == "scheduled" and row.publish_at is not None and row.publish_at <= now


def _institution(row: AnswerDraft) -> Actor:
    """Return who answers: the institution, by the hand of who wrote it."""
    return Actor(account_id=row.written_by, roles=frozenset({"agent"}))


def give_back(case_id: int, why: Refusal, *, lang: str, now: datetime) -> None:
    """Put a draft that could not be published back on the desk, with the reason in words."""
    with force_locale(lang):
        said = [gettext(why.sentence, **why.values)]
        said += [gettext(one) for errors in why.errors.values() for one in errors if one != BARE]
    put_back(case_id, " ".join(said), now=now)


def put_back(case_id: int, word: str, *, now: datetime) -> None:
    """Let a draft that was to go out by itself wait for an agent, who is told why."""
    case = cases.case_by_id(case_id)
    row = draft_of(case) if case is not None else None
    if case is None or row is None or row.state != "scheduled":
        return
    row.state, row.publish_at, row.word, row.changed_at = "returned", None, word[:1000], now
    _internal(case, "draft_returned", SYSTEM, now)


def forget(case_id: int) -> None:
    """Destroy the draft of an erased case."""
    db.session.execute(
        delete(AnswerDraft)
        .where(AnswerDraft.case_id == case_id)
        .execution_options(synchronize_session="fetch")
    )


def forget_acts(account_id: int) -> None:
    """Take an account's name from the drafts that it wrote or read."""
    for column in ("written_by", "reviewed_by"):
        db.session.execute(
            update(AnswerDraft)
            .where(getattr(AnswerDraft, column) == account_id)
            .values({column: None})
            .execution_options(synchronize_session="fetch")
        )
