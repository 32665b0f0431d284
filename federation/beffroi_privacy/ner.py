# SPDX-License-Identifier: AGPL-3.0-or-later
"""A language model as one more voter on names: spaCy's French model, if it is installed.

It is an extra (`beffroi-federation[ner]` and `requirements/ner.txt`), never bundled: the model is
under the LGPL-LR and weighs more than all the rest. It is loaded with nothing but what finds names,
in one process. What it alone sees is hidden, and asks for a person.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from beffroi_privacy.gazetteer import first_name, is_commune, is_ordinary, is_surname_too
from beffroi_privacy.names import FUNCTION, OFFICES
from beffroi_privacy.normalise import fold
from beffroi_privacy.places import FACILITIES, ORGANISATIONS, THINGS
from beffroi_privacy.platforms import NETWORK_WORD
from beffroi_privacy.spans import ASK, PERSON, Span

MODEL: Final = "fr_core_news_md"
UNUSED: Final = ("parser", "lemmatizer", "attribute_ruler", "morphologizer", "tagger", "senter")
"""Parts of the model that finding names does not need."""

_WORD = re.compile(r"[^\W\d_]+")


class ModelMissing(Exception):
    """spaCy or its French model is not installed."""


def load() -> Callable[[str], Sequence[Span]]:
    """Return a voter that says where the model sees persons; raise ModelMissing without it."""
    try:
        import spacy  # an extra: imported when asked for, seconds and megabytes

        model = spacy.load(MODEL, exclude=list(UNUSED))
    except (ImportError, OSError) as error:
        raise ModelMissing(f"{MODEL} is not installed: {error}") from None

    def vote(text: str) -> Sequence[Span]:
        return persons_of(model(text), text)

    return vote


def persons_of(document: Any, text: str) -> list[Span]:
    """Return the persons of a read document; as `ASK` what may be one or plainly something else.

    The model takes many a name for a place, a firm or a work. Where none of its words is in a list,
    that is not believed either: a person looks.
    """
    found: list[Span] = []
    for entity in document.ents:
        written = text[entity.start_char : entity.end_char]
        if entity.label_ == "PER":
            label = PERSON if _is_believable(written) else ASK
        elif _is_unexplained(written):
            label = ASK
        else:
            continue
        found.append(Span(entity.start_char, entity.end_char, label, weak=True))
    return found


def _is_unexplained(written: str) -> bool:
    """Say whether what a model calls a place or a firm is in no list of either, nor of words."""
    folded = [fold(word) for word in _WORD.findall(written)]
    if not folded or is_commune(fold(written.strip())) or len(written) > 40:
        return False
    return not any(map(_is_known, folded))


def _is_known(folded: str) -> bool:
    return len(folded) > 2 and (
        is_commune(folded)
        or (is_ordinary(folded) and not is_surname_too(folded))
        or folded in ORGANISATIONS
        or folded in FACILITIES
        or folded in THINGS
        or NETWORK_WORD.fullmatch(folded) is not None
    )


def _is_believable(written: str) -> bool:
    """Say whether what a model calls a person could be one: a word with a capital, not ordinary."""
    words = _WORD.findall(written)
    if not words or len(written) > 60 or "\n" in written.strip():
        return False
    unknown = [
        word
        for word in map(fold, words)
        if len(word) > 1
        and word not in FUNCTION
        and word not in OFFICES
        and (first_name(word) > 0 or not is_ordinary(word))
    ]
    if not unknown or not any(word[0].isupper() for word in words):
        return False
    return not all(is_commune(word) and first_name(word) <= 0 for word in unknown)
