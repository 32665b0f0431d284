# SPDX-License-Identifier: AGPL-3.0-or-later
"""An agent's decision on a text: what stays hidden, and a row for each place without its words."""

from dataclasses import dataclass
from datetime import datetime

from beffroi.cases import service
from beffroi.cases.models import Case, CaseText, MaskDecision
from beffroi.cases.service.reading import IN_HAND
from beffroi.kernel.actors import Actor
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, NotFound
from beffroi.texts.rules import Mark, digest, over
from beffroi_web.words import N_


@dataclass(frozen=True, slots=True)
class Masks:
    """What was decided about the places of a text: proposed and kept, taken away, added."""

    kept: tuple[Mark, ...] = ()
    removed: tuple[Mark, ...] = ()
    added: tuple[Mark, ...] = ()

    @property
    def hidden(self) -> tuple[Mark, ...]:
        """The places that stay hidden."""
        return (*self.kept, *self.added)


def _undecided(ref: str, text_id: int) -> tuple[Case, CaseText]:
    """Return a case, locked, and its text that nobody has decided about; Conflict if one has."""
    case = service.the_case(ref)
    row = db.session.get(CaseText, text_id)
    if row is None or row.case_id != case.id:
        raise NotFound(N_("This case has no such text."))
    db.session.refresh(row)
    if row.state not in IN_HAND:
        raise Conflict(N_("Somebody has decided about this text already."))
    return case, row


def release_masked(
    ref: str, text_id: int, masks: Masks, *, key: bytes, actor: Actor, now: datetime
) -> None:
    """Release a text with exactly these places hidden, after the gate; keep what was decided."""
    case, row = _undecided(ref, text_id)
    service.release_text(case, row, over(row.original, masks.hidden), actor=actor, now=now)
    _remember(case, row, masks, key=key, actor=actor, now=now)


def hold_undecided(
    ref: str, text_id: int, masks: Masks, *, reason: str, key: bytes, actor: Actor, now: datetime
) -> None:
    """Hold a text that nobody has decided about, with a reason."""
    case, row = _undecided(ref, text_id)
    service.hold_text(case, row, reason=reason, actor=actor, now=now)
    _remember(case, row, masks, key=key, actor=actor, now=now)


def _remember(
    case: Case, row: CaseText, masks: Masks, *, key: bytes, actor: Actor, now: datetime
) -> None:
    """Write a row for each place: the keyed hash of its words, its label, what was decided."""
    for decision, marks in (
        ("kept", masks.kept),
        ("removed", masks.removed),
        ("added", masks.added),
    ):
        for mark in marks:
            db.session.add(
                MaskDecision(
                    case_id=case.id,
                    text_id=row.id,
                    digest=digest(key, row.original[mark.start : mark.end]),
                    label=mark.label,
                    decision=decision,
                    at=now,
                    account_id=actor.account_id,
                )
            )
    db.session.flush()
