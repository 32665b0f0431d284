# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which of some texts are about the same thing as a question: words and characters, no input.

Why this exists: a database's own ranking (bm25, ts_rank) takes every word of a letter alike, so
that "bonjour" and "télécharger" find what "cantine" should; and the two databases rank differently.
Here a text is cut into stems (French endings dropped, accents folded), a word counts by
how rare it is and less if everybody who asks for data writes it, a title counts more than a
description, and pieces of words break ties between titles. The weights were chosen on one half of
real questions whose dataset is known and judged on the other: `docs/explanation/similar.md`.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

import Stemmer

WORD = re.compile(r"[^\W_]+", re.UNICODE)
LONGEST_WORD = 100
"""Characters of a word that count; PostgreSQL refuses lexemes of more than 2,046 bytes."""
MOST_STEMS = 300
"""Stems of a text that are kept."""
MOST_ASKED = 32
"""Stems of a question that are looked for."""
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})

_EMPTY = """
a au aux avec ce ces cet cette dans de des du elle elles en et eux il ils je la le les leur leurs
lui ma mais me mes moi mon ne nos notre nous on ou par pas pour qu que qui sa se ses si son sur ta
te tes toi ton tu un une vos votre vous est sont ete etre ai as avons avez ont eu avoir suis etait
etaient serait sera fait faire peut peux pouvez pourrait pourriez comme plus moins tres tout tous
toute toutes aussi donc car ainsi alors entre vers sans sous afin lors dont quel quelle quels
quelles cela ca ceci celui celle ceux celles meme autre autres non oui ici bonjour bonsoir madame
monsieur
merci cordialement remerciant remercie avance salutations bien vouloir souhaite souhaiterais
souhaiterait voudrais aimerais cherche recherche recherchons possible possibilite savoir svp stp
demande question reponse retour message aide besoin trouver trouve acces acceder obtenir disposer
disponible disponibles http https www html com gouv org
the of and to in for is are an on by with from at this that these those it be we you i my our your
would like please hello thanks thank could can have has do does there any where which what
"""
_CHORES = """
donnees donnee fichier fichiers jeu jeux telecharger telechargement lien liens erreur erreurs mise
jour mises publication publier publiee publiees version format csv excel xls xlsx xml json zip pdf
txt ligne lignes colonne colonnes champ champs base document documents information informations
probleme problemes date site page web plateforme ressource ressources actualisation actualiser
complet complete manquant manquantes manque utiliser utilisation reutilisation ouvrir ouvert open
data dataset datasets file files annee annees mois jours nouveau nouvelle nouvelles dernier derniere
dernieres prevu prevue numero code codes nom liste exemple
"""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each thing counts; see `docs/explanation/similar.md` before changing one."""

    title: float = 5.0
    body: float = 1.0
    also: float = 0.2
    asked_title: float = 1.5
    chore: float = 0.2
    guess: float = 0.6
    length: float = 0.75
    saturation: float = 1.5
    pieces: float = 0.2


WEIGHTS = Weights()
MOST_COMPARED = 50
"""Texts whose titles are compared piece by piece: the best ones by their words."""
_USUAL = (8, 60, 6)
"""Usual lengths of the three fields, in stems."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A text as an index holds it: stems parted by spaces, of three fields."""

    id: int
    title: str
    body: str
    also: str


@dataclass(frozen=True, slots=True)
class Near:
    """A text that was found: its place in the order, and the part of the question it answers.

    That is the part of its one line, or of all of it if that is more: details say less each.
    """

    id: int
    score: float
    covers: float


@dataclass(frozen=True, slots=True)
class Sought:
    """A stem that is looked for: how much it counts, and in how many texts it stands.

    `begins` says that longer stems that begin so are meant too: the word is not known, maybe it is
    not typed to its end.
    """

    stem: str
    weight: float
    texts: int
    begins: bool = False


def fold(sentence: str) -> str:
    """Return the sentence without accents, in lower case, for matching only."""
    if sentence.isascii():
        return sentence.lower()
    bare = unicodedata.normalize("NFKD", sentence)
    for one in set(bare):
        if one > "\x7f" and unicodedata.combining(one):
            bare = bare.replace(one, "")
    bare = bare.lower()
    return bare if bare.isascii() else bare.translate(_LIGATURES)


def words(sentence: str) -> list[str]:
    """Return the folded words of a sentence."""
    return [word[:LONGEST_WORD] for word in WORD.findall(fold(sentence))]


# One call into C that nothing interrupts: the same algorithm written in Python keeps the word that
# it works on, and two threads would cut each other's.
_FRENCH = Stemmer.Stemmer("french", 0)


def stem(word: str) -> str:
    """Return a folded word without its ending; a number has none."""
    return word if word.isdecimal() else _stem(word)


@lru_cache(maxsize=65_536)
def _stem(word: str) -> str:
    return str(_FRENCH.stemWord(word))


_EMPTY_WORDS = frozenset(_EMPTY.split())
_CHORE_STEMS = frozenset(stem(word) for word in _CHORES.split())


def stems(sentence: str, most: int = MOST_STEMS) -> list[str]:
    """Return the stems of a sentence in their order, without words that say nothing."""
    told = (w for w in words(sentence) if len(w) > 1 and w not in _EMPTY_WORDS)
    return [stem(word) for word, _ in zip(told, range(most), strict=False)]


class Remembered:
    """What each line of some texts is cut into, worked out once: imported ones repeat themselves.

    It lives as long as the rows that are being written: words of people are not kept in memory.
    """

    def __init__(self, cut: Callable[[str], Iterable[str]]) -> None:
        self._cut = cut
        self._lines: dict[str, list[str]] = {}

    def __call__(self, text: str) -> list[str]:
        """Return what a text is cut into, in its order."""
        found: list[str] = []
        for line in text.split("\n") if text else ():
            known = self._lines.get(line)
            if known is None:
                known = self._lines[line] = list(self._cut(line))
            found += known
        return found


def stemmed(sentence: str) -> list[str]:
    """Return the stem of each word of a sentence."""
    return [stem(word) for word in words(sentence)]


def asked(title: str, more: str = "") -> dict[str, float]:
    """Return the stems of a question with their weights: its line first, then its details."""
    weights = dict.fromkeys(stems(title), WEIGHTS.asked_title)
    for one in stems(more):
        weights.setdefault(one, 1.0)
    return {
        one: weight * (WEIGHTS.chore if one in _CHORE_STEMS else 1.0)
        for one, weight in weights.items()
    }


def pieces_of(wordlist: Iterable[str]) -> frozenset[str]:
    """Return the pieces of four characters of some words; a shorter word is its own piece."""
    return frozenset(word[at : at + 4] for word in wordlist for at in range(max(1, len(word) - 3)))


def alike(one: str, other: str) -> float:
    """Return how many pairs of characters two words share, from 0 to 1."""
    left, right = _pairs(one), _pairs(other)
    return 2 * len(left & right) / (len(left) + len(right)) if left and right else 0.0


def _pairs(word: str) -> set[str]:
    return {f"_{word}_"[at : at + 2] for at in range(len(word) + 1)}


def rarity(count: int, texts: int) -> float:
    """Return how much a word tells that stands in `count` of some texts."""
    texts, count = max(texts, 1), max(count, 1)
    return math.log(1 + (max(texts - count, 0) + 0.5) / (count + 0.5))


def rank(
    sought: Sequence[Sought], line: Sequence[str], found: Sequence[Kept], texts: int
) -> list[Near]:
    """Return the texts that share something with a question, the nearest first.

    `line` are the stems of the question's one line, whose pieces are compared with those of titles;
    `texts` is how many texts the index holds.
    """
    told = [(_mark(one), one.weight * rarity(one.texts, texts)) for one in sought]
    whole = sum(weight for _, weight in told) or 1.0
    first = {_mark(one) for one in sought if one.stem in line}
    lines = sum(weight for mark, weight in told if mark in first) or 1.0
    scored = [(*_score(told, text), text) for text in found]
    scored = sorted((one for one in scored if one[0] > 0), key=lambda one: one[0], reverse=True)
    wanted = pieces_of(line)
    near = [
        Near(
            text.id,
            score / scored[0][0] + WEIGHTS.pieces * _shared(wanted, text.title),
            max(covered / whole, _covered(told, first, text) / lines),
        )
        for score, covered, text in scored[:MOST_COMPARED]
    ]
    return sorted(near, key=lambda one: (-one.score, -one.id))


def _mark(one: Sought) -> str:
    return f" {one.stem}" if one.begins else f" {one.stem} "


def _score(told: Sequence[tuple[str, float]], text: Kept) -> tuple[float, float]:
    """Return a text's score (BM25 over three fields), and the weights of what it holds."""
    w = WEIGHTS
    title, body, also = f" {text.title} ", f" {text.body} ", f" {text.also} "
    whole = title + body + also
    held = [(mark, weight) for mark, weight in told if mark in whole]
    if not held:
        return 0.0, 0.0
    in_title = w.title / _length(title, _USUAL[0])
    in_body = w.body / _length(body, _USUAL[1])
    in_also = w.also / _length(also, _USUAL[2])
    score = 0.0
    for mark, weight in held:
        often = (
            in_title * title.count(mark) + in_body * body.count(mark) + in_also * also.count(mark)
        )
        score += weight * often * (w.saturation + 1) / (w.saturation + often)
    return score, sum(weight for _, weight in held)


def _covered(told: Sequence[tuple[str, float]], first: AbstractSet[str], text: Kept) -> float:
    """Return the weights of those among the first marks that a text holds."""
    words = f" {text.title} {text.body} {text.also} "
    return sum(weight for mark, weight in told if mark in first and mark in words)


def _length(words: str, usual: int) -> float:
    """Return by how much a field's words count less because it is long."""
    return 1 - WEIGHTS.length + WEIGHTS.length * (words.count(" ") - 1) / usual


def _shared(wanted: frozenset[str], title: str) -> float:
    """Return how many pieces of words a title shares with a question's line, from 0 to 1."""
    own = pieces_of(title.split())
    return len(wanted & own) / math.sqrt(len(wanted) * len(own)) if wanted and own else 0.0
