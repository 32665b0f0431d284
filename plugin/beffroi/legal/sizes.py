# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a rule that depends on a body's size binds a town, as far as its size is known."""

from collections.abc import Mapping
from dataclasses import dataclass

from beffroi.legal.packs import Body

BANDS: Mapping[str, tuple[int, int | None]] = {
    "under-500": (0, 499),
    "500-1999": (500, 1_999),
    "2000-9999": (2_000, 9_999),
    "10000-49999": (10_000, 49_999),
    "50000-199999": (50_000, 199_999),
    "200000+": (200_000, None),
}
"""The fewest and the most inhabitants of each population band."""


@dataclass(frozen=True, slots=True)
class Size:
    """What is known of a town: inhabitants from `fewest` to `most`, agents (full-time equivalents).

    `most` is None without a limit, `agents` None where nobody has said it; `kind` is that of the
    settings (`commune`, `epci`, `other`).
    """

    fewest: int
    most: int | None
    agents: int | None
    kind: str = "commune"


def size_of(band: str, agents: int | None, kind: str = "commune") -> Size:
    """Return the size that a town's settings tell."""
    return Size(*BANDS[band], agents, kind)


def enough_inhabitants(body: Body, size: Size) -> bool | None:
    """Say whether a town has as many inhabitants as a rule asks for; None where that is open."""
    if size.fewest >= body.inhabitants or size.kind in body.whatever_inhabitants:
        return True
    return False if size.most is not None and size.most < body.inhabitants else None


def enough_agents(body: Body, size: Size) -> bool | None:
    """Say whether a town has as many agents as a rule asks for; None where that is open."""
    if body.agents == 0:
        return True
    return None if size.agents is None else size.agents >= body.agents


def binds(body: Body, size: Size) -> bool | None:
    """Say whether a rule binds a town; None where what is known does not decide it."""
    both = {enough_inhabitants(body, size), enough_agents(body, size)}
    if False in both:
        return False
    return None if None in both else True
