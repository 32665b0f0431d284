# SPDX-License-Identifier: AGPL-3.0-or-later
"""The runner of the whole suite, before a small suite with every kind of outcome."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

import run

MIXED = """
import pytest

def test_holds(): pass

def test_breaks(): assert 1 == 2

def test_said(): pytest.skip("not run: the moon is not up")

def test_silent(): pytest.skip("later")

@pytest.mark.xfail(reason="some day")
def test_expected_to_fail(): assert False

@pytest.fixture
def broken(): raise OSError

def test_cannot_start(broken): pass
"""
WHOLE_FILE = """
import pytest

pytest.skip("not run: it isn't here", allow_module_level=True)
"""


def outcome_of(folder: Path, **files: str) -> run.Outcome:
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text)
    report = folder / "report.xml"
    quiet = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", folder]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *quiet, f"--junitxml={report}", folder],
        capture_output=True,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    return run.outcome_of(report, done.returncode, 0.1)


def test_every_kind_of_outcome_is_counted_where_it_belongs(tmp_path: Path) -> None:
    found = outcome_of(tmp_path, mixed=MIXED, whole_file=WHOLE_FILE)
    assert found.passed == 1
    assert found.not_run == {"not run: the moon is not up": 1, "not run: it isn't here": 1}
    assert sorted(line.split("::")[1] for line in found.failures) == [
        "test_breaks: failed",
        "test_cannot_start: failed",
        "test_expected_to_fail: skipped without a word: some day",
        "test_silent: skipped without a word: later",
    ]


def test_a_run_in_which_nothing_ran_has_failed(tmp_path: Path) -> None:
    assert outcome_of(tmp_path).failures == ["no test ran"]
    assert outcome_of(tmp_path, whole_file=WHOLE_FILE).failures == ["no test ran"]


def test_a_run_that_left_no_report_or_had_to_be_ended_has_failed(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere.xml"
    assert run.outcome_of(nowhere, 3, 0.1).failures[0] == "pytest left no report"
    assert "not finished" in run.outcome_of(nowhere, None, 0.1).failures[1]


def test_the_account_closes_with_the_sum_and_names_what_was_not_run(tmp_path: Path) -> None:
    lines = run.account(outcome_of(tmp_path, mixed=MIXED)).splitlines()
    assert lines[-1] == "1 passed, 4 failed"
    assert "       1    the moon is not up" in lines
    assert lines[-3].split() == ["in", "all", "0.1"]
    assert lines[-4].split()[:4] == ["test_mixed", "1", "4", "1"]


def test_what_takes_minutes_comes_first_and_browsers_are_spread_over_the_rest() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"],
        capture_output=True,
        text=True,
        cwd=run.ROOT,
    )
    files = list(dict.fromkeys(line.split("::")[0] for line in done.stdout.splitlines()))
    files = [one for one in files if one.endswith(".py")]
    long = [one.startswith(("tests/end_to_end/", "tests/stress/")) for one in files]
    assert long == sorted(long, reverse=True)
    assert sum(long) > 15
    browsing = [at for at, one in enumerate(files) if one.startswith("tests/browser/")]
    assert all(later - sooner > 1 for sooner, later in itertools.pairwise(browsing))
    assert len(browsing) > 10


def test_a_missing_part_is_named_in_a_sentence(tmp_path: Path) -> None:
    sentences = run.missing_parts(str(tmp_path))
    assert [s.split(" (")[0] for s in sentences if "Debian package" in s] == [
        "the tests need chromium",
        "the tests need nginx",
        "the tests need node",
    ]


def test_real_data_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no folder"):
        run.environment({"BEFFROI_REAL_DATA": str(tmp_path / "gone")})
    given = run.environment({"BEFFROI_REAL_DATA": str(tmp_path), "PATH": "/bin"})
    assert given["BEFFROI_REAL_DATA"] == str(tmp_path.resolve())
    assert given["PATH"].split(os.pathsep)[0] == "/bin"
