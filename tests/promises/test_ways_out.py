# SPDX-License-Identifier: AGPL-3.0-or-later
"""Each way by which words leave is written down with its gate, and its test exists."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/explanation/anonymous.md").read_text(encoding="utf-8")
WAYS = {
    "own pages and search", "texts that appear by themselves", "API", "mail to third parties",
    "records", "counts", "comments", "official answers", "requests and reports", "imported texts",
    "file names", "open data and feeds", "Open311", "reports and updates by Open311",
    "exports, bridges", "maps, what is nearby, answers to questions", "confidential cases",
    "frames, oEmbed and previews of links", "hand-over to the CERT", "webhooks", "TAXII and MISP",
}  # fmt: skip


def rows() -> dict[str, list[str]]:
    """The ways of the table, and the tests that each names."""
    table = PAGE.split("## Which gate stands at which way")[1].split("\n## ")[0]
    found = re.findall(r"^\| \*\*(.+?)\*\* \|.*\|([^|]*)\|$", table, re.MULTILINE)
    return {name: re.findall(r"`([\w/.]+\.py)`", tests) for name, tests in found}


def test_every_way_in_or_out_is_written_down_with_a_test_that_exists() -> None:
    written = rows()
    assert set(written) == WAYS
    for name, tests in written.items():
        assert tests, f"{name} names no test"
        for test in tests:
            assert (ROOT / "tests" / test).is_file(), test
