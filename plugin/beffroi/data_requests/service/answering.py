# SPDX-License-Identifier: AGPL-3.0-or-later
"""The official answer to a data request. Never commits."""

from datetime import date, datetime

from flask_babel import force_locale, format_date, gettext
from sqlalchemy import delete

from beffroi.cases import service as cases
from beffroi.cases.models import Case
from beffroi.data_requests import rules
from beffroi.data_requests.models import AnswerDraft
from beffroi.data_requests.service import clock as legal_clock
from beffroi.kernel.actors import Actor
from beffroi.kernel.db import db
from beffroi.legal.law import Law


def answer(
    case: Case, form: rules.AnswerForm, *, actor: Actor, now: datetime, today: date, law: Law
) -> None:
    """Answer a data request as the institution; what the outcome owes is demanded.

    A refusal that reaches its author by mail names the remedies in the same message. A draft of the
    case's answer is over with it.
    """
    rules.check_answer(form)
    opens, passes = form.outcome in rules.OPENING, form.outcome == "redirected"
    legal_clock.before_answer(case, law, now=now, today=today)
    cases.answer(
        case,
        cases.Answer(
            status=rules.STATUS_OF_OUTCOME[form.outcome],
            outcome=form.outcome,
            words=_whole(form, case.lang),
            ground=form.ground or None,
            url=form.url or None,
            planned=form.planned or None,
            duplicate_of=form.duplicate_of or None,
            licence=form.licence or None if opens else None,
            swhid=form.swhid or None if opens else None,
            redirected_to=form.redirected_to.strip() if passes else None,
        ),
        actor=actor,
        now=now,
        today=today,
    )
    legal_clock.answered(case, form.outcome, law, now=now, today=today)
    db.session.execute(
        delete(AnswerDraft)
        .where(AnswerDraft.case_id == case.id)
        .execution_options(synchronize_session="fetch")
    )


def _whole(form: rules.AnswerForm, lang: str) -> str:
    """Return the words of an answer; a refusal for security says its details in the same words."""
    if form.outcome not in rules.REFUSING or form.ground != "security":
        return form.words
    with force_locale(lang):
        given = {name: getattr(form, name).strip() for name, _ in rules.SECURITY}
        given["security_on"] = format_date(date.fromisoformat(given["security_on"]), "long")
        said = [gettext(sentence, words=given[name]) for name, sentence in rules.SECURITY]
    return "\n\n".join([form.words.rstrip(), "\n".join(said)])
