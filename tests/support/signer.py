# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's signer for tests: the real server on the real socket, in a thread of this process.

with serving(settings): ...        # like `beffroi signer`, started in a millisecond
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from beffroi.config import Settings
from beffroi.signer import commands as keeping
from beffroi_federation.signer import wall_clock
from beffroi_federation.signer_memory import Step, no_step
from beffroi_federation.signer_server import SignerServer, alone


@contextmanager
def serving(
    settings: Settings, *, now: Callable[[], int] = wall_clock, at: Step = no_step
) -> Iterator[SignerServer]:
    """Run a town's signer while the block runs; `now` is its clock, `at` what its effects tell."""
    with alone(keeping.lock_path(settings)):
        server = keeping.make_server(settings, now=now, at=at)
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            yield server
        finally:
            server.stop()
            thread.join()
            server.close()
