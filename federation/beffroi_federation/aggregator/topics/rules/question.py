# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which requests are about the same thing as a question, by their words alone.

This is a first, simple measure: a word counts by how rare it is among those that were found, one in
the title counts more than one in the text, and what answers too small a part of the question is
left out. It knows no synonyms and no inflection beyond a plural; topics will.
"""

import math
from collections.abc import Mapping, Sequence

MOST_WORDS = 8
MOST_EACH = 100
"""Requests looked at for each word; a word that more hold says little."""
LEAST = 0.4
"""The part of a question that a request must answer."""
_TITLE, _TEXT = 1.0, 0.6
_SHORTEST = 3
_EMPTY = frozenset(
    "les des une aux avec ces cet cette dans elle est pour que qui par pas plus sur son ses leur "
    "nos notre vos votre tout tous toute toutes the and for that this with from are you your "
    "demande donnees donnee fichier liste jeu jeux data dataset commune ville mairie".split()
)
"""Words that everybody writes who asks a town for something."""


def question(words: Sequence[str]) -> list[str]:
    """Return the folded words to look for: without empty ones and endings of the plural, once."""
    found = dict.fromkeys(
        word[:-1] if len(word) > _SHORTEST + 1 and word[-1] in "sx" else word
        for word in words
        if len(word) >= _SHORTEST and word not in _EMPTY
    )
    return list(found)[:MOST_WORDS]


def weights(hits: Mapping[str, int]) -> dict[str, float]:
    """Return how much each word counts, from in how many requests (at most MOST_EACH) it is."""
    return {word: 1.0 + math.log((MOST_EACH + 1) / (1 + count)) for word, count in hits.items()}


def score(title: Sequence[str], text: Sequence[str], weight: Mapping[str, float]) -> float:
    """Return the part of a question (0 to 1) that a request answers; words match as prefixes.

    `title` and `text` are the folded words of the request.
    """
    total = sum(weight.values())
    answered = sum(
        value * (_TITLE if _holds(title, word) else _TEXT if _holds(text, word) else 0.0)
        for word, value in weight.items()
    )
    return answered / total if total else 0.0


def _holds(words: Sequence[str], word: str) -> bool:
    return any(one.startswith(word) for one in words)
