# SPDX-License-Identifier: AGPL-3.0-or-later
"""Words left over that do what only somebody does: "Lapin m'a dit que …", "vannes refuse".

A noun of French has an article before it, and one of English in the singular too. A bare word that
is the subject of a verb of persons, that is addressed, or that is put in brackets behind a person
is then a name, whatever else it means and in capitals or not. That is not enough to hide it, for
somebody in a hurry leaves articles out, and enough to ask.
"""

from collections.abc import Container, Iterator, Sequence
from typing import Final

from beffroi_privacy import cue_words as cues
from beffroi_privacy.gazetteer import first_name, is_commune, is_ordinary, is_surname_too
from beffroi_privacy.names import CALENDAR, FUNCTION, OFFICES
from beffroi_privacy.person_context import is_thing
from beffroi_privacy.places import is_acronym
from beffroi_privacy.platforms import NETWORK_WORD
from beffroi_privacy.words import CAPITAL, INITIAL, LOWER, UPPER, Word

_PRONOUNS: Final = frozenset(
    """
    personne rien chacun chacune certains certaines plusieurs beaucoup aucun aucune quelqu'un
    quelques quiconque autre autres lequel laquelle lesquels celles ceux cela ca combien comment
    pourquoi quoi dont ou lui-meme elle-meme on-dit police gens
    """.split()
)
_LINKS: Final = frozenset(
    "que qu' mais et car quand si comme donc or puisque lorsque pourquoi".split()
)
_CLITICS: Final = frozenset("me m' te t' nous vous lui leur l' les".split())
_CALLED: Final = frozenset("m mr mrs ms mme mlle monsieur madame mademoiselle".split())
_HAS: Final = frozenset("a avait aurait".split())
_SAYS: Final = frozenset(
    """
    repond promet refuse telephone appelle explique raconte crie insulte menace ment oublie pense
    croit veut sait habite travaille jure affirme confirme pretend envoie recoit achete paie
    """.split()
)
"""What somebody does, in words that are no nouns."""
_SAID: Final = frozenset(
    """
    dit repondu promis refuse signe ecrit telephone appele demande explique raconte crie hurle
    insulte menace gare menti oublie pense cru voulu jure affirme confirme pretendu assure envoye
    recu achete vendu paye ramasse jete aide depose laisse prete vu su
    """.split()
)
_HERSELF: Final = frozenset(
    """
    endormi endormie plaint plainte excuse excusee presente presentee moque moquee enerve enervee
    gare garee blesse blessee fache fachee engage engagee
    """.split()
)
_TOLD: Final = frozenset(
    "told said says lives refuses refused promised wrote asked parked thinks wants knows answers "
    "answered replied".split()
)
_MAY: Final = frozenset("etant devait doit peut pouvait allait voulait aurait".split())
_LEFT: Final = frozenset(
    "parti partie venu venue revenu revenue decede decedee absent absente".split()
)
_POSTS: Final = frozenset("tresorier tresoriere regisseur regisseuse animateur animatrice".split())
_WANTED: Final = frozenset(
    """
    selon chez remercier remercie remerciez prevenir previens prevenez prevenu rappeler rappelez
    contacter contactez joindre remplacer remplace rencontrer rencontre convoquer convoque
    interroger feliciter felicitations saluer interpeller reveiller accueillir epoux entre avec
    contre
    """.split()
)
"""What only a determiner or a name can follow."""
_WANTED_PAIRS: Final = frozenset(
    (
        *(("d'", "apres"), ("part", "de"), ("attention", "de"), ("aupres", "de")),
        *(("s'", "appelle"), ("s'", "appelait"), ("encore", "de")),
    )
)
_BEGINS: Final = (
    _CLITICS
    | _HAS
    | _SAYS
    | _TOLD
    | _MAY
    | {"et", "and", "never", "always", "still", "has", "ne", "n'", "s'", "est", "etait"}
)
"""What the words that tell of somebody's doing begin with."""
_BEFORE: Final = (
    _LINKS | _CALLED | _WANTED | {second for _, second in _WANTED_PAIRS} | {"est", "de"}
)
"""Words behind which a word in small letters may act or be asked for."""
_ATTENDING: Final = frozenset("absent absente excuse excusee present presente".split())
_TO_YOU: Final = frozenset("tu te toi".split())
_BACK: Final = 5


def acting_words(
    words: Sequence[Word], covered: Container[int], free: Container[int]
) -> Iterator[str]:
    """Yield why words that are neither masked nor a place's name may act as somebody."""
    before = ""
    for at, word in enumerate(words):
        capital = word.shape == CAPITAL or word.shape == UPPER
        told = capital or word.opens or at == 0 or before in _BEFORE
        before = word.folded
        if not told or at in covered or at in free or word.shape == INITIAL:
            continue
        if len(word.text) > 2 and _may_act(words, at, capital=capital):
            yield "capitals"


def _may_act(words: Sequence[Word], at: int, *, capital: bool) -> bool:
    """Say whether a word acts as somebody, or is told of, or to, as somebody is."""
    word = words[at]
    if capital and _is_maiden(words, at):
        return True
    found = (
        (_is_bare(words, at) and _acts(words, at))
        or (at > 0 and word.gap == " " and _is_wanted(words, at))
        or (
            capital
            and (_is_in_brackets(words, at) or _is_on_roster(words, at) or _is_spoken_to(words, at))
        )
    )
    return found and not _is_nobodys(word)


def _is_nobodys(word: Word) -> bool:
    folded = word.folded
    return (
        folded in FUNCTION
        or folded in OFFICES
        or folded in CALENDAR
        or folded in _PRONOUNS
        or folded in cues.ROLES
        or is_thing(folded)
        or is_acronym(word)
        or word.text.endswith("'")
        or NETWORK_WORD.fullmatch(folded) is not None
    )


def _is_maiden(words: Sequence[Word], at: int) -> bool:
    """Say whether a word follows "nom de jeune fille" or "nom de naissance", with a comma too."""
    if at < 3 or words[at - 1].folded not in ("fille", "naissance", "est", "etait"):
        return False
    back = [word.folded for word in words[max(0, at - 5) : at]]
    if back[-1:] == ["est"] or back[-1:] == ["etait"]:
        back.pop()
    if words[at].gap not in (" ", ", ", " (", *cues.COLONS):
        return False
    return back[-4:] == ["nom", "de", "jeune", "fille"] or back[-3:] == ["nom", "de", "naissance"]


def _is_bare(words: Sequence[Word], at: int) -> bool:
    """Say whether a clause begins with a word, so that nothing determines it."""
    word = words[at]
    if at == 0 or word.opens:
        return word.gap[-1:] not in (".", "/")
    before = words[at - 1]
    if word.gap not in (" ", "", ". "):
        return False
    if before.folded in ("le", "la") and before.opens:
        return word.shape == CAPITAL and not is_ordinary(word.folded)  # "Le Goff m'a dit"
    return before.folded in _LINKS or before.folded in _CALLED


def _acts(words: Sequence[Word], at: int) -> bool:
    """Say whether a verb of persons follows a word, or "et moi"."""
    if at + 1 < len(words) and words[at + 1].folded == "qui" and words[at + 1].gap in (", ", " "):
        if words[at].shape == LOWER and not _is_borne(words[at]):
            return False
        at += 1
    if at + 1 >= len(words) or words[at + 1].folded not in _BEGINS:
        return False
    after = _chain(words, at)
    if after and words[at + 1].text.lower().endswith(("à", "é", "ée", "és", "ées")):
        return False  # "Vidéo à …", "Accès refusé"
    if after[:2] == ["et", "moi"] or after[:2] == ["and", "i"]:
        return True
    if after[:1] and after[0] in _MAY:
        return is_surname_too(words[at].folded) and not is_commune(words[at].folded)
    if after[:1] and after[0] in ("never", "always", "still", "has"):
        after = after[1:]
    if after[:1] and after[0] in _TOLD and after[1:2] != ["by"]:
        return _is_borne(words[at])
    if after[:1] and after[0] in ("ne", "n'"):
        after = after[1:]
    if after[:2] == ["s'", "est"] or after[:2] == ["s'", "etait"]:
        return after[2:3] != [] and after[2] in _HERSELF
    if after[:1] and after[0] in _CLITICS:
        return after[1:2] != [] and (after[1] in _HAS or after[1] in _SAYS)
    if after[:1] and after[0] in ("est", "etait"):
        return after[1:2] != [] and after[1] in _LEFT and _is_borne(words[at])
    if after[:1] and after[0] in _HAS:
        return any(word in _SAID for word in after[1:3])
    return after[:1] != [] and after[0] in _SAYS


def _is_wanted(words: Sequence[Word], at: int) -> bool:
    """Say whether a word that people bear stands bare where only a name does: "selon charpentier".

    In "c'est rose qui le dit" it stands between the two.
    """
    word, before = words[at], words[at - 1].folded
    if before not in _BEFORE or not (at + 1 == len(words) or _is_whole(words[at + 1])):
        return False
    if not _is_borne(word):
        return False
    if before in _WANTED:
        return True
    pair = (words[at - 2].folded, before) if at > 1 else ("", "")
    if pair == ("nom", "de"):
        return at > 2 and words[at - 3].folded == "au"
    if pair == ("c'", "est"):
        return _chain(words, at)[:1] == ["qui"]
    return pair in _WANTED_PAIRS


def _is_whole(after: Word) -> bool:
    """Say whether no further word with a capital or hyphen belongs to the one before."""
    return after.gap not in (" ", "-") or after.shape == LOWER


def _is_borne(word: Word) -> bool:
    folded = word.folded
    return is_surname_too(folded) or first_name(folded) > 0 or is_commune(folded)


def _chain(words: Sequence[Word], at: int) -> list[str]:
    """Return the folded words behind one with nothing but spaces between."""
    found: list[str] = []
    for word in words[at + 1 : at + 5]:
        if word.gap not in (" ", ""):
            break
        found.append(word.folded)
    return found


def _is_in_brackets(words: Sequence[Word], at: int) -> bool:
    """Say whether one word with a capital stands in brackets behind a person: "ma voisine (X)"."""
    if words[at].gap != " (" or not (at + 1 < len(words) and words[at + 1].gap.startswith(")")):
        return False
    back = [word.folded for word in words[max(0, at - _BACK) : at]]
    return any(folded in cues.ROLES or folded in _POSTS for folded in back)


def _is_on_roster(words: Sequence[Word], at: int) -> bool:
    """Say whether a word is told to be there or not: "Présents : X, …", "X : absent"."""
    word = words[at]
    if at + 1 < len(words) and words[at + 1].folded in _ATTENDING:
        if words[at + 1].gap in (" : ", ": ") and word.opens:
            return True
    before = words[at - 1] if at else None
    if before is None or word.gap not in (": ", " : ") or before.folded not in cues.HEADERS:
        return False
    return before.folded.startswith(("present", "absent", "excus", "attend", "apolog"))


def _is_spoken_to(words: Sequence[Word], at: int) -> bool:
    """Say whether a sentence begins with a word to which somebody says "tu": "X, si tu lis ça"."""
    if not (at == 0 or words[at].opens) or at + 1 >= len(words) or words[at + 1].gap != ", ":
        return False
    return any(word.folded in _TO_YOU for word in words[at + 1 : at + 4])
