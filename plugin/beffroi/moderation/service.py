# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hold, release, remove. Always with a reason (a release has the gate instead). None commits."""

from datetime import datetime

from beffroi.cases import service as cases
from beffroi.incidents import service as incidents
from beffroi.kernel.actors import Actor


def release(ref: str, text_id: int, public_words: str, *, actor: Actor, now: datetime) -> None:
    """Make one text of a case public in the words given; raise Invalid when the gate finds more."""
    case = cases.the_case(ref)
    cases.release_text(case, cases.the_text(case, text_id), public_words, actor=actor, now=now)


def hold(ref: str, text_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take one text out of every public page."""
    case = cases.the_case(ref)
    cases.hold_text(case, cases.the_text(case, text_id), reason=reason, actor=actor, now=now)


def release_photo(ref: str, photo_id: int, alt: str, *, actor: Actor, now: datetime) -> None:
    """Let everyone see one photo of a case; `alt` says what it shows."""
    incidents.release_photo(cases.the_case(ref), photo_id, alt, actor=actor, now=now)


def hold_photo(ref: str, photo_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Refuse one photo of a case, or take it off the public pages."""
    incidents.hold_photo(cases.the_case(ref), photo_id, reason=reason, actor=actor, now=now)


def remove(ref: str, *, reason: str, code: str, actor: Actor, now: datetime) -> None:
    """Take a whole case off every public page; what left is withdrawn."""
    cases.remove_case(cases.the_case(ref), reason=reason, code=code, actor=actor, now=now)
