# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pulling: one town, all of them, and the worker that never stops.

What goes wrong with one town is written down for that town; the others are pulled all the same.
"""

from beffroi_federation.aggregator.intake.commands.epochs import begin_epoch
from beffroi_federation.aggregator.intake.commands.pulling import (
    Towns,
    carrier_for,
    pull,
    pull_these,
)
from beffroi_federation.aggregator.intake.commands.rounds import Pulled, Result, Rhythm
from beffroi_federation.aggregator.intake.commands.verifying import Verified, verify_stored
from beffroi_federation.aggregator.intake.commands.working import pulls, work

__all__ = [
    "Pulled",
    "Result",
    "Rhythm",
    "Towns",
    "Verified",
    "begin_epoch",
    "carrier_for",
    "pull",
    "pull_these",
    "pulls",
    "verify_stored",
    "work",
]
