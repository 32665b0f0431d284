# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who signed: the name after "Cordialement", on the last line, after a dash at the end."""

import re
from collections.abc import Container, Iterator, Sequence
from itertools import pairwise
from typing import Final

from beffroi_privacy.gazetteer import (
    NO_NAME,
    first_name,
    is_commune,
    is_ordinary,
    is_surname_too,
)
from beffroi_privacy.names import FUNCTION, OFFICES, PARTICLES, is_surname_shaped
from beffroi_privacy.places import FACILITIES, THINGS, is_acronym
from beffroi_privacy.words import INITIAL, LOWER, Word

_CLOSERS: Final = frozenset(
    """
    cordialement cdlt cdt bcp salutations respectueusement sincerement sincerely regards faithfully
    avance cheers best yours bisous bises amities attente reception journee soiree vous merci thanks
    bien distinguees meilleures respectueuses truly love advance gratitude citoyennement
    cordiales wishes you retour reponse comprehension aide intervention soir diligence
    """.split()
)
_LONGEST: Final = 5
_STOP: Final = re.compile(r"[.!?)»\"]+\s")


def find_signatures(words: Sequence[Word], blocked: Container[int]) -> Iterator[tuple[int, int]]:
    """Yield the ranges of words that sign a text."""
    for at, word in enumerate(words):
        if word.folded in _CLOSERS and at + 1 < len(words) and _breaks(words[at + 1].gap):
            yield from _signed(words, at + 1, blocked, after_closer=True)
        elif "--" in word.gap or "__" in word.gap:
            yield from _signed(words, at, blocked, after_closer=True)
    yield from _lines(words, blocked)
    last = _last_line(words)
    if last is not None:
        apart = words[last].gap.count("\n") > 1 and _are_capitals(words, last)
        yield from _signed(words, last, blocked, after_closer=apart)


def _are_capitals(words: Sequence[Word], start: int) -> bool:
    """Say whether the words to the end are one to three and all begin with a capital."""
    line = [word for word in words[start:] if word.folded not in PARTICLES]
    return 0 < len(line) <= 3 and all(word.shape != LOWER for word in line)


def _lines(words: Sequence[Word], blocked: Container[int]) -> Iterator[tuple[int, int]]:
    """Yield every line of a list that is a name and nothing else, with a known first name."""
    starts = [0] + [at for at, word in enumerate(words) if at and "\n" in word.gap]
    if len(starts) < 2:
        return
    for start, end in zip(starts, [*starts[1:], len(words)], strict=True):
        line = words[start:end]
        if not 2 <= len(line) <= 4 or any(at in blocked for at in range(start, end)):
            continue
        if any(word.shape == LOWER and word.folded not in PARTICLES for word in line):
            continue
        if any(_ends(word.gap, before) for before, word in pairwise(line)):
            continue
        if any(first_name(w.folded) != NO_NAME for w in line) and all(map(_could_be, line)):
            yield start, end


def _could_be(word: Word) -> bool:
    """Say whether a word can be one of a name on a line of its own."""
    folded = word.folded
    if folded in FUNCTION and folded not in PARTICLES:
        return False
    if word.shape == INITIAL or folded in PARTICLES or first_name(folded) != NO_NAME:
        return True
    return is_surname_shaped(word) or is_surname_too(folded)


def _breaks(gap: str) -> bool:
    return "\n" in gap or any(c in gap for c in ",.!-:;")


def _last_line(words: Sequence[Word]) -> int | None:
    """Return where the last line, or what follows the last dash, begins."""
    for back in range(1, min(_LONGEST + 1, len(words))):
        gap = words[-back].gap
        if "\n" in gap or " -" in gap or gap.endswith("- "):
            return len(words) - back
        if back <= 3 and _STOP.match(gap) and words[-back - 1].shape != INITIAL:
            return len(words) - back
    return None


def _signed(
    words: Sequence[Word], start: int, blocked: Container[int], *, after_closer: bool
) -> Iterator[tuple[int, int]]:
    """Yield the range from `start` to the end of its line, if all of it looks like a name."""
    end = start
    while end < len(words) and (end == start or not _ends(words[end].gap, words[end - 1])):
        end += 1
        if end - start > _LONGEST:
            return
    if end == start or any(at in blocked for at in range(start, end)):
        return
    line = words[start:end]
    if any(_is_no_name(word) for word in line):
        return
    names = [word for word in line if word.shape != INITIAL and word.folded not in PARTICLES]
    if not names or (len(names) == 1 and not _is_single(names[0], line, after_closer)):
        return
    if all(is_commune(word.folded) and first_name(word.folded) <= 0 for word in names):
        return
    if len(names) > 1 and not after_closer and any(word.shape == LOWER for word in names):
        return
    yield start, end


def _ends(gap: str, before: Word) -> bool:
    if gap in (" ", "-", "", "  ", ".-"):
        return False
    return not (gap in (". ", ".") and before.shape == INITIAL)


def _is_no_name(word: Word) -> bool:
    folded = word.folded
    if folded in PARTICLES and len(folded) > 1:
        return False
    if folded in FUNCTION or folded in OFFICES or folded in FACILITIES or folded in THINGS:
        return True
    if word.shape == INITIAL:
        return False
    borne = word.shape != LOWER and is_surname_too(folded)
    return first_name(folded) <= 0 and is_ordinary(folded) and not borne


def _is_single(word: Word, line: Sequence[Word], after_closer: bool) -> bool:
    """Say whether one word by itself is a signature: a first name, or a surname after a closer."""
    known = first_name(word.folded)
    if known > 1 or (known > 0 and after_closer and word.shape != LOWER):
        return True
    if is_commune(word.folded) or is_acronym(word):
        return False
    return (after_closer or len(line) > 1) and is_surname_shaped(word)
