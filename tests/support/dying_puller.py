# SPDX-License-Identifier: AGPL-3.0-or-later
"""A process that pulls every town once and is killed when it is about to derive what it took.

dying_puller.py DATABASE-URL TOWN-URL
"""

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from beffroi_federation.aggregator.intake import commands
from beffroi_federation.aggregator.intake.commands import rounds
from beffroi_web.clock import FixedClock
from support.nation import Nation


def die(*_arguments: object, **_more: object) -> None:
    """End at once, as by a power cut."""
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    rounds.settle_waiting = die  # type: ignore[attr-defined,assignment]
    clock = FixedClock(datetime(2026, 10, 5, 8, 0, tzinfo=UTC))
    with (
        TemporaryDirectory() as folder,
        Nation.on(sys.argv[1], Path(folder), clock) as nation,
    ):
        nation.peers.add(sys.argv[2])
        commands.pull(nation.app, nation.connect(), nation.rhythm)
