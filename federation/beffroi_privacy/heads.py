# SPDX-License-Identifier: AGPL-3.0-or-later
"""Patterns that begin with a word, tried only where a word of a text may begin one.

Python's engine looks at every character of a text for each pattern. What the first letters of a
pattern may be is read from its alternatives once; then the words of a text are looked at once for
all such patterns, and a word that was seen before costs a look into a dictionary.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from beffroi_privacy.patterns import split_alternatives
from beffroi_privacy.remembered import Remembered

_LETTERS: Final = 8
"""Letters of a word that are compared."""
_WORD: Final = re.compile(r"((?<![^\W_])[^\W\d_]+)")
_QUANTIFIED: Final = ("?", "*", "{")


def leads(alternatives: str) -> frozenset[str]:
    """Return the letters, eight at most, that the alternatives of a pattern may begin with.

    Letters, classes of letters and groups that are not optional are understood; an alternative that
    begins with anything else is an error (ValueError).
    """
    found = _leads(alternatives)
    if "" in found:
        raise ValueError(f"an alternative begins with no letter: {alternatives[:60]}")
    return found


def _leads(alternatives: str) -> frozenset[str]:
    return frozenset[str]().union(*map(_lead, split_alternatives(alternatives)))


def _lead(one: str) -> set[str]:
    begun, at = {""}, 0
    while at < len(one) and min(map(len, begun)) < _LETTERS:
        options, end = _next(one, at)
        if not options or one[end : end + 1] in _QUANTIFIED:
            break
        begun = {(lead + option)[:_LETTERS] for lead in begun for option in options}
        if one[at] == "(" or one[end : end + 1] == "+":
            break
        at = end
    return begun


def _next(one: str, at: int) -> tuple[Iterable[str], int]:
    """Return what may stand at a place of an alternative, and where what follows begins."""
    if one[at] == "[":
        end = one.index("]", at)
        inside = one[at + 1 : end]
        return (inside if inside.isalpha() else ""), end + 1
    if one.startswith("(?:", at):
        depth, end = 1, at + 3
        while depth:
            depth += (one[end] == "(") - (one[end] == ")") if one[end - 1] != "\\" else 0
            end += 1
        return _leads(one[at + 3 : end - 1]), end
    return (one[at] if one[at].isalpha() else ""), at + 1


class Headed:
    """A pattern that begins with a word, on texts in small letters."""

    __slots__ = ("pattern",)

    def __init__(self, pattern: re.Pattern[str], heads: Iterable[str]) -> None:
        """Enter a pattern, which forbids a letter or digit before it, and what it begins with."""
        self.pattern = pattern
        for head in heads:
            _INDEX.setdefault(head, []).append(self)
        _BEGUN.clear()
        _begun.cache_clear()

    def finditer(self, low: str, text: str = "") -> list[re.Match[str]]:
        """Return what `pattern.finditer` would yield in a text in small letters, or in `text`.

        `text` is the same in its own letters, for a pattern that tells capitals apart.
        """
        matches: list[re.Match[str]] = []
        match, done = self.pattern.match, 0
        for at in _begun(low).get(self, ()):
            if at >= done:
                found = match(text or low, at)
                if found is not None:
                    matches.append(found)
                    done = found.end()
        return matches


_INDEX: dict[str, list[Headed]] = {}


def _beginning(word: str) -> tuple[Headed, ...]:
    """Return the patterns that may begin with a word."""
    found: dict[Headed, None] = {}
    for length in range(1, min(len(word), _LETTERS) + 1):
        for headed in _INDEX.get(word[:length], ()):
            found[headed] = None
    return tuple(found)


_BEGUN: Final = Remembered(_beginning)


@lru_cache(maxsize=4)
def _begun(low: str) -> dict[Headed, list[int]]:
    """Return for each pattern the places of a text where it may begin, in order."""
    places: dict[Headed, list[int]] = {}
    of_word = _BEGUN
    at = 0
    parts = iter(_WORD.split(low))
    for gap, word in zip(parts, parts, strict=False):
        at += len(gap)
        for headed in of_word[word]:
            if headed in places:
                places[headed].append(at)
            else:
                places[headed] = [at]
        at += len(word)
    return places
