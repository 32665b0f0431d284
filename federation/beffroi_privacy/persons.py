# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names of persons: announced by a word, begun by a first name, or signed at the end.

A surname by itself is never guessed: it is read as the continuation of a first name, of an initial
or of a word that announces a name. First names that are also words need more: a capital inside a
sentence, or a surname beside them. Names of streets, schools and brands are no persons.
"""

from collections.abc import Container, Iterator, Sequence
from typing import Final

from beffroi_privacy.gazetteer import (
    ALSO_A_PLACE,
    ALSO_A_WORD,
    NO_NAME,
    RARE,
    SURE,
    first_name,
    is_commune,
    is_ordinary,
    is_surname_too,
)
from beffroi_privacy.names import (
    CALENDAR,
    FUNCTION,
    PARTICLES,
    is_surname_shaped,
    read_name,
)
from beffroi_privacy.person_context import find_by_context, has_version
from beffroi_privacy.person_cues import Range
from beffroi_privacy.person_readers import READERS
from beffroi_privacy.person_small import find_small
from beffroi_privacy.places import FACILITIES, THINGS, is_acronym
from beffroi_privacy.signatures import find_signatures
from beffroi_privacy.spans import PERSON, Span
from beffroi_privacy.words import CAPITAL, INITIAL, LOWER, UPPER, Word

_PLACE_BEFORE: Final = frozenset("a de d' en vers pour depuis sur in at from to near of".split())


def find_persons(words: Sequence[Word], blocked: Container[int]) -> list[Span]:
    """Return the names of persons among the words of a text; those guessed are weak.

    `blocked` holds the places of words that belong to the name of a street, a school, a brand.
    """
    cued: list[Range] = []
    guessed: list[Range] = []
    for at, word in enumerate(words):
        for reader in READERS.get(word.folded, ()):
            cued.extend(reader(words, at, blocked))
        if at not in blocked:
            if word.shape == INITIAL:
                guessed.extend(_after_initial(words, at, blocked))
            elif begins_person(words, at) or _has_particle(words, at, blocked):
                guessed.append((_backwards(words, at, blocked), read_name(words, at, blocked)))
    cued.extend(find_signatures(words, blocked))
    guessed.extend(find_by_context(words, blocked))
    guessed.extend(find_small(words, blocked))
    return [
        *(_span(words, found, weak=False) for found in cued),
        *(_span(words, found, weak=True) for found in guessed if found[1] > found[0]),
    ]


def _span(words: Sequence[Word], found: Range, *, weak: bool) -> Span:
    start, end = found
    return Span(words[start].start, words[end - 1].end, PERSON, weak=weak)


def begins_person(words: Sequence[Word], at: int) -> bool:
    """Say whether a word, as a first name, is enough to read a person there."""
    word = words[at]
    known = first_name(word.folded)
    if known == NO_NAME or word.folded in CALENDAR or has_version(words, at):
        return False
    if at and words[at - 1].folded in _SAINTS and word.gap in (" ", "-"):
        return False
    if word.shape == LOWER:
        return known == SURE and not is_ordinary(word.folded)
    if known == SURE:
        return True
    surname = _has_surname(words, at) or _after_surname(words, at)
    if known == RARE:
        return surname or (word.shape == CAPITAL and not word.opens)
    if known == ALSO_A_WORD:
        return surname or (word.shape == CAPITAL and not word.opens and is_alone(words, at))
    if not surname or known != ALSO_A_PLACE:
        return False
    following = words[at + 1].folded if at + 1 < len(words) else ""
    return not is_surname_too(following) and (at == 0 or words[at - 1].folded not in _PLACE_BEFORE)


_SAINTS: Final = frozenset("saint sainte st ste saints notre-dame san santa".split())


def _has_surname(words: Sequence[Word], at: int) -> bool:
    """Say whether a surname seems to follow a first name, over particles and initials."""
    here = at + 1
    while here < len(words) and here - at <= 3 and words[here].gap in (" ", "-", ". ", ""):
        word = words[here]
        if word.folded in PARTICLES or word.shape == INITIAL:
            here += 1
            continue
        if is_acronym(word) or not (is_surname_shaped(word) or _is_trade(word)):
            return False
        linked = here > at + 1 and words[at + 1].shape == LOWER
        return not (linked and is_commune(word.folded))
    return False


def _has_particle(words: Sequence[Word], at: int, blocked: Container[int]) -> bool:
    """Say whether two unknown words in capitals stand around a particle: "Xiaoling Le Bihan"."""
    if at + 2 >= len(words) or at + 2 in blocked or words[at].shape == LOWER:
        return False
    first, link, last = words[at : at + 3]
    return (
        link.folded in _CAPITAL_PARTICLES
        and link.shape == CAPITAL
        and link.gap == last.gap == " "
        and is_surname_shaped(first)
        and is_surname_shaped(last)
        and not is_acronym(first)
        and not is_commune(first.folded)
        and not is_commune(f"{first.folded} {link.folded} {last.folded}")
    )


_CAPITAL_PARTICLES: Final = frozenset(
    "le la de da di el al ben van von del dos ait ould mac".split()
)


def _after_surname(words: Sequence[Word], at: int) -> bool:
    """Say whether a surname in capitals stands before a first name that is not: "MOUTON Marin"."""
    before = words[at - 1] if at else None
    return (
        before is not None
        and words[at].gap in (" ", ", ")
        and words[at].shape == CAPITAL
        and before.shape == UPPER
        and not is_acronym(before)
        and (is_surname_shaped(before) or is_surname_too(before.folded))
    )


def _is_trade(word: Word) -> bool:
    return word.shape != LOWER and is_surname_too(word.folded)


def is_alone(words: Sequence[Word], at: int) -> bool:
    """Say whether no other capitalised word touches this one, as it would in a title or a brand."""
    before = words[at - 1]
    if before.folded in ("la", "le", "les", "l'", "the", "du", "des", "au") or (
        words[at].gap == " " and before.shape != LOWER and not before.opens
    ):
        return False
    if at + 1 < len(words) and words[at + 1].gap[1:2].isdigit():
        return False
    if at + 1 < len(words) and words[at + 1].gap == " ":
        after = words[at + 1]
        return after.shape == LOWER and after.folded not in ("&",)
    return True


def _backwards(words: Sequence[Word], at: int, blocked: Container[int]) -> int:
    """Return where a name begins whose first name stands at `at`: "DUPONT Jean", "Ndiaye Awa"."""
    start = at
    while (
        start
        and at - start < 2
        and words[start].gap in (" ", "-", "", ";")
        and start - 1 not in blocked
    ):
        before = words[start - 1]
        if before.folded in PARTICLES and before.shape != LOWER and start < at:
            start -= 1
            continue
        if before.shape == LOWER:
            if words[at].shape == LOWER and before.opens and _is_unknown(before):
                start -= 1
            break
        if before.shape == INITIAL or not (is_surname_shaped(before) or _is_trade(before)):
            break
        if before.opens and first_name(words[at].folded) == ALSO_A_WORD and before.shape != UPPER:
            break
        if words[start].gap == ";" and not is_surname_shaped(before) and not before.opens:
            break
        if is_acronym(before) or before.folded in FACILITIES or before.folded in THINGS:
            break
        if is_commune(before.folded) and before.shape == CAPITAL:
            break
        start -= 1
    return start


def _is_unknown(word: Word) -> bool:
    return len(word.folded) > 3 and word.folded not in FUNCTION and not is_ordinary(word.folded)


def _after_initial(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read "J. Dupont", "J.-P. Le Goff", "J-P Dupont"."""
    here = at
    if at and words[at - 1].shape == INITIAL and words[at].gap in (".", ". ", "-", ".-"):
        return
    while here < len(words) and words[here].shape == INITIAL and here - at < 4:
        if here > at and words[here].gap not in (".", ". ", "-", ".-", " "):
            return
        here += 1
    if here >= len(words) or here in blocked:
        return
    dotted = words[here].gap in (". ", ".")
    paired = words[here].gap == " " and "-" in words[here - 1].text
    if not (dotted or paired) or words[here].folded == "l'":
        return
    first = words[here]
    while here < len(words) and words[here].folded in PARTICLES and here - at < 6:
        here += 1
    if here >= len(words) or (words[here].gap not in (" ", ". ", ".", "")):
        return
    word = words[here]
    if (
        first.shape == LOWER
        and first is not word
        and first.folded in ("a", "la", "le", "les", "des")
    ):
        return
    if is_surname_shaped(word) and not is_acronym(word) and not is_commune(word.folded):
        if words[at].text not in ("M", "N") or paired:
            yield at, max(read_name(words, here, blocked), here + 1)
