# SPDX-License-Identifier: AGPL-3.0-or-later
"""A new request taken up in one go: released, classified, given to somebody. Never commits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from beffroi.cases import service as cases
from beffroi.cases.models import Case
from beffroi.cases.service.reading import IN_HAND
from beffroi.data_requests.service import classify
from beffroi.kernel.actors import Actor
from beffroi.legal.law import Law


@dataclass(frozen=True, slots=True)
class Triage:
    """What an agent decided: the public words of texts by id, codes, and who takes it on."""

    texts: Mapping[int, str] = field(default_factory=dict)
    theme: str = ""
    wanted_object: str = ""
    department_id: int | None = None
    account_id: int | None = None


def triage(
    case: Case, given: Triage, *, actor: Actor, now: datetime, today: date, law: Law
) -> None:
    """Release the texts that nobody has decided about, classify, assign, and take the case up."""
    for text_id, words in given.texts.items():
        row = cases.the_text(case, text_id)
        if row.state in IN_HAND:
            cases.release_text(case, row, words, actor=actor, now=now)
    if given.theme or given.wanted_object:
        classify(
            case,
            theme=given.theme or None,
            wanted_object=given.wanted_object or None,
            actor=actor,
            now=now,
            today=today,
            law=law,
        )
    if given.department_id is not None or given.account_id is not None:
        cases.assign(
            case,
            department_id=given.department_id,
            account_id=given.account_id,
            actor=actor,
            now=now,
        )
    if case.status == "open":
        cases.move(case, "under_review", by="desk", actor=actor, now=now, today=today)
