# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a request is about, as weighted marks that French and English share.

A text is cut into folded stems. Where a stem, or several in a row, stand in our list of what towns
are asked for (`lexicon.txt`), they become a concept: the same one in both languages. Other stems
stand for themselves. The title counts more than the text; little words, numbers, and what everybody
writes who asks for data count nothing. Nothing depends on the other requests: the same words give
the same marks for ever, in whatever order requests come.
"""

import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

import Stemmer

VERSION = 1
"""Raised whenever the same words give other marks: everything is grouped again then."""

_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "’": " ", "'": " "})
LONGEST_PHRASE = 4
MOST_WORDS = 300
MOST_MARKS = 48
"""Marks kept of a request: the heaviest."""
TITLE, TEXT = 3.0, 1.0
THING, ASPECT, WEAK, WORD, PART = 3.0, 2.4, 0.3, 1.0, 0.5
"""What marks weigh: things, aspects, weak concepts, other words, words inside a phrase."""
PLAIN = "@none"
PLAINLY = 1.2
"""The mark, and its weight, of a title without an aspect: that asks just for a thing."""
_SHORT = 3
_TYPING = 6
"""Letters of a stem from which on one wrong letter is forgiven, if it is not the first."""
_WHOLE = {
    "communication": "communication", "mairie": "mairie", "mairies": "mairie", "arrete": "arrete",
    "arretes": "arrete", "collection": "collection", "collections": "collection", "air": "air",
    "planter": "planter", "plantes": "planter", "pave": "pave", "places": "place", "place": "place",
}  # fmt: skip
"""Words whose stem is that of a word of another meaning."""

_LITTLE = frozenset(
    """
    a au aux avec ce ces cet cette dans de des du d elle elles en et eux il ils je j la le les
    leur leurs l lui ma mais me mes moi mon m ne n nos notre nous on ou par pas pour qu que qui
    s sa se ses si son sur t ta te tes toi ton tu un une vos votre vous y est sont ete etre ai
    as avons avez ont eu avoir suis etait etaient serait sera fait faite faits peut peux pouvez
    pourrait pourriez comme plus moins tres tout tous toute toutes aussi donc car ainsi alors
    entre vers sans sous afin lors dont quel quelle quels quelles cela ca ceci celui celle ceux
    celles meme memes autre autres non oui ici chaque puis quand quoi comment pourquoi lesquels
    laquelle lequel encore bien apres avant bonjour bonsoir madame monsieur merci cordialement
    avance salutations vouloir voudrais voudrait souhaite souhaiterais aimerais cherche
    recherche demande demander possible possibilite savoir svp connaitre travaille message
    premier repondu habite besoin trouver trouve acces obtenir disponible the of and to in for
    is are an by with from at this that these those it be we you i my our your would like please
    hello thanks thank could can have has do does there any where which what how much many since
    each per used use all their they them its was were not whom who when why
    """.split()
)
_CHORES = frozenset(
    """
    donnees donnee fichier fichiers jeu jeux telecharger lien liens mise jour mises publication
    publier publie publiee version format csv excel xls xlsx xml json geojson zip pdf ligne
    tableur tableau colonne base document documents information informations site page web
    plateforme ressource complet reutilisable reutilisables exploitable schema national open
    data dataset datasets file files feed flux api sig gis shapefile ouverte ouvertes utilisable
    exporter export extraction detaille detail detaillee standard conforme lisible application
    numero nom noms type types code ical rss svp date dates brut brutes anonyme anonymes
    anonymise detailed raw list mettre voudrais partir
    """.split()
)
_LIST = "lexicon.txt"


def fold(sentence: str) -> str:
    """Return the sentence without accents, in lower case, for matching only."""
    bare = unicodedata.normalize("NFKD", sentence.lower().translate(_LIGATURES))
    return "".join(one for one in bare if not unicodedata.combining(one))


# Each is one call into C, so that two threads cannot cut each other's word.
_STEMMERS = {"en": Stemmer.Stemmer("english", 0), "fr": Stemmer.Stemmer("french", 0)}


@lru_cache(maxsize=65_536)
def stem(word: str, lang: str) -> str:
    """Return a folded word without its ending, as its language has them."""
    return _WHOLE.get(word) or str(_STEMMERS["en" if lang == "en" else "fr"].stemWord(word))


def cut(sentence: str, lang: str) -> list[str]:
    """Return the words of a sentence that tell something, folded, as stems, in their order."""
    found = _WORD.findall(fold(sentence))[:MOST_WORDS]
    return [stem(word, lang) for word in found if _tells(word)]


def _tells(word: str) -> bool:
    return word not in _LITTLE and (len(word) > 1) and not word.isdecimal()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The forms of each language, as stems in a row, with their concepts; and each stem."""

    phrases: Mapping[tuple[str, ...], tuple[str, ...]]
    words: frozenset[str]
    spellings: Mapping[str, frozenset[str]]
    """Long stems by each of their spellings with one letter left out: for typing errors."""


@cache
def lexicon(lang: str) -> Lexicon:
    """Return our list of what towns are asked for, in a language."""
    phrases: dict[tuple[str, ...], tuple[str, ...]] = {}
    words: set[str] = set()
    for line in resources.files(__package__).joinpath(_LIST).read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        concept, forms = line.split(":", 1)
        french, _, english = forms.partition(";")
        for form in (english if lang == "en" else french).split(","):
            row = tuple(cut(form, lang))
            if row and concept not in phrases.get(row, ()):
                phrases[row] = (*phrases.get(row, ()), concept)
                words.update(row)
    return Lexicon(phrases, frozenset(words), _spellings(words))


def _spellings(words: Iterable[str]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for word in words:
        if len(word) >= _TYPING:
            for one in _without_a_letter(word):
                found.setdefault(one, set()).add(word)
    return {one: frozenset(several) for one, several in found.items()}


def _without_a_letter(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def marks(title: str, text: str, lang: str, *, names: Collection[str] = ()) -> dict[str, float]:
    """Return the marks of a request, its weights a vector of length 1; empty if it says nothing.

    `lang` is the language it is written in; what is neither English nor French is cut like French.
    `names` are words that count nothing: those of the town's own name.
    """
    lang = "en" if lang == "en" else "fr"
    left_out = {stem(word, lang) for name in names for word in _WORD.findall(fold(name))}
    found: dict[str, float] = {}
    for sentence, weight in ((title, TITLE), (text, TEXT)):
        stems = [one for one in cut(sentence, lang) if one not in left_out]
        told = _concepts(stems, lang)
        if weight == TITLE and not any(mark[0] == "@" for mark in told):
            told[PLAIN] = PLAINLY
        for mark, value in told.items():
            found[mark] = max(found.get(mark, 0.0), weight * value)
    kept = dict(sorted(found.items(), key=lambda one: (-one[1], one[0]))[:MOST_MARKS])
    return unit(kept)


def unit(weights: Mapping[str, float]) -> dict[str, float]:
    """Return weights as a vector of length 1."""
    length = math.sqrt(math.fsum(value * value for value in weights.values()))
    return {mark: value / length for mark, value in weights.items()} if length else {}


def _concepts(stems: Sequence[str], lang: str) -> dict[str, float]:
    """Return the marks of stems in a row: the longest phrases first, then what is left."""
    known = lexicon(lang)
    stems = [_spelt(one, known, lang) for one in stems]
    found: dict[str, float] = {}
    at = 0
    while at < len(stems):
        for length in range(min(LONGEST_PHRASE, len(stems) - at), 0, -1):
            row = tuple(stems[at : at + length])
            if row in known.phrases:
                _add(found, known.phrases[row], 1.0)
                if length > 1:
                    for one in row:
                        _add(found, known.phrases.get((one,), ()), PART)
                at += length
                break
        else:
            one = stems[at]
            if one not in _chore_stems(lang) and len(one) >= _SHORT:
                found[one] = max(found.get(one, 0.0), WORD)
            at += 1
    return found


@cache
def _chore_stems(lang: str) -> frozenset[str]:
    return frozenset(stem(word, lang) for word in _CHORES)


def _add(found: dict[str, float], concepts: Iterable[str], part: float) -> None:
    for concept in concepts:
        weight = {"@": ASPECT, "~": WEAK}.get(concept[0], THING) * part
        mark = concept if concept[0] in "@~" else f"#{concept}"
        found[mark] = max(found.get(mark, 0.0), weight)


def _spelt(one: str, known: Lexicon, lang: str) -> str:
    """Return a stem, or the known one that differs by a letter left out, doubled or exchanged."""
    if len(one) < _TYPING or one in known.words:
        return one
    near = {
        word
        for two in _without_a_letter(one)
        for word in known.spellings.get(two, ())
        if word[0] == one[0]
    }
    return min(near) if near else one
