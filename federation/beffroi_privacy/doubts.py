# SPDX-License-Identifier: AGPL-3.0-or-later
"""What may still be a name among the words that are left: not enough to hide, enough to ask."""

from collections.abc import Container, Iterator, Sequence
from typing import Final

from beffroi_privacy.gazetteer import (
    ALSO_A_WORD,
    RARE,
    SURE,
    first_name,
    is_commune,
    is_ordinary,
)
from beffroi_privacy.names import CALENDAR, FUNCTION, OFFICES, is_surname_shaped
from beffroi_privacy.persons import is_alone
from beffroi_privacy.places import is_acronym
from beffroi_privacy.words import CAPITAL, INITIAL, LOWER, UPPER, Word


def leftovers(words: Sequence[Word], covered: Container[int]) -> Iterator[str]:
    """Yield why names may remain among words that are neither masked nor blocked.

    "civility": something like a name after "Mme". "first name": a known first name. "capitals": a
    word or two that look like a name and that nothing explains.
    """
    unknown = 0
    caseless = not any(word.shape in (CAPITAL, UPPER) for word in words)
    for at, word in enumerate(words):
        if at in covered or word.shape == INITIAL:
            continue
        if at and words[at - 1].folded in _CIVILITIES and _follows_civility(words, at):
            yield "civility"
        if word.shape == LOWER:
            if caseless and _is_small_name(word):
                yield "first name"
            elif caseless and _is_unknown(word):
                unknown += 1
            continue
        if word.shape == CAPITAL and _is_lonely(words, at):
            yield "capitals"
        if _is_first_name(words, at):
            yield "first name"
        if at + 1 < len(words) and at + 1 not in covered and _is_bigram(word, words[at + 1]):
            yield "capitals"
    if caseless and unknown and len(words) <= _SHORT * unknown:
        yield "capitals"


_SHORT: Final = 40
"""Words of a text without capitals for each word nobody knows, under which a person looks."""


def _is_unknown(word: Word) -> bool:
    """Say whether a small word is in no list: a surname, or a mistyped word."""
    folded = word.folded
    return len(folded) > 3 and not (
        folded in FUNCTION or is_ordinary(folded) or is_commune(folded) or first_name(folded) != 0
    )


def _is_first_name(words: Sequence[Word], at: int) -> bool:
    """Say whether a word with a capital is a known first name, and more than a word at a start."""
    word = words[at]
    known = first_name(word.folded) if word.folded not in CALENDAR else 0
    if known in (SURE, RARE):
        return not is_acronym(word)
    return known == ALSO_A_WORD and word.shape == CAPITAL and not word.opens and is_alone(words, at)


def _is_small_name(word: Word) -> bool:
    """Say whether a word of a text without capitals is a first name and no ordinary word."""
    return (
        first_name(word.folded) > 0 and not is_ordinary(word.folded) and word.folded not in CALENDAR
    )


_CIVILITIES: Final = frozenset("m mr mrs ms mme mmes mlle mm monsieur madame mademoiselle".split())


def _follows_civility(words: Sequence[Word], at: int) -> bool:
    """Say whether a word that is not hidden stands after a civility as a name would."""
    word, before = words[at], words[at - 1]
    if word.gap not in (" ", ". ", "."):
        return False
    if word.folded in OFFICES or word.folded in FUNCTION or word.text.endswith("'"):
        return False
    if before.shape == LOWER and before.folded in ("m", "mm", "ms"):
        return False
    return word.shape != LOWER or not is_ordinary(word.folded)


_BEFORE_SOMEBODY: Final = frozenset(
    "de d' par avec chez pour a que dit et ou mais with by from of for and told tell".split()
)


def _is_lonely(words: Sequence[Word], at: int) -> bool:
    """Say whether one unknown word with a capital stands where a person could."""
    word = words[at]
    if word.opens or at == 0 or word.gap not in (" ", "", ", ") or is_commune(word.folded):
        return False
    if word.gap != ", " and words[at - 1].folded not in _BEFORE_SOMEBODY:
        return False
    return is_surname_shaped(word) and len(word.text) > 2


def _is_bigram(word: Word, after: Word) -> bool:
    if after.gap != " " or is_acronym(word) or is_acronym(after):
        return False
    if word.folded in OFFICES or word.folded in FUNCTION:
        return False
    return (
        is_surname_shaped(word)
        and is_surname_shaped(after)
        and not is_commune(f"{word.folded} {after.folded}")
        and not is_commune(word.folded)
        and not is_commune(after.folded)
    )
