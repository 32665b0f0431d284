# SPDX-License-Identifier: AGPL-3.0-or-later
"""Kills web, worker, signer, aggregator and PostgreSQL at random while people write.

    python tests/stress/kill.py [--times 1000] [--seconds 7200] [--pause 0.5] [--seed 1] [--json F]

A town as three processes on a PostgreSQL cluster of its own, an aggregator that pulls without a
pause, writers that keep each reference they were told. A supervisor starts what died; the next
kill comes after none to four more acknowledgements, so that some hit what is just starting. Then
nothing that was acknowledged may be lost, nothing published twice, no checkpoint contradicted.
Exit 0 if so, else 1. `--seconds` bounds the storm: what was done by then is judged.
"""

import argparse
import bisect
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "deploy")]

from support.demo_run import free_base  # noqa: E402
from support.own_postgres import NAME as POSTGRES  # noqa: E402
from support.own_postgres import OwnPostgres  # noqa: E402
from support.storm import Found, Storm, in_threads, look  # noqa: E402
from support.supervising import Supervisor, until  # noqa: E402
from support.town_processes import BIN, TownProcesses  # noqa: E402

WRITERS = 4
KINDS: dict[str, tuple[int, str]] = {
    "web": (10, "acknowledged"),
    "web child": (10, "acknowledged"),
    "worker": (20, "grown"),
    "signer": (19, "grown"),
    "aggregator, pull": (13, "pulled"),
    "aggregator, web": (4, "nation"),
    "postgresql, all": (8, "acknowledged"),
    "postgresql, postmaster": (6, "acknowledged"),
    "postgresql, backend": (10, "acknowledged"),
}
"""What is killed, how often of a hundred, and the sign by which it is seen to work again."""


@dataclass(slots=True)
class Stage:
    """Everything that runs."""

    kept: Supervisor
    database: OwnPostgres
    town: TownProcesses
    storm: Storm
    nation: dict[str, str]
    folder: Path

    def nation_runs(self, *command: str) -> str:
        """Run one of the aggregator's commands; its words; RuntimeError if it failed."""
        done = subprocess.run(
            [str(BIN / "beffroi-aggregator"), *command],
            env=self.nation, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"beffroi-aggregator {command}: {done.stdout}{done.stderr}")
        return done.stdout

    def kill(self, kind: str, chance: random.Random) -> bool:
        """Kill one thing; say whether there was something to kill."""
        name, _, what = kind.partition(", ")
        self.storm.heals.fault(kind, KINDS[kind][1])
        if what == "backend" or kind == "web child":
            name = "web" if kind == "web child" else POSTGRES
            return self.kept.kill_child(name, chance.randrange(100))
        self.kept.kill(kind if name == "aggregator" else name, children=what != "postmaster")
        return True


def nation_settings(folder: Path, port: int, town: str) -> dict[str, str]:
    """Return the environment of the aggregator."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("BEFFROI_")}
    return {
        **kept,
        "BEFFROI_AGGREGATOR_NAME": "Beffroi national",
        "BEFFROI_AGGREGATOR_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "BEFFROI_AGGREGATOR_SECRET_KEY": "a secret of the tests, long enough to be one",
        "BEFFROI_AGGREGATOR_DATA_DIR": str(folder / "nation"),
        "BEFFROI_AGGREGATOR_DEMO_PEERS": town,
    }


def start(stage: Stage) -> None:
    """Start town and aggregator, and let them know each other."""
    town, kept = stage.town, stage.kept
    beffroi, nation = str(BIN / "beffroi"), str(BIN / "beffroi-aggregator")
    serve = ["serve", "--bind", town.bind, "--workers", "2", "--threads", "4"]
    kept.add("signer", [beffroi, "signer"], town.environment)
    kept.add("web", [beffroi, *serve], town.environment)
    kept.add("worker", [beffroi, "worker", "--every", "0.2"], town.environment)
    town.wait()
    stage.nation_runs("init")
    stage.nation_runs("towns", "add", town.url)
    stage.nation_runs("towns", "approve", town.settings["BEFFROI_SIREN"], "--by", "Ada")
    script = [sys.executable, str(ROOT / "tests/support/eager_puller.py")]
    kept.add("aggregator, pull", [*script, str(stage.folder / "pulls")], stage.nation)
    bind = stage.nation["BEFFROI_AGGREGATOR_PUBLIC_URL"].removeprefix("http://")
    command = [nation, "serve", "--bind", bind, "--workers", "1", "--threads", "2"]
    kept.add("aggregator, web", command, stage.nation)


def rage(stage: Stage, given: argparse.Namespace) -> list[tuple[float, str]]:
    """Let people write while parts die; return when what was killed."""
    chance = random.Random(given.seed)
    killed: list[tuple[float, str]] = []
    storm, town = stage.storm, stage.town
    app = town.app()
    people = [town.signed_in(app, f"citizen-{n}") for n in range(WRITERS)]
    agent = town.signed_in(app, "agent", "agent")
    health = f"{stage.nation['BEFFROI_AGGREGATOR_PUBLIC_URL']}/healthz"
    threads = in_threads(
        *(lambda b=b, n=n: storm.write(b, n, given.write_pause) for n, b in enumerate(people)),
        lambda: storm.release(agent),
        storm.watch,
        lambda: storm.follow(stage.folder / "pulls"),
        lambda: storm.ask(health, "nation"),
    )
    time.sleep(5)
    ends = time.monotonic() + given.seconds
    kinds, weights = list(KINDS), [weight for weight, _ in KINDS.values()]
    while len(killed) < given.times and time.monotonic() < ends:
        [kind] = chance.choices(kinds, weights)
        if stage.kill(kind, chance):
            killed.append((time.monotonic(), kind))
        if len(killed) % 50 == 0:
            print(f"{len(killed)} killed, {len(storm.acknowledged)} cases", file=sys.stderr)
        time.sleep(chance.uniform(0, 2 * given.pause))
        wait_for_writes(storm, chance.choice((0, 1, 2, 4)), given.patience)
    with suppress(TimeoutError):
        until(lambda: not storm.heals.open, "everything is healed", 120)
    storm.stop.set()
    for thread in threads:
        thread.join(30)
    return killed


def wait_for_writes(storm: Storm, more: int, patience: float) -> None:
    """Wait until so many more cases were acknowledged: a storm over idle ruins proves nothing."""
    base = len(storm.acknowledged)
    with suppress(TimeoutError):
        until(lambda: len(storm.acknowledged) >= base + more, "writes go on", patience)


def settle(stage: Stage) -> None:
    """Let the worker do what waits, with the command that an operator would use; pull once more."""
    stage.kept.stop("worker")
    stage.kept.stop("aggregator, pull")
    stage.town.wait()
    for _ in range(200):
        done = stage.town.run("publish")
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        if done.stdout.startswith("0 entries"):
            break
    stage.nation_runs("pull", "--once")


def judge(stage: Stage) -> tuple[Found, list[str]]:
    """Return what the tables say, and sentences of what else is wrong."""
    with sqlite3.connect(stage.folder / "nation" / "nation.sqlite3") as nation:
        accepted = [(int(size), bytes(root)) for size, root in nation.execute(
            "SELECT size, root FROM accepted_checkpoint")]  # fmt: skip
    found = look(stage.database.url, stage.storm, accepted)
    faults = [f"half: {name}: {count}" for name, count in found.half.items()]
    faults += [f"lost: {ref}" for _, ref in found.lost]
    faults += [f"doubled: {found.doubled}"] * bool(found.doubled)
    faults += [f"forked at {found.forked}"] * bool(found.forked)
    faults += [f"backwards: {stage.storm.shown_backwards}"] * bool(stage.storm.shown_backwards)
    verified = subprocess.run(
        [str(BIN / "beffroi-verify"), stage.town.url, "--json"],
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    faults += [f"beffroi-verify: {verified.stdout}"] * bool(verified.returncode)
    print(stage.nation_runs("verify").strip(), file=sys.stderr)
    pulls = [line.split("\t") for line in (stage.folder / "pulls").read_text().splitlines()]
    results = Counter(pull[1] for pull in pulls)
    odd = set(results) - {"taken", "unchanged", "unreachable"}
    faults += [f"pulls: {[p for p in pulls if p[1] in odd][:5]}"] * bool(odd)
    last = json.loads(stage.nation_runs("towns", "list", "--json").splitlines()[0])
    faults += [f"the aggregator: {last}"] * (last["state"] != "approved")
    held = max((size for size, _ in accepted), default=0)
    faults += [f"the aggregator holds {held} of {found.entries}"] * (held != found.entries)
    print(f"pulls: {dict(results)}; checkpoints accepted: {len(accepted)}", file=sys.stderr)
    return found, faults


def table(stage: Stage, killed: list[tuple[float, str]], found: Found) -> str:
    """Return the table: what is lost is told to the fault before it was acknowledged."""
    times, moments = Counter(kind for _, kind in killed), [at for at, _ in killed]
    lost: Counter[str] = Counter()
    for at, _ in found.lost:
        lost[killed[max(0, bisect.bisect(moments, at) - 1)][1]] += 1
    lines = ["| killed | times | lost | healed in, median s | p95 s | most s | not healed |",
             "|---|---|---|---|---|---|---|"]  # fmt: skip
    open_ = Counter(kind for kind, _, _ in stage.storm.heals.open)
    for kind in KINDS:
        took = sorted(stage.storm.heals.took.get(kind, []))
        if not took:
            continue
        p95 = took[min(len(took) - 1, int(len(took) * 0.95))]
        lines.append(
            f"| {kind} | {times[kind]} | {lost[kind]} | {statistics.median(took):.1f}"
            f" | {p95:.1f} | {took[-1]:.1f} | {open_[kind]} |"
        )
    lines.append(f"| all | {len(killed)} | {len(found.lost)} | | | | {sum(open_.values())} |")
    lines.append(f"\ndoubled {found.doubled}, forked {len(found.forked)}, half rows {found.half}")
    return "\n".join(lines)


def run(given: argparse.Namespace, folder: Path) -> int:
    """Do all of it in a folder."""
    begun = time.monotonic()
    with Supervisor(folder) as kept:
        database = OwnPostgres(kept)
        port = free_base()
        with TownProcesses(folder, database.url, port) as town:
            storm = Storm(town, folder / "journal")
            nation = nation_settings(folder, port + 1, town.url)
            stage = Stage(kept, database, town, storm, nation, folder)
            start(stage)
            killed = rage(stage, given)
            raged = time.monotonic() - begun
            settle(stage)
            found, faults = judge(stage)
        said = table(stage, killed, found)
        restarts = {name: part.starts for name, part in kept.parts.items()}
        ended = {name: len(part.ended) for name, part in kept.parts.items() if part.ended}
    database.discard()
    print(said)
    print(
        f"{len(storm.acknowledged)} acknowledged, {found.cases} cases, {found.entries} entries, "
        f"{sum(map(len, storm.checkpoints.values()))} checkpoints seen; not acknowledged: "
        f"{dict(storm.refused)}; {raged:.0f} s; load {os.getloadavg()}; starts {restarts}; "
        f"ended by themselves {ended}"
    )
    if given.json:
        figures = {"killed": killed, "took": storm.heals.took, **asdict(found), "faults": faults}
        Path(given.json).write_text(json.dumps(figures))
    print("\n".join(faults) or "nothing lost, nothing doubled, nothing forked, nothing half")
    return 1 if faults else 0


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=1000, help="kills in all")
    parser.add_argument("--seconds", type=float, default=7200, help="the storm's longest duration")
    parser.add_argument("--pause", type=float, default=0.5, help="mean seconds between two kills")
    parser.add_argument("--patience", type=float, default=45, help="longest wait for a write")
    parser.add_argument("--write-pause", type=float, default=0.3, help="of a writer, mean seconds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", default="", help="a file for all figures")
    parser.add_argument("--keep", default="", help="an empty folder to work in, and keep")
    given = parser.parse_args()
    if given.keep:
        return run(given, Path(given.keep))
    with tempfile.TemporaryDirectory(prefix="beffroi-kill-") as name:
        return run(given, Path(name))


if __name__ == "__main__":
    sys.exit(main())
