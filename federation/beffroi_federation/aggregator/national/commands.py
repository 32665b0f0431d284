# SPDX-License-Identifier: AGPL-3.0-or-later
"""The door of the national store for commands."""

from collections.abc import Sequence

from beffroi_federation.aggregator.kernel.db import unit_of_work
from beffroi_federation.aggregator.national import service
from beffroi_federation.aggregator.national.service import Source


def rebuild(sources: Sequence[Source]) -> int:
    """Derive everything again in one transaction; return the number of entries read."""
    with unit_of_work():
        return service.rebuild(sources)
