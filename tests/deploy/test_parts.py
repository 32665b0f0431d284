# SPDX-License-Identifier: AGPL-3.0-or-later
"""What runs with us: its licences, its bill of materials, and what is known against it."""

import json
import re
from pathlib import Path

import pytest

import parts

ROOT = Path(__file__).parents[2]


def test_every_part_has_a_licence_under_which_it_may_be_given_on() -> None:
    assert [one.name for one in parts.parts() if not parts.allowed(one.licence)] == []
    assert not parts.allowed("SSPL-1.0")
    assert not parts.allowed("MIT AND SSPL-1.0")
    assert parts.allowed("SSPL-1.0 OR MIT")
    assert not parts.allowed("")


def test_the_bill_of_materials_names_each_pin_with_its_licence_and_no_address() -> None:
    bill = parts.bill()
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    pins = (ROOT / "requirements/run.txt").read_text(encoding="utf-8")
    wanted = {
        f"pkg:pypi/{n.lower()}@{v}" for n, v in re.findall(r"^([\w.-]+)==([^ ;]+)", pins, re.M)
    }
    named = [one["bom-ref"] for one in bill["components"]]
    assert set(named) >= wanted
    assert "pkg:npm/leaflet@1.9.4" in named
    assert len(named) == len(set(named))
    assert all(one["licenses"][0]["expression"] for one in bill["components"])
    assert "://" not in json.dumps(bill)


WEAK = {"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
SOUND = {"name": "b", "version": "1", "vulns": []}
UNSEEN = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("told", "code", "words"),
    [
        ([SOUND], 0, "1 packages looked at, 0 known weaknesses"),
        ([SOUND, WEAK], 1, "a 1: CVE-1, mended in 2"),
        ([SOUND, UNSEEN], 2, "1 packages could not be looked at: not found"),
        ([UNSEEN], 2, "this is not a good result"),
        (None, 2, "could not be asked: no route to the list"),
    ],
)
def test_an_audit_that_nobody_answered_is_no_good_result(
    told: list[object] | None,
    code: int,
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = "echo no route to the list >&2; exit 1"
    if told is not None:
        (tmp_path / "told").write_text(json.dumps({"dependencies": told}))
        said = f"cat {tmp_path}/told"
    (tmp_path / "pip-audit").write_text(f"#!/bin/sh\n{said}\n")
    (tmp_path / "pip-audit").chmod(0o700)
    assert parts.audit(str(tmp_path)) == code
    assert words in "".join(capsys.readouterr())
