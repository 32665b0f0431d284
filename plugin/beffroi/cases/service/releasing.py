# SPDX-License-Identifier: AGPL-3.0-or-later
"""What everyone sees of a case: a text released or held, a case held or taken off."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from beffroi.cases import rules
from beffroi.cases.events import (
    CaseErased,
    CaseWithdrawn,
    TextReleased,
)
from beffroi.cases.models import (
    Attachment,
    Case,
    CaseText,
)
from beffroi.cases.queries import similar
from beffroi.cases.service import erasing
from beffroi.cases.service.steps import case_by_id, gate, public_changed, step
from beffroi.kernel import search
from beffroi.kernel.actors import Actor
from beffroi.kernel.bus import publish
from beffroi.kernel.db import db
from beffroi.kernel.errors import Conflict, Forbidden, Invalid
from beffroi_web.words import N_


def release_text(
    case: Case, row: CaseText, public_words: str, *, actor: Actor, now: datetime
) -> None:
    """Make a text public in the words given, after the gate; the case's public version rises."""
    if row.role in rules.NEVER_PUBLIC:
        raise Forbidden(N_("This text stays with the institution."))
    words = rules.checked_text(row.role, public_words)
    if not words:
        raise Invalid(N_("There is nothing to release: the public text is empty."))
    gate(words)
    row.public, row.state = words, "released"
    row.version += 1
    row.released_at, row.released_by = now, actor.account_id
    step(case, "released", actor=actor, now=now, codes={"role": row.role}, text_id=row.id)
    if row.version == 1:
        publish(TextReleased(case_id=case.id, text_id=row.id, role=row.role, at=now))
    public_changed(case, now=now)


def hold_text(case: Case, row: CaseText, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take a text out of every public page, with a reason; it can be released again.

    Where it has left the town, every version that held it is withdrawn; what is still released of
    the case enters the log anew.
    """
    if not reason.strip():
        raise Invalid(
            N_("Say why: holding a text needs a reason."), errors={"reason": [N_("Missing.")]}
        )
    has_left = row.state == "released" and row.role in rules.IN_RECORDS
    row.state = "held"
    step(
        case,
        "held",
        actor=actor,
        now=now,
        codes={"role": row.role, "reason": reason.strip()[:500]},
        public=False,
    )
    if has_left:
        publish(CaseWithdrawn(case_id=case.id, reason="error", at=now))
    public_changed(case, now=now)


def hold_case(case_id: int, *, reason: str, code: str, actor: Actor, now: datetime) -> None:
    """Take every text and photo of a case off the public pages, and withdraw what left the town.

    `code` is the protocol's. For what is found out afterwards; a case that was removed stays so.
    """
    case = case_by_id(case_id)
    if case is None or case.visibility == "removed":
        return
    shown = select(CaseText).where(CaseText.case_id == case_id, CaseText.state.in_(rules.SHOWN))
    for row in db.session.scalars(shown.order_by(CaseText.id)).all():
        row.state = "held"
        codes = {"role": row.role, "reason": reason}
        step(case, "held", actor=actor, now=now, codes=codes, public=False)
    photos = select(Attachment).where(Attachment.case_id == case_id, Attachment.state == "released")
    for photo in db.session.scalars(photos.order_by(Attachment.id)).all():
        photo.state = "held"
        step(case, "photo_held", actor=actor, now=now, codes={"reason": reason}, public=False)
    publish(CaseWithdrawn(case_id=case_id, reason=code, at=now))
    public_changed(case, now=now)


def remove_case(case: Case, *, reason: str, code: str, actor: Actor, now: datetime) -> None:
    """Take a whole case off every public page, with a reason; what left is withdrawn.

    The page stays, as a sentence with the reason: nothing is deleted in silence. `code` is the
    protocol's: erasure, reident, error, legal or expired. The public form of every text is
    destroyed; with a code of `rules.ERASING` the originals are too, also of a case that was removed
    before for another reason.
    """
    if not reason.strip():
        raise Invalid(
            N_("Say why: removing a case needs a reason."), errors={"reason": [N_("Missing.")]}
        )
    erases = code in rules.ERASING
    if case.visibility == "removed" and (not erases or erasing.is_erased(case)):
        raise Conflict(N_("This case is removed already."))
    gate(reason)
    take_off(
        case, {"code": code, "reason": reason.strip()[:500]}, erases=erases, actor=actor, now=now
    )


def take_off(
    case: Case, codes: Mapping[str, str], *, erases: bool, actor: Actor, now: datetime
) -> None:
    """Hide or erase a whole case, say so on its timeline, and have withdrawn what left of it.

    `codes` go to the timeline as they are: the protocol's `code`, and the reason or who did it.
    """
    case.visibility = "removed"
    case.version += 1
    search.remove(case.id, case.received_at)
    similar.remove([case.id])
    erasing.hide(case)
    if erases:
        erasing.erase(case, now=now)
        publish(CaseErased(case_id=case.id, ref=case.ref, at=now))
    step(case, "removed", actor=actor, now=now, codes=codes)
    publish(CaseWithdrawn(case_id=case.id, reason=codes["code"], at=now))
