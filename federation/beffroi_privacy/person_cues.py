# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a text itself says that a name comes: "Mme", "je m'appelle", "Nom :", "mon fils".

Each reader gets the words, the place of the word that may announce a name, and the places that
belong to a street or a school; it returns the half-open ranges of words that are a name.
"""

from collections.abc import Callable, Container, Iterator, Sequence
from typing import Final

from beffroi_privacy.gazetteer import SURE, first_name, is_commune, is_ordinary, is_surname_too
from beffroi_privacy.names import (
    FUNCTION,
    OFFICES,
    PARTICLES,
    is_surname_shaped,
    read_name,
)
from beffroi_privacy.places import FACILITIES, THINGS, is_acronym
from beffroi_privacy.words import CAPITAL, INITIAL, LOWER, Word

Range = tuple[int, int]
Reader = Callable[[Sequence[Word], int, Container[int]], Iterator[Range]]

_SHORT = frozenset("vve m mr mrs ms mme mmes mlle mlles mm me dr pr miss mister madam cllr".split())
_FULL = frozenset(
    """
    monsieur madame mademoiselle messieurs mesdames docteur docteure doctor maitre professeur
    professor professeure sir capitaine lieutenant brigadier adjudant commandant colonel sergent
    major officer sergeant constable councillor nurse abbe pasteur imam rabbin
    """.split()
)
_ONLY_CAPITAL = frozenset(
    """
    me mm dr pr miss sir capitaine lieutenant brigadier adjudant commandant colonel sergent major
    officer sergeant constable councillor nurse abbe pasteur imam rabbin doctor madam
    """.split()
)
_SEVERAL = frozenset("mm mmes mlles messieurs mesdames".split())
_KIN = frozenset(
    """
    voisin voisine voisins voisines fils fille filles mari femme epouse epoux compagnon compagne
    conjoint conjointe frere soeur oncle tante cousin cousine neveu niece ami amie amis pere mere
    papa maman grand-mere grand-pere mamie papi papy bebe enfant enfants garcon jumeaux beau-pere
    belle-mere beau-frere belle-soeur gendre bru collegue collegues copain copine ex pote locataire
    colocataire neighbour neighbor neighbours neighbors son daughter husband wife partner brother
    sister friend nephew niece uncle aunt cousin kid boy girl baby mother father mum mom dad
    grandson granddaughter grandmother grandfather colleague flatmate tenant landlord landlady
    """.split()
)
_ROLES = _KIN | frozenset(
    """
    agent agente gardien gardienne concierge instituteur institutrice maitresse directeur directrice
    animateur animatrice secretaire conseiller conseillere facteur factrice policier policiere
    gendarme medecin infirmier infirmiere kine proprietaire stagiaire eleve patron patronne
    responsable employe employee chauffeur mediateur mediatrice technicien technicienne eboueur
    jardinier jardiniere maire adjoint adjointe prefet prefete president presidente ministre elu
    elue depute deputee senateur senatrice avocat avocate notaire syndic professeur prof professor
    assistante assistant educateur educatrice coach entraineur chef cheffe dame monsieur nommee
    riverain riveraine habitant habitante patient patiente temoin victime conducteur conductrice
    retraite retraitee etudiant etudiante titulaire petit petite vieux vieille gamin gamine gars
    gerant gerante referent referente plaignant plaignante
    nounou atsem aesh baby-sitter coiffeur coiffeuse teacher driver officer manager caretaker nurse
    clerk mayor councillor inspector resident owner engineer supervisor secretary headteacher coach
    lady gentleman pupil student
    """.split()
)
_POSSESSIVES = frozenset("mon ma mes notre nos son sa ses my our his her their leur leurs".split())
_GREETINGS = frozenset(
    """
    bonjour bonsoir salut coucou cher chere chers merci hello hi hey dear thanks thank bravo
    felicitations allo
    """.split()
)
_FIELDS = frozenset(
    """
    nom prenom prenoms noms name surname names firstname lastname contact demandeur demandeuse
    auteur signataire interlocuteur expediteur destinataire declarant declarante plaignant
    plaignante temoin witness requester applicant patient patiente eleve enfant titulaire
    beneficiaire proprietaire locataire representant conducteur driver tenant owner mere pere tuteur
    sender attn victime victim signe signee signed redacteur responsable child mother father by par
    complainant reporter mandataire assure assuree usager famille naissance
        usage fille complet marital foyer beneficiaires user author signature
    """.split()
)
_HEADERS = frozenset(
    """
    de a from to cc cci bcc expediteur destinataire destinataires envoye participants presents
    excuses absents attendees apologies present membres participantes
    """.split()
)
_COLONS = frozenset((": ", " : ", ":", " :", ':"', ': "', ' : "', ":  ", " :  ", ": - "))
_OF_A_NAME = frozenset("usage naissance famille fille complet marital".split())
_LINES_OF_ONE = frozenset("nom prenom prenoms name surname firstname lastname".split())
_NAMING = frozenset(
    "appelle appelles appeler nomme nommer prenomme prenommer soussigne soussignee".split()
)
_PRESENTING = frozenset("comme as".split())
_NAMED = frozenset(
    """
    nomme nommee denomme denommee prenomme prenommee surnomme appele appelee named called signe
    signee signed certain certaine
    """.split()
)
_HOUSES = frozenset("famille familles consorts epoux veuve family menage couple fratrie".split())


_OF = frozenset("de du des d' la le les".split())
_OF_NOBLE = frozenset(
    "ms mrs miss m mr mme mlle monsieur madame mademoiselle docteur dr me maitre".split()
)
_RANKS = frozenset(
    """
    sir capitaine lieutenant brigadier adjudant commandant colonel sergent major officer sergeant
    constable councillor nurse abbe pasteur imam rabbin miss me pr
    """.split()
)
_DOCTORS = frozenset(
    "dr docteur docteure doctor maitre professeur professeure professor pr me".split()
)
_OF_WHOM = frozenset("vve veuve veuf nee epse epouse docteur dr le la".split())
_GUILD = frozenset("nageur chien oeuvre ouvrage composteur restaurateur queux esthetique".split())


def _begins(words: Sequence[Word], here: int) -> bool:
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


def _found(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    end = read_name(words, at, blocked)
    if end > at:
        yield at, end


def civility(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "M.", "Mme", "Docteur", "Mr", but not an office ("Madame la Maire")."""
    word, here = words[at], at + 1
    if at in blocked or here >= len(words) or words[here].gap not in (" ", ". ", ".", "  "):
        return
    if word.folded == "m" and (word.gap[-2:-1].isdigit() or not _is_monsieur(words, here)):
        return
    if word.folded in ("me", "mm") and (word.shape == LOWER or word.text in ("ME", "me")):
        if word.folded == "me" or not words[here].gap.startswith("."):
            return
    if words[here].folded in _OF_WHOM and words[here].shape == LOWER and here + 1 < len(words):
        if words[here].folded not in ("le", "la") and words[here + 1].gap == " ":
            here += 1
    if not _begins_name(words, here, short=word.folded in _SHORT, cue=word.folded):
        return
    end = read_name(words, here, blocked)
    if words[here].shape == LOWER and words[here].folded not in PARTICLES:
        end = min(end, here + (2 if first_name(words[here].folded) > 0 else 1))
    if end > here:
        yield (at if word.text == "M" else here), end
    if word.folded in _SEVERAL:
        yield from _listed(words, end, blocked)


def _is_monsieur(words: Sequence[Word], here: int) -> bool:
    """Say whether the M before a word stands for Monsieur: "M. x", or "M Xxx"."""
    before = words[here - 1]
    if words[here].gap.startswith("."):
        return True
    return before.text == "M" and _begins(words, here)


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


def _begins_name(words: Sequence[Word], here: int, *, short: bool, cue: str) -> bool:
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
            and word.folded in _OF
            and (cue not in _OF_NOBLE or there > here + 1)
        ):
            return False
        if following.gap not in (" ", "", "  "):
            return False
        if word.shape == LOWER and following.shape == LOWER:
            return short and not is_ordinary(following.folded) and cue not in _ONLY_CAPITAL
        return following.shape != LOWER and following.folded not in FUNCTION
    if word.folded in FUNCTION or word.text.endswith("'"):
        return False
    if word.folded in OFFICES and (cue not in _DOCTORS or word.shape == LOWER):
        return False
    if cue == "maitre" and word.shape == LOWER:
        return len(word.folded) > 3 and not is_ordinary(word.folded) and word.folded not in _GUILD
    if word.folded in FACILITIES and is_ordinary(word.folded) and word.shape == LOWER:
        return False
    if word.shape != LOWER:
        return cue not in _RANKS or not is_ordinary(word.folded) or is_surname_too(word.folded)
    if cue in _ONLY_CAPITAL or len(word.folded) < 2:
        return cue in ("dr",) and not is_ordinary(word.folded)
    if cue in _DOCTORS and is_surname_too(word.folded):
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
    own = at > 0 and words[at - 1].folded in _POSSESSIVES
    if words[here].gap != " " and not (own and cue.folded in _KIN):
        return
    if word.shape == LOWER:
        known = first_name(word.folded)
        if not (own and known > 0 and (known > 1 or not is_ordinary(word.folded))):
            return
    elif not _begins(words, here):
        return
    yield from _found(words, here, blocked)


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
    if first_name(word.folded) > 0 or (words[here].gap != ", " and _begins(words, here)):
        yield from _found(words, here, blocked)


def naming(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "je m'appelle", "je soussigné", whatever its case."""
    before = words[at - 1].folded if at else ""
    if not words[at].folded.startswith("soussigne") and before not in ("m'", "s'", "me", "se"):
        return
    yield from _certain(words, at + 1, blocked)


def named(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "nommé", "un certain", "signé", "called"."""
    here = at + 1
    if here >= len(words):
        return
    if words[at].folded in ("signe", "signee", "signed"):
        if words[here].gap in (" ", " : ", ": ", ":", ", "):
            yield from _certain(words, here, blocked)
    elif words[here].gap in (" ", ' "', ' " ') and _begins(words, here):
        yield from _found(words, here, blocked)


def presented(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "se présente comme", "introduced himself as", "au nom de"."""
    here = at + 1
    if words[at].folded == "nom":
        if at and words[at - 1].folded in ("au", "a", "le") and here + 1 < len(words):
            if words[here].folded in ("de", "d'") and not is_commune(words[here + 1].folded):
                if _begins(words, here + 1) or len(words[here + 1].text) == 4:
                    yield from _found(words, here + 1, blocked)
        return
    if here < len(words) and any(
        words[back].folded.startswith(("present", "introduc")) for back in range(max(0, at - 2), at)
    ):
        word = words[here]
        if _begins(words, here) or (word.shape == LOWER and first_name(word.folded) > 0):
            yield from _found(words, here, blocked)


def maiden(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "née": "Mme Martin née Dupont"."""
    here = at + 1
    if here >= len(words) or words[here].gap != " " or at == 0:
        return
    word = words[here]
    if _begins(words, here) or (
        word.shape == LOWER
        and first_name(words[at - 1].folded) <= 0
        and here + 1 < len(words)
        and words[here + 1].folded in ("le", "a", "en")
        and len(word.folded) > 2
        and not is_ordinary(word.folded)
        and word.folded not in FUNCTION
    ):
        yield from _found(words, here, blocked)


def _certain(words: Sequence[Word], here: int, blocked: Container[int]) -> Iterator[Range]:
    """Read a name that is sure to come, also in small letters, after "donc", ":", a civility."""
    while here < len(words) and words[here].folded in _BETWEEN and words[here].gap == " ":
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
    yield from _found(words, here, blocked)


_BETWEEN = frozenset("donc en fait realite bien toujours mr mme monsieur madame".split())


def being(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "je suis", "c'est", "mon nom est", "my name is", "I am"."""
    here, before = at + 1, words[at - 1].folded if at else ""
    if here >= len(words) or words[here].gap not in (" ", " : "):
        return
    if before in ("nom", "prenom", "name"):
        owner = words[at - 2].folded if at > 1 else ""
        if owner in _POSSESSIVES or _begins(words, here):
            yield from _certain(words, here, blocked)
        return
    if before not in ("je", "c'", "i", "this", "it", "ici", "suis"):
        return
    word = words[here]
    known = first_name(word.folded)
    if known > 0 and (word.shape != LOWER or (known == SURE or before == "suis")):
        yield from _found(words, here, blocked)
    elif is_surname_shaped(word) and here + 1 < len(words) and is_surname_shaped(words[here + 1]):
        yield from _found(words, here, blocked)


def house(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "la famille", "les époux", "veuve"; or before "family"."""
    here = at + 1
    if words[at].folded == "family":
        if at and is_surname_shaped(words[at - 1]) and words[at].gap == " ":
            yield at - 1, at
        return
    if here >= len(words) or words[here].gap not in (" ", " : ", ": "):
        return
    word = words[here]
    if word.folded in FUNCTION and word.folded not in PARTICLES:
        return
    if word.folded in PARTICLES or word.shape != LOWER:
        if _begins(words, here) or (word.shape == LOWER and _capital_after(words, here)):
            yield from _found(words, here, blocked)
    elif not is_ordinary(word.folded) and words[at].folded in ("famille", "consorts"):
        yield here, here + 1


def _capital_after(words: Sequence[Word], here: int) -> bool:
    return words[here].folded not in ("de", "du", "des", "d'", "les", "l'") and (
        here + 1 < len(words) and is_surname_shaped(words[here + 1])
    )


def home_of(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "chez les", and a first name after "chez"."""
    here = at + 1
    if here >= len(words) or words[here].gap != " ":
        return
    if words[here].folded == "les" and here + 1 < len(words):
        word = words[here + 1]
        if words[here + 1].gap == " " and not is_acronym(word):
            if is_surname_shaped(word) or (word.shape == LOWER and not _is_common(word)):
                yield from _found(words, here + 1, blocked)
    elif words[here].shape != LOWER and (
        first_name(words[here].folded) > 0 or _is_pair(words, here)
    ):
        yield from _found(words, here, blocked)


def _is_pair(words: Sequence[Word], here: int) -> bool:
    return (
        _begins(words, here)
        and here + 1 < len(words)
        and (words[here + 1].gap == " " and is_surname_shaped(words[here + 1]))
    )


def couple(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "les", which in French stays in the singular: "les Martin"."""
    here = at + 1
    if here >= len(words) or words[here].gap != " " or words[here].shape != CAPITAL:
        return
    word = words[here]
    if word.folded[-1] in "sx" or first_name(word.folded) > 0 or not _begins(words, here):
        return
    if not words[here].opens and is_surname_shaped(word):
        yield from _found(words, here, blocked)


def _is_common(word: Word) -> bool:
    return is_ordinary(word.folded) or word.folded in FUNCTION or word.text.endswith("'")


def form_field(words: Sequence[Word], at: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the name after "Nom :", "Demandeur :", and every name of a mail's "De :", "Cc:"."""
    here = at + 1
    if here >= len(words) or words[here].gap not in _COLONS:
        return
    if words[at].folded in _HEADERS and (at == 0 or "\n" in words[at].gap):
        yield from _header(words, here, blocked)
    word = words[here]
    if words[at].folded in _OF_A_NAME and not any(
        words[back].folded in ("nom", "name") for back in range(max(0, at - 3), at)
    ):
        return
    if words[at].folded not in _FIELDS or word.folded in OFFICES:
        return
    if word.folded in ("l'", "d'") and here + 1 < len(words) and words[here + 1].gap == "":
        if words[at].folded in _OF_A_NAME or words[at].folded in _LINES_OF_ONE:
            yield here, here + 2
        return
    if word.folded in FUNCTION:
        return
    if word.folded in FACILITIES or word.folded in THINGS:
        return
    plain = word.shape == LOWER and first_name(word.folded) <= 0 and is_ordinary(word.folded)
    if words[at].folded in _LINES_OF_ONE:
        if not (plain and word.folded in _NOT_GIVEN):
            yield from _found(words, here, blocked)
    elif not plain and (word.shape == LOWER or _is_like_a_name(word)):
        yield from _found(words, here, blocked)


_NOT_GIVEN: Final = frozenset("inconnu aucun non anonyme neant nc na masque confidentiel".split())


def _is_like_a_name(word: Word) -> bool:
    return (
        word.shape == INITIAL
        or first_name(word.folded) > 0
        or (is_surname_shaped(word) and not is_acronym(word) and not is_commune(word.folded))
    )


_HEADER: Final = 60
"""Words of a mail's header line that are read."""


def _header(words: Sequence[Word], here: int, blocked: Container[int]) -> Iterator[Range]:
    """Read the names of a mail's header, up to the end of its line."""
    first = here
    while here < min(len(words), first + _HEADER) and (
        here == first or "\n" not in words[here].gap
    ):
        word = words[here]
        glued = here > first and words[here].gap in (".", "@", "_", "-")
        if word.shape != LOWER and not glued and _is_like_a_name(word):
            end = read_name(words, here, blocked)
            yield here, max(end, here + 1)
            here = max(end, here + 1)
        else:
            here += 1


READERS: Final[dict[str, tuple[Reader, ...]]] = {}
"""Which readers each folded word calls."""


def _register() -> None:
    table: tuple[tuple[frozenset[str], Reader], ...] = (
        (_SHORT | _FULL, civility),
        (_ROLES, role),
        (_GREETINGS, greeting),
        (_NAMING, naming),
        (_NAMED, named),
        (frozenset(("suis", "est", "is", "am")), being),
        (_HOUSES, house),
        (frozenset(("chez",)), home_of),
        (_FIELDS | _HEADERS, form_field),
        (_PRESENTING | {"nom"}, presented),
        (frozenset(("nee", "ne")), maiden),
        (frozenset(("les",)), couple),
    )
    for cues, reader in table:
        for cue in cues:
            READERS[cue] = (*READERS.get(cue, ()), reader)


_register()
