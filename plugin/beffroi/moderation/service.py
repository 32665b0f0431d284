# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hold, release, remove. Always with a reason (a release has the gate instead). None commits."""

from collections.abc import Sequence
from datetime import datetime

from beffroi.cases import service as cases
from beffroi.cases.queries.review import ReviewText
from beffroi.cases.service import reading, reviewing, showing
from beffroi.cases.service.reviewing import Masks
from beffroi.incidents import service as incidents
from beffroi.kernel.actors import Actor
from beffroi.texts import service as texts
from beffroi.texts.rules import ADDED, Mark, places


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


def masks_of(
    original: str, proposed: Sequence[Mark], ticked: Sequence[Mark], also: Sequence[str]
) -> Masks:
    """Return what an agent decided: of the proposed places those ticked, and more words to hide."""
    kept = tuple(mark for mark in proposed if mark in ticked)
    more = [mark for mark in ticked if mark not in proposed]
    typed = [
        mark
        for mark in places(original, also, ADDED)
        if not any(one.start <= mark.start and mark.end <= one.end for one in kept)
    ]
    return Masks(kept, tuple(m for m in proposed if m not in ticked), (*more, *typed))


def release_masked(
    text: ReviewText, masks: Masks, *, key: bytes, actor: Actor, now: datetime
) -> None:
    """Release a text of the queue with these places hidden; Invalid when the gate finds more."""
    reviewing.release_masked(text.ref, text.id, masks, key=key, actor=actor, now=now)


def hold_undecided(
    text: ReviewText, masks: Masks, *, reason: str, key: bytes, actor: Actor, now: datetime
) -> None:
    """Hold a text of the queue, with a reason."""
    reviewing.hold_undecided(text.ref, text.id, masks, reason=reason, key=key, actor=actor, now=now)


def judge(text_id: int, *, leak: bool, reason: str, actor: Actor, now: datetime) -> None:
    """Keep the verdict on a drawn text; a leak is held at once."""
    showing.judge(text_id, leak=leak, reason=reason, actor=actor, now=now)


def add_words(kind: str, words: str, reason: str, *, actor: Actor, now: datetime) -> None:
    """Put words on one of the town's lists; texts that nobody has decided about are read again."""
    texts.add_words(kind, words, reason, actor=actor, now=now)
    reading.forget_verdicts()


def remove_words(word_id: int) -> None:
    """Take words off their list; texts that nobody has decided about are read again."""
    texts.remove_words(word_id)
    reading.forget_verdicts()
