# SPDX-License-Identifier: AGPL-3.0-or-later
"""Patterns with many words in them, written so that they are found fast.

Python tries the alternatives of a pattern one after another at every place of a text. Grouped by
their first letter, a hundred words cost what their initials cost. Small letters on both sides cost
half of what `re.IGNORECASE` does, hence `lowered`.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final, cast

from beffroi_privacy.remembered import Remembered


class _Late:
    """A pattern that is put together when it is first used: the long ones take half a second."""

    def __init__(self, source: str, flags: int) -> None:
        self._source, self._flags = source, flags
        self._made: re.Pattern[str] | None = None

    def __getattr__(self, name: str) -> Any:
        if self._made is None:
            self._made = re.compile(self._source, self._flags)
        value = getattr(self._made, name)
        setattr(self, name, value)
        return value


_waiting: list[re.Pattern[str]] = []


def late(source: str, flags: int = 0) -> re.Pattern[str]:
    """Return a pattern that costs nothing before it is used or `put_together` is called."""
    made = cast(re.Pattern[str], _Late(source, flags))
    _waiting.append(made)
    return made


def put_together() -> None:
    """Make every pattern ready, so that no text's time is spent on it."""
    while _waiting:
        _waiting.pop().finditer("")


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
    for one in split_alternatives(alternatives):
        first = one[0] if one[0].isalpha() and one[1:2] not in ("?", "*", "{") else ""
        groups.setdefault(first, []).append(one[len(first) :])
    branches = [
        first + (rest[0] if len(rest) == 1 else f"(?:{'|'.join(rest)})")
        if first
        else "|".join(rest)
        for first, rest in groups.items()
    ]
    return f"(?:{'|'.join(branches)})"


def split_alternatives(alternatives: str) -> Iterable[str]:
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


def near_figures(pattern: re.Pattern[str], text: str, back: int = 0) -> list[re.Match[str]]:
    """Return what `pattern.finditer` would yield, tried only before runs of digits.

    The pattern must forbid a digit before it and have its first digit at most `back` characters
    behind its beginning; with `back`, it must forbid a letter before it as well.
    """
    if not back:
        return tried_at(pattern, text, _starts(text))
    matches: list[re.Match[str]] = []
    match, done = pattern.match, 0
    for at, ahead in _beginnings(text):
        if ahead <= back and at >= done:
            found = match(text, at)
            if found is not None:
                matches.append(found)
                done = found.end()
    return matches


def tried_at(pattern: re.Pattern[str], text: str, places: Iterable[int]) -> list[re.Match[str]]:
    """Return what `pattern.finditer` would yield if it could begin at some places in order only."""
    matches: list[re.Match[str]] = []
    match, done = pattern.match, 0
    for at in places:
        if at >= done:
            found = match(text, at)
            if found is not None:
                matches.append(found)
                done = found.end()
    return matches


@lru_cache(maxsize=4)
def _starts(text: str) -> list[int]:
    return [start for start, _ in runs(text)]


@lru_cache(maxsize=4)
def signed_starts(text: str) -> list[int]:
    """Return where runs of digits begin and, before each, the minus that stands at it."""
    places: list[int] = []
    for start, _ in runs(text):
        if text[start - 1 : start] == "-":
            places.append(start - 1)
        places.append(start)
    return places


_FARTHEST: Final = 7
"""Characters before a run of digits at which a pattern may begin at most."""


@lru_cache(maxsize=4)
def _beginnings(text: str) -> list[tuple[int, int]]:
    """Return where words and signs begin shortly before runs of digits, and how far these are."""
    places: list[tuple[int, int]] = []
    done = 0
    for start, _ in runs(text):
        for at in range(max(done, start - _FARTHEST), start + 1):
            if not (at and text[at - 1].isalnum()):
                places.append((at, start - at))
        done = start + 1
    return places


@lru_cache(maxsize=4)
def has_point_inside(text: str) -> bool:
    """Say whether a point stands between two characters of words, as in "a.b"."""
    at = text.find(".", 1)
    while at > 0:
        before, after = text[at - 1], text[at + 1 : at + 2]
        if (before.isalnum() or before == "_") and (after.isalnum() or after == "_"):
            return True
        at = text.find(".", at + 1)
    return False


class Stems:
    """What a text in small letters has to hold before a pattern is tried on it.

    All stems of the package stand in one index by their first letters, so that a text is read
    once for all of them, and a word that was seen before costs a look into a dictionary. Each group
    of stems has a bit of its own; what a word or a text holds is the sum of the bits.
    """

    __slots__ = ("bit", "spaced", "stems")

    def __init__(self, stems: str) -> None:
        """Enter stems divided by bars; of those with a space, the longest word is looked for."""
        self.stems = tuple(stems.split("|"))
        self.spaced = tuple(stem for stem in self.stems if " " in stem)
        self.bit = 1 << len(_GROUPS)
        _GROUPS.append(self)
        for stem in self.stems:
            core = max(stem.split(), key=len)
            at = stem.index(core)
            ends = " " in stem[at + len(core) :], " " in stem[:at]
            _INDEX.setdefault(core[:_KEY], []).append((core, self.bit, *ends))
        _HELD.clear()
        held.cache_clear()


_KEY: Final = 3
"""Letters of a stem by which it is looked up; a shorter one is looked up whole."""
_GROUPS: list[Stems] = []
_INDEX: dict[str, list[tuple[str, int, bool, bool]]] = {}
"""Each word looked for, its group, and whether a word of the text has to end or begin with it."""
Held = tuple[int, int]
"""The groups of which a word holds a stem, and those of which it holds the longest word."""


def holds(low: str, stems: Stems) -> bool:
    """Say whether a text in small letters holds a stem: the cheap look before a pattern."""
    return held(low) & stems.bit != 0


@lru_cache(maxsize=4)
def held(low: str) -> int:
    """Return the bits of the groups of stems of which a text in small letters holds one."""
    found = likely = 0
    of_word = _HELD
    for word in low.split():
        sure, maybe = of_word[word]
        if sure:
            found |= sure
        if maybe:
            likely |= maybe
    likely &= ~found
    while likely:
        bit = likely & -likely
        likely ^= bit
        for stem in _GROUPS[bit.bit_length() - 1].spaced:
            if stem in low:
                found |= bit
                break
    return found


def _read(word: str) -> Held:
    sure = likely = 0
    last = len(word)
    for at in range(last):
        for end in range(at + 1, min(at + _KEY, last) + 1):
            listed = _INDEX.get(word[at:end])
            if not listed:
                continue
            for core, bit, ends, begins in listed:
                if not word.startswith(core, at):
                    continue
                if not (ends or begins):
                    sure |= bit
                elif not ((begins and at) or (ends and at + len(core) < last)):
                    likely |= bit
    return sure, likely


_HELD: Final = Remembered(_read)
