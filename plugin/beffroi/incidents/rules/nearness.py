# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which reports nearby are likely to be about the same matter. Plain Python.

Distance, category and words each say something; one alone says little. What they weigh is explained
in `docs/explanation/street-reports.md`; tests hold what they are to do.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from beffroi.kernel.ranking import fold, stems

SAME_CATEGORY, PLACE, WORDS, OPEN = 2.0, 2.0, 3.0, 0.5
BY_CELLS = (2.0, 1.0)
"""What it weighs to be in the same cell, and in the next one."""
LEAST = 3.5
"""From which weight on a report is shown."""
WAYS = frozenset(
    stem
    for word in "rue avenue boulevard place quai impasse allée chemin route square cours passage"
    " sentier rond-point carrefour angle devant près face numéro".split()
    for stem in stems(fold(word))
)
"""Stems that stand in very many places, and tell none from another."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A report that may be meant.

    `cells` is how many cells of the town's map away it is, None where either has no point; `place`
    and `words` are what `shared` says of them; `place` is None where none was written.
    """

    id: int
    same_category: bool
    cells: int | None
    place: float | None
    words: float
    open: bool

    @property
    def is_elsewhere(self) -> bool:
        """Say whether it is known to be somewhere else: that outweighs everything."""
        if self.cells is not None:
            return self.cells >= len(BY_CELLS)
        return self.place is not None and self.place < 0.5

    @property
    def weight(self) -> float:
        """How likely it is to be the same."""
        near = PLACE * (self.place or 0)
        if self.cells is not None and not self.is_elsewhere:
            near = max(near, BY_CELLS[self.cells])
        return SAME_CATEGORY * self.same_category + near + WORDS * self.words + OPEN * self.open


def place_stems(place: str) -> frozenset[str]:
    """Return the stems of a place that tell it from others."""
    return frozenset(stems(place)) - WAYS


def shared(asked: frozenset[str], own: frozenset[str], least: int = 3) -> float:
    """Return how many stems two texts share, as a part of the shorter of both, from 0 to 1.

    A text of fewer stems than `least` counts as one of so many: two words in common are no proof.
    """
    return len(asked & own) / max(least, min(len(asked), len(own)))


def likely(found: Iterable[Candidate], most: int) -> list[Candidate]:
    """Return the likeliest, the newest first among equals.

    Another category needs words in common: two things in one street are not one matter.
    """
    chosen = [
        one
        for one in found
        if not one.is_elsewhere and one.weight >= LEAST and (one.same_category or one.words > 0.25)
    ]
    return sorted(chosen, key=lambda one: (-one.weight, -one.id))[:most]
