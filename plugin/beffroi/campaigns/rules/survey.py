# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the survey is counted. Plain Python.

Each person names up to three eligible requests in order. A first choice gives 3 points, a second 2,
a third 1 (a Borda count of the three places). A choice that is no longer eligible, or was removed,
is left out, and the choices after it move up. More points come first; on equal points the request
that was received earlier. Requests that nobody chose come last, in the order of reception.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from beffroi.kernel.errors import Invalid
from beffroi_web.words import N_

CHOICES = 3
"""How many requests a person names at most."""
FEWEST_SHOWN = 5
"""Points and the number of voters are shown from so many voters on; the order always is."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the survey gave one request."""

    request: int
    points: int
    place: int


def count(eligible: Sequence[int], ballots: Iterable[Sequence[int]]) -> list[Result]:
    """Return the eligible requests in their order; `eligible` is in the order of reception."""
    known = frozenset(eligible)
    points: Counter[int] = Counter()
    for ballot in ballots:
        standing = [one for one in dict.fromkeys(ballot) if one in known][:CHOICES]
        for place, one in enumerate(standing):
            points[one] += CHOICES - place
    ranked = sorted(eligible, key=lambda one: -points[one])  # stable: reception breaks ties
    return [Result(one, points[one], place) for place, one in enumerate(ranked, 1)]


def check_ballot(choices: Sequence[int], eligible: Iterable[int]) -> tuple[int, ...]:
    """Return a ballot in order; Invalid if it is empty, names one twice, or what is not eligible.

    A place left empty (0) is skipped.
    """
    named = tuple(one for one in choices if one)
    if not named:
        raise Invalid(
            N_("Choose at least one request."), errors={"choice-1": [N_("Choose a request.")]}
        )
    if len(set(named)) != len(named):
        again = next(n for n, one in enumerate(choices) if one and one in choices[:n])
        raise Invalid(
            N_("Each request can be chosen once."),
            errors={f"choice-{again + 1}": [N_("You have chosen this one already.")]},
        )
    if len(named) > CHOICES or not set(named) <= set(eligible):
        raise Invalid(
            N_("One of these requests cannot be chosen any more."),
            errors={"choice-1": [N_("Choose again.")]},
        )
    return named
