# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of answers that are not given yet, and of what they begin with. For agents only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from beffroi.cases.models import Case
from beffroi.cases.rules import DATA_REQUEST
from beffroi.data_requests.models import AnswerDraft, AnswerTemplate
from beffroi.data_requests.rules.drafts import SHIPPED, Template
from beffroi.kernel.db import db


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as the desk shows it."""

    case_id: int
    form: Mapping[str, Any]
    state: str
    publish_at: datetime | None
    written_by: int | None
    reviewed_by: int | None
    word: str | None
    changed_at: datetime


_DRAFT = [getattr(AnswerDraft, name) for name in Draft.__dataclass_fields__]


def draft_of(case_id: int) -> Draft | None:
    """Return the draft of a case, or None."""
    row = db.session.execute(select(*_DRAFT).where(AnswerDraft.case_id == case_id)).first()
    return Draft(*row) if row else None


def standing(case_ids: Sequence[int]) -> dict[int, tuple[str, datetime | None]]:
    """Return state and moment of the drafts of some cases, by case."""
    rows = db.session.execute(
        select(AnswerDraft.case_id, AnswerDraft.state, AnswerDraft.publish_at).where(
            AnswerDraft.case_id.in_(case_ids)
        )
    )
    return {row.case_id: (row.state, row.publish_at) for row in rows}


def with_draft() -> Select[int]:
    """Return a select of the cases that have a draft."""
    return select(AnswerDraft.case_id)


def waiting() -> int:
    """Return how many drafts there are of cases that are not removed."""
    of_cases = select(func.count()).select_from(AnswerDraft)
    live = of_cases.join(Case, Case.id == AnswerDraft.case_id).where(Case.visibility != "removed")
    return int(db.session.scalar(live) or 0)


def due(now: datetime, most: int) -> Sequence[int]:
    """Return the cases whose answer was to be published by now, the earliest first."""
    return db.session.scalars(
        select(AnswerDraft.case_id)
        .where(AnswerDraft.state == "scheduled", AnswerDraft.publish_at <= now)
        .order_by(AnswerDraft.publish_at, AnswerDraft.id)
        .limit(most)
    ).all()


def templates(
    lang: str, kind: str = DATA_REQUEST, shipped: Sequence[Template] = SHIPPED
) -> list[Template]:
    """Return the templates of a language for a kind of case: the town's own words, and the shipped
    ones beside.
    """
    own = own_templates(lang, kind)
    replaced = {one.code for one in own if one.code}
    beside = [t for t in shipped if t.lang == lang and t.code not in replaced]
    return sorted([*own, *beside], key=lambda one: one.name)


def own_templates(lang: str, kind: str = DATA_REQUEST) -> list[Template]:
    """Return the templates of a language and kind that the town wrote or changed."""
    names = [getattr(AnswerTemplate, name) for name in Template.__dataclass_fields__]
    rows = db.session.execute(
        select(*names).where(AnswerTemplate.lang == lang, AnswerTemplate.kind == kind)
    )
    return [Template(*row) for row in rows]


def template(
    key: str, lang: str, kind: str = DATA_REQUEST, shipped: Sequence[Template] = SHIPPED
) -> Template | None:
    """Return a template by its key: the number of one of the town's, or the code of a shipped."""
    found = templates(lang, kind, shipped)
    return next((one for one in found if key in (str(one.id), one.code)), None)
