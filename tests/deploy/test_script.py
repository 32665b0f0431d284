# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one script: it parses, it explains itself, it refuses what it does not know."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "beffroi"


def call(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, *arguments], capture_output=True, text=True, env={**os.environ, **environ}
    )


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("script", ["beffroi", ".ci/run"])
def test_the_scripts_parse(shell: str, script: str) -> None:
    done = subprocess.run([shell, "-n", ROOT / script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("ask", [[], ["help"], ["--help"], ["-h"]])
def test_help_names_each_command_on_standard_output(ask: list[str]) -> None:
    done = call(*ask)
    assert (done.returncode, done.stderr) == (0, "")
    for command in ("demo", "test", "check", "help"):
        assert f"./beffroi {command}" in done.stdout


def test_an_unknown_command_is_refused_with_the_usage() -> None:
    done = call("nonsense")
    assert (done.returncode, done.stdout) == (2, "")
    assert "./beffroi help" in done.stderr


def test_a_python_that_is_not_there_is_named() -> None:
    done = call("check", PYTHON="/nowhere/python3")
    assert done.returncode == 2
    assert "needs Python 3.11 or later as '/nowhere/python3'" in done.stderr


def test_the_scripts_may_be_executed() -> None:
    assert os.access(SCRIPT, os.X_OK)
    assert os.access(ROOT / ".ci/run", os.X_OK)
