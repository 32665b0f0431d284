# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writing readable words over what is hidden, and finding the way back to the text before."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from beffroi_privacy.addresses import generalise
from beffroi_privacy.spans import (
    ADDRESS,
    DOB,
    EMAIL,
    IBAN,
    IP,
    NIR,
    OTHER_ID,
    PERSON,
    PHONE,
    PLATE,
    URL_TOKEN,
    USERNAME,
    Span,
    merge,
)
from beffroi_privacy.threads import People

PLACEHOLDERS: Final = {
    EMAIL: "[adresse électronique]",
    PHONE: "[téléphone]",
    NIR: "[numéro de sécurité sociale]",
    IBAN: "[compte bancaire]",
    PLATE: "[plaque d’immatriculation]",
    IP: "[adresse réseau]",
    DOB: "[date de naissance]",
    URL_TOKEN: "[secret]",
    OTHER_ID: "[numéro personnel]",
    USERNAME: "[pseudonyme]",
    ADDRESS: "[adresse]",
    PERSON: "[personne]",
}
"""What stands in a text where something was hidden."""
_STANDING: Final = frozenset(PLACEHOLDERS.values())


def is_placeholder(words: str) -> bool:
    """Say whether words are what stands where something was hidden."""
    return words in _STANDING


class Masked(NamedTuple):
    """A masked text and its pieces: (start in it, start and end in the original, was hidden)."""

    text: str
    pieces: tuple[tuple[int, int, int, bool], ...]
    people: People | None

    def kept(self, text: str) -> str:
        """Return what of the original still stands in the masked text."""
        return "\n".join(text[begin:end] for _, begin, end, hidden in self.pieces if not hidden)

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return a range of the masked text in the original; what is hidden is taken whole."""
        first, last = None, 0
        begins = max(0, bisect_right(self.pieces, start, key=itemgetter(0)) - 1)
        for position in range(begins, len(self.pieces)):
            at, begin, stop, hidden = self.pieces[position]
            following = (
                self.pieces[position + 1][0] if position + 1 < len(self.pieces) else len(self.text)
            )
            if at >= end:
                break
            if following <= start:
                continue
            low = begin if hidden else begin + max(0, start - at)
            last = stop if hidden else begin + min(end, following) - at
            first = low if first is None else first
        return (0, 0) if first is None else (first, last)


def mask(text: str, spans: Iterable[Span]) -> str:
    """Return a text with a readable placeholder over each span; an address keeps its street."""
    return mask_pieces(text, merge(spans)).text


def mask_pieces(text: str, spans: Sequence[Span], people: People | None = None) -> Masked:
    """Mask spans in order and without overlaps; persons are numbered if `people` is given."""
    parts: list[str] = []
    pieces: list[tuple[int, int, int, bool]] = []
    done = length = 0
    for span in spans:
        kept = text[done : span.start]
        hidden = text[span.start : span.end]
        if span.label == ADDRESS:
            shown = generalise(hidden)
        elif span.label == PERSON and people is not None:
            number, people = people.number(hidden)
            shown = f"[personne {number}]"
        else:
            shown = PLACEHOLDERS.get(span.label, "[…]")
        pieces.append((length, done, span.start, False))
        length += len(kept)
        pieces.append((length, span.start, span.end, True))
        length += len(shown)
        parts += (kept, shown)
        done = span.end
    pieces.append((length, done, len(text), False))
    parts.append(text[done:])
    return Masked("".join(parts), tuple(pieces), people)
