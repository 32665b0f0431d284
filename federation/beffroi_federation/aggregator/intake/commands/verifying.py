# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verifying what is stored, without the network."""

from dataclasses import dataclass

from beffroi_federation.aggregator.intake import queries
from beffroi_federation.aggregator.towns.queries import all_towns
from beffroi_federation.errors import ProtocolError


@dataclass(frozen=True, slots=True)
class Verified:
    """What a town's stored log was found to be: `fault` is empty when all of it fits."""

    siren: str
    name: str
    size: int
    fault: str = ""


def verify_stored(siren: str | None = None) -> list[Verified]:
    """Verify what is stored of every town (or one) against its accepted checkpoint; no network."""
    found = []
    fresh = queries.freshness()
    for town in all_towns():
        known = fresh.get(town.log_id)
        if known is None or siren not in (None, town.siren):
            continue
        try:
            size = queries.verify_stored(town, known)
            found.append(Verified(town.siren, town.name, size))
        except ProtocolError as error:
            found.append(Verified(town.siren, town.name, known.size, error.diagnostics()))
    return found
