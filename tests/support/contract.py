# SPDX-License-Identifier: AGPL-3.0-or-later
"""Schemathesis against a running town or nation: does the API answer what its document says?

One check of it is left out, `positive_data_acceptance`: what no schema can say may be refused (a
place in a list that is not one of ours, a SIREN with a wrong key, a commune of another town).
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_COUNTED = re.compile(r"^\s*(?:❌|🚫|💥)?\s*(?:- )?(ST\d+ .+|Network Error.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a run came to; `said` is the end of its report."""

    ok: bool
    operations: int
    tested: int
    cases: int
    failures: tuple[str, ...]
    said: str


def judge(
    url: str,
    token: str | None,
    folder: Path,
    *,
    seconds: int,
    examples: int,
    refs: Mapping[str, str],
    seed: int = 1,
    named: str = "ref",
    phases: str = "examples,coverage,fuzzing",
) -> Verdict:
    """Ask every operation of an API, with what fits and what does not, for some seconds.

    `refs` names for a path, or "" for all others, a case (`named`: what else) that is there: one
    made up exists nowhere. Without a token nothing is said of who asks. Without `fuzzing` among the
    phases what is asked is the same in each run.
    """
    config = folder / "schemathesis.toml"
    config.write_text(_places(refs, named), encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "--no-color",
            "run", f"{url}/api/openapi.json",
            *(["--header", f"Authorization: Bearer {token}"] if token else []),
            "--phases", phases,
            "--exclude-checks", "positive_data_acceptance",
            "--max-time", str(seconds), "--max-examples", str(examples),
            "--seed", str(seed), "--generation-database", "none", "--continue-on-failure",
        ],
        capture_output=True, text=True, check=False, timeout=seconds * 2 + 120, cwd=folder,
    )  # fmt: skip
    said = done.stdout + done.stderr

    def number(words: str) -> int:
        found = re.search(words, said)
        return int(found[1]) if found else 0

    summary = said.rpartition("= SUMMARY =")[2]
    return Verdict(
        done.returncode == 0,
        number(r"Selected: (\d+)/"),
        number(r"Tested: (\d+)"),
        number(r"(\d+) generated"),
        tuple(_COUNTED.findall(summary)),
        said[-12_000:],
    )


def _places(refs: Mapping[str, str], named: str) -> str:
    """Return the settings that name the cases to ask for."""
    lines = ["[parameters]", f'"path.{named}" = "{refs[""]}"']
    for path, ref in refs.items():
        if path:
            lines += ["[[operations]]", f'include-path = "{path}"']
            lines += [f'parameters = {{ "path.{named}" = "{ref}" }}']
    return "\n".join(lines) + "\n"


def written(verdict: Verdict) -> str:
    """Return the figures of a verdict as one line of JSON."""
    return json.dumps(
        {
            "ok": verdict.ok,
            "operations": verdict.operations,
            "tested": verdict.tested,
            "cases": verdict.cases,
            "failures": list(verdict.failures),
        }
    )
