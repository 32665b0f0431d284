# SPDX-License-Identifier: AGPL-3.0-or-later
"""A name that was hidden once is hidden everywhere in its text, and in what follows from it."""

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from beffroi_privacy.gazetteer import NO_NAME, SURE, first_name, is_commune, is_ordinary
from beffroi_privacy.names import (
    CALENDAR,
    FUNCTION,
    OFFICES,
    PARTICLES,
)
from beffroi_privacy.normalise import fold
from beffroi_privacy.person_context import find_listed
from beffroi_privacy.spans import EMAIL, PERSON, USERNAME, Span, merge
from beffroi_privacy.words import INITIAL, LOWER, Word, within

_SHORTEST: Final = 3
_AT = re.compile(r"@|\bat\b|\barob")
_INITIAL = re.compile(r" [b-xz]\.(?!\w)")
"""Neither "a" nor "y", which are words."""
_LETTERS = re.compile(r"[^\W\d_]+")


def beside(
    words: Sequence[Word], persons: Sequence[Span], blocked: Container[int]
) -> Iterator[Span]:
    """Yield the surnames and unknown first names that a list joins to a person."""
    if not persons:
        return
    for start, end in find_listed(words, within(words, merge(persons)), blocked):
        yield Span(words[start].start, words[end - 1].end, PERSON, weak=True)


def with_initials(text: str, persons: Sequence[Span]) -> list[Span]:
    """Return persons, each with an initial in small letters behind it: "camille x."."""
    longer: list[Span] = []
    for one in persons:
        found = _INITIAL.match(text, one.end) if text[one.end - 1].islower() else None
        end = found.end() if found else one.end
        longer.append(one if end == one.end else replace(one, end=end))
    return longer


def spread(
    words: Sequence[Word],
    text: str,
    found: Iterable[Span],
    covered: Container[int],
    blocked: Container[int],
) -> Iterator[Span]:
    """Yield every further word of a text that is a part of a name found in it.

    `found` are all spans so far: the words of persons, and the names in e-mail addresses and
    pseudonyms. A word in small letters counts only if it is no ordinary word of the language.
    """
    names = name_parts(text, found)
    if not names:
        return
    for at, word in enumerate(words):
        if at in covered or at in blocked or word.shape == INITIAL:
            continue
        if word.folded in names or ("-" in word.folded and _is_pair(word.folded, names)):
            if _is_meant(word):
                yield Span(word.start, word.end, PERSON, weak=True)


def _is_pair(folded: str, names: Container[str]) -> bool:
    return any(part in names for part in folded.split("-"))


def _is_meant(word: Word) -> bool:
    """Say whether a word that equals a part of a name is that name here."""
    if word.shape == LOWER:
        return not is_ordinary(word.folded) and first_name(word.folded) in (NO_NAME, 2, SURE)
    return not (word.opens and is_ordinary(word.folded))


def name_parts(text: str, found: Iterable[Span]) -> frozenset[str]:
    """Return the folded words by which the persons of a text are named."""
    parts: set[str] = set()
    for span in found:
        written = text[span.start : span.end]
        if span.label == PERSON:
            parts.update(_parts(written))
        elif span.label == EMAIL:
            parts.update(_from_box(written))
        elif span.label == USERNAME:
            parts.update(p for p in _parts(written) if first_name(p) == SURE and len(p) > 3)
    return frozenset(parts)


def _parts(written: str) -> Iterator[str]:
    for folded in _LETTERS.findall(fold(written)):
        if len(folded) >= _SHORTEST and not (
            folded in PARTICLES or folded in FUNCTION or folded in CALENDAR or folded in OFFICES
        ):
            yield folded


def _from_box(written: str) -> Iterator[str]:
    """Yield the words of a mailbox that is made like a name: camille.exemple@…"""
    local = _AT.split(fold(written))[0]
    words = [w for w in _LETTERS.findall(local) if len(w) >= _SHORTEST]
    if len(words) == 2 or any(first_name(w) >= 2 for w in words):
        for word in words:
            if not is_commune(word) and not (is_ordinary(word) and first_name(word) <= 0):
                yield word
