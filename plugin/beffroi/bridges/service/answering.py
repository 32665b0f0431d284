# SPDX-License-Identifier: AGPL-3.0-or-later
"""An official answer given on the other site is written down before it is sent, and after."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from beffroi.bridges.models import AnswerThere, BridgedItem
from beffroi.cases import service as cases
from beffroi.kernel.actors import Actor
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Invalid, NotFound
from beffroi_web.words import N_


def begin(item_id: int, *, state: str, words: str, key: str, actor: Actor, now: datetime) -> None:
    """Write down that an agent sends an answer: once for a key, whoever clicks twice."""
    row = db.session.get(BridgedItem, item_id)
    case = cases.case_by_id(row.case_id) if row is not None and row.case_id else None
    if row is None or case is None:
        raise NotFound(N_("There is no such proposal."))
    if not words.strip():
        raise Invalid(N_("An answer needs words."), errors={"words": [N_("Missing.")]})
    cases.gate(words, "words")
    try:
        with db.session.begin_nested():
            db.session.add(
                AnswerThere(item_id=item_id, key=key, state=state, words=words, sent_at=now)
            )
    except IntegrityError:
        raise Conflict(N_("This answer was sent already.")) from None
    cases.step(case, "answer_sent", actor=actor, now=now, codes={"said": state}, public=False)


def finish(key: str, *, confirmed: bool, fault: str, now: datetime) -> None:
    """Write down whether an answer was seen to stand there."""
    row = db.session.scalar(select(AnswerThere).where(AnswerThere.key == key))
    if row is not None:
        row.confirmed_at = now if confirmed else None
        row.fault = fault[:300] or None
