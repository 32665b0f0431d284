# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a language model sees, put beside what the rules see.

A name that the model alone sees is hidden. Of one that the rules hide in part, the rest is hidden
too. A person is asked about both, and about what the model takes for a name's and that stays,
unless a list or the words around explain it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from beffroi_privacy.gazetteer import (
    NO_NAME,
    first_name,
    is_commune,
    is_ordinary,
    is_surname_too,
)
from beffroi_privacy.names import CALENDAR, FUNCTION, OFFICES, PARTICLES
from beffroi_privacy.person_context import is_called, is_thing
from beffroi_privacy.places import is_acronym
from beffroi_privacy.platforms import NETWORK_WORD
from beffroi_privacy.spans import ASK, PERSON, Cover, Span
from beffroi_privacy.words import CAPITAL, LOWER, UPPER, Word, within

_TITLES: Final = frozenset("mrs miss ms mm mmes dr sir me maitre".split())
"""What stands before a name and is in no list of offices."""
_SAINTS: Final = ("saint-", "sainte-", "st-", "ste-")
_IN_PLACES: Final = frozenset("a au aux en vers depuis sur de d' in at near of from".split())
_JOINED: Final = (" ", "-", "", ". ", ".")


def with_votes(
    text: str,
    words: Sequence[Word],
    persons: list[Span],
    votes: Sequence[Span],
    others: Sequence[Span],
) -> tuple[list[Span], bool]:
    """Return the persons with what only the model saw of them, and whether the two disagreed.

    `persons` and `others` are what the rules hide and know; all in characters of the text.
    """
    if not votes:
        return persons, False
    cover = Cover([*persons, *others])
    named = [vote for vote in votes if vote.label == PERSON]
    alone = [vote for vote in named if not cover.touches(vote.start, vote.end)]
    rests = list(_rests(words, persons, [v for v in named if v not in alone], cover))
    seen = [Span(one.start, one.end, PERSON, weak=True) for one in (*alone, *rests)]
    hidden = Cover([*persons, *others, *seen])
    small = [v for v in votes if v.label == ASK and text[v.start : v.end].islower()]
    disputed = (
        bool(seen)
        or any(_is_left(words, at, hidden) for at in _places(words, votes))
        or any(_is_left_in_small(words[at], hidden) for at in _places(words, small))
    )
    return [*persons, *seen], disputed


def _places(words: Sequence[Word], spans: Sequence[Span]) -> list[int]:
    return sorted(within(words, sorted(spans)))


def _rests(
    words: Sequence[Word], persons: Sequence[Span], votes: Sequence[Span], cover: Cover
) -> Iterator[Span]:
    """Yield the words of the model's names that stay beside one that the rules hide.

    Each goes on to the next word that is hidden, so that one name is masked once.
    """
    hidden = Cover(persons)
    for vote in votes:
        if not hidden.touches(vote.start, vote.end):
            continue
        places = _places(words, [vote])
        for at in places:
            word = words[at]
            if cover.touches(word.start, word.end) or not _may_belong(word):
                continue
            start, end = word.start, word.end
            if at - 1 in places and word.gap in _JOINED:
                start = words[at - 1].start if _is_in(words[at - 1], hidden) else start
            if at + 1 in places and words[at + 1].gap in _JOINED:
                end = words[at + 1].end if _is_in(words[at + 1], hidden) else end
            yield Span(start, end, PERSON, weak=True)


def _is_in(word: Word, cover: Cover) -> bool:
    return cover.touches(word.start, word.end)


def _may_belong(word: Word) -> bool:
    """Say whether a word beside a hidden one may be of the same name: no title, no plain word."""
    folded = word.folded
    if folded in FUNCTION or folded in OFFICES or folded in _TITLES or len(folded) < 2:
        return False
    if is_acronym(word) or is_thing(folded) or folded in PARTICLES:
        return False
    borne = first_name(folded) > 0 or is_surname_too(folded)
    if word.shape == LOWER or word.opens:
        return borne or not is_ordinary(folded)
    return word.shape in (CAPITAL, UPPER) and (borne or folded not in CALENDAR)


def _is_left(words: Sequence[Word], at: int, cover: Cover) -> bool:
    """Say whether a word that a model takes for a name's is neither hidden nor explained."""
    word = words[at]
    if word.shape not in (CAPITAL, UPPER) or len(word.text) < 3 or is_acronym(word):
        return False
    if _is_in(word, cover) or (word.opens and not _goes_on(words, at, cover)):
        return False
    return not _is_explained(words, at)


def _goes_on(words: Sequence[Word], at: int, cover: Cover) -> bool:
    """Say whether the word behind one is hidden, and nothing stands between."""
    return at + 1 < len(words) and words[at + 1].gap in (" ", "-") and _is_in(words[at + 1], cover)


def _is_explained(words: Sequence[Word], at: int) -> bool:
    """Say whether a list or the word before tells that a word with a capital is nobody's."""
    word = words[at]
    folded = word.folded
    if folded in OFFICES or folded in FUNCTION or folded in _TITLES:
        return True
    if NETWORK_WORD.fullmatch(folded):
        return True
    if is_thing(folded):
        return not is_surname_too(folded)
    before = words[at - 1].folded if at and word.gap in (" ", "") else ""
    is_place = is_commune(folded) or folded.startswith(_SAINTS)
    return is_place and before in _IN_PLACES and not is_called(words, at)


def _is_left_in_small(word: Word, cover: Cover) -> bool:
    """Say the same of a word of a name in small letters: an initial, or no word of the language."""
    folded = word.folded
    if folded in OFFICES or folded in FUNCTION or _is_in(word, cover):
        return False
    borne = first_name(folded) != NO_NAME or not is_ordinary(folded)
    return len(folded) == 1 or (len(folded) > 2 and borne)
