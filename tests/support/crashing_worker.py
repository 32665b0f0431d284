# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's worker that kills itself with SIGKILL at a named point of publishing.

    python tests/support/crashing_worker.py POINT MOMENT        # settings from the environment

Nothing is unwound, flushed or rolled back: what the process held is gone, as when the power fails.
MOMENT is the ISO moment that its clock shows. A worker that never comes past the point ends with
exit status 0.
"""

import os
import signal
import sys
from datetime import datetime

from beffroi.app import create_app
from beffroi.config import from_environ
from beffroi.worker import Worker
from beffroi_web.clock import FixedClock


def main(point: str, moment: str) -> None:
    """Work one turn; die at `point`."""

    def at(name: str) -> None:
        if name == point:
            os.kill(os.getpid(), signal.SIGKILL)

    settings, clock = from_environ(os.environ), FixedClock(datetime.fromisoformat(moment))
    app = create_app(settings, clock=clock)
    with app.app_context():
        Worker(app, settings, clock, at=at).turn()


if __name__ == "__main__":
    main(*sys.argv[1:])
