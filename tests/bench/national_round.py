# SPDX-License-Identifier: AGPL-3.0-or-later
"""A national round: every town has something new, then nobody has; the nation and its peers.

    .venv/bin/python tests/bench/national_round.py [--towns 2000] [--entries 10] [--runs 5]
                                                   [--only nation,polling] [--scheme http,https]
                                                   [--derive]

Towns are static files behind one nginx worker on the loopback, in the real format, with keys of
their own. Peers: `requests` with an ORM, one town after the other; `httpx` with the same ORM, 32
towns at once; neither verifies anything. Floor: `polling`, bare libcurl asking for checkpoints.
`bound` (only when named) is that floor with a row read and a row written for each town by the
driver, and nothing else: no round that is kept in a database can be cheaper when it is quiet.
Over http, connections are kept; over https every client makes a handshake a town. Each measurement
is a process of its own, all of them taken in turns. Figures are medians; CPU seconds are those of
the client alone. Ratios are of client CPU seconds.

`first` and `new` end with everything verified and stored. With `--derive` the second stage is
measured too: the nation's own gate on every text, search index, the nation's own log.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from round_towns import Country, build, served

HERE = Path(__file__).resolve().parent
CLIENTS = ("nation", "requests", "httpx", "polling")
COUNTRY = 35_000
Figures = dict[str, list[float]]


def measure(
    who: str, scheme: str, country: Country, towns: int, entries: int, served: Path, *, derive: bool
) -> list[dict[str, float | str]]:
    """Run one client in a process of its own; return its figures by phase."""
    port = country.https if scheme == "https" else country.http
    with tempfile.TemporaryDirectory(prefix="round-") as folder:
        command = [
            sys.executable,
            str(HERE / "round_clients.py"),
            who,
            towns,
            entries,
            port,
            scheme,
            country.authority,
            folder,
            served,
            *(["derive"] if derive else []),
        ]
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{who} over {scheme}: {done.stderr[-2_000:]}")
    said = [json.loads(line) for line in done.stdout.splitlines()]
    return said


def gather(
    args: argparse.Namespace, country: Country, served: Path
) -> dict[tuple[str, str, str], Figures]:
    """Measure every client in turns; return lists of figures by (scheme, client, phase)."""
    found: dict[tuple[str, str, str], Figures] = defaultdict(lambda: defaultdict(list))
    for number in range(args.runs):
        for scheme in args.scheme.split(","):
            for who in args.only.split(","):
                for one in measure(
                    who, scheme, country, args.towns, args.entries, served, derive=args.derive
                ):
                    phase = str(one.pop("phase"))
                    for name, value in one.items():
                        found[scheme, who, phase][name].append(float(value))
        print(f"run {number + 1} of {args.runs} is done", file=sys.stderr)
    return found


def table(args: argparse.Namespace, found: dict[tuple[str, str, str], Figures]) -> None:
    """Print medians and ratios."""
    print(f"{args.towns} towns, {args.entries} entries each, medians of {args.runs} runs\n")
    print("| scheme | phase | client | CPU s | wall s | towns / CPU s | towns / s | peak MiB |")
    print("|---|---|---|---|---|---|---|---|")
    medians: dict[tuple[str, str, str], float] = {}
    for (scheme, who, phase), figures in sorted(found.items()):
        cpu, wall, peak = (statistics.median(figures[name]) for name in ("cpu", "wall", "peak"))
        medians[scheme, who, phase] = cpu
        medians[scheme, who, f"{phase} wall"] = wall
        print(
            f"| {scheme} | {phase} | {who} | {cpu:.2f} | {wall:.2f} | {args.towns / cpu:,.0f} "
            f"| {args.towns / wall:,.0f} | {peak:.0f} |"
        )
    print()
    for scheme in args.scheme.split(","):
        for peer in ("requests", "httpx"):
            _ratio(medians, (scheme, peer, "new"), (scheme, "nation", "new"), "with news")
        both = [
            (scheme, who, phase) for who in ("requests", "nation") for phase in ("first", "new")
        ]
        if args.derive and all(one in medians for one in both):
            theirs, ours = (sum(medians[one] for one in both[at : at + 2]) for at in (0, 2))
            ratio = theirs / (ours + medians[scheme, "nation", "derive"])
            print(
                f"{scheme}, both rounds, gate, search index and own log included: "
                f"{ratio:.2f} times requests"
            )
        _ratio(medians, (scheme, "polling", "quiet"), (scheme, "nation", "quiet"), "quiet")
        _ratio(medians, (scheme, "polling", "quiet"), (scheme, "bound", "quiet"), "bound, quiet")
    quiet = medians.get(("https", "nation", "quiet wall"))
    if quiet:
        print(
            f"{COUNTRY:,} quiet towns over https: {quiet * COUNTRY / args.towns:.0f} s "
            f"(scaled from {args.towns}; client and nginx share the machine)"
        )


def _ratio(
    medians: dict[tuple[str, str, str], float],
    other: tuple[str, str, str],
    ours: tuple[str, str, str],
    what: str,
) -> None:
    if other in medians and ours in medians:
        ratio = medians[other] / medians[ours]
        print(f"{ours[0]}, {what}: {ratio:.2f} times {other[1]} ({other[2]})")


def main() -> None:
    """Build, serve, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--towns", type=int, default=2_000)
    parser.add_argument("--entries", type=int, default=10)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default=",".join(CLIENTS))
    parser.add_argument("--scheme", default="http,https")
    parser.add_argument("--derive", action="store_true")
    args = parser.parse_args()
    if shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin") is None:
        raise SystemExit("nginx is needed")
    with tempfile.TemporaryDirectory(prefix="country-") as folder:
        towns = Path(folder) / "towns"
        build(towns, args.towns, args.entries)
        Path(folder).chmod(0o755)
        with served(Path(folder), towns) as country:
            table(args, gather(args, country, towns))


if __name__ == "__main__":
    main()
