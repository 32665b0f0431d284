# SPDX-License-Identifier: AGPL-3.0-or-later
"""The parts of others that run with us: `licences`, `sbom`, `audit FOLDER-OF-PIP-AUDIT`.

What is pinned in `requirements/run.txt` and `deploy/vendor/package-lock.json` is what runs; the
licences are those that the installed packages state. The bill of materials is CycloneDX 1.6
(ECMA-424) on standard output; it holds no time and no number drawn by chance, so that the same pins
give the same bytes.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PINS = ROOT / "requirements/run.txt"
ALLOWED = frozenset(
    {
        "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "LGPL-2.1-only", "LGPL-2.1-or-later",
        "LGPL-3.0-only", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "PSF-2.0",
    }
)  # fmt: skip
"""Licences under which a part may be given on together with a work under AGPL-3.0-or-later."""
_STATED = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.1-or-later",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "BSD": "BSD-3-Clause",
}
"""What older packages state in place of an SPDX expression."""
_READ = {
    "pyrage": "MIT",
    "pystemmer": "MIT AND BSD-3-Clause",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
}
"""What we read in packages that state it in a way of their own."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: `kind` is that of package URLs (`pypi`, `npm`), `licence` an SPDX expression."""

    kind: str
    name: str
    version: str
    licence: str
    hashes: tuple[tuple[str, str], ...]


def pinned(text: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield (name, version, SHA-256 of each file) of a requirements file with hashes."""
    for block in re.split(r"\n(?=\S)", text):
        head = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", block)
        if head is not None:
            hashes = tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", block))
            yield head[1].lower(), head[2], hashes


def stated(name: str) -> str:
    """Return the licence that an installed package states; empty if it states none we know."""
    if name in _READ:
        return _READ[name]
    try:
        said = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    whole = said.get("License-Expression") or said.get("License") or ""
    if allowed(whole):
        return whole
    classes = [c.rpartition(":: ")[2] for c in said.get_all("Classifier") or () if "License" in c]
    return next((_STATED[one] for one in (*classes, whole) if one in _STATED), whole[:60])


def allowed(licence: str) -> bool:
    """Say whether an SPDX expression of `AND` and `OR` lets a part be given on with our work."""
    return any(
        all(one.strip(" ()") in ALLOWED for one in choice.split(" AND "))
        for choice in licence.split(" OR ")
    )


def parts() -> list[Part]:
    """Return every part of others that runs with us, by kind and name."""
    found = [
        Part("pypi", name, version, stated(name), tuple(("SHA-256", one) for one in hashes))
        for name, version, hashes in pinned(PINS.read_text(encoding="utf-8"))
    ]
    lock = json.loads((ROOT / "deploy/vendor/package-lock.json").read_text(encoding="utf-8"))
    for path, one in lock["packages"].items():
        if path:
            name = path.removeprefix("node_modules/")
            found.append(Part("npm", name, one["version"], one.get("license", ""), ()))
    return sorted(found, key=lambda one: (one.kind, one.name, one.version))


def bill() -> dict[str, Any]:
    """Return the bill of materials."""
    version = re.search(r'^version = "(.+)"$', (ROOT / "plugin/pyproject.toml").read_text(), re.M)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": "beffroi",
                "version": version[1] if version else "",
                "licenses": [{"expression": "AGPL-3.0-or-later"}],
            }
        },
        "components": [
            {
                "type": "library",
                "bom-ref": (url := f"pkg:{one.kind}/{one.name}@{one.version}"),
                "name": one.name,
                "version": one.version,
                "purl": url,
                "licenses": [{"expression": one.licence}],
                "hashes": [{"alg": how, "content": value} for how, value in one.hashes],
            }
            for one in parts()
        ],
    }


def licences() -> int:
    """Print each part whose licence is none that we may give on; return 1 if there is any."""
    wrong = [one for one in parts() if not allowed(one.licence)]
    for one in wrong:
        print(f"{one.name} {one.version}: {one.licence or 'no licence stated'}", file=sys.stderr)
    print(f"{len(parts()) - len(wrong)} parts may be given on, {len(wrong)} not", file=sys.stderr)
    return 1 if wrong else 0


def audit(folder: str, pins: Path = PINS) -> int:
    """Say which pinned packages have a known weakness: 0 none, 1 some, 2 nobody could be asked."""
    line = [f"{folder}/pip-audit", "--requirement", str(pins), "--require-hashes", "--disable-pip"]
    line += ["--format", "json", "--progress-spinner", "off", "--timeout", "20"]
    said = ""
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=600)
        said = done.stderr
        told = json.loads(done.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as fault:
        why = (said or str(fault)).strip().splitlines()[-1]
        print(f"The list of known weaknesses could not be asked: {why}", file=sys.stderr)
        print("Nothing is known of any package: this is not a good result.", file=sys.stderr)
        return 2
    passed_over = [one for one in told if "skip_reason" in one]
    weak = [(one, fault) for one in told for fault in one.get("vulns", ())]
    for one, fault in weak:
        better = ", ".join(fault.get("fix_versions", ())) or "no version yet"
        print(f"{one['name']} {one['version']}: {fault['id']}, mended in {better}")
    looked = len(told) - len(passed_over)
    if passed_over:
        why = passed_over[0]["skip_reason"]
        print(f"{len(passed_over)} packages could not be looked at: {why}", file=sys.stderr)
    if not looked:
        print("Nothing is known of any package: this is not a good result.", file=sys.stderr)
    print(f"{looked} packages looked at, {len(weak)} known weaknesses", file=sys.stderr)
    return 1 if weak else 2 if passed_over or not looked else 0


def main(arguments: list[str]) -> int:
    """Do what is named; return the exit code."""
    match arguments:
        case ["licences"]:
            return licences()
        case ["sbom"]:
            print(json.dumps(bill(), indent=1, ensure_ascii=False))
            return 0
        case ["audit", folder]:
            return audit(folder)
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
