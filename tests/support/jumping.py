# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's web and worker whose clock is the machine's plus what a file says (whole seconds).

gunicorn support.jumping:app                 # CLOCK_FILE names the file
python tests/support/jumping.py              # the worker
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from beffroi.app import create_app
from beffroi.config import from_environ
from beffroi.worker import Worker

FILE = Path(os.environ["CLOCK_FILE"])


class JumpingClock:
    """The machine's clock, moved while it runs."""

    def now(self) -> datetime:
        """Return the present moment as the file has it."""
        moved = timedelta(seconds=int(FILE.read_text()))
        return datetime.now(UTC) + moved  # noqa: TID251  it is the clock


settings = from_environ(os.environ)
app = create_app(settings, clock=JumpingClock())

if __name__ == "__main__":
    with app.app_context():
        Worker(app, settings, JumpingClock()).forever(0.3)
