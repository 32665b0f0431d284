# SPDX-License-Identifier: AGPL-3.0-or-later
"""A language model as one more voter on names: spaCy's French model, if it is installed.

It is an extra (`beffroi-federation[ner]` and `requirements/ner.txt`), never bundled: the model is
under the LGPL-LR and weighs more than all the rest. It is loaded with nothing but what finds names,
in one process, and what it alone sees is hidden and asks for a person.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from beffroi_privacy.gazetteer import first_name, is_commune, is_ordinary
from beffroi_privacy.names import FUNCTION, OFFICES
from beffroi_privacy.normalise import fold
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
    """Return the persons of a read document; as `ASK` those that may plainly be something else."""
    return [
        Span(
            entity.start_char,
            entity.end_char,
            PERSON if _is_believable(text[entity.start_char : entity.end_char]) else ASK,
            weak=True,
        )
        for entity in document.ents
        if entity.label_ == "PER"
    ]


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
