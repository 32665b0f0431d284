# SPDX-License-Identifier: AGPL-3.0-or-later
"""The second half of a pull: what was read and verified up to the root is parsed and written.

The first half (`adapters`) asks the network and gives `Taken`. `prepare` parses it, follows it and
compares contents; it only reads, and raises what is wrong with the town. `write` writes what was
prepared of many towns in one transaction, with raw bulk statements. The order of checks is the
protocol's (`docs/protocol/pulling.md`): note, signature, size window, bundles, frontier root; only
then is anything parsed. Nothing here commits, and nothing is visible yet: that is
`national.commands.settle_waiting`.
"""

from beffroi_federation.aggregator.intake.service.claiming import claim, give_back
from beffroi_federation.aggregator.intake.service.preparing import prepare, prepare_removals
from beffroi_federation.aggregator.intake.service.quiet import Quiet, put_off, write_quiet
from beffroi_federation.aggregator.intake.service.refusing import refuse
from beffroi_federation.aggregator.intake.service.taken import (
    Prepared,
    ServedContents,
    Stored,
    Taken,
)
from beffroi_federation.aggregator.intake.service.witnessing import Accepted, hurry
from beffroi_federation.aggregator.intake.service.writing import write

__all__ = [
    "Accepted",
    "Prepared",
    "Quiet",
    "ServedContents",
    "Stored",
    "Taken",
    "claim",
    "give_back",
    "hurry",
    "prepare",
    "prepare_removals",
    "put_off",
    "refuse",
    "write",
    "write_quiet",
]
