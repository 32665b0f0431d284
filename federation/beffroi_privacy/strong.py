# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first gate: what identifies a person by itself, in a text of any length.

`find_strong` says where e-mail addresses, telephone numbers, NIR, bank accounts, number plates and
numbered addresses stand; `mask` writes readable words over them; `propose` does both, and the
author's own name and contacts besides, and says when a person has to look.

Names of other people are not found here: a text without strong identifiers is not a clean text.
That is why a person releases every text.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from beffroi_privacy.addresses import find_addresses, generalise
from beffroi_privacy.emails import find_emails
from beffroi_privacy.identifiers import find_iban, find_nir, find_plates
from beffroi_privacy.known import find_known
from beffroi_privacy.normalise import Normalised, normalise
from beffroi_privacy.phones import find_phones
from beffroi_privacy.spans import ADDRESS, EMAIL, IBAN, NIR, PERSON, PHONE, PLATE, Span, merge

PLACEHOLDERS: Final = {
    EMAIL: "[adresse électronique]",
    PHONE: "[téléphone]",
    NIR: "[numéro de sécurité sociale]",
    IBAN: "[compte bancaire]",
    PLATE: "[plaque d’immatriculation]",
    ADDRESS: "[adresse]",
    PERSON: "[personne]",
}
"""What stands in a text where something was hidden."""

REASONS: Final = {
    "bad line": "The line is not a JSON object with an id and a text.",
    "detector error": "A detector failed on this text, so nothing is known about it.",
    "too long": "The text is longer than a machine is trusted with.",
    "long number": "A long number remains that was not recognised.",
    "civility": "A civility followed by what looks like a name remains.",
    "author's name": "A word equal to a part of the author's name remains in small letters.",
    "ner not available": "The language model was asked for and is not part of this version.",
}
"""Why a person has to look at a text: each code and its sentence."""

TRUSTED_LENGTH: Final = 20_000
"""Characters; a longer text is always looked at by a person."""

_HAS_AT = re.compile(r"@|arob|[(\[{<]\s*(?:at|a|chez)\s*[)\]}>]|\sat\s", re.IGNORECASE)
_HAS_DIGIT = re.compile(r"\d")
_HAS_NUMBER = re.compile(r"\d(?:[\W_]{0,4}\d){4}|z[ée]ro\b|\b0\s?\d\b", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"(?<![\w/.-])\d(?:[ .]?\d){7,}(?![\w/])")
_CIVILITY = re.compile(
    r"\b(?:M\.|Mr\.?|MM\.|Mme|Mmes|Mlle|Monsieur|Madame|Mademoiselle|Dr|Me|Mrs\.?|Ms\.?|Miss)\s"
    r"(?:(?:Le|La)\s)?(?P<name>[A-ZÀ-Þ][\w'-]*)"
)
_OFFICE = re.compile(
    r"(?:Maire|Préfète?|Président|Ministre|Direct(?:eur|rice)|Mayor|\[)", re.IGNORECASE
)

_Finder = Callable[[str], Iterator[Span]]
_ON_AT: tuple[_Finder, ...] = (find_emails,)
_ON_NUMBERS: tuple[_Finder, ...] = (find_nir, find_iban, find_phones)
_ON_DIGITS: tuple[_Finder, ...] = (find_plates, find_addresses)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A text as it could be shown, where it was masked, and whether a person has to look.

    `spans` are in characters of the text that was given. `reasons` are keys of `REASONS`, empty
    unless `review`. When a detector failed, `text` is empty: what is not understood is not shown.
    """

    text: str
    spans: tuple[Span, ...]
    review: bool
    reasons: tuple[str, ...]


def find_strong(text: str) -> list[Span]:
    """Return the strong identifiers of a text, in order, without overlaps.

    An error of a detector is not caught here: who calls takes it for a hit, never for a clean text.
    """
    copy = normalise(text)
    return _in_original(copy, _found(copy.text))


def _found(text: str) -> Iterator[Span]:
    """Run the detectors that a cheap look at the text does not rule out."""
    if _HAS_AT.search(text):
        for find in _ON_AT:
            yield from find(text)
    if _HAS_DIGIT.search(text):
        for find in _ON_DIGITS:
            yield from find(text)
    if _HAS_NUMBER.search(text):
        for find in _ON_NUMBERS:
            yield from find(text)


def _in_original(copy: Normalised, spans: Iterable[Span]) -> list[Span]:
    return merge(Span(*copy.original(s.start, s.end), s.label) for s in spans)


def mask(text: str, spans: Iterable[Span]) -> str:
    """Return a text with a readable placeholder over each span; an address keeps its street."""
    parts: list[str] = []
    done = 0
    for span in merge(spans):
        parts.append(text[done : span.start])
        hidden = text[span.start : span.end]
        if span.label == ADDRESS:
            parts.append(generalise(hidden))
        else:
            parts.append(PLACEHOLDERS.get(span.label, "[…]"))
        done = span.end
    return "".join(parts) + text[done:]


def propose(text: str, known: Sequence[str] = ()) -> Proposal:
    """Propose a text for the public from the text as its author wrote it.

    `known` holds what is known of the author: names, e-mail addresses, telephone numbers; each is
    hidden wherever it stands. Never raises: a failure asks for a person and shows nothing.
    """
    try:
        return _propose(text, known)
    except Exception:  # whatever a detector died of, the text is not clean
        return Proposal("", (), True, ("detector error",))


def _propose(text: str, known: Sequence[str]) -> Proposal:
    copy = normalise(text)
    own, doubtful = find_known(copy.text, known)
    spans = _in_original(copy, (*_found(copy.text), *own))
    proposed = mask(text, spans)
    while again := find_strong(proposed):  # masking joined two pieces into something new
        proposed = mask(proposed, again)
    rest = normalise(proposed).text
    reasons = [
        reason
        for reason, holds in (
            ("too long", len(text) > TRUSTED_LENGTH),
            ("long number", _LONG_NUMBER.search(rest) is not None),
            ("civility", _names_someone(rest)),
            ("author's name", doubtful),
        )
        if holds
    ]
    return Proposal(proposed, tuple(spans), bool(reasons), tuple(reasons))


def _names_someone(text: str) -> bool:
    """Say whether a civility stands before something with a capital that is not an office."""
    return any(not _OFFICE.match(m.group("name")) for m in _CIVILITY.finditer(text))
