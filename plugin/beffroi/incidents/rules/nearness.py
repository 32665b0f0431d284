# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which reports nearby are likely to be about the same matter. Plain Python.

Distance, category and words each say something; one alone says little. The weights are explained
in `docs/explanation/street-reports.md`; tests hold what they are to do.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from beffroi.kernel.ranking import stems

SAME_CATEGORY, WORDS, OPEN = 2.0, 3.0, 0.5
BY_CELLS = (2.0, 1.0)
"""What it weighs to be in the same cell, and in the next one."""
LEAST_WITH_POINT, LEAST_IN_WORDS = 3.5, 3.6
"""From which weight on a report is shown: of a matter with a point, and of one in words alone."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A report that may be meant: `cells` is how far it is, None if that is unknown.

    `shared` is what `shared` says of its words, from 0 to 1.
    """

    id: int
    same_category: bool
    cells: int | None
    shared: float
    open: bool

    @property
    def weight(self) -> float:
        """How likely it is to be the same."""
        near = BY_CELLS[self.cells] if self.cells is not None and self.cells < len(BY_CELLS) else 0
        return SAME_CATEGORY * self.same_category + near + WORDS * self.shared + OPEN * self.open


def shared(asked: frozenset[str], words: str) -> float:
    """Return how many stems of a question some words hold, as a part of the shorter of both.

    From 0 to 1; two words in common are no more than two thirds, however short a text is.
    """
    own = frozenset(stems(words))
    return len(asked & own) / max(3, min(len(asked), len(own)))


def likely(found: Iterable[Candidate], most: int, *, placed: bool) -> list[Candidate]:
    """Return the likeliest, the newest first among equals; `placed`: a point was given.

    Another category needs words in common: two things in one street are not one matter.
    """
    least = LEAST_WITH_POINT if placed else LEAST_IN_WORDS
    chosen = [
        one for one in found if one.weight >= least and (one.same_category or one.shared > 0.25)
    ]
    return sorted(chosen, key=lambda one: (-one.weight, -one.id))[:most]
