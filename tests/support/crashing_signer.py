# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's signer that kills itself with SIGKILL at a named point, the first time it comes there.

    python tests/support/crashing_signer.py POINT        # settings from the environment

The points are those of the memory: `sealed`, `remembered`; and `answered`, after the memory is
whole and before the answer is written. Nothing is unwound: it is as when the power fails.
"""

import os
import signal
import sys
from collections.abc import Sequence

from beffroi.config import from_environ
from beffroi.signer import commands as keeping
from beffroi_federation.signer import TreeSigner
from beffroi_federation.signer_server import alone


def main(point: str) -> None:
    """Serve; die at `point`."""

    def at(name: str) -> None:
        if name == point:
            os.kill(os.getpid(), signal.SIGKILL)

    real = TreeSigner.sign

    def sign(
        self: TreeSigner, old_size: int, new_size: int, root: bytes, proof: Sequence[bytes]
    ) -> str:
        note = real(self, old_size, new_size, root, proof)
        at("answered")
        return note

    TreeSigner.sign = sign  # type: ignore[method-assign]
    settings = from_environ(os.environ)
    with alone(keeping.lock_path(settings)):
        keeping.make_server(settings, at=at).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
