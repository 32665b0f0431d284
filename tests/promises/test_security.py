# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page on security says what is so: its tests exist, its numbers and counts are right."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/explanation/security.md"
VERDICTS = {"met", "not met", "does not apply"}

LEVEL_1_AND_2 = {
    1: (2, 9, 11, 3, 2), 2: (3, 3, 4, 1), 3: (0, 2, 4, 6, 5, 0, 2),
    4: (3, 1, 2, 4), 5: (1, 3, 2, 3), 6: (3, 12, 4, 4, 5, 3, 0, 4), 7: (3, 4, 2, 5, 2, 2),
    8: (2, 3, 1, 1), 9: (3, 4), 10: (2, 2, 4, 11, 5, 2, 3), 11: (2, 3, 3, 4, 1, 1),
    12: (3, 2, 4), 13: (1, 5, 2, 5), 14: (2, 4, 3), 15: (3, 3, 7), 16: (1, 5, 4, 3, 3),
}  # fmt: skip
"""How many requirements of the two levels each section of ASVS 5.0.0 has: they come first."""


def rows() -> list[list[str]]:
    """The lines of the tables: number, level, words, verdict, how."""
    page = PAGE.read_text(encoding="utf-8")
    found = re.findall(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.+?) \| (.+) \|$", page, re.M)
    return [list(row) for row in found]


def numbers() -> list[str]:
    """Every requirement of levels 1 and 2."""
    said = []
    for chapter, sections in LEVEL_1_AND_2.items():
        for section, many in enumerate(sections, 1):
            said += [f"{chapter}.{section}.{number}" for number in range(1, many + 1)]
    return said


@cache
def held_by(path: str) -> frozenset[str]:
    """The tests that a file holds."""
    return frozenset(re.findall(r"def (test_\w+)", (ROOT / path).read_text(encoding="utf-8")))


def test_each_requirement_stands_once_and_each_test_that_is_named_exists() -> None:
    table = rows()
    assert [row[0] for row in table] == numbers()
    assert len(table) == 246  # the whole of both levels is 253, seven of which are chapter 17's
    for number, _, _, verdict, how in table:
        assert verdict in VERDICTS, number
        named = re.findall(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`", how)
        assert how.count("`tests/") == len(named), f"{number} names a test in another way"
        assert verdict != "met" or named or "no test" in how, f"{number} names no test"
        for path, test in named:
            assert (ROOT / path).is_file(), f"{number}: {path}"
            assert not test or test in held_by(path), f"{number}: {path}::{test}"
    said = dict(re.findall(r"^\| (1|2|both) \| ([\d |]+) \|$", PAGE.read_text("utf-8"), re.M))
    for level, figures in said.items():
        of = Counter(row[3] for row in table if level in (row[1], "both"))
        right = (of["met"], of["not met"], of["does not apply"], sum(of.values()))
        assert figures == " | ".join(map(str, right)), level
    assert set(said) == {"1", "2", "both"}


FORBIDDEN = (
    r"^\s*(?:import|from) (?:subprocess|pickle|shelve|marshal|yaml)\b",
    r"^\s*import random\b",
    r"(?<!\w)Random\((?!int\.from_bytes\(chance\()",
    r"(?<![\w.])(?:eval|exec|compile)\(",
    r"os\.(?:system|popen)\(",
    r"(?:md5|sha1)\((?!.*usedforsecurity=False)",
    r"Access-Control-",
    r"verify=False|_create_unverified_context|CERT_NONE",
)


STARTS_OUR_OWN_PROGRAM = {"federation/beffroi_federation/aggregator/exports/commands.py"}
"""With fixed words, and no shell."""


def test_nothing_is_run_unpickled_or_drawn_by_weak_chance() -> None:
    for folder in ("plugin", "federation"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if path.relative_to(ROOT).as_posix() in STARTS_OUR_OWN_PROGRAM:
                assert "shell=" not in text
                text = text.replace("import subprocess", "")
            for pattern in FORBIDDEN:
                found = re.search(pattern, text, re.M)
                assert found is None, f"{path.relative_to(ROOT)}: {found and found[0]}"


def test_no_script_writes_markup_or_keeps_anything_personal() -> None:
    kept = set()
    for folder in ("plugin/beffroi", "federation/beffroi_web"):
        for path in (ROOT / folder).rglob("*.js"):
            if "vendor" in path.parts or "node_modules" in path.parts:
                continue
            text = path.read_text(encoding="utf-8")
            writes = r"(?:innerHTML|outerHTML)\s*\+?=[^=]|insertAdjacentHTML|document\.write|eval\("
            assert re.search(writes, text) is None, path.name
            assert not re.search(r"sessionStorage|indexedDB|document\.cookie", text), path.name
            kept |= set(re.findall(r"localStorage\.\w+\(\"([^\"]+)\"", text))
    assert kept == {"review-keys"}
