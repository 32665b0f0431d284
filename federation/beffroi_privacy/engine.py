# SPDX-License-Identifier: AGPL-3.0-or-later
"""From a text as its author wrote it to a text for the public, and whether a person has to look.

One stage after another adds spans to one list, all in characters of a normalised copy; nothing is
replaced before the end. Then what is known to be nobody's takes its places back from guesses, the
rest is masked, and what identifies a person by itself is looked for once more on the masked text.

Why not one model? A model finds more names and cannot say why; here each span has a rule that a
reader can check, it runs without anything to download, and a thousand texts take a second. A model
may vote beside the rules (`voter`).
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from beffroi_privacy.accounts import find_accounts
from beffroi_privacy.births import births_of
from beffroi_privacy.columns import find_in_columns
from beffroi_privacy.dwellings import find_dwellings
from beffroi_privacy.homes import find_homes, homes_of
from beffroi_privacy.joined import find_joined
from beffroi_privacy.known import find_known
from beffroi_privacy.lists import NO_LISTS, Lists, find_allowed, find_denied, without_allowed
from beffroi_privacy.masking import Masked, is_placeholder, mask_pieces
from beffroi_privacy.normalise import Normalised, normalise
from beffroi_privacy.own_numbers import find_numbers
from beffroi_privacy.patterns import figures, lowered, put_together
from beffroi_privacy.person_mails import names_of_boxes
from beffroi_privacy.persons import find_persons
from beffroi_privacy.places import find_named
from beffroi_privacy.protect import find_protected, unprotected
from beffroi_privacy.review import CODE, LONG_NUMBER, reasons_of
from beffroi_privacy.shapes import find_announced, find_identifying, find_shapes
from beffroi_privacy.spans import ASK, Span, merge
from beffroi_privacy.spelt_emails import find_spelt_emails
from beffroi_privacy.spread import beside, spread, with_initials
from beffroi_privacy.threads import People
from beffroi_privacy.titles import without_titles
from beffroi_privacy.usernames import find_usernames
from beffroi_privacy.votes import with_votes
from beffroi_privacy.words import Word, is_shouted, read_words, within

BUDGET = 5.0
"""Seconds after which a text is given up and waits for a person."""

ROUNDS = 3
"""How often the masked text is looked at again before a person has to."""

_MAY_IDENTIFY = re.compile(r"@|arr?ob|\bat\b|://|www\.|\bcent\b|quator|vingt|trente")
"""Without any of these, what masking left cannot identify anybody by itself."""

Voter = Callable[[str], Sequence[Span]]
"""What reads a normalised text and says where it sees persons."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A text as it could be shown, where it was masked, and whether a person has to look.

    `spans` are in characters of the text that was given. `reasons` are keys of
    `beffroi_privacy.reasons.REASONS`, empty unless `review`. When a detector failed, `text` is
    empty: what is not understood is not shown. `people` goes to the next text of the thread.
    """

    text: str
    spans: tuple[Span, ...]
    review: bool
    reasons: tuple[str, ...]
    people: People | None = None

    @property
    def status(self) -> str:
        """Return "review", "masked" or "clean"; only the last two may pass without a person."""
        if self.review:
            return "review"
        return "masked" if self.spans else "clean"


class TooSlow(Exception):
    """The time for a text is over before its last stage."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How texts are looked at: what is known of the author, the town's lists, time, a model."""

    known: tuple[str, ...] = ()
    lists: Lists = NO_LISTS
    budget: float = BUDGET
    clock: Callable[[], float] = time.monotonic
    voter: Voter | None = None


class Reading(NamedTuple):
    """What the stages made of a normalised text; all spans in its characters."""

    copy: Normalised
    words: Sequence[Word]
    spans: Sequence[Span]
    protected: Sequence[Span]
    free: frozenset[int]
    """Places of words that are nobody's: names of streets, or on the town's allow-list."""

    author_doubtful: bool
    disputed: bool
    asked: Sequence[Span] = ()
    """Places that may be somebody's, for which a person has to look."""


def propose(
    text: str,
    known: Sequence[str] = (),
    *,
    lists: Lists = NO_LISTS,
    people: People | None = None,
    budget: float = BUDGET,
    clock: Callable[[], float] = time.monotonic,
    voter: Voter | None = None,
) -> Proposal:
    """Propose a text for the public from the text as its author wrote it.

    `known` holds what is known of the author: names, e-mail addresses, telephone numbers; each is
    hidden wherever it stands. With `people`, persons are numbered as in the texts before. Never
    raises: a failure, or more than `budget` seconds, asks for a person and shows nothing.
    """
    put_together()
    try:
        return _propose(text, Settings(tuple(known), lists, budget, clock, voter), people)
    except TooSlow:
        return Proposal("", (), True, ("too slow",), people)
    except Exception:  # whatever a detector died of, the text is not clean
        return Proposal("", (), True, ("detector error",), people)


def _propose(text: str, settings: Settings, people: People | None) -> Proposal:
    until = settings.clock() + settings.budget
    reading = read(text, settings, until)
    spans = _original(reading.copy, reading.spans)
    spans = [one for one in spans if not is_placeholder(text[one.start : one.end])]
    masked = mask_pieces(text, spans, people)
    left = False
    for _ in range(ROUNDS if spans else 0):
        again = _again(masked, text)
        left = bool(again)
        if not again:
            break
        spans = merge([*spans, *again])
        masked = mask_pieces(text, spans, people)
    reasons = reasons_of(text, reading, spans, left=left)
    return Proposal(masked.text, tuple(spans), bool(reasons), reasons, masked.people)


def _again(masked: Masked, text: str) -> list[Span]:
    """Return what still identifies somebody in a masked text, in characters of the original."""
    kept = masked.kept(text)
    if not (figures(kept)[0] or _MAY_IDENTIFY.search(kept.lower())):
        return []
    copy = normalise(masked.text)
    found = _original(copy, find_identifying(copy.text))
    back = (Span(*masked.original(s.start, s.end), s.label, s.weak, s.doubt) for s in found)
    return [s for s in back if s.end > s.start]


def _original(copy: Normalised, spans: Iterable[Span]) -> list[Span]:
    if copy.offsets is None:
        return merge(spans)
    return merge(Span(*copy.original(s.start, s.end), s.label, s.weak, s.doubt) for s in spans)


def read(text: str, settings: Settings, until: float) -> Reading:
    """Run all stages on a text; raise TooSlow when the clock passes `until` between two."""
    copy = normalise(text)
    spans: list[Span] = []
    for stage in (find_shapes, _cued):
        spans.extend(stage(copy.text))
        _check(settings, until)
    words = read_words(copy.text)
    named = merge(find_named(words))
    allowed = find_allowed(words, settings.lists) if settings.lists.allow else frozenset()
    blocked = within(words, named)
    _check(settings, until)
    persons = find_persons(words, blocked)
    spans.extend(find_joined(words, blocked | allowed))
    own, doubtful = find_known(copy.text, settings.known)
    own = _judged(own, words, allowed)
    votes = list(settings.voter(copy.text)) if settings.voter else []
    _check(settings, until)
    persons += beside(words, persons, blocked)
    persons = with_initials(copy.text, persons)
    persons, titles = without_titles(copy.text, _judged(persons, words, allowed))
    spans.extend(_around(copy.text, persons))
    protected = _protecting(copy.text, spans, votes)
    spans, asked = _parted(unprotected(spans, protected))
    persons, disputed = with_votes(copy.text, words, persons, votes, [*spans, *named, *protected])
    spans += [
        *names_of_boxes(copy.text, spans),
        *persons,
        *births_of(copy.text, persons),
        *homes_of(copy.text, persons),
        *own,
    ]
    spans.extend(spread(words, copy.text, spans, within(words, merge(spans)), blocked | allowed))
    spans.extend(find_denied(copy.text, settings.lists))
    _check(settings, until)
    return Reading(
        copy, words, merge(spans), protected, blocked | allowed, doubtful, disputed, asked + titles
    )


def _parted(spans: Sequence[Span]) -> tuple[list[Span], list[Span]]:
    """Return what is to be masked, and the places for which a person has to look."""
    return [s for s in spans if s.label != ASK], [s for s in spans if s.label == ASK]


def _around(text: str, persons: Sequence[Span]) -> Iterator[Span]:
    """Yield what is only told by the words around it: guesses, which the gate does not make."""
    yield from find_numbers(text, persons)
    for one in _calm(text):
        yield from find_accounts(one)
    yield from find_in_columns(text)
    yield from find_dwellings(text, persons)
    yield from find_spelt_emails(text)


def _protecting(text: str, spans: Sequence[Span], votes: Sequence[Span]) -> list[Span]:
    """Return what is nobody's, if there is something that it could speak for."""
    digits = figures(text)[0]
    if digits and (
        any(span.weak and span.label != ASK and _has_figure(text, span) for span in votes)
        or any(span.weak and _has_figure(text, span) for span in spans)
        or (digits > 5 and LONG_NUMBER.search(text))
        or (digits > 2 and CODE.search(text))
    ):
        return list(find_protected(text))
    return []


def _calm(text: str) -> tuple[str, ...]:
    """Return a text, and one that shouts in small letters too: a name looks like a name there."""
    return (text, lowered(text)) if is_shouted(text) else (text,)


def _has_figure(text: str, span: Span) -> bool:
    return any(map(str.isdigit, text[span.start : span.end]))


def _cued(text: str) -> Iterator[Span]:
    yield from find_announced(text)
    for one in _calm(text):
        yield from find_usernames(one)
    yield from find_homes(text)


def _check(settings: Settings, until: float) -> None:
    if settings.clock() > until:
        raise TooSlow


def _judged(persons: list[Span], words: Sequence[Word], allowed: frozenset[int]) -> list[Span]:
    return without_allowed(persons, words, allowed) if allowed else persons
