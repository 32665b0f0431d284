# SPDX-License-Identifier: AGPL-3.0-or-later
"""The API does what its document says, and the examples of the docs run as they are."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.contract import judge
from support.live_nation import live_nation
from support.live_town import LiveTown, live_town

PAGE = Path(__file__).parents[2] / "docs/how-to/use-the-api.md"
SAME = "examples,coverage"
"""What is asked is the same each time; at random and for long: tests/stress/api_contract.py."""

pytestmark = pytest.mark.slow


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveTown]:
    with live_town(tmp_path) as made:
        yield made


def example(language: str) -> str:
    """The one block of a language on the page."""
    [found] = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return found


def environment(live: LiveTown) -> dict[str, str]:
    return {**os.environ, "BEFFROI_TOWN": live.url, "BEFFROI_TOKEN": live.token}


def test_nothing_is_answered_that_the_document_does_not_say(live: LiveTown, tmp_path: Path) -> None:
    verdict = judge(
        live.url, live.token, tmp_path, seconds=240, examples=8, refs=live.refs, phases=SAME
    )
    assert verdict.ok, verdict.said
    assert verdict.tested == verdict.operations >= 17
    assert verdict.cases > 200


def test_nor_by_the_nation(tmp_path: Path) -> None:
    with live_nation(tmp_path) as nation:
        verdict = judge(
            nation.url, None, tmp_path, seconds=240, examples=4, refs={"": nation.topic},
            named="slug", phases=SAME,
        )  # fmt: skip
    assert verdict.ok, verdict.said
    assert verdict.tested == verdict.operations >= 6
    assert verdict.cases > 50


def test_the_python_example_reads_sends_and_follows(live: LiveTown, tmp_path: Path) -> None:
    program = tmp_path / "example.py"
    program.write_text(example("python"), encoding="utf-8")
    before = live.town.one('SELECT count(*) FROM "case"')
    done = subprocess.run(
        [sys.executable, str(program)], env=environment(live), capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert live.town.one('SELECT count(*) FROM "case"') == before + 1
    ref = live.town.one('SELECT ref FROM "case" ORDER BY id DESC LIMIT 1')
    assert done.stdout.splitlines()[-1] == f"{ref}: open"
    assert len(done.stdout.splitlines()) == 6 + 1, "every request, page after page"


def test_the_curl_example_reads_sends_and_follows(live: LiveTown) -> None:
    assert shutil.which("curl"), "curl is part of every Debian"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", example("sh")], env=environment(live),
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    ref = live.town.one('SELECT ref FROM "case" ORDER BY id DESC LIMIT 1')
    assert f'"ref":"{ref}"' in done.stdout.strip().splitlines()[-1].replace(" ", "")
    assert '"status":"open"' in done.stdout.strip().splitlines()[-1].replace(" ", "")
