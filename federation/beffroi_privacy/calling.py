# SPDX-License-Identifier: AGPL-3.0-or-later
"""Words left over that stand where somebody is called: "la famille X", "avec x", "X, le concierge".

No list says that they are names: they are communes, words of the language, or words that nobody
knows. That is not enough to hide them and enough to ask.
"""

from collections.abc import Container, Iterator, Sequence
from typing import Final

from beffroi_privacy import cue_words as cues
from beffroi_privacy.gazetteer import (
    ALSO_A_PLACE,
    first_name,
    is_commune,
    is_ordinary,
    is_surname_too,
)
from beffroi_privacy.names import CALENDAR, FUNCTION, OFFICES, PARTICLES
from beffroi_privacy.person_small import is_unknown
from beffroi_privacy.places import FACILITIES, ORGANISATIONS, THINGS, is_acronym
from beffroi_privacy.words import CAPITAL, INITIAL, LOWER, UPPER, Word

_HOUSES: Final = frozenset(
    """
    famille familles chez interphone sonnette signe signee signes nom prenom prenoms eleve eleves
    temoin temoins fils fille mari femme epouse epoux pere mere frere soeur voisin voisine ami amie
    oncle tante mamie papi papy concierge gardien gardienne facteur factrice infirmiere kine nounou
    agent agente demandeur demandeuse patient patiente locataire proprietaire neighbour neighbor
    student pupil student's nurse tenant husband wife
    """.split()
)
"""What a name follows at once, whatever else the word that stands there may mean."""
_PREPOSITIONS: Final = frozenset(
    "avec a chez pour par sans sauf contre selon de d' with by to from for of et and ou id".split()
)
_SMALL_AFTER: Final = frozenset(
    """
    avec a chez par pour sans sauf contre selon id with by as voir rdv rappeler prevenir joindre
    demandez demander concierge gardien gardienne voisin voisine collegue facteur kine nounou
    infirmiere medecin directeur directrice agent agente monsieur madame c' est
    """.split()
)
_VERBS: Final = frozenset(
    """
    est a et and is has was were n' ne va dit habite m' s' l' se nous vous te avait etait sera veut
    peut doit vient part dort joue mange crie says said lives needs wants who qui
    """.split()
)
_ARTICLES: Final = frozenset("le la l' les un une des du au aux mon ma son sa notre the my".split())
_SOFT: Final = frozenset("fete projet anniversaire portrait concert conference course".split())
"""Things that bear the name of what they are, or of whose they are."""
_SHORT: Final = 4


def called_words(
    words: Sequence[Word], covered: Container[int], free: Container[int]
) -> Iterator[str]:
    """Yield why words that are neither masked nor a place's name may call somebody."""
    if _ends_with_name(words, covered, free):
        yield "capitals"
    for at, word in enumerate(words):
        if at and words[at - 1].folded in cues.LINES_OF_ONE and _is_given(word, at in covered):
            yield "capitals"
        if at in free and at not in covered and _is_after_soft_thing(words, at):
            yield "capitals"
        if at in covered or at in free or word.shape == INITIAL or len(word.text) < 3:
            continue
        if word.shape == LOWER:
            if _is_small_called(words, at):
                yield "capitals"
        elif _is_nobodys(word) and not (word.folded in CALENDAR and _is_on_door(words, at)):
            continue
        elif at and (_is_after_house(words, at) or _is_plain_called(words, at)):
            yield "capitals"
        elif at and (_is_after_noble(words, at) or _is_family(words, at)):
            yield "capitals"
        elif _is_on_own_line(words, at):
            yield "capitals"
        elif _has_role_behind(words, at) or _is_addressed(words, at):
            yield "capitals"
        elif at and len(words) <= _SHORT and not word.opens and word.gap == " ":
            yield "capitals"


def _is_nobodys(word: Word) -> bool:
    folded = word.folded
    return (
        folded in FUNCTION
        or folded in OFFICES
        or folded in CALENDAR
        or folded in ORGANISATIONS
        or folded in FACILITIES
        or folded in THINGS
        or word.text.endswith("'")
    )


def _is_after_house(words: Sequence[Word], at: int) -> bool:
    """Say whether a word with a capital follows "famille", "fils", "interphone", "signé"."""
    word, before = words[at], words[at - 1]
    if word.gap not in (" ", " : ", ": ", ' "', ' " ') or (word.opens and word.gap == " "):
        return False
    if before.folded == "chez" and is_commune(word.folded):
        return False
    return before.folded in _HOUSES and not (is_acronym(word) and before.folded == "agent")


def _is_on_door(words: Sequence[Word], at: int) -> bool:
    """Say whether a word follows "interphone", "famille": also "Dimanche" is somebody there."""
    return at > 0 and words[at - 1].folded in ("interphone", "sonnette", "famille")


def _is_given(word: Word, covered: bool) -> bool:
    """Say whether a word that is not hidden stands behind "Nom :", whatever it means."""
    return not covered and word.gap in cues.COLONS and word.shape in (CAPITAL, UPPER)


def _ends_with_name(words: Sequence[Word], covered: Container[int], free: Container[int]) -> bool:
    """Say whether a text ends with up to four words that all may be of a name: "le goff yann"."""
    start = len(words)
    while start > 0 and len(words) - start < 5:
        start -= 1
        if start == 0 or words[start].opens or words[start].gap not in (" ", "-", ". ", "."):
            break
    line = words[start:]
    if start == 0 or not 0 < len(line) < 5:
        return False
    if any(at in covered or at in free for at in range(start, len(words))):
        return False
    names = [word for word in line if word.folded not in PARTICLES and word.shape != INITIAL]
    return bool(names) and all(_may_be_name(word) for word in names)


def _may_be_name(word: Word) -> bool:
    if word.folded in FUNCTION or word.folded in OFFICES or word.folded in CALENDAR:
        return False
    if len(word.folded) < 3 or word.text.endswith("'"):
        return False
    return first_name(word.folded) != 0 or is_surname_too(word.folded) or is_unknown(word)


def _is_on_own_line(words: Sequence[Word], at: int) -> bool:
    """Say whether a line is two words that both may be of a name, and nothing else."""
    if at + 1 >= len(words) or not (at == 0 or "\n" in words[at].gap):
        return False
    first, second = words[at], words[at + 1]
    if second.gap != " " or second.shape == LOWER or not _may_be_name(second):
        return False
    ends = at + 2 == len(words) or "\n" in words[at + 2].gap
    return ends and len(words) > 2 and first_name(first.folded) > 0


def _is_after_soft_thing(words: Sequence[Word], at: int) -> bool:
    """Say whether one word that may be a name follows "fête", "projet de", whose it may be."""
    word = words[at]
    if word.shape != CAPITAL or (at + 1 < len(words) and words[at + 1].gap == " "):
        if at + 1 < len(words) and words[at + 1].shape != LOWER:
            return False
    back = [before.folded for before in words[max(0, at - 2) : at]]
    soft = bool(back) and (back[-1] in _SOFT or (back[-1] in ("de", "d'") and back[0] in _SOFT))
    return soft and word.shape == CAPITAL and (first_name(word.folded) > 0 or is_unknown(word))


def _is_after_noble(words: Sequence[Word], at: int) -> bool:
    """Say whether "Mme de La Motte" stands here."""
    here = at - 1
    while here > 0 and words[here].folded in PARTICLES and at - here < 3:
        here -= 1
    return here < at - 1 and words[here].folded in cues.SHORT and words[here].shape != LOWER


def _is_family(words: Sequence[Word], at: int) -> bool:
    """Say whether a family is meant: "the Kowals", "chez les Bouteille", "the Baker family"."""
    word, before = words[at], words[at - 1]
    after = words[at + 1].folded if at + 1 < len(words) else ""
    here = at - 1
    while here > 0 and words[here].folded in PARTICLES and at - here < 3:
        here -= 1
    if words[here].folded in ("famille", "nee", "epoux", "veuve") and word.shape != LOWER:
        return True
    if after == "family" or (before.folded == "les" and at > 1 and words[at - 2].folded == "chez"):
        return True
    return (
        before.folded == "the"
        and word.folded.endswith("s")
        and not is_ordinary(word.folded)
        and not is_commune(word.folded)
    )


def _is_plain_called(words: Sequence[Word], at: int) -> bool:
    """Say whether an ordinary word has a capital after "avec", "de": "les albums de Pomme"."""
    word, before = words[at], words[at - 1]
    if word.shape != CAPITAL or word.opens or word.gap not in (" ", ""):
        return False
    if before.folded not in _PREPOSITIONS or before.shape != LOWER:
        return False
    if at + 1 < len(words) and words[at + 1].gap == " " and words[at + 1].shape != LOWER:
        return False
    known = first_name(word.folded)
    return (known > 0 or is_surname_too(word.folded)) and not is_commune(word.folded)


def _has_role_behind(words: Sequence[Word], at: int) -> bool:
    """Say whether ", le concierge" or "and her husband" follows a word with a capital."""
    if at + 2 >= len(words):
        return False
    link, role = words[at + 1], words[at + 2]
    if link.gap == ", " and link.folded in _ARTICLES:
        return role.folded in cues.ROLES and role.folded not in OFFICES
    if link.gap == " " and link.folded in ("et", "and") and at + 3 < len(words):
        return role.folded in cues.POSSESSIVES and words[at + 3].folded in cues.KIN
    return False


def _is_addressed(words: Sequence[Word], at: int) -> bool:
    """Say whether a sentence begins with a first name that may be a word: "Loup est", "Reine, "."""
    word = words[at]
    if not (word.opens or at == 0) or word.shape not in (CAPITAL, UPPER):
        return False
    known = first_name(word.folded)
    if not known or known == ALSO_A_PLACE:
        return False
    if at + 1 == len(words):
        return "\n" in word.gap
    after = words[at + 1]
    if "\n" in after.gap:
        return at == 0 or "\n" in word.gap
    if after.gap == ", ":
        return after.shape == LOWER
    return after.gap == " " and after.folded in _VERBS and after.shape == LOWER


def _is_small_called(words: Sequence[Word], at: int) -> bool:
    """Say whether a word in small letters stands where somebody is called, and no list knows it."""
    word = words[at]
    before = words[at - 1] if at else None
    if before is None:
        return False
    if word.gap == " ":
        return before.folded in _SMALL_AFTER and len(word.text) > 3 and is_unknown(word)
    ends = at + 1 == len(words) or words[at + 1].gap[:1] in (",", ".", ";", ")", "!", "?", "\n")
    if not ends or len(word.text) < 4:
        return False
    if is_unknown(word):
        return word.gap in (", ", ": ", " : ", " (", ' "', ' " ', '"')
    apart = word.gap in (", ", ": ", " : ") or "\n" in word.gap
    return apart and first_name(word.folded) > 0 and word.folded not in FUNCTION
