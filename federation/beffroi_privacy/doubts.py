# SPDX-License-Identifier: AGPL-3.0-or-later
"""What may still be a name among the words that are left: not enough to hide, enough to ask."""

from collections.abc import Container, Iterator, Sequence
from typing import Final

from beffroi_privacy.gazetteer import (
    ALSO_A_WORD,
    NO_NAME,
    RARE,
    SURE,
    first_name,
    is_commune,
    is_ordinary,
    is_surname_too,
)
from beffroi_privacy.names import CALENDAR, FUNCTION, OFFICES, PARTICLES
from beffroi_privacy.person_context import is_unexplained
from beffroi_privacy.person_small import is_caseless, is_unknown
from beffroi_privacy.persons import is_alone
from beffroi_privacy.places import FACILITIES, ORGANISATIONS, THINGS, is_acronym
from beffroi_privacy.platforms import NETWORK_WORD
from beffroi_privacy.words import CAPITAL, INITIAL, LOWER, UPPER, Word


def leftovers(words: Sequence[Word], covered: Container[int]) -> Iterator[str]:
    """Yield why names may remain among words that are neither masked nor blocked.

    "civility": something like a name after "Mme". "first name": a known first name. "capitals": a
    word or two that look like a name and that nothing explains.
    """
    unknown = 0
    caseless = is_caseless(words)
    for at, word in enumerate(words):
        if at in covered:
            continue
        if word.shape == INITIAL:
            if _are_initials(words, at):
                yield "capitals"
            continue
        if at and words[at - 1].folded in _CIVILITIES and _follows_civility(words, at):
            yield "civility"
        if word.shape == LOWER:
            if caseless and _is_apart(word) and first_name(word.folded) == NO_NAME:
                unknown += 1
            known = first_name(word.folded)
            if known > 0 and _is_small_name(words, at, known, caseless=caseless):
                yield "first name"
            continue
        if _is_first_name(words, at):
            yield "first name"
        if _is_lonely(words, at) or _is_last(words, at) or _opens_unknown(words, at):
            yield "capitals"
        if at + 1 < len(words) and at + 1 not in covered and _is_bigram(word, words[at + 1]):
            yield "capitals"
    if caseless and unknown and len(words) <= _SHORT * unknown:
        yield "capitals"


_SHORT: Final = 40
"""Words of a text without capitals for each word nobody knows, under which a person looks."""


def _are_initials(words: Sequence[Word], at: int) -> bool:
    """Say whether two initials stand for somebody: "vu avec S. K.", "transmis à S.K."."""
    if at + 1 >= len(words) or words[at + 1].shape != INITIAL:
        return False
    first, second = words[at], words[at + 1]
    if "-" in first.text + second.text or second.gap not in (". ", "."):
        return False
    if at and words[at - 1].shape == INITIAL and first.gap in (".", ". "):
        return False
    if at + 2 < len(words) and (
        words[at + 2].shape == INITIAL or not _ends_initials(words[at + 2])
    ):
        return False
    if second.gap == ". ":
        return True
    if at and words[at - 1].text.lower() in _ARTICLES:
        return False
    return first.folded + second.folded not in _SHORT_FORMS


def _ends_initials(after: Word) -> bool:
    """Say whether a point and no digit stands between two initials and the word behind them."""
    return after.gap[:1] == "." and not after.gap[1:2].isalnum()


_ARTICLES: Final = frozenset("le la l' les un une des du au aux ce cet cette the a an".split())
_SHORT_FORMS: Final = frozenset(
    "am pm ps nb cv rv us uk eu ue an ac jc sa sr ap cc qg rf ce bd bp tv ie eg ok vo vf".split()
)
"""Two letters with points that are no person's: "p.m.", "N.B.", "J.-C."."""


def _is_apart(word: Word) -> bool:
    """Say whether a word that no list holds is a word of the text, and not of a link or file."""
    return is_unknown(word) and (word.gap == "" or not word.gap.strip(".:/?=&@#_") == "")


def _is_first_name(words: Sequence[Word], at: int) -> bool:
    """Say whether a word with a capital is a known first name, and more than a word at a start."""
    word = words[at]
    known = first_name(word.folded) if word.folded not in CALENDAR else 0
    if known in (SURE, RARE):
        return not is_acronym(word)
    if known != ALSO_A_WORD or word.shape != CAPITAL:
        return False
    owns = at + 1 < len(words) and words[at + 1].folded == "s" and words[at + 1].gap == "'"
    return owns or (not word.opens and is_alone(words, at))


def _is_small_name(words: Sequence[Word], at: int, known: int, *, caseless: bool) -> bool:
    """Say whether a word in small letters is a first name, or one that is a word after "avec"."""
    word = words[at]
    if word.folded in CALENDAR or word.folded in FUNCTION or len(word.folded) < 3:
        return False
    if not is_ordinary(word.folded):
        return caseless or (known > ALSO_A_WORD and word.gap != "-")
    before = words[at - 1].folded if at else ""
    return caseless and word.gap == " " and before in _BEFORE_SOMEBODY_SMALL


_CIVILITIES: Final = frozenset("m mr mrs ms mme mmes mlle mm monsieur madame mademoiselle".split())


def _follows_civility(words: Sequence[Word], at: int) -> bool:
    """Say whether a word that is not hidden stands after a civility as a name would."""
    word, before = words[at], words[at - 1]
    if word.gap not in (" ", ". ", "."):
        return False
    if word.folded in FUNCTION and before.shape == word.shape == CAPITAL:
        return len(word.text) > 3 and word.gap == " "
    if word.folded in OFFICES or word.folded in FUNCTION or word.text.endswith("'"):
        return False
    if before.shape == LOWER and before.folded in ("m", "mm", "ms"):
        return False
    if word.shape != LOWER or not is_ordinary(word.folded):
        return True
    return at > 1 and before.gap == " " and words[at - 2].folded in _BEFORE_CALLED


_BEFORE_CALLED: Final = frozenset(
    "a de d' chez avec par pour contre selon sans et voir prevenir rappeler of with by".split()
)
"""Behind these a civility calls nobody: it begins a name, whatever the next word means."""
_BEFORE_SOMEBODY: Final = frozenset(
    "a avec par chez contre pour et ou selon moi lui elle suis c'est by with for and or from to "
    "called calls me am not pas appelle nomme dit merci bonjour thanks ici".split()
)
_ACCORDING: Final = frozenset("selon avec par chez to by with contre for et and".split())
_BEFORE_SOMEBODY_SMALL: Final = frozenset(
    "avec chez contre sauf holder comme petit petite vieux vieille".split()
)
_THE: Final = frozenset(
    "le la les l' un une du au aux des ce cet cette ces notre votre nos vos leur son sa mon ma the "
    "a an this that your our my their its".split()
)


def _is_lonely(words: Sequence[Word], at: int) -> bool:
    """Say whether one word with a capital that is no place stands where a person could."""
    word = words[at]
    if word.opens or at == 0 or is_commune(word.folded) or len(word.text) < 3:
        return False
    before = words[at - 1]
    if word.gap not in (" ", "", ", ", " (", ") ") or is_acronym(word):
        return False
    if is_unexplained(word):
        told = before.shape == CAPITAL and before.folded in ("le", "la") and at > 1
        if told and not before.opens and _is_inside(words[at - 2]):
            return True
        return not _is_article(before) or before.folded == "les"
    if before.folded in _BEFORE_SOMEBODY and word.gap == " " and _is_word_as_name(words, at):
        return True
    if word.shape == UPPER:
        return is_surname_too(word.folded) or first_name(word.folded) > 0
    if word.shape != CAPITAL or not (is_surname_too(word.folded) or first_name(word.folded) > 0):
        return False
    return not _is_article(before) and word.folded not in CALENDAR


def _is_inside(word: Word) -> bool:
    """Say whether a word shows that a capital behind it is none of a title."""
    return word.shape == LOWER or word.folded in FUNCTION or word.folded in _ACCORDING


def _is_article(word: Word) -> bool:
    """Say whether a word is an article or tells whose: "à" and "là" are none."""
    return word.text.lower() in _THE


def fragments(
    words: Sequence[Word], covered: Container[int], named: Container[int]
) -> Iterator[str]:
    """Yield why a part of a name may be left beside one that is masked: "[...] de La Motte"."""
    caseless = is_caseless(words)
    for at, word in enumerate(words):
        if at in covered or at == 0 or word.gap not in (" ", "-"):
            continue
        first = at - 1
        while first > 0 and words[first].folded in PARTICLES and first not in named:
            first -= 1
        beside = first in named and all(
            words[here].gap in (" ", "-") for here in range(first + 1, at)
        )
        if beside and _may_go_on(word, caseless=caseless):
            yield "capitals"


def _may_go_on(word: Word, *, caseless: bool) -> bool:
    """Say whether a word behind a masked name may belong to it."""
    if word.folded in OFFICES or word.folded in FUNCTION or word.folded in CALENDAR:
        return False
    if word.shape in (CAPITAL, UPPER):
        return not is_acronym(word) and len(word.text) > 2
    return caseless and is_surname_too(word.folded)


def _is_word_as_name(words: Sequence[Word], at: int) -> bool:
    """Say whether an ordinary word has a capital inside a sentence, by itself: "avec Sushi"."""
    word = words[at]
    if word.shape != CAPITAL or not word.text.isalpha() or len(word.text) < 4:
        return False
    if at + 1 < len(words) and words[at + 1].gap == " " and words[at + 1].shape != LOWER:
        return False
    return not (
        word.folded in OFFICES
        or word.folded in FUNCTION
        or word.folded in CALENDAR
        or word.folded in FACILITIES
        or word.folded in ORGANISATIONS
        or word.folded in THINGS
        or NETWORK_WORD.fullmatch(word.folded)
    )


def _opens_unknown(words: Sequence[Word], at: int) -> bool:
    """Say whether a sentence begins with a word that no list holds, or with "P. Chemin"."""
    word = words[at]
    if at and words[at - 1].shape == INITIAL and word.gap in (". ", "."):
        return True
    return (word.opens or at == 0) and is_unexplained(word)


def _is_last(words: Sequence[Word], at: int) -> bool:
    """Say whether a text ends with one word as a sentence or line of its own: a signature."""
    word = words[at]
    if at + 1 < len(words) or not at or not word.opens or word.shape != CAPITAL:
        return False
    known = first_name(word.folded) > 0 or is_surname_too(word.folded)
    return known or is_unexplained(word)


def _is_bigram(word: Word, after: Word) -> bool:
    """Say whether two words with capitals look like a name of which one word is known."""
    if after.gap != " " or after.shape == LOWER or is_acronym(word) or is_acronym(after):
        return False
    if word.folded in OFFICES or word.folded in FUNCTION or word.text.endswith("'"):
        return False
    if is_commune(f"{word.folded} {after.folded}"):
        return False
    if word.shape == UPPER and after.shape == CAPITAL and word.opens and len(word.text) > 3:
        return True
    unknown = [is_unexplained(one) for one in (word, after)]
    if all(unknown):
        return True
    borne = [is_surname_too(one.folded) or first_name(one.folded) > 0 for one in (word, after)]
    return (unknown[0] and borne[1]) or (borne[0] and unknown[1]) or (all(borne) and not word.opens)
