# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verbs on questions of categories, and on what was answered to them. None commits."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, func, select

from beffroi.incidents.models import IncidentAnswer, IncidentQuestion
from beffroi.incidents.rules.questions import MOST_QUESTIONS, Answered, Question, faults
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from beffroi_web.words import N_


def keep_answers(case_id: int, answered: Sequence[Answered]) -> None:
    """Keep what was answered to the questions of a report's category."""
    for one in answered:
        question = one.question
        db.session.add(
            IncidentAnswer(
                case_id=case_id,
                code=question.code,
                kind=question.kind,
                value=one.value,
                public=question.public and question.kind != "text",
            )
        )
    db.session.flush()


def forget_answers(case_ids: Collection[int], *, public: bool) -> None:
    """Destroy what was answered in some reports; what everyone saw too only if `public`."""
    here = [IncidentAnswer.case_id.in_(case_ids)]
    if not public:
        here.append(IncidentAnswer.public.is_(False))
    db.session.execute(delete(IncidentAnswer).where(*here))


def add_question(question: Question) -> int:
    """Add a question of the desk, or bring a retired one back in new words; return its number.

    Raises Invalid for one that cannot be asked, Conflict where its code is taken or is of another
    kind: what was answered to it must go on meaning the same.
    """
    wrong = faults(question)
    if wrong:
        raise Invalid(N_("This question cannot be asked yet."), errors={"": wrong})
    here = IncidentQuestion.category == question.category
    row = db.session.scalar(
        select(IncidentQuestion).where(here, IncidentQuestion.code == question.code)
    )
    if row is not None and not row.retired:
        raise Conflict(N_("There is a question with this code in this category."))
    asked = select(func.count()).select_from(IncidentQuestion)
    count = db.session.scalar(asked.where(here, IncidentQuestion.retired.is_(False))) or 0
    if count >= MOST_QUESTIONS:
        raise Conflict(
            N_("A category has at most twelve questions: more than that nobody answers.")
        )
    if row is not None and (row.kind, row.public) != (question.kind, question.public):
        raise Conflict(N_("This code was a question of another kind: choose another code."))
    if row is None:
        row = IncidentQuestion(
            category=question.category,
            code=question.code,
            kind=question.kind,
            public=question.public,
        )
        db.session.add(row)
    row.words, row.hint = dict(question.words), dict(question.hint)
    row.choices = {code: dict(words) for code, words in question.choices.items()}
    row.required, row.retired = question.required, False
    db.session.flush()
    return row.id


def retire_question(question_id: int) -> None:
    """Ask a question of the desk no more; what was answered to it stays."""
    row = db.session.get(IncidentQuestion, question_id)
    if row is None:
        raise NotFound(N_("There is no such question."))
    row.retired = True
