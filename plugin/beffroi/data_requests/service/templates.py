# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words that a town's answers begin with: write, change, take away. None commits."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from beffroi.cases.rules import DATA_REQUEST
from beffroi.data_requests.models import AnswerTemplate
from beffroi.data_requests.rules import OUTCOMES
from beffroi.data_requests.rules.drafts import SHIPPED, Template
from beffroi.kernel.db import db
from beffroi.kernel.errors import Invalid, NotFound
from beffroi_web.words import N_

LONGEST_NAME, LONGEST = 120, 8000


@dataclass(frozen=True, slots=True)
class Written:
    """A template as the desk sends it; `key` is the number or shipped code of what it changes."""

    key: str
    lang: str
    name: str
    outcome: str
    words: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of case whose answers begin with templates: its outcomes, what ships for it."""

    code: str = DATA_REQUEST
    outcomes: Collection[str] = tuple(OUTCOMES)
    shipped: Sequence[Template] = SHIPPED


REQUESTS = Kind()


def keep(given: Written, kind: Kind = REQUESTS) -> None:
    """Keep a template: a new one, a changed one, or the town's own words for a shipped one."""
    errors: dict[str, list[str]] = {}
    name, words = " ".join(given.name.split()), given.words.replace("\r\n", "\n").strip()
    if not 2 <= len(name) <= LONGEST_NAME:
        errors["name"] = [N_("Give it a name of at most 120 characters.")]
    if not 0 < len(words) <= LONGEST:
        errors["words"] = [N_("This is needed.")]
    if given.outcome not in kind.outcomes:
        errors["outcome"] = [N_("Choose an outcome.")]
    if errors:
        raise Invalid(N_("The template is not complete."), errors=errors)
    row = _row(given.key, given.lang, kind)
    row = row or AnswerTemplate(lang=given.lang, kind=kind.code)
    row.name, row.outcome, row.words = name, given.outcome, words
    db.session.add(row)
    db.session.flush()


def _row(key: str, lang: str, kind: Kind) -> AnswerTemplate | None:
    if key.isdecimal():
        row = db.session.get(AnswerTemplate, int(key))
        if row is None or (row.lang, row.kind) != (lang, kind.code):
            raise NotFound(N_("There is no such template."))
        return row
    if not key:
        return None
    if not any((one.code, one.lang) == (key, lang) for one in kind.shipped):
        raise NotFound(N_("There is no such template."))
    mine = AnswerTemplate.code == key, AnswerTemplate.lang == lang
    wanted = select(AnswerTemplate).where(*mine, AnswerTemplate.kind == kind.code)
    return db.session.scalar(wanted) or AnswerTemplate(code=key, lang=lang, kind=kind.code)


def drop(template_id: int) -> None:
    """Take away a template of the town's; a shipped one is there again as it was."""
    row = db.session.get(AnswerTemplate, template_id)
    if row is None:
        raise NotFound(N_("There is no such template."))
    db.session.delete(row)
