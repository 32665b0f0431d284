# SPDX-License-Identifier: AGPL-3.0-or-later
"""Patterns with many words in them, written so that they are found fast.

Python tries the alternatives of a pattern one after another at every place of a text. Grouped by
their first letter, a hundred words cost what their initials cost. Small letters on both sides cost
half of what `re.IGNORECASE` does, hence `lowered`.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final


@lru_cache(maxsize=4)
def lowered(text: str) -> str:
    """Return a text in small letters, each character in its place: lengths never differ."""
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def any_of(alternatives: str) -> str:
    """Return the alternatives of a pattern, grouped by first letter.

    White space around a `|` does not count. Alternatives keep their order within a letter, so a
    longer one before a shorter one stays there; letters themselves cannot be confused.
    """
    groups: dict[str, list[str]] = {}
    for one in _split(alternatives):
        first = one[0] if one[0].isalpha() and one[1:2] not in ("?", "*", "{") else ""
        groups.setdefault(first, []).append(one[len(first) :])
    branches = [
        first + (rest[0] if len(rest) == 1 else f"(?:{'|'.join(rest)})")
        if first
        else "|".join(rest)
        for first, rest in groups.items()
    ]
    return f"(?:{'|'.join(branches)})"


def _split(alternatives: str) -> Iterable[str]:
    """Yield the alternatives at the outermost level of a pattern."""
    depth, one = 0, ""
    for at, c in enumerate(alternatives):
        escaped = at > 0 and alternatives[at - 1] == "\\"
        depth += (c in "([") - (c in ")]") if not escaped else 0
        if c == "|" and depth == 0 and not escaped:
            yield one.strip()
            one = ""
        else:
            one += c
    yield one.strip()


_RUN = re.compile(r"\d+")


@lru_cache(maxsize=4)
def runs(text: str) -> tuple[tuple[int, int], ...]:
    """Return where the runs of digits of a text begin and end."""
    return tuple([found.span() for found in _RUN.finditer(text)])


@lru_cache(maxsize=4)
def figures(text: str) -> tuple[int, int]:
    """Return how many digits a text has, and how many the longest run of them."""
    sizes = [end - start for start, end in runs(text)]
    return (sum(sizes), max(sizes)) if sizes else (0, 0)


def near_figures(pattern: re.Pattern[str], text: str, back: int = 0) -> Iterator[re.Match[str]]:
    """Yield what `pattern.finditer` would, trying only beginnings of words before a run of digits.

    The pattern must forbid a digit before it and have its first digit at most `back` characters
    behind its beginning; with `back`, it must forbid a letter before it as well.
    """
    done = 0
    for start, _ in runs(text):
        for at in range(max(done, start - back), start + 1):
            if back and at and text[at - 1].isalnum():
                continue
            found = pattern.match(text, at)
            if found is not None:
                yield found
                done = found.end()
                break


_POINT = re.compile(r"\w\.\w")


@lru_cache(maxsize=4)
def has_point_inside(text: str) -> bool:
    """Say whether a point stands between two characters of words, as in "a.b"."""
    return _POINT.search(text) is not None


class Stems:
    """What a text in small letters has to hold before a pattern is tried on it.

    All stems of the package stand in one index by their first two letters, so that a text is read
    once for all of them, and a word that was seen before not at all.
    """

    __slots__ = ("bit", "likely", "spaced", "stems")

    def __init__(self, stems: str) -> None:
        """Enter stems divided by bars; of those with a space, the longest word is looked for."""
        self.stems = tuple(stems.split("|"))
        self.spaced = tuple(stem for stem in self.stems if " " in stem)
        self.bit, self.likely = 1 << 2 * len(_REGISTERED), 2 << 2 * len(_REGISTERED)
        _REGISTERED.append(self)
        for stem in self.stems:
            core = max(stem.split(), key=len)
            bit = self.likely if stem in self.spaced else self.bit
            _INDEX.setdefault(core[:2], []).append((core, bit))
        _bits_of_word.cache_clear()
        _bits.cache_clear()


_REGISTERED: list[Stems] = []
_INDEX: dict[str, list[tuple[str, int]]] = {}
_LONGEST: Final = 30
"""Characters of a word above which what it holds is not kept."""


def holds(low: str, stems: Stems) -> bool:
    """Say whether a text in small letters holds a stem: the cheap look before a pattern."""
    bits = _bits(low)
    if bits & stems.bit:
        return True
    return bits & stems.likely != 0 and any(map(low.__contains__, stems.spaced))


@lru_cache(maxsize=4)
def _bits(low: str) -> int:
    """Return a bit for each group of stems of which a word of a text holds one."""
    bits = 0
    for word in set(low.split()):
        bits |= _bits_of_word(word) if len(word) <= _LONGEST else _read(word)
    return bits


@lru_cache(maxsize=20_000)
def _bits_of_word(word: str) -> int:
    return _read(word)


def _read(word: str) -> int:
    bits = 0
    for at in range(len(word)):
        for _, bit in _INDEX.get(word[at], ()):
            bits |= bit
        for core, bit in _INDEX.get(word[at : at + 2], ()) if at + 1 < len(word) else ():
            if word.startswith(core, at):
                bits |= bit
    return bits
