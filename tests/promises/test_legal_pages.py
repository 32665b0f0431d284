# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page about the legal clock says what the rule pack says, and nothing else."""

import re
from pathlib import Path

from beffroi.data_requests.rules import LEGAL_EVENTS
from beffroi.legal.packs import STATES, load

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "legal-clock.md").read_text("utf-8")


def rows(heading: str) -> list[list[str]]:
    section = PAGE.split(f"\n## {heading}")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_each_delay_of_the_pack_has_its_row_with_article_and_source() -> None:
    said = {row[0].strip("`"): (row[5], row[6]) for row in rows("Access to documents in France")}
    pack = load("fr")
    assert said == {
        one.code: (one.rule.article, "yes" if one.rule.official else "no") for one in pack.delays
    }


def test_each_event_and_each_state_is_explained() -> None:
    named = {name for row in rows("What happened") for name in re.findall(r"`(\w+)`", row[0])}
    assert named == set(LEGAL_EVENTS)
    section = PAGE.split("## The states of a record")[1].split("\n## ")[0]
    assert set(STATES) <= set(re.findall(r"`(\w+)`", section))


def test_each_duty_by_size_has_its_row() -> None:
    said = {row[0].strip("`"): row[2] for row in rows("Who owes what")}
    assert said == {one.code: one.rule.article for one in load("fr").bodies}
