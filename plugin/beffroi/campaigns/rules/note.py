# SPDX-License-Identifier: AGPL-3.0-or-later
"""The figures of a note, worked out from what everyone can see of its requests. Plain Python."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from beffroi.data_requests.rules import GROUNDS, REFUSING

PUBLISHED = frozenset({"published", "already_published", "partly"})
"""Outcomes after which something of what was asked is open."""

COLUMNS = (
    "ref", "url", "title", "object", "theme", "received_on", "eligible", "reason", "place", "owed",
    "status", "outcome", "answered_on", "delay_days", "ground", "planned", "published_url",
)  # fmt: skip
"""The columns of the note's CSV, in this order."""


@dataclass(frozen=True, slots=True)
class Line:
    """One request of an edition: codes and days, its released title, its newest public answer.

    `eligible` is None while nobody has sorted it; `place` comes from the survey; `owed` says that
    the town owes it a public answer as one of the first.
    """

    ref: str
    title: str | None
    object: str
    theme: str | None
    received_on: date
    status: str
    eligible: bool | None
    reason: str | None
    place: int | None
    owed: bool
    outcome: str | None = None
    answered_on: date | None = None
    ground: str | None = None
    planned: str | None = None
    url: str | None = None

    @property
    def delay(self) -> int | None:
        """Return the days from reception to the answer."""
        return None if self.answered_on is None else (self.answered_on - self.received_on).days


@dataclass(frozen=True, slots=True)
class Figures:
    """What a note says in numbers; `grounds` and `planned` are (code, count) pairs."""

    received: int
    eligible: int
    not_eligible: int
    unsorted: int
    answered: int
    published: int
    refused: int
    waiting: int
    median_delay: float | None
    grounds: tuple[tuple[str, int], ...]
    planned: tuple[tuple[str, int], ...]
    owed: tuple[Line, ...]

    @property
    def kept(self) -> int:
        """Return how many of the first requests have their public answer."""
        return sum(1 for line in self.owed if line.outcome)


def figures(lines: Sequence[Line]) -> Figures:
    """Return the figures of the requests of an edition."""
    answered = [line for line in lines if line.outcome]
    refused = [line for line in answered if line.outcome in REFUSING]
    grounds = Counter(line.ground or "not_stated" for line in refused)
    planned = Counter(line.planned for line in answered if line.planned)
    delays = [line.delay for line in answered if line.delay is not None]
    order = [*GROUNDS, "not_stated"]
    return Figures(
        received=len(lines),
        eligible=sum(line.eligible is True for line in lines),
        not_eligible=sum(line.eligible is False for line in lines),
        unsorted=sum(line.eligible is None for line in lines),
        answered=len(answered),
        published=sum(line.outcome in PUBLISHED for line in answered),
        refused=len(refused),
        waiting=len(lines) - len(answered),
        median_delay=float(median(delays)) if delays else None,
        grounds=tuple(sorted(grounds.items(), key=lambda one: order.index(one[0]))),
        planned=tuple(sorted((str(q), n) for q, n in planned.items())),
        owed=tuple(sorted((x for x in lines if x.owed), key=lambda line: line.place or 0)),
    )
