# SPDX-License-Identifier: AGPL-3.0-or-later
"""A place in a text that tells who somebody is, and what kind of thing it is."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from operator import attrgetter
from typing import Final

EMAIL: Final = "EMAIL"
PHONE: Final = "PHONE"
NIR: Final = "NIR"
IBAN: Final = "IBAN"
PLATE: Final = "PLATE"
IP: Final = "IP"
DOB: Final = "DOB"
URL_TOKEN: Final = "URL_TOKEN"  # noqa: S105 - a label
OTHER_ID: Final = "OTHER_ID"
USERNAME: Final = "USERNAME"
ADDRESS: Final = "ADDRESS"
PERSON: Final = "PERSON"
ASK: Final = "ask"
"""No label of a mask: a place that may be somebody's, for which a person has to look."""

LABELS: Final = (
    *(IBAN, NIR, EMAIL, PHONE, PLATE, IP, DOB, URL_TOKEN, OTHER_ID, USERNAME, ADDRESS, PERSON),
)
"""Every label, the surest first: where two overlap, the earlier one names the place."""

_PLACE: Final = attrgetter("start", "end", "label")
_RANK: Final = {label: rank for rank, label in enumerate(LABELS)}


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of a text, in characters of the text as it was given, and its label.

    Two spans are equal whatever their `weak` and `doubt`. A weak one was guessed from the words
    around it, so that what is known to be nobody's wins over it. `doubt` is the code of
    `beffroi_privacy.reasons` for which a person has to look at it, or nothing.
    """

    start: int
    end: int
    label: str
    weak: bool = field(default=False, compare=False)
    doubt: str = field(default="", compare=False)


def merge(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, without overlaps: overlapping ones become one, never fewer characters.

    The union keeps the surest label (`LABELS`), so that nothing that any detector saw is shown; it
    is weak only if all of it was, and keeps the first doubt.
    """
    ordered = list(spans)
    if len(ordered) < 2:
        return ordered
    ordered.sort(key=_PLACE)
    merged: list[Span] = []
    end = -1
    for span in ordered:
        if span.start < end:
            last = merged[-1]
            end = max(end, span.end)
            merged[-1] = Span(
                last.start,
                end,
                min(last.label, span.label, key=_rank),
                last.weak and span.weak,
                last.doubt or span.doubt,
            )
        else:
            merged.append(span)
            end = span.end
    return merged


class Cover:
    """Where any of some spans stand; asked of one place it costs a bisection, however many."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, spans: Iterable[Span]) -> None:
        """Remember the starts in order and, up to each, the farthest end."""
        places = [(span.start, span.end) for span in spans]
        if len(places) > 1:
            places.sort()
        self._starts = [start for start, _ in places]
        self._ends = [end for _, end in places]
        if len(places) > 1:
            self._ends = list(accumulate(self._ends, max))

    def __bool__(self) -> bool:
        """Say whether there is a span at all."""
        return bool(self._starts)

    def touches(self, start: int, end: int) -> bool:
        """Say whether a half-open range shares a character with one of the spans."""
        before = bisect_left(self._starts, end)
        return before > 0 and self._ends[before - 1] > start


def _rank(label: str) -> int:
    return _RANK.get(label, len(_RANK))
