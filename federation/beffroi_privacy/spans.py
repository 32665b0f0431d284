# SPDX-License-Identifier: AGPL-3.0-or-later
"""A place in a text that tells who somebody is, and what kind of thing it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

EMAIL: Final = "EMAIL"
PHONE: Final = "PHONE"
NIR: Final = "NIR"
IBAN: Final = "IBAN"
PLATE: Final = "PLATE"
ADDRESS: Final = "ADDRESS"
PERSON: Final = "PERSON"

LABELS: Final = (IBAN, NIR, EMAIL, PHONE, PLATE, ADDRESS, PERSON)
"""Every label, the surest first: where two overlap, the earlier one names the place."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of a text, in characters of the text as it was given, and its label."""

    start: int
    end: int
    label: str


def merge(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, without overlaps: overlapping ones become one, never fewer characters.

    The union keeps the surest label (`LABELS`), so that nothing that any detector saw is shown.
    """
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start < merged[-1].end:
            last = merged[-1]
            label = min(last.label, span.label, key=_rank)
            merged[-1] = Span(last.start, max(last.end, span.end), label)
        else:
            merged.append(span)
    return merged


def _rank(label: str) -> int:
    return LABELS.index(label) if label in LABELS else len(LABELS)
