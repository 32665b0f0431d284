# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names where capitals tell nothing: in a text all in small letters, or all in capitals.

There a name is a word that no list holds, beside another or after somebody is asked for.
"""

from collections.abc import Container, Iterator, Sequence
from typing import Final

from beffroi_privacy.gazetteer import RARE, first_name, is_commune, is_ordinary, is_surname_too
from beffroi_privacy.names import CALENDAR, FUNCTION, OFFICES, PARTICLES
from beffroi_privacy.person_cues import Range
from beffroi_privacy.places import FACILITIES, ORGANISATIONS, THINGS
from beffroi_privacy.words import CAPITAL, INITIAL, UPPER, Word

_ASKING: Final = frozenset(
    """
    demander demandez prevenir prevenez joindre rappeler rappelez appelez contacter contactez
    voir voyez call ask contact tell told see meet met phone email signe signee signed sauf
    professor professeur docteur maitre appelle nomme holder titulaire dixit moi
    """.split()
)
_MOST: Final = 3
_SHOWN: Final = (CAPITAL, UPPER)


def is_caseless(words: Sequence[Word]) -> bool:
    """Say whether no word of a text has a capital that could tell something."""
    for word in words:
        if word.shape in _SHOWN:
            return False
    return True


def find_small(words: Sequence[Word], blocked: Container[int]) -> Iterator[Range]:
    """Yield names of a text without telling capitals: two unknown words, or one that is called."""
    if not is_caseless(words):
        return
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and end - at < _MOST and end not in blocked:
            if end > at and words[end].gap not in (" ", "-", ""):
                break
            if not (is_unknown(words[end]) or _goes_on(words, at, end)):
                break
            end += 1
        while end > at and words[end - 1].folded in PARTICLES:
            end -= 1
        if end > at and is_unknown(words[at]) | (end - at > 1) and _is_name(words, at, end):
            yield at, end
        at = max(end, at + 1)


def _goes_on(words: Sequence[Word], at: int, here: int) -> bool:
    """Say whether a known word may be a part of a name with unknown ones."""
    folded = words[here].folded
    if here > at and folded in PARTICLES and folded not in ("de", "du", "des", "la", "les", "a"):
        return True
    if here > at and words[here].shape == INITIAL and folded not in ("a", "y", "i"):
        return first_name(words[at].folded) > 0
    return folded not in FUNCTION and folded not in CALENDAR and first_name(folded) > 0


def _is_name(words: Sequence[Word], at: int, end: int) -> bool:
    """Say whether a run of words is a name: two that fit, or one after somebody is asked for."""
    run = [word for word in words[at:end] if word.folded not in PARTICLES]
    called = at > 0 and words[at].gap in (" ", " : ", ": ") and words[at - 1].folded in _ASKING
    unknown = [word for word in run if is_unknown(word)]
    if called:
        return bool(unknown) or (len(run) > 1 and words[end - 1].shape == INITIAL)
    first = any(first_name(word.folded) >= RARE for word in run)
    return len(run) > 1 and bool(unknown) and (first or len(unknown) == len(run))


def is_unknown(word: Word) -> bool:
    """Say whether a word is in no list of words and places; it may be a name or a slip."""
    folded = word.folded
    return (
        len(folded) > 2
        and word.shape != INITIAL
        and not word.text.endswith("'")
        and folded not in FUNCTION
        and folded not in OFFICES
        and folded not in FACILITIES
        and folded not in THINGS
        and folded not in ORGANISATIONS
        and folded not in CALENDAR
        and not is_ordinary(folded)
        and not is_commune(folded)
        and not is_surname_too(folded)
    )
