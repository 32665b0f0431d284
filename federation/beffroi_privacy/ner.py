# SPDX-License-Identifier: AGPL-3.0-or-later
"""A language model as one more voter on names: spaCy's French model, if it is installed.

It is an extra (`beffroi-federation[ner]` and `requirements/ner.txt`), never bundled: the model is
under the LGPL-LR and weighs more than all the rest. It is loaded with nothing but what finds names,
in one process. What it alone sees is hidden, and asks for a person.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from beffroi_privacy.gazetteer import first_name, is_commune, is_ordinary, is_surname_too
from beffroi_privacy.names import CALENDAR, FUNCTION, OFFICES, PARTICLES
from beffroi_privacy.normalise import fold
from beffroi_privacy.person_context import HUMPED, is_thing
from beffroi_privacy.platforms import NETWORK_WORD
from beffroi_privacy.spans import ASK, PERSON, Span

MODEL: Final = "fr_core_news_md"
UNUSED: Final = ("parser", "lemmatizer", "attribute_ruler", "morphologizer", "tagger", "senter")
"""Parts of the model that finding names does not need."""

_WORD = re.compile(r"[^\W\d_]+")
_APART = re.compile(r"[\n\t]+|\S{0,80}(?:://|@)\S*")
"""What no name goes across: lines, columns, links and handles."""
_ACRONYM: Final = 4


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
    that is not believed either: a person looks. Links and handles have rules of their own.
    """
    return [
        Span(start, end, label, weak=True)
        for entity in document.ents
        for start, end, label in _read(text, entity.start_char, entity.end_char, entity.label_)
    ]


def _read(text: str, start: int, end: int, label: str) -> Iterator[tuple[int, int, str]]:
    """Yield what a model's find is taken for, line by line and column by column."""
    for begin, stop in _pieces(text, start, end):
        if begin > start and all(map(_is_plain, _WORD.findall(text[begin:stop].lower()))):
            continue
        if label == "PER":
            for first, last in _runs(text, begin, stop):
                written = text[first:last]
                yield first, last, PERSON if _is_believable(written) else ASK
        elif _is_unexplained(text[begin:stop]):
            yield begin, stop, ASK


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield what stands between lines, columns, links and handles."""
    at = start
    for gap in _APART.finditer(text, start, end):
        if text[at : gap.start()].strip():
            yield at, gap.start()
        at = gap.end()
    if text[at:end].strip():
        yield at, end


def _runs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of a model's name between plain words in small letters, if it has any.

    "Kowal from the depot told me" holds one name. A name all in small letters is left whole.
    """
    words = list(_WORD.finditer(text, start, end))
    plain = [_is_plain(word.group()) for word in words]
    if not any(plain) or text[start:end].islower():
        yield start, end
        return
    at = 0
    for is_plain, group in groupby(plain):
        size = len(list(group))
        if not is_plain:
            yield words[at].start(), words[at + size - 1].end()
        at += size


def _is_plain(word: str) -> bool:
    """Say whether a word in small letters is one of the language that no name holds."""
    folded = fold(word)
    if not word.islower() or folded in PARTICLES:
        return False
    borne = first_name(folded) > 0 or is_surname_too(folded)
    return folded in FUNCTION or (is_ordinary(folded) and not borne)


def _is_unexplained(written: str) -> bool:
    """Say whether what a model calls a place or a firm is in no list of either, nor of words."""
    words = _WORD.findall(written)
    folded = [fold(word) for word in words]
    if is_commune(fold(written.strip())) or len(written) > 40:
        return False
    if all(len(word) < 3 or word in CALENDAR or _is_software(word) for word in words):
        return False
    return not (all(word in CALENDAR for word in folded) or any(map(_is_known, folded)))


def _is_software(word: str) -> bool:
    """Say whether a word is written as programs and sites are: "DansMaRue", "QGIS"."""
    return HUMPED.search(word) is not None or (word.isupper() and len(word) <= _ACRONYM)


def _is_known(folded: str) -> bool:
    return len(folded) > 2 and (
        is_commune(folded)
        or (is_ordinary(folded) and not is_surname_too(folded))
        or _is_nobody_s(folded)
    )


def _is_nobody_s(folded: str) -> bool:
    return is_thing(folded) or NETWORK_WORD.fullmatch(folded) is not None


def _is_believable(written: str) -> bool:
    """Say whether what a model calls a person could be one: a word with a capital, not ordinary."""
    words = _WORD.findall(written)
    if not words or len(written) > 60:
        return False
    unknown = [
        word
        for word in map(fold, words)
        if len(word) > 1
        and word not in FUNCTION
        and word not in OFFICES
        and (first_name(word) > 0 or not (is_ordinary(word) or _is_nobody_s(word)))
    ]
    if not unknown or not any(word[0].isupper() for word in words):
        return False
    return not all(is_commune(word) and first_name(word) <= 0 for word in unknown)
