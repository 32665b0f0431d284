# SPDX-License-Identifier: AGPL-3.0-or-later
"""How many clean texts are drawn for an agent, and what their verdicts say. Plain Python.

A text that the program calls clean may hold a person all the same: a silent leak. The only measure
of their rate is that people read a share of such texts. Without a measure that is current, no text
appears by itself.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from beffroi.kernel.chance import Chance

PERCENT = 2
WAIT = timedelta(days=7)
"""How long a clean text waits for an agent before it may appear by itself."""
JUDGED_WITHIN = timedelta(days=14)
"""How long a drawn text may wait for its verdict; after that nothing appears by itself."""
MEASURED_OVER = timedelta(days=90)


def monday(day: date) -> date:
    """Return the Monday of the ISO week of a day."""
    return day - timedelta(days=day.weekday())


def how_many(texts: int) -> int:
    """Return how many of that many texts are drawn: two per cent, at least one of any."""
    return max(1, math.ceil(texts * PERCENT / 100)) if texts else 0


def draw(ids: Sequence[int], chance: Chance) -> list[int]:
    """Return the texts that chance draws, in the order of their ids."""
    by_lot = sorted((chance(16), one) for one in ids)
    return sorted(one for _, one in by_lot[: how_many(len(ids))])


@dataclass(frozen=True, slots=True)
class Standing:
    """What is measured: `leaks` of `judged` texts, `open` ones waiting, the oldest drawn when."""

    wanted: bool
    leaks: int
    judged: int
    open: int
    oldest: datetime | None

    def state(self, now: datetime) -> str:
        """Return `off`, `unknown` (nothing measured), `stopped` (verdicts are late) or `on`."""
        if not self.wanted:
            return "off"
        if self.oldest is not None and now - self.oldest > JUDGED_WITHIN:
            return "stopped"
        return "on" if self.judged else "unknown"

    @property
    def rate(self) -> float:
        """The measured share of leaks, in per cent."""
        return 100 * self.leaks / self.judged if self.judged else 0.0

    @property
    def at_most(self) -> float:
        """The share that the true one does not exceed with 95 per cent of confidence, in them."""
        return 100 * upper_bound(self.leaks, self.judged)


def upper_bound(leaks: int, judged: int) -> float:
    """Return the one-sided 95 % bound of a rate (Clopper and Pearson), from 0 to 1."""
    if leaks >= judged:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        at_most = sum(_chance_of(k, judged, middle) for k in range(leaks + 1))
        low, high = (middle, high) if at_most > 0.05 else (low, middle)
    return high


def _chance_of(leaks: int, judged: int, rate: float) -> float:
    """Return how likely it is to find so many leaks at a rate (binomial)."""
    ways = math.lgamma(judged + 1) - math.lgamma(leaks + 1) - math.lgamma(judged - leaks + 1)
    return math.exp(ways + leaks * math.log(rate) + (judged - leaks) * math.log1p(-rate))
