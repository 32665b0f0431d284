# SPDX-License-Identifier: AGPL-3.0-or-later
"""The reference of a town's settings names each of them, and none that does not exist."""

import re
from dataclasses import MISSING, fields

from beffroi.config import PREFIX, Settings
from support.deployed import ROOT

PAGE = (ROOT / "docs/reference/settings.md").read_text()


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    documented = re.findall(rf"^\| `{PREFIX}([A-Z0-9_]+)`", PAGE, re.MULTILINE)
    assert sorted(documented) == sorted([f.name.upper() for f in fields(Settings)] + ["CONFIG"])


def test_what_is_needed_is_called_needed() -> None:
    needed = re.findall(rf"^\| `{PREFIX}([A-Z_]+)` \| yes ", PAGE, re.MULTILINE)
    without_default = {
        f.name.upper() for f in fields(Settings) if f.default is MISSING is f.default_factory
    }
    assert set(needed) == without_default - {"DATABASE_URL"}
