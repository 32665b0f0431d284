# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first pull of a town with a long history: Beffroi, its floor, and what else one would use.

    .venv/bin/python tests/bench/first_pull.py [--entries 100000] [--runs 5]
        [--databases sqlite,postgresql] [--peer-entries 20000] [--peer-runs 3] [--keep DIR]

Every figure is of a process of its own, the cases of one round after the other, so that ratios
compare what ran under the same load. Figures are medians. CPU seconds: of the client, of the site
that serves (nginx, or the town's own Flask under gunicorn), and of the connection's PostgreSQL
process; "both ends" is client and site. `of floor` is the floor's CPU divided by both ends' CPU,
`of ndjson` the same for the unverified dump. What is measured is told in
`docs/explanation/speed-of-pulling.md`.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pull_sites as sites
from bench_nation import aggregator
from generated import Written, entries, write_local, write_log

from beffroi_federation.aggregator.kernel.db import MIGRATIONS, db
from support.databases import discard, fresh

HERE = Path(__file__).resolve().parent
MAIN = ("floor", "floor-without-records", "beffroi", "beffroi-flask", "ndjson")
SLOW = ("beffroi", "ndjson", "atom", "open311-1000", "open311-100", "turtle", "taxii")
Found = dict[str, Any]


class Bench:
    """Files, sites and databases for one size of log."""

    def __init__(self, folder: Path, written: Sequence[Written], stack: ExitStack) -> None:
        self.folder = folder
        self.count = len(written)
        self._stack = stack
        self._sites: dict[str, sites.Site] = {}
        self._records: list[dict[str, Any]] = []
        self._written = written
        write_log(folder / "www", written)
        write_local(folder / "local", written)
        shutil.copy(folder / "local" / "dump.ndjson", folder / "www")

    def records(self) -> list[dict[str, Any]]:
        """Return the records of the log."""
        self._records = self._records or sites.members_of(self._written)
        return self._records

    def site(self, case: str) -> sites.Site:
        """Return what serves a case; started when it is first asked for."""
        kind = {"beffroi-flask": "town", "open311-1000": "open311", "open311-100": "open311",
                "taxii": "taxii"}.get(case, "nginx")  # fmt: skip
        if kind not in self._sites:
            self._sites[kind] = self._stack.enter_context(self._started(kind))
        if case == "atom" and not (self.folder / "www" / "atom").exists():
            sites.write_atom(self.folder / "www" / "atom", self.records())
        if case == "turtle" and not (self.folder / "www" / "catalog.ttl").exists():
            sites.write_turtle(self.folder / "www" / "catalog.ttl", self.records())
        return self._sites[kind]

    def _started(self, kind: str) -> Any:
        match kind:
            case "town":
                folder = self.folder / "town"
                url = sites.write_town(folder, self._written)
                return sites.gunicorn(
                    "pull_sites:town()", BENCH_TOWN=url, BENCH_TOWN_FOLDER=str(folder)
                )
            case "open311":
                database = self.folder / "open311.db"
                sites.write_open311(database, self.records())
                return sites.gunicorn("pull_sites:open311()", BENCH_OPEN311=str(database))
            case "taxii":
                settings = sites.write_taxii(self.folder / "taxii", self.records())
                return sites.gunicorn("opentaxii.http:app", OPENTAXII_CONFIG=str(settings))
        return sites.nginx(self.folder / "nginx", self.folder / "www")

    @contextmanager
    def database(self, kind: str, site: str) -> Iterator[str]:
        """Give a new database of the nation that knows the town at a site."""
        url = fresh(kind, MIGRATIONS, self.folder)  # type: ignore[arg-type]  # both kinds
        app, _ = aggregator(url, site)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        yield url
        discard(url)
        for file in self.folder.glob("database-*.sqlite3*"):
            file.unlink()

    def measure(self, case: str, kind: str) -> Found:
        """Run one case in a process of its own; return its figures."""
        site = self.site(case)
        with self.database(kind, site.address) as url:
            before = site.cpu()
            command = [sys.executable, str(HERE / "first_pull_cases.py"), case,
                       str(self.folder / "local"), url, site.address]  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"{case} on {kind}: {done.stderr[-3_000:]}")
            found: Found = json.loads(done.stdout.splitlines()[-1])
        served = not case.startswith("floor")
        return found | {"site": round(site.cpu() - before, 2) if served else 0.0}


def rounds(bench: Bench, cases: Sequence[str], kind: str, runs: int) -> dict[str, Found]:
    """Run all cases one after the other, so many times; return the medians of each."""
    every: dict[str, list[Found]] = {case: [] for case in cases}
    for number in range(runs):
        for case in cases:
            print(f"  {kind} {number + 1}/{runs} {case}", file=sys.stderr)
            every[case].append(bench.measure(case, kind))
    return {case: medians(found) for case, found in every.items()}


def medians(found: Sequence[Found]) -> Found:
    """Return the median of every figure."""
    return {
        name: statistics.median(one[name] for one in found)
        for name, value in found[0].items()
        if isinstance(value, int | float)
    }


HEAD = (
    f"{'case':<22}{'client':>8}{'site':>7}{'database':>9}{'both':>8}{'of floor':>9}"
    f"{'of ndjson':>10}{'µs/entry':>9}{'wall':>8}{'MiB':>7}{'requests':>9}{'MB':>7}"
)


def show(title: str, found: dict[str, Found]) -> None:
    """Print a table, and the ratios that follow from it."""
    print(f"\n{title}\n{HEAD}")
    for case, one in found.items():
        both = one["both"] = one["cpu"] + one["site"]
        ratios = ""
        for base, width in (("floor", 9), ("ndjson", 10)):
            beside = found.get(base)
            ratio = f"{(beside['cpu'] + beside['site']) / both:.2f}" if beside else ""
            ratios += f"{ratio:>{width}}"
        print(
            f"{case:<22}{one['cpu']:>8.2f}{one['site']:>7.2f}{one['database']:>9.2f}{both:>8.2f}"
            f"{ratios}{both / one['entries'] * 1e6:>9.1f}{one['wall']:>8.2f}{one['peak']:>7.1f}"
            f"{one.get('requests', 0):>9.0f}{one.get('bytes', 0) / 1e6:>7.1f}"
        )
    if "beffroi" in found:
        print(derived(found["beffroi"], found.get("floor")))


def derived(one: Found, floor: Found | None) -> str:
    """Return what the second stage costs, and the ratio with it."""
    each = one["derive_cpu"] / one["derived"]
    whole = one["both"] + each * one["entries"]
    share = f", {floor['cpu'] / whole:.3f} of the floor" if floor else ""
    return (
        f"deriving (gate, records, search): {each * 1e6:.0f} µs a record, {one['derived']:.0f} of "
        f"them measured, peak {one['peak_derived']:.1f} MiB; with it the whole pull takes "
        f"{whole:.1f} s of CPU{share}"
    )


def main() -> None:
    """Build, run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--peer-entries", type=int, default=20_000)
    parser.add_argument("--peer-runs", type=int, default=3)
    parser.add_argument("--cases", default=",".join(MAIN))
    parser.add_argument("--peers", default=",".join(SLOW))
    parser.add_argument("--json", action="store_true", help="the medians as one JSON object")
    args = parser.parse_args()
    everything: dict[str, dict[str, Found]] = {}
    with tempfile.TemporaryDirectory(prefix="first-pull-") as name, ExitStack() as stack:
        Path(name).chmod(0o755)
        if args.runs:
            bench = Bench(_made(name, "main"), list(entries(args.entries)), stack)
            for kind in args.databases.split(","):
                title = f"{args.entries:,} entries into {kind}, medians of {args.runs}"
                everything[title] = rounds(bench, args.cases.split(","), kind, args.runs)
        if args.peer_runs:
            bench = Bench(_made(name, "peers"), list(entries(args.peer_entries)), stack)
            title = f"{args.peer_entries:,} entries into sqlite, medians of {args.peer_runs}"
            everything[title] = rounds(bench, args.peers.split(","), "sqlite", args.peer_runs)
        for title, found in everything.items():
            show(title, found)
    if args.json:
        print(json.dumps(everything))


def _made(folder: str, name: str) -> Path:
    made = Path(folder) / name
    made.mkdir(mode=0o755)
    return made


if __name__ == "__main__":
    main()
