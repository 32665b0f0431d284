# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an audit remembers of each entry: a few bytes, so that a log of any size fits in memory."""

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import get_args

from beffroi_federation.entries import BatchEntry, Entry

KINDS = ("?", "rec", "sup", "wdr", "key", "bat", "rcv", "epo", "chk")
_CODES = {kind: code for code, kind in enumerate(KINDS)}
_CODE_OF = {kind: _CODES[kind.kind] for kind in get_args(Entry)} | {type(None): 0}
_WITH_CONTENT = bytes(code in (_CODES["rec"], _CODES["sup"]) for code in range(256))

NONE, ABSENT, OPEN, MISMATCH, WITHDRAWN = range(5)
"""What became of the content of an entry, and whether it has one at all."""


class Remembered:
    """Kinds, versions, withdrawals and contents of the entries read so far (`verify.Past`)."""

    def __init__(self) -> None:
        self._kinds = bytearray()
        self._states = bytearray()
        self._newer = array("q")
        self._withdrawn = array("q")
        self._batches = array("q")
        self._batch_ends: list[datetime] = []

    @property
    def size(self) -> int:
        """Return how many entries were read."""
        return len(self._kinds)

    def kind_at(self, index: int) -> str | None:
        """Return the kind of an entry already read."""
        return KINDS[self._kinds[index]] if index < len(self._kinds) else None

    def next_version(self, index: int) -> int | None:
        """Return the index of the newer version of a record, if one was read."""
        newer = self._newer[index] if index < len(self._newer) else 0
        return newer or None

    def take(
        self,
        entries: Sequence[Entry | None],
        superseded: Mapping[int, int],
        withdrawn: Mapping[int, str],
    ) -> None:
        """Remember the next entries (None for one that is none) and what they do to records."""
        first = len(self._kinds)
        kinds = bytes(map(_CODE_OF.__getitem__, map(type, entries)))
        self._kinds += kinds
        self._states += kinds.translate(_WITH_CONTENT)
        for old, new in superseded.items():
            if old >= len(self._newer):
                self._newer.extend([0] * (len(self._kinds) - len(self._newer)))
            self._newer[old] = new
        self._withdrawn.extend(withdrawn)
        if _CODES["bat"] in kinds:
            for index, entry in enumerate(entries, first):
                if isinstance(entry, BatchEntry):
                    self._batches.append(index)
                    self._batch_ends.append(end_of(entry.period))

    def found(self, index: int, state: int) -> None:
        """Remember what a content is that was served."""
        self._states[index] = state

    def counts(self) -> Counter[str]:
        """Return how many entries there are of each kind."""
        counted = {kind: self._kinds.count(code) for kind, code in _CODES.items() if code}
        return Counter({kind: number for kind, number in counted.items() if number})

    def settle(self) -> list[int]:
        """Mark what any withdrawal names; return, in order, what is withdrawn and still served."""
        served = []
        for index in self._withdrawn:
            if self._states[index] in (OPEN, MISMATCH):
                served.append(index)
            self._states[index] = WITHDRAWN
        return sorted(served)

    def count(self, state: int) -> int:
        """Return how many contents are of a state."""
        return self._states.count(state)

    def withdrawn(self, index: int) -> bool:
        """Tell whether a content is withdrawn, once settled."""
        return self._states[index] == WITHDRAWN

    def all_of(self, state: int) -> Iterator[int]:
        """Yield the indexes of the contents of a state."""
        yield from self._found(state, 0, len(self._states))

    def missing(self, since: datetime) -> Iterator[int]:
        """Yield the indexes of absent contents whose batch was over at a moment."""
        ends = [*self._batches, len(self._states)]
        for (first, end), over in zip(pairwise(ends), self._batch_ends, strict=True):
            if over <= since:
                yield from self._found(ABSENT, first, end)

    def _found(self, state: int, at: int, end: int) -> Iterator[int]:
        while (at := self._states.find(state, at, end)) >= 0:
            yield at
            at += 1


def end_of(period: str) -> datetime:
    """Return the moment a batch's week or day is over: its contents were served by then."""
    try:
        if "W" in period:
            last = date.fromisocalendar(int(period[:4]), int(period[6:]), 7)
        else:
            last = date.fromisoformat(period)
        return datetime.combine(last, time(), UTC) + timedelta(days=1)
    except (ValueError, OverflowError):  # 30 February: no moment, so nothing counts as missing
        return datetime.max.replace(tzinfo=UTC)
