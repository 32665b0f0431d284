# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where somebody says a name: "je m'appelle", "signé", "la famille", and the fields of a form.

The readers are like those of `person_cues`.
"""

from collections.abc import Container, Iterator, Sequence
from typing import Final

from beffroi_privacy import cue_words as cues
from beffroi_privacy.gazetteer import SURE, first_name, is_commune, is_ordinary
from beffroi_privacy.names import FUNCTION, OFFICES, PARTICLES, is_surname_shaped, read_name
from beffroi_privacy.person_cues import Range, begins_name, named_from
from beffroi_privacy.places import FACILITIES, THINGS, is_acronym
from beffroi_privacy.words import CAPITAL, INITIAL, LOWER, Word

HEADER: Final = 60
"""Words of a mail's header line that are read."""

_NOT_GIVEN: Final = frozenset("inconnu aucun non anonyme neant nc na masque confidentiel".split())


def naming(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "je m'appelle", "je soussigné", whatever its case."""
    before = words[at - 1].folded if at else ""
    if not words[at].folded.startswith("soussigne") and before not in ("m'", "s'", "me", "se"):
        return
    yield from _certain(words, at + 1, blocked)


def presented(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "se présente comme", "introduced himself as", "au nom de"."""
    here = at + 1
    if words[at].folded == "nom":
        if at and words[at - 1].folded in ("au", "a", "le") and here + 1 < len(words):
            if words[here].folded in ("de", "d'") and not is_commune(words[here + 1].folded):
                if begins_name(words, here + 1) or len(words[here + 1].text) == 4:
                    yield from named_from(words, here + 1, blocked)
        return
    if here < len(words) and any(
        words[back].folded.startswith(("present", "introduc")) for back in range(max(0, at - 2), at)
    ):
        word = words[here]
        if begins_name(words, here) or (word.shape == LOWER and first_name(word.folded) > 0):
            yield from named_from(words, here, blocked)


def maiden(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "née": "Mme Martin née Dupont"."""
    here = at + 1
    if here >= len(words) or words[here].gap != " " or at == 0:
        return
    word = words[here]
    if begins_name(words, here) or (
        word.shape == LOWER
        and first_name(words[at - 1].folded) <= 0
        and here + 1 < len(words)
        and words[here + 1].folded in ("le", "a", "en")
        and len(word.folded) > 2
        and not is_ordinary(word.folded)
        and word.folded not in FUNCTION
    ):
        yield from named_from(words, here, blocked)


def named(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "nommé", "un certain", "signé", "called"."""
    here = at + 1
    if here >= len(words):
        return
    if words[at].folded in ("signe", "signee", "signed"):
        if words[here].gap in (" ", " : ", ": ", ":", ", "):
            yield from _certain(words, here, blocked)
    elif words[here].gap in (" ", ' "', ' " ') and begins_name(words, here):
        yield from named_from(words, here, blocked)


def _certain(words: Sequence[Word], here: int, blocked: Container[int]) -> Iterator[Range]:
    """Read a name that is sure to come, also in small letters, after "donc", ":", a civility."""
    while here < len(words) and words[here].folded in cues.BETWEEN and words[here].gap == " ":
        here += 1
    if here >= len(words) or "\n" in words[here].gap:
        return
    word = words[here]
    if word.folded in OFFICES or word.text.endswith("'"):
        return
    if word.folded in FUNCTION and not (word.folded in PARTICLES and word.shape != LOWER):
        return
    if word.shape == LOWER and first_name(word.folded) <= 0 and is_ordinary(word.folded):
        return
    yield from named_from(words, here, blocked)


def being(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "je suis", "c'est", "mon nom est", "my name is", "I am"."""
    here, before = at + 1, words[at - 1].folded if at else ""
    if here >= len(words) or words[here].gap not in (" ", " : "):
        return
    if before in ("nom", "prenom", "name"):
        owner = words[at - 2].folded if at > 1 else ""
        if owner in cues.POSSESSIVES or begins_name(words, here):
            yield from _certain(words, here, blocked)
        return
    if before not in ("je", "c'", "i", "this", "it", "ici", "suis"):
        return
    word = words[here]
    known = first_name(word.folded)
    if known > 0 and (word.shape != LOWER or (known == SURE or before == "suis")):
        yield from named_from(words, here, blocked)
    elif is_surname_shaped(word) and here + 1 < len(words) and is_surname_shaped(words[here + 1]):
        yield from named_from(words, here, blocked)


def house(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "la famille", "les époux", "veuve"; or before "family"."""
    here = at + 1
    if words[at].folded == "family":
        if at and is_surname_shaped(words[at - 1]) and words[at].gap == " ":
            yield _from_particle(words, at - 1), at
        return
    if here >= len(words) or words[here].gap not in (" ", " : ", ": "):
        return
    word = words[here]
    if word.folded in FUNCTION and word.folded not in PARTICLES:
        return
    if word.folded in PARTICLES or word.shape != LOWER:
        if begins_name(words, here) or (word.shape == LOWER and _capital_after(words, here)):
            yield from named_from(words, here, blocked)
    elif not is_ordinary(word.folded) and words[at].folded in ("famille", "consorts"):
        yield here, here + 1


def _from_particle(words: Sequence[Word], at: int) -> int:
    """Return where a surname begins whose last word stands at a place: "the Le Goff family"."""
    while at and words[at - 1].shape == CAPITAL and words[at - 1].folded in PARTICLES:
        if words[at].gap != " " or words[at - 1].opens:
            break
        at -= 1
    return at


def _capital_after(words: Sequence[Word], here: int) -> bool:
    return words[here].folded not in ("de", "du", "des", "d'", "les", "l'") and (
        here + 1 < len(words) and is_surname_shaped(words[here + 1])
    )


def form_field(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "Nom :", "Demandeur :", and every name of a mail's "De :", "Cc:"."""
    here = at + 1
    if here >= len(words) or words[here].gap not in cues.COLONS:
        return
    if words[at].folded in cues.HEADERS and (at == 0 or "\n" in words[at].gap):
        yield from _header(words, here, blocked)
    word = words[here]
    if words[at].folded in cues.OF_A_NAME and not any(
        words[back].folded in ("nom", "name") for back in range(max(0, at - 3), at)
    ):
        return
    if words[at].folded not in cues.FIELDS or word.folded in OFFICES:
        return
    if word.folded in ("l'", "d'") and here + 1 < len(words) and words[here + 1].gap == "":
        if words[at].folded in cues.OF_A_NAME or words[at].folded in cues.LINES_OF_ONE:
            yield here, here + 2
        return
    if word.folded in FUNCTION:
        return
    if word.folded in FACILITIES or word.folded in THINGS:
        return
    plain = word.shape == LOWER and first_name(word.folded) <= 0 and is_ordinary(word.folded)
    if words[at].folded in cues.LINES_OF_ONE:
        if not (plain and word.folded in _NOT_GIVEN):
            yield from named_from(words, here, blocked)
    elif not plain and (word.shape == LOWER or _is_like_a_name(word)):
        yield from named_from(words, here, blocked)


def _is_like_a_name(word: Word) -> bool:
    return (
        word.shape == INITIAL
        or first_name(word.folded) > 0
        or (is_surname_shaped(word) and not is_acronym(word) and not is_commune(word.folded))
    )


def _header(words: Sequence[Word], here: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the names of a mail's header, up to the end of its line."""
    first = here
    while here < min(len(words), first + HEADER) and (here == first or "\n" not in words[here].gap):
        word = words[here]
        glued = here > first and words[here].gap in (".", "@", "_", "-")
        if word.shape != LOWER and not glued and _is_like_a_name(word):
            end = read_name(words, here, blocked)
            yield here, max(end, here + 1)
            here = max(end, here + 1)
        else:
            here += 1


def home_of(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "chez les", and a first name after "chez"."""
    here = at + 1
    if here >= len(words) or words[here].gap != " ":
        return
    if words[here].folded == "les" and here + 1 < len(words):
        word = words[here + 1]
        if words[here + 1].gap == " " and not is_acronym(word):
            if is_surname_shaped(word) or (word.shape == LOWER and not _is_common(word)):
                yield from named_from(words, here + 1, blocked)
    elif words[here].shape != LOWER and (
        first_name(words[here].folded) > 0 or _is_pair(words, here)
    ):
        yield from named_from(words, here, blocked)


def _is_pair(words: Sequence[Word], here: int) -> bool:
    return (
        begins_name(words, here)
        and here + 1 < len(words)
        and (words[here + 1].gap == " " and is_surname_shaped(words[here + 1]))
    )


def couple(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "les", which in French stays in the singular: "les Martin"."""
    here = at + 1
    if here >= len(words) or words[here].gap != " " or words[here].shape != CAPITAL:
        return
    word = words[here]
    if (
        word.folded[-1] in "sx"
        or "-" in word.folded
        or first_name(word.folded) > 0
        or not begins_name(words, here)
    ):
        return
    if not words[here].opens and (is_surname_shaped(word) or word.folded in PARTICLES):
        yield from named_from(words, here, blocked)


def _is_common(word: Word) -> bool:
    return is_ordinary(word.folded) or word.folded in FUNCTION or word.text.endswith("'")
