# SPDX-License-Identifier: AGPL-3.0-or-later
"""A normalised text as a row of words, each with how it is written and what stands before it.

An elision (l', d', j', qu') is a word of its own, so that "d'Hélène" holds the word "Hélène".
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

from beffroi_privacy.normalise import fold
from beffroi_privacy.remembered import Remembered
from beffroi_privacy.spans import Span

LOWER: Final = 0
CAPITAL: Final = 1
UPPER: Final = 2
INITIAL: Final = 3

# Only single characters are repeated possessively: where a group is, Python before 3.11.5 ends the
# match too early (Debian 12 has 3.11.2). What a group would give back, a lookahead refuses.
_PART = r"[^\W\d_]++(?:(?<=c)'h[^\W\d_]*+)?"  # with the Breton c'h inside
_WORD = re.compile(
    r"((?<!\w)(?:[mn]'[b-df-gj-np-tv-xz][^\W\d_]+|o'[a-z][^\W\d_]+"
    r"|(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|presqu)'(?=\w)"
    rf"|{_PART}(?:-{_PART})*(?!-[^\W\d_]|(?<=c)'h))(?![\d_]))",
    re.IGNORECASE,
)
_PLAIN_WORD = re.compile(r"((?<!\w)[^\W\d_]++(?:-[^\W\d_]++)*(?![\d_]|-[^\W\d_]))")
"""The same where no apostrophe is."""
_NAME_WITH_APOSTROPHE = re.compile(r"O'[A-Z][a-zà-ÿ]|[MmNn]'[B-DF-GJ-NP-TV-XZb-df-gj-np-tv-xz]")
"""An m or n is elided before a vowel or an h: before anything else it begins a name."""

_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d"})
_OPENS = re.compile(r"[.!?;:](?:\s|$)|[\n•*\"(\[{<>|/]")
_MOSTLY: Final = 0.6  # share of capitals from which the case of a text tells nothing
_FEW: Final = 12  # letters under which that share is not asked


class Word(NamedTuple):
    """One word: its place, as written, folded, its shape, and the characters before it.

    `opens` says whether it begins a sentence, a line or a bracket, where a capital tells nothing.
    """

    start: int
    end: int
    text: str
    folded: str
    shape: int
    gap: str
    opens: bool


_new = tuple.__new__
_END: Final = itemgetter(1)


def _look(text: str) -> tuple[str, int]:
    """Return the folded form and the shape of one written word."""
    folded = fold(text).translate(_LETTERS)
    if not text[0].isupper():
        return folded, LOWER
    if len(text) == 1:
        return folded, INITIAL
    if text.isupper():
        initials = len(text) <= 4 and "-" in text and all(len(p) == 1 for p in text.split("-"))
        return folded, INITIAL if initials else UPPER
    return folded, CAPITAL


_LOOKS: Final = Remembered(_look)


def read_words(text: str) -> list[Word]:
    """Return the words of a normalised text; in a text all in capitals they count as small."""
    shouted = is_shouted(text)
    words: list[Word] = []
    done = at = 0
    looks = _LOOKS
    parts = iter((_WORD if "'" in text else _PLAIN_WORD).split(text))
    for gap, written in zip(parts, parts, strict=False):
        start = at + len(gap)
        at = end = start + len(written)
        if written[1:2] == "'" and written[-1] != "'":
            if not _NAME_WITH_APOSTROPHE.match(written) or (shouted and written[0] in "oO"):
                words.append(_word(text, done, start, start + 2, shouted))
                done = start = start + 2
                written = text[start:end]
                gap = ""
        folded, shape = looks[written]
        if shouted and shape == UPPER:
            shape = LOWER
        opens = gap != " " and (done == 0 or _opens(gap))
        words.append(_new(Word, (start, end, written, folded, shape, gap, opens)))
        done = end
    return words


@lru_cache(maxsize=4096)
def _opens(gap: str) -> bool:
    """Say whether what stands before a word ends a sentence, a line, or begins a bracket."""
    return _OPENS.search(gap) is not None


def _word(text: str, done: int, start: int, end: int, shouted: bool) -> Word:
    folded, shape = _LOOKS[text[start:end]]
    shape = LOWER if shouted else shape
    return Word(start, end, text[start:end], folded, shape, text[done:start], done == 0)


def within(words: Sequence[Word], spans: Sequence[Span]) -> frozenset[int]:
    """Return the places of the words that touch one of some spans in order, without overlaps."""
    places: set[int] = set()
    for span in spans:
        place = bisect_right(words, span.start, key=_END)
        while place < len(words) and words[place].start < span.end:
            places.add(place)
            place += 1
    return frozenset(places)


@lru_cache(maxsize=4)
def is_shouted(text: str) -> bool:
    """Say whether most letters of a text are capitals, so that a capital tells nothing."""
    head = text[:200]
    if head == head.lower():
        return False
    upper = sum(map(str.isupper, text))
    if upper <= _MOSTLY * _FEW:
        return False
    letters = upper + sum(map(str.islower, text))
    return letters >= _FEW and upper > _MOSTLY * letters
