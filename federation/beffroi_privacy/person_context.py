# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names that no list knows, told by where they stand and how they are written.

Two words in capitals inside a sentence that nothing explains, a surname in capitals beside a word
with one, a word after "de la part de" or "demandez", the further names of a list. All are guesses.
"""

from collections.abc import Container, Iterator, Sequence
from typing import Final

from beffroi_privacy.gazetteer import first_name, is_commune, is_surname_too
from beffroi_privacy.names import CALENDAR, FUNCTION, OFFICES, is_surname_shaped, read_name
from beffroi_privacy.person_cues import Range
from beffroi_privacy.places import FACILITIES, ORGANISATIONS, THINGS, is_acronym
from beffroi_privacy.words import CAPITAL, INITIAL, LOWER, UPPER, Word

_DETERMINERS: Final = frozenset(
    """
    le la les l' un une des du au aux ce cet cette ces notre votre nos vos leur leurs son sa ses
    mon ma mes the a an this that these our your their its my his her chaque quelle quel
    """.split()
)
_ASKING: Final = frozenset(
    "demander demandez demande prevenir prevenez joindre joignez rappeler rappelez appelez".split()
)
_TO: Final = frozenset(
    "adressez-vous adresser parler parlez speak spoke talk talked ask told email phone".split()
)
_TITLE_SHARE: Final = 0.55
_AND: Final = frozenset("et and ou or puis".split())
_LIST_GAPS: Final = (", ", " ; ", "; ", " / ", "/", " - ", " & ")


def find_by_context(words: Sequence[Word], blocked: Container[int]) -> Iterator[Range]:
    """Yield the ranges of words that are read as a name for where they stand."""
    capitals = [at for at, word in enumerate(words) if word.shape in (CAPITAL, UPPER)]
    for at in capitals:
        if at in blocked:
            continue
        if at + 1 < len(words) and at + 1 not in blocked and is_name_pair(words, at):
            yield at, max(read_name(words, at, blocked), at + 2)
        elif at and _is_called(words, at) and is_unexplained(words[at]):
            yield at, max(read_name(words, at, blocked), at + 1)


def is_unexplained(word: Word) -> bool:
    """Say whether a word with a capital is no ordinary one, no place and no organisation."""
    return (
        is_surname_shaped(word)
        and not is_acronym(word)
        and len(word.text) > 2
        and not is_commune(word.folded)
        and not _is_thing(word)
    )


def _is_thing(word: Word) -> bool:
    folded = word.folded
    return folded in FACILITIES or folded in THINGS or folded in ORGANISATIONS


def is_name_pair(words: Sequence[Word], at: int) -> bool:
    """Say whether a word and the next are a name and a surname that nothing else explains."""
    first, second = words[at], words[at + 1]
    if second.gap != " " or second.shape not in (CAPITAL, UPPER) or first.shape == INITIAL:
        return False
    if is_commune(f"{first.folded} {second.folded}"):
        return False
    known = [_could_be_name(first), _could_be_name(second)]
    unknown = [is_unexplained(first), is_unexplained(second)]
    if not all(known) or not any(unknown):
        return False
    if _is_in_title(words, at):
        return False
    before = words[at - 1] if at else None
    if first.opens or before is None:
        return all(unknown) or (first.shape != second.shape and unknown[first.shape != UPPER])
    if before.folded in _DETERMINERS and first.gap in (" ", ""):
        return False
    return first.gap != " " or before.shape == LOWER


def _could_be_name(word: Word) -> bool:
    """Say whether a word may be one of a name: unknown, or an ordinary one that people bear."""
    if word.text.endswith("'") or is_acronym(word) or _is_thing(word):
        return False
    if word.folded in FUNCTION or word.folded in OFFICES or word.folded in CALENDAR:
        return False
    if is_commune(word.folded) and first_name(word.folded) <= 0:
        return False
    return is_surname_shaped(word) or is_surname_too(word.folded) or first_name(word.folded) > 0


def _is_in_title(words: Sequence[Word], at: int) -> bool:
    """Say whether most words around are in capitals, as in a title, so that one tells nothing."""
    around = [*words[max(0, at - 4) : at], *words[at + 2 : at + 6]]
    if len(around) < 3:
        return False
    return sum(w.shape != LOWER for w in around) > _TITLE_SHARE * len(around)


def _is_called(words: Sequence[Word], at: int) -> bool:
    """Say whether a person's name has to stand here: "demandez …", "de la part de …"."""
    before, gap = words[at - 1].folded, words[at].gap
    if gap not in (" ", ""):
        return False
    if before in _ASKING:
        return True
    back = [word.folded for word in words[max(0, at - 4) : at]]
    if before in ("a", "to", "with", "for") and len(back) > 1:
        return back[-2] in _TO
    return before in ("de", "d'") and back[-2:-1] in (["part"], ["attention"])


def find_listed(
    words: Sequence[Word], named: Container[int], blocked: Container[int]
) -> Iterator[Range]:
    """Yield further names of a list with a known one: "Awa, Tuyet et Liesel".

    `named` holds the places of the words that are a person's name already.
    """
    at = 1
    while at < len(words):
        if at - 1 in named and at not in named:
            here = _next_item(words, at)
            while 0 <= here < len(words) and (here in named or _is_item(words, here, blocked)):
                end = here + 1
                if here not in named:
                    if end < len(words) and words[end].gap == " " and is_unexplained(words[end]):
                        end += 1
                    yield here, end
                while end < len(words) and end in named:
                    end += 1
                at = max(at, end - 1)
                here = _next_item(words, end)
        at += 1


def _next_item(words: Sequence[Word], at: int) -> int:
    """Return where the next item of a list begins, if one follows here; else -1."""
    if at >= len(words):
        return -1
    if words[at].folded in _AND and words[at].gap in (" ", ", ") and at + 1 < len(words):
        return at + 1 if words[at + 1].gap == " " else -1
    return at if words[at].gap in _LIST_GAPS else -1


def _is_item(words: Sequence[Word], here: int, blocked: Container[int]) -> bool:
    """Say whether a word is a name by itself, or the first of two, as an item of a list."""
    word = words[here]
    if here in blocked or word.shape != CAPITAL or not is_unexplained(word):
        return False
    after = words[here + 1] if here + 1 < len(words) else None
    return after is None or after.gap != " " or after.shape == LOWER or is_unexplained(after)
