# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a name ends: from its first word over initials, particles and surnames."""

from collections.abc import Container, Sequence
from typing import Final

from beffroi_privacy.gazetteer import first_name, is_commune, is_ordinary, is_surname_too
from beffroi_privacy.words import CAPITAL, INITIAL, LOWER, UPPER, Word

PARTICLES: Final = frozenset(
    """
    de du des la le les von van der den el al ben bin bint ibn di da do dos del della d' l' abd abou
    abu ait ould mac mc y saint st ste ter ten af av zu zur
    """.split()
)
FUNCTION: Final = frozenset(
    """
    a ai as au aux avec avait ayant but by c' ca car ce ceci cela celle celui ces cet cette chez
    comme d' dans de depuis des donc du elle en es est et etait ete eu eux fait from had has have he
    her his i ici il ils in is it j' je jusqu' l' la le les leur leurs lui m' ma mais me meme mes
    mon my n' ne ni nos not notre nous of on ont or ou our par pas plus pour puis qu' quand que qui
    quoi s' sa sans se ses she si son sont sur t' ta te tes the their they this to ton toujours tous
    tout toute tres tu un una une va vers vient vos votre vous was we were which who will with y you
    your and at for concernant suite objet merci bonjour cordialement svp tel mail email car lors
    via contre entre sous apres avant hier demain habite habitant demeurant domicilie joignable ne
    nee nes a-t-il lives living born called says said dis dit demande avez avons suis sommes etes
    peut doit faut faire avoir etre deja encore aussi bien trop non oui ainsi alors that as so if
    please thanks regards voila voici re fwd tr cedex
    lorsqu' puisqu' quoiqu' presqu' bjr bsr slt cdlt cdt stp pff
    """.split()
)
"""Words that never are a surname, however they are written."""

OFFICES: Final = frozenset(
    """
    maire adjoint adjointe prefet prefete sous-prefet sous-prefete president presidente
    vice-president vice-presidente ministre directeur directrice secretaire conseiller conseillere
    elu elue depute deputee senateur senatrice procureur procureure juge recteur rectrice proviseur
    proviseure principal principale commissaire chef cheffe responsable delegue deleguee gouverneur
    defenseur defenseure mediateur mediatrice rapporteur rapporteure ambassadeur maires adjoints
    elus prada dpo dgs dga mayor councillor commissioner director chair chairman chairwoman clerk
    secretary chief minister president attorney manager officer inspector superintendent speaker
    premier madame monsieur mesdames messieurs mademoiselle m mr mme mlle mrs madam qui que et ou
    citoyen voisin voisine proprietaire locataire bonjour tout tous meteo
    administrateur administratrice webmaster moderateur responsables docteur professeur maitre
    coordinateur coordinatrice agent agents gestionnaire
    """.split()
)
"""What may follow a civility without being a name: "Madame la Maire", "Monsieur le Préfet"."""

CALENDAR: Final = frozenset(
    """
    janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre lundi mardi
    mercredi jeudi vendredi samedi dimanche january february march april may june july august
    september october november december jan feb mar apr jun jul aug sep sept oct nov dec monday
    tuesday wednesday thursday friday saturday sunday noel paques toussaint ascension pentecote
    ramadan christmas easter
    """.split()
)
_LINKING = frozenset("a la le les de des du".split())
_MOST: Final = 5


def read_name(words: Sequence[Word], at: int, blocked: Container[int]) -> int:
    """Return the index after the last word of the name whose first word is at `at`.

    The caller knows that a name begins there. If it begins in small letters, further words in small
    letters are read too, as far as they are no ordinary ones. Particles count only before a further
    word; blocked words end it.
    """
    small = words[at].shape == LOWER
    end = here = at
    taken = 0
    while here < len(words) and taken < _MOST and here not in blocked:
        word = words[here]
        if here > at and not joins(words, here):
            break
        if word.folded in PARTICLES and _carries(words, here, blocked, small=small):
            here += 1
            continue
        if here > at and not _is_part(word, small=small):
            break
        here += 1
        taken += 1
        end = here
    return end


def joins(words: Sequence[Word], at: int) -> bool:
    """Say whether the characters before a word let it belong to the same name."""
    gap = words[at].gap
    if gap == " ":
        return True
    if gap in (". ", "."):
        return words[at - 1].shape == INITIAL or len(words[at - 1].text) == 1
    return gap in ("", "  ", ".-", "-", " - ", ", ") and (
        gap != ", " or (words[at - 1].shape == UPPER and words[at].shape == CAPITAL)
    )


def _carries(words: Sequence[Word], at: int, blocked: Container[int], *, small: bool) -> bool:
    """Say whether a particle stands before the rest of a name: "de La Tour", "Le Goff"."""
    here = at
    while here < len(words) and words[here].folded in PARTICLES and here - at < 3:
        if here > at and not joins(words, here):
            return False
        here += 1
    if here >= len(words) or here in blocked or not joins(words, here):
        return False
    word, first = words[here], words[at]
    if word.shape == LOWER:
        return small and word.folded not in FUNCTION and not is_ordinary(word.folded)
    if word.shape == INITIAL or word.folded in FUNCTION or word.folded in CALENDAR:
        return False
    linking = first.shape == LOWER and first.folded in _LINKING
    return not (linking and (is_commune(word.folded) or is_ordinary(word.folded)))


def _is_part(word: Word, *, small: bool) -> bool:
    """Say whether a word can be a further part of a name."""
    folded = word.folded
    if word.shape == INITIAL:
        return True
    if word.text.endswith("'") or folded in FUNCTION:
        return False
    if word.shape != LOWER:
        return folded not in OFFICES
    return (
        small
        and len(folded) > 1
        and (first_name(folded) > 0 or not is_ordinary(folded) or is_surname_too(folded))
    )


def is_surname_shaped(word: Word) -> bool:
    """Say whether a word, by itself, looks like a surname: a capital and no ordinary word."""
    if word.shape not in (CAPITAL, UPPER) or len(word.text) < 2:
        return False
    folded = word.folded
    return not (
        folded in FUNCTION or folded in CALENDAR or folded in OFFICES or is_ordinary(folded)
    )
