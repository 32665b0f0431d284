# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a text itself says that a name comes: "Mme", "je m'appelle", "Nom :", "mon fils".

Each reader gets the words, the place of the word that may announce a name, and the places that
belong to a street or a school; it returns the half-open ranges of words that are a name.
"""

from collections.abc import Callable, Container, Iterator, Sequence

from beffroi_privacy import cue_words as cues
from beffroi_privacy.gazetteer import first_name, is_commune, is_ordinary, is_surname_too
from beffroi_privacy.names import (
    FUNCTION,
    OFFICES,
    PARTICLES,
    is_surname_shaped,
    read_name,
)
from beffroi_privacy.places import FACILITIES, is_acronym
from beffroi_privacy.words import CAPITAL, INITIAL, LOWER, Word

Range = tuple[int, int]
Reader = Callable[[Sequence[Word], int, Container[int]], Iterator[Range]]


_ENGLISH_OWN = frozenset("my our his her their your the a s".split())


def begins_name(words: Sequence[Word], here: int) -> bool:
    """Say whether a word looks like the beginning of a name: a first name, a surname, "Le Goff"."""
    if here >= len(words):
        return False
    word = words[here]
    if word.folded in PARTICLES and word.shape != LOWER:
        after = words[here + 1] if here + 1 < len(words) else word
        return after.gap in ("", " ") and after.shape != LOWER and after.folded not in OFFICES
    if word.shape == LOWER or word.shape == INITIAL:
        return False
    if is_acronym(word) and not _is_followed(words, here):
        return False
    return first_name(word.folded) > 0 or (
        (is_surname_shaped(word) or is_surname_too(word.folded)) and not is_commune(word.folded)
    )


def _is_followed(words: Sequence[Word], here: int) -> bool:
    """Say whether short capitals stand before a first name or surname: "KONÉ Issouf"."""
    after = words[here + 1] if here + 1 < len(words) else None
    return (
        after is not None
        and after.gap == " "
        and after.shape == CAPITAL
        and (first_name(after.folded) > 0 or is_surname_shaped(after))
    )


def named_from(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Yield the range of the name that begins at a word, if one does."""
    end = read_name(words, at, blocked)
    if end > at:
        yield at, end


def civility(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "M.", "Mme", "Docteur", "Mr", but not an office ("Madame la Maire")."""
    word, here = words[at], at + 1
    if at in blocked or here >= len(words) or words[here].gap not in (" ", ". ", ".", "  "):
        return
    if word.folded == "m" and at and words[at - 1].folded in ("a", "p") and word.gap in (".", ""):
        return  # a.m., p.m.
    if word.folded == "m" and (word.gap[-2:-1].isdigit() or not _is_monsieur(words, here)):
        return
    if word.folded in ("me", "mm") and (word.shape == LOWER or word.text in ("ME", "me")):
        if word.folded == "me" or not words[here].gap.startswith("."):
            return
    if words[here].folded in cues.OF_WHOM and words[here].shape == LOWER and here + 1 < len(words):
        if words[here].folded not in ("le", "la") and words[here + 1].gap == " ":
            here += 1
    if not _is_name_after(words, here, short=word.folded in cues.SHORT, cue=word.folded):
        return
    end = read_name(words, here, blocked)
    if words[here].shape == LOWER and words[here].folded not in PARTICLES:
        end = min(end, here + (2 if first_name(words[here].folded) > 0 else 1))
    if end > here:
        yield (at if word.text == "M" else here), end
    if word.folded in cues.SEVERAL:
        yield from _listed(words, end, blocked)


def _is_monsieur(words: Sequence[Word], here: int) -> bool:
    """Say whether the M before a word stands for Monsieur: "M. x", or "M Xxx"."""
    before = words[here - 1]
    if words[here].gap.startswith("."):
        return True
    return before.text == "M" and begins_name(words, here)


def _listed(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read further names after the first of "MM. X, Y et Z"."""
    while at < len(words):
        if words[at].folded in ("et", "and") and at + 1 < len(words):
            at += 1
        elif words[at].gap != ", ":
            return
        if not is_surname_shaped(words[at]):
            return
        end = read_name(words, at, blocked)
        yield at, end
        at = max(end, at + 1)


def _is_name_after(words: Sequence[Word], here: int, *, short: bool, cue: str) -> bool:
    """Say whether the word after a civility begins a name."""
    word = words[here]
    if word.folded in PARTICLES:
        there = here + 1
        while there < len(words) and words[there].folded in PARTICLES and there - here < 2:
            there += 1
        if there >= len(words) or words[there].folded in OFFICES:
            return False
        following = words[there]
        if (
            word.shape == LOWER
            and word.folded in cues.OF
            and (cue not in cues.OF_NOBLE or there > here + 1)
        ):
            return False
        if following.gap not in (" ", "", "  "):
            return False
        if word.shape == LOWER and following.shape == LOWER:
            return short and not is_ordinary(following.folded) and cue not in cues.ONLY_CAPITAL
        return following.shape != LOWER and following.folded not in FUNCTION
    if word.folded in FUNCTION or word.text.endswith("'"):
        return False
    if word.folded in OFFICES and (cue not in cues.DOCTORS or word.shape == LOWER):
        return False
    if cue == "maitre" and word.shape == LOWER:
        return (
            len(word.folded) > 3 and not is_ordinary(word.folded) and word.folded not in cues.GUILD
        )
    if word.folded in FACILITIES and is_ordinary(word.folded) and word.shape == LOWER:
        return False
    if word.shape != LOWER:
        return cue not in cues.RANKS or not is_ordinary(word.folded) or is_surname_too(word.folded)
    if cue in cues.ONLY_CAPITAL or len(word.folded) < 2:
        return cue in ("dr",) and not is_ordinary(word.folded)
    if cue in cues.DOCTORS and is_surname_too(word.folded):
        return True
    return short or not is_ordinary(word.folded)


def role(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "mon fils", "ma voisine", "l'agent", "la directrice"."""
    here = at + 1
    if (
        here >= len(words)
        or here in blocked
        or words[here].gap not in (" ", ", ", " : ", ": ", " (")
    ):
        return
    word, cue = words[here], words[at]
    own = at > 0 and words[at - 1].folded in cues.POSSESSIVES
    if cue.folded == "son" and not (at and words[at - 1].folded in _ENGLISH_OWN):
        return  # in French it is "his"
    if words[here].gap != " " and not (own and cue.folded in cues.KIN):
        return
    if word.shape == LOWER:
        known = first_name(word.folded)
        if not (own and known > 0 and (known > 1 or not is_ordinary(word.folded))):
            return
    elif not begins_name(words, here):
        return
    yield from named_from(words, here, blocked)


def greeting(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "Bonjour", "Chère", "Dear", "Merci"."""
    here = at + 1
    if here >= len(words) or words[here].gap not in (" ", "  ", ", "):
        return
    if words[at].folded == "thank" and words[here].folded == "you":
        here += 1
        if here >= len(words) or words[here].gap not in (" ", ", "):
            return
    word = words[here]
    if word.shape != CAPITAL or here in blocked or word.folded in FUNCTION:
        return
    if first_name(word.folded) > 0 or (words[here].gap != ", " and begins_name(words, here)):
        yield from named_from(words, here, blocked)
