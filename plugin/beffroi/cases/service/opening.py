# SPDX-License-Identifier: AGPL-3.0-or-later
"""A new case, from a form, the desk or an importer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from beffroi.cases.models import (
    Case,
)
from beffroi.cases.service import reading
from beffroi.cases.service.backing import follow
from beffroi.cases.service.references import new_reference
from beffroi.cases.service.steps import add_text, step
from beffroi.kernel.actors import Actor
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db


@dataclass(frozen=True, slots=True)
class NewCase:
    """What a form, the desk or an importer brings for a new case."""

    kind: str
    channel: str
    lang: str
    texts: Mapping[str, str]
    received_on: date
    party_id: int | None
    commune: str | None = None
    due_on: date | None = None
    visibility: str = "public"
    sensitive: bool = False
    hidden: tuple[str, ...] = ()
    """What its author wants hidden in whatever is shown of the texts."""


def open_case(new: NewCase, *, actor: Actor, now: datetime, chance: Chance) -> Case:
    """Open a case with its texts (all pending), its first timeline row and its author following."""
    case = Case(
        ref=new_reference(new.visibility, new.received_on.year, chance),
        kind=new.kind,
        status="open",
        open=True,
        visibility=new.visibility,
        channel=new.channel,
        lang=new.lang,
        commune=new.commune,
        party_id=new.party_id,
        received_on=new.received_on,
        received_at=now,
        changed_at=now,
        due_on=new.due_on,
        sensitive=new.sensitive,
        supports=0,
        version=0,
    )
    db.session.add(case)
    db.session.flush()
    aids = reading.aids_for(new.party_id, hidden=new.hidden)
    for role, words in new.texts.items():
        if words.strip():
            add_text(case, role, words, party_id=new.party_id, voice="citizen", now=now, aids=aids)
    if new.party_id is not None:
        follow(case.id, new.party_id, now=now, chance=chance)
    step(case, "received", actor=actor, now=now, codes={"channel": new.channel})
    return case
