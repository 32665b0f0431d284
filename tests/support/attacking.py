# SPDX-License-Identifier: AGPL-3.0-or-later
"""The attack on published figures, run as its command is."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from beffroi_privacy.attack.__main__ import main


def attacked(town: str, nation: str = "", *more: str) -> tuple[int, dict[str, Any]]:
    """Run the command; its exit status and what it says."""
    out, aside = io.StringIO(), io.StringIO()
    options = [town, "--json", *(["--nation", nation] if nation else []), *more]
    with redirect_stdout(out), redirect_stderr(aside):
        status = main(options)
    return status, json.loads(out.getvalue() or "{}")
