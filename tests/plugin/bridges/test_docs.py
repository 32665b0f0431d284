# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tests that the reference page names are there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_every_test_that_the_reference_names_is_there() -> None:
    page = (ROOT / "docs" / "reference" / "bridges.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    folders = (ROOT / "tests" / "plugin" / name for name in ("bridges", "webhooks"))
    files = [path for folder in folders for path in folder.glob("test_*.py")]
    there = {
        name
        for path in files
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(named) > 20
    assert named <= there, named - there
