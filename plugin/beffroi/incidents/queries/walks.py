# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where pages of a list ended, for who asks for one page after the other by its number.

A page by number is found by skipping all rows before it. Whoever walks through a list has had the
page before answered a moment ago: from where it ended, there is nothing to skip. What is remembered
is good for one list in one state of the data, which its name says.
"""

from bisect import bisect_right, insort
from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Any

LISTS = 64
MARKS = 1_000
"""Lists, and places in each, that are remembered at once."""

Place = tuple[Any, int]
"""The order's value and the id of a row."""


class Walks:
    """Places in lists, the lists named last being kept."""

    def __init__(self) -> None:
        self._lists: OrderedDict[Hashable, list[tuple[int, Place]]] = OrderedDict()
        self._lock = Lock()

    def nearest(self, name: Hashable, offset: int) -> tuple[int, Place | None]:
        """Return the last known row among the first `offset`: (which one it is, its place).

        (0, None) where none is known: the list is then read from its beginning.
        """
        with self._lock:
            marks = self._lists.get(name, [])
            at = bisect_right(marks, offset, key=lambda mark: mark[0])
            return marks[at - 1] if at else (0, None)

    def note(self, name: Hashable, rows: int, place: Place) -> None:
        """Remember which row is the last of so many."""
        with self._lock:
            marks = self._lists.setdefault(name, [])
            self._lists.move_to_end(name)
            if len(self._lists) > LISTS:
                self._lists.popitem(last=False)
            at = bisect_right(marks, rows, key=lambda mark: mark[0])
            known = at and marks[at - 1][0] == rows
            if not known and len(marks) < MARKS:
                insort(marks, (rows, place), key=lambda mark: mark[0])
