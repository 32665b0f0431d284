# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people made of something published: offered by anybody, shown once an agent has read it.

None of it commits.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from beffroi.cases import service as cases
from beffroi.cases.models import Case, CaseText, OfficialAnswer
from beffroi.cases.service import reading
from beffroi.data_requests import rules
from beffroi.data_requests.rules import reuses
from beffroi.kernel.actors import Actor
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, NotFound
from beffroi.texts.rules import chosen
from beffroi_web.words import N_


def check_open(case: Case) -> None:
    """Raise unless a case is shown and its newest answer has published something."""
    if case.visibility != "public":
        raise NotFound(N_("There is no case with this reference."))
    newest = select(OfficialAnswer.outcome).where(OfficialAnswer.case_id == case.id)
    outcome = db.session.scalar(newest.order_by(OfficialAnswer.id.desc()).limit(1))
    if outcome not in rules.OPENING:
        raise Conflict(N_("Nothing was published in answer to this request yet."))


def add_reuse(
    case: Case, form: Mapping[str, Any], *, party_id: int, actor: Actor, now: datetime
) -> CaseText:
    """Add a reuse, pending until an agent releases it; `form` is a checked one."""
    check_open(case)
    words = reuses.as_text(form["title"], form["url"], form.get("words", ""))
    aids = reading.aids_for(party_id, hidden=chosen(form))
    row = cases.add_text(
        case, "reuse", words, party_id=party_id, voice=actor.voice, now=now, aids=aids
    )
    cases.step(case, "reuse_added", actor=actor, now=now, text_id=row.id, public=False)
    return row
