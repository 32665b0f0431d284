# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's own two lists: whom it names in the open, and what it always hides.

On the first stand those whose name is public by office: the mayor, deputies, the person in charge
of access to documents. A machine never guesses that somebody is one of them.
"""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from beffroi_privacy.known import places_of
from beffroi_privacy.normalise import fold, normalise
from beffroi_privacy.spans import PERSON, Span
from beffroi_privacy.words import Word

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Lists:
    """Names never hidden as a person's, and words always hidden, as the town wrote them."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


NO_LISTS = Lists()


@lru_cache(maxsize=64)
def _allowed(allow: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(_WORD.findall(fold(one))) for one in allow if one.strip())


def find_allowed(words: Sequence[Word], lists: Lists) -> frozenset[int]:
    """Return the places of the words that stand for somebody on the allow-list.

    A whole name counts wherever it stands. Its last word counts by itself only in a text that has
    the whole name, so that another person of that surname is not shown.
    """
    places: set[int] = set()
    for name in _allowed(lists.allow):
        whole = list(_occurrences(words, name))
        for at in whole:
            places.update(range(at, at + len(name)))
        if whole and len(name) > 1:
            places.update(at for at, word in enumerate(words) if word.folded == name[-1])
    return frozenset(places)


def _occurrences(words: Sequence[Word], name: tuple[str, ...]) -> Iterator[int]:
    for at in range(len(words) - len(name) + 1):
        if all(words[at + i].folded == part for i, part in enumerate(name)):
            yield at


def find_denied(text: str, lists: Lists) -> Iterator[Span]:
    """Yield every place of a normalised text that holds something of the deny-list."""
    for one in lists.deny:
        value = normalise(one).text.strip()
        if value:
            for found in places_of(text, (value,)):
                yield Span(found.start(), found.end(), PERSON)


def without_allowed(
    spans: Sequence[Span], words: Sequence[Word], allowed: Container[int]
) -> list[Span]:
    """Return the spans less those persons whose every word is on the allow-list.

    Of a span that holds allowed and other words, the other words stay hidden.
    """
    kept: list[Span] = []
    for span in spans:
        if span.label != PERSON:
            kept.append(span)
            continue
        inside = [at for at, w in enumerate(words) if span.start < w.end and w.start < span.end]
        if not any(at in allowed for at in inside):
            kept.append(span)
            continue
        kept.extend(
            Span(words[at].start, words[at].end, PERSON, span.weak, span.doubt)
            for at in inside
            if at not in allowed
        )
    return kept
