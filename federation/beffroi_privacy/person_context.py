# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names that no list knows, told by where they stand and how they are written.

Two words in capitals inside a sentence that nothing explains, a surname in capitals beside a word
with one, a word after "de la part de" or "demandez", the further names of a list. All are guesses.
"""

import re
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
    mon ma mes the an this that these our your their its my his her chaque quelle quel
    """.split()
)
_ASKING: Final = frozenset(
    """
    demander demandez demande prevenir prevenez joindre joignez rappeler rappelez appelez contactez
    avec sans contre sauf pour par chez selon voir vu vue interroge remplace remercie felicite tel
    ici signe tata tonton tatie mamie papi concierge ex-epouse ex-mari conjointe compagne epouse
    with without against except for by ask call tell told see thank secretaire tresorier tresoriere
    beneficiaire expediteur petit-fils petite-fille neveu niece cousin cousine auxiliaire infirmiere
    """.split()
)
_TO: Final = frozenset(
    """
    adressez-vous adresser parler parlez speak spoke talk talked ask told email phone dedicace
    donner donnez donne dire dis dit diras demander demandez demande delai merci rendre rendu remis
    transmis envoye transfere confie appartient promis ecrire ecrivez grace offert
    """.split()
)
_POSSESSED: Final = frozenset(
    """
    voiture chien chienne chat chats maison jardin equipe conges fils fille filles enfants mari
    femme frere soeur mere pere recours deces projet plainte haie velo moto camion appartement
    fenetre remorque message mail reponse courrier anniversaire fete mort enterrement depart retour
    absence remplacement part attention camionnette scooter poule poules coq arbre arbres mur
    cloture portail garage balcon terrasse cave palier logement bureau travaux albums photos
    chantier temoignage propos signature compte-rendu visite appel intervention cuisine famille
    maman papa copain copine ami amie voisin voisine
    """.split()
)
_WHERE: Final = frozenset(
    ("", "en", "a", "in", "at", "to", "sur", "vers", "on", "near", "page", "habite", "live")
)
_VERSION = re.compile(r" v?\d{1,2}(?:\.\d{1,3}){1,3}(?!\.?\d)")
HUMPED = re.compile(r"^(?!Mac|De|Le|La|Du|Fitz).*[a-zà-ÿ][A-Z]")
_SHORT: Final = 7
_TITLE_SHARE: Final = 0.55
_ENDS: Final = (".", ",", ";", ")", ":", "|", "\t", "/")
_AND: Final = frozenset("et and ou or puis".split())
_LIST_GAPS: Final = (", ", " ; ", "; ", " / ", "/", " - ", " & ")


def find_by_context(words: Sequence[Word], blocked: Container[int]) -> Iterator[Range]:
    """Yield the ranges of words that are read as a name for where they stand."""
    capitals = [at for at, word in enumerate(words) if word.shape in (CAPITAL, UPPER)]
    for at in capitals:
        if at in blocked:
            continue
        shape = words[at + 1].shape if at + 1 < len(words) else LOWER
        if shape in (CAPITAL, UPPER) and at + 1 not in blocked and is_name_pair(words, at):
            yield at, max(read_name(words, at, blocked), at + 2)
        elif shape == INITIAL and is_before_initial(words, at):
            yield at, at + 2
        elif _stands_for_somebody(words, at) and is_unexplained(words[at]):
            yield at, max(read_name(words, at, blocked), at + 1)


def is_before_initial(words: Sequence[Word], at: int) -> bool:
    """Say whether a surname stands before the initial of a first name: "HALVORSEN V."."""
    if at + 1 >= len(words) or words[at + 1].shape != INITIAL or words[at + 1].gap != " ":
        return False
    word, after = words[at], words[at + 1].folded
    ends = at + 2 >= len(words) or words[at + 2].gap[:1] in _ENDS or words[at + 2].opens
    borne = first_name(word.folded) > 0 or is_surname_too(word.folded)
    known = borne or (is_surname_shaped(word) and not is_thing(word.folded))
    return ends and known and not is_acronym(word) and after not in ("a", "y", "l'")


def _stands_for_somebody(words: Sequence[Word], at: int) -> bool:
    """Say whether an unknown word with a capital stands where only somebody can."""
    if has_version(words, at):
        return False
    if at and is_called(words, at):
        return True
    after = words[at + 1] if at + 1 < len(words) else None
    if after is not None and after.folded == "s" and after.gap == "'":
        return after.end == after.start + 1 and not _is_after_the(words, at)
    if after is not None and after.gap == " " and after.folded in _AND and at + 3 < len(words):
        return words[at + 2].folded in ("son", "sa", "ses", "her", "his") and words[at].opens
    before = words[at - 1].folded if at else ""
    plain = words[at].gap in (" ", ", ", " : ", ": ") and before not in _WHERE
    return len(words) <= _SHORT and plain and not _is_after_the(words, at)


def has_version(words: Sequence[Word], at: int) -> bool:
    """Say whether a short number follows, as after the name of a programme."""
    return at + 1 < len(words) and _VERSION.match(words[at + 1].gap) is not None


def _is_after_the(words: Sequence[Word], at: int) -> bool:
    return at > 0 and words[at].gap in (" ", "") and words[at - 1].folded in _DETERMINERS


def is_unexplained(word: Word) -> bool:
    """Say whether a word with a capital is no ordinary one, no place and no organisation."""
    return (
        is_surname_shaped(word)
        and not is_acronym(word)
        and len(word.text) > 2
        and not is_commune(word.folded)
        and not is_thing(word.folded)
        and not HUMPED.search(word.text)
    )


def is_thing(folded: str) -> bool:
    """Say whether a folded word stands for a place, a thing or an organisation."""
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
    if word.text.endswith("'") or is_acronym(word) or is_thing(word.folded):
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


def is_called(words: Sequence[Word], at: int) -> bool:
    """Say whether a person's name has to stand here: "demandez …", "la voiture de …"."""
    before, gap = words[at - 1].folded, words[at].gap
    if gap not in (" ", "", ", ", " : ", ": ", ") "):
        return False
    if before in _ASKING:
        return gap != ") "
    back = [word.folded for word in words[max(0, at - 5) : at]]
    if before in ("a", "to", "with", "for"):
        return any(word in _TO or word.partition("-")[0] in _TO for word in back[:-1])
    if before == "est" and back[-2:-1] == ["c'"]:
        return gap == " "
    return before in ("de", "d'") and bool(back[-2:-1]) and back[-2] in _POSSESSED


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
