# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's new log takes the place of the old one."""

from datetime import datetime

from beffroi_federation.aggregator.kernel.db import unit_of_work
from beffroi_federation.aggregator.national import service as national
from beffroi_federation.aggregator.towns import service as registry
from beffroi_federation.aggregator.towns.queries import TownRow


def begin_epoch(siren: str, epoch: int, *, by: str, words: str, now: datetime) -> TownRow:
    """Let a town's new log take the place of the old one, in one transaction; return the town.

    Everything that came from the old log leaves the pages at once; the next pull brings what the
    town says in the new one.
    """
    with unit_of_work():
        old, _ = registry.begin_epoch(siren, epoch, by=by, words=words, now=now)
        national.forget_log(old)
    return registry.town_for_desk(siren)
