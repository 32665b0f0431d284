# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which topic a request joins, and which topics become one.

Groups grow by average link. The sum of its members' marks (vectors of length 1) is all that is kept
of a topic, for the mean of the cosines between a request and the members is the sum's product with
it, over their number. So a request costs as much with a thousand members as with ten. Whatever is
alike is decided towards the older topic: the same requests in the same order give the same topics.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

JOIN = 0.62
"""The mean likeness to its members from which on a request joins a topic."""
MERGE = 0.70
"""The mean likeness between the members of two topics from which on they become one."""
STAY = 0.25
"""The mean likeness to the others under which a member is taken out of its topic."""
OFTEN = 8
"""Members from which on it is looked only at every so many whether a topic has become another."""
SOUGHT = 6
"""Marks of a request by which topics are looked for: its heaviest."""
MOST_PROFILE = 60
"""Marks of a topic that are kept: the heaviest."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A topic as grouping sees it: the sum of its members' marks, and how many those are."""

    id: int
    size: int
    total: Mapping[str, float]


def likeness(marks: Mapping[str, float], topic: Profile) -> float:
    """Return the mean likeness of a request to a topic's members, 0 to 1."""
    if not topic.size:
        return 0.0
    return sum(value * topic.total.get(mark, 0.0) for mark, value in marks.items()) / topic.size


def between(one: Profile, other: Profile) -> float:
    """Return the mean likeness between the members of two topics, 0 to 1."""
    if not one.size or not other.size:
        return 0.0
    few, many = sorted((one.total, other.total), key=len)
    shared = sum(value * many.get(mark, 0.0) for mark, value in few.items())
    return shared / (one.size * other.size)


def sought(marks: Mapping[str, float]) -> list[str]:
    """Return the marks by which topics near a request are looked for, the heaviest first.

    An aspect alone, such as a price, makes no topic.
    """
    told = [(mark, value) for mark, value in marks.items() if mark[0] not in "@~"]
    told.sort(key=lambda one: (-one[1], one[0]))
    return [mark for mark, _ in told[:SOUGHT]]


def choose(marks: Mapping[str, float], topics: Iterable[Profile]) -> int | None:
    """Return the topic that a request joins, None if it is the first of its own."""
    near = [(likeness(marks, topic), -topic.id) for topic in topics]
    best = max(near, default=(0.0, 0))
    return -best[1] if best[0] >= JOIN else None


def to_merge(grown: Profile, topics: Iterable[Profile]) -> int | None:
    """Return the topic nearest to one that has grown, if the two are one topic."""
    near = [(between(grown, topic), -topic.id) for topic in topics if topic.id != grown.id]
    best = max(near, default=(0.0, 0))
    return -best[1] if best[0] >= MERGE else None


def added(
    total: Mapping[str, float], marks: Mapping[str, float], sign: float = 1.0
) -> dict[str, float]:
    """Return a sum of marks with one request more, or less (`sign` -1)."""
    summed = dict(total)
    for mark, value in marks.items():
        summed[mark] = round(summed.get(mark, 0.0) + sign * value, 9)
        if summed[mark] <= 1e-6:
            del summed[mark]
    return summed


class Board:
    """The topics near some requests, and how each request moves among them.

    It is filled with topics that hold the requests' heaviest marks; whatever changes is remembered
    in `changed`, and each merge in `merged` as (gone, kept). It asks nobody anything.
    """

    def __init__(self, known: Mapping[int, Profile], by_mark: Mapping[str, Sequence[int]]) -> None:
        self._topics = dict(known)
        self._by_mark = {
            mark: dict.fromkeys(id for id in ids if id in known) for mark, ids in by_mark.items()
        }
        self.changed: dict[int, Profile] = {}
        self.merged: list[tuple[int, int]] = []

    def get(self, id: int) -> Profile:
        """Return a topic; one without members if it has none."""
        return self._topics.get(id) or Profile(id, 0, {})

    def near(self, marks: Mapping[str, float]) -> list[Profile]:
        """Return the topics that hold one of the heaviest of some marks."""
        ids = dict.fromkeys(id for mark in sought(marks) for id in self._by_mark.get(mark, ()))
        return [self._topics[id] for id in ids if id in self._topics]

    def put(self, id: int, marks: Mapping[str, float], sign: int = 1) -> None:
        """Put a request into a topic, or take it out (`sign` -1)."""
        before = self.get(id)
        self._keep(Profile(id, before.size + sign, _cut(added(before.total, marks, sign))))

    def _keep(self, topic: Profile) -> None:
        self._topics[topic.id] = self.changed[topic.id] = topic
        for mark in sought(topic.total):
            self._by_mark.setdefault(mark, {})[topic.id] = None

    def settle(self, id: int, may: Callable[[int, int], bool]) -> int:
        """Merge a topic that has grown with those that are the same; return what it has become.

        `may(gone, kept)` says whether one may become part of the other. The larger one is kept, of
        equal ones the one with the smaller id.
        """
        while True:
            grown = self.get(id)
            if grown.size > OFTEN and grown.size % OFTEN:
                return id
            other = to_merge(grown, self.near(grown.total))
            if other is None:
                return id
            kept, gone = sorted((grown, self.get(other)), key=lambda one: (-one.size, one.id))
            if not may(gone.id, kept.id):
                kept, gone = gone, kept
                if not may(gone.id, kept.id):
                    return id
            total = _cut(added(kept.total, gone.total))
            del self._topics[gone.id]
            self.changed[gone.id] = Profile(gone.id, 0, {})
            self._keep(Profile(kept.id, kept.size + gone.size, total))
            self.merged.append((gone.id, kept.id))
            id = kept.id


def _cut(total: Mapping[str, float]) -> dict[str, float]:
    if len(total) <= MOST_PROFILE:
        return dict(total)
    return dict(sorted(total.items(), key=lambda one: (-one[1], one[0]))[:MOST_PROFILE])


def strays(members: Mapping[int, Mapping[str, float]], topic: Profile) -> list[int]:
    """Return those of a topic's members, by their ids, that are not like the others any more."""
    if topic.size < 3:
        return []
    found = []
    for id, marks in members.items():
        others = Profile(topic.id, topic.size - 1, added(topic.total, marks, -1.0))
        if likeness(marks, others) < STAY:
            found.append(id)
    return sorted(found)
