# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of questions and answers: what is asked of a category, what was answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from beffroi.incidents.models import Incident, IncidentAnswer, IncidentQuestion
from beffroi.incidents.rules.questions import Question, read, said
from beffroi.kernel.db import db


@dataclass(frozen=True, slots=True)
class DeskQuestion:
    """A question that was written at the desk, with its number."""

    id: int
    question: Question
    retired: bool


def at_the_desk() -> list[DeskQuestion]:
    """Return the questions that were written at the desk, in their order."""
    rows = db.session.scalars(
        select(IncidentQuestion).order_by(IncidentQuestion.category, IncidentQuestion.id)
    )
    return [DeskQuestion(row.id, _question(row), row.retired) for row in rows]


def _question(row: IncidentQuestion) -> Question:
    return Question(
        row.category,
        row.code,
        row.kind,
        row.words,
        row.hint,
        row.choices,
        row.required,
        row.public,
        fixed=False,
    )


def questions(fixed: Mapping[str, Any]) -> list[Question]:
    """Return all that is asked now: the questions of the settings, then those of the desk.

    One of the desk that has the code of one of the settings is not asked.
    """
    found, _ = read(fixed)
    taken = {question.field for question in found}
    return found + [
        one.question for one in at_the_desk() if not one.retired and one.question.field not in taken
    ]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer in words: the question's, and what was answered."""

    code: str
    question: str
    answer: str
    public: bool


def _told(rows: Sequence[Any], fixed: Mapping[str, Any], lang: str) -> list[Told]:
    """Return answers in words; a question that is gone lends its code."""
    asked = {one.field: one for one in (*read(fixed)[0], *(d.question for d in at_the_desk()))}
    found = []
    for row in rows:
        question = asked.get(f"ask_{row.category}_{row.code}")
        words, answer = row.code, row.value
        if question is not None:
            words = said(question.words, lang)
            choice = question.choices.get(row.value) if row.kind == "list" else None
            answer = said(choice, lang) if choice else row.value
        found.append(Told(row.code, words, answer, row.public))
    return found


def answers(case_id: int, fixed: Mapping[str, Any], lang: str, *, public: bool) -> list[Told]:
    """Return what was answered to a report's questions; `public`: what everyone may see.

    All of it is for agents and its author only. `fixed` are the questions of the settings.
    """
    statement = (
        select(
            Incident.category,
            IncidentAnswer.code,
            IncidentAnswer.kind,
            IncidentAnswer.value,
            IncidentAnswer.public,
        )
        .join(Incident, Incident.case_id == IncidentAnswer.case_id)
        .where(IncidentAnswer.case_id == case_id)
        .order_by(IncidentAnswer.id)
    )
    if public:
        statement = statement.where(IncidentAnswer.public.is_(True), IncidentAnswer.kind != "text")
    rows = db.session.execute(statement).all()
    return _told(rows, fixed, lang) if rows else []


def answers_of(case_id: int) -> list[dict[str, Any]]:
    """Return what was answered to a report's questions as it is kept, for its author's archive."""
    rows = db.session.execute(
        select(IncidentAnswer.code, IncidentAnswer.value, IncidentAnswer.public)
        .where(IncidentAnswer.case_id == case_id)
        .order_by(IncidentAnswer.id)
    )
    return [dict(row._mapping) for row in rows]
