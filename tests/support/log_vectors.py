# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where the public vectors of other log implementations are, if they are on this machine."""

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


def log_vectors() -> Path:
    """Return the folder `log-vectors` of the real data, or have the test counted as not run."""
    given = os.environ.get("BEFFROI_REAL_DATA")
    folder = (Path(given) if given else CHECKOUT.parent / "shared/data") / "log-vectors"
    if not folder.is_dir():
        pytest.skip("not run: the public log vectors are not on this machine (BEFFROI_REAL_DATA)")
    return folder
