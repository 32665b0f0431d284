# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proofs from a town's log beside pymerkle's trees, at 10,000, 100,000 and 1,000,000 leaves (G4).

    .venv/bin/python tests/bench/log_proofs.py [--sizes 10000 100000 1000000] [--rounds 5]

What a town does for `/log/proof/<index>` (`log.proof_for`: the head is read from the database for
each proof) and for a witness (`log.consistency_for`), from its own store in SQLite; pymerkle's tree
in memory and its tree in SQLite; and verifying the same proofs, as the floor. Each peer is a
process of its own, which lives through all rounds, so that each round asks all of them in turn.

    first         leaves that were not asked for before; a town has nothing of the log in memory
                  when the round begins, pymerkle's trees keep what they keep
    again         the same leaves a second time
    cold each     a town alone: everything is forgotten before each single proof

Printed: proofs a CPU second (median of the rounds), how it grows with the size, the largest memory
of each process, and the ratios.
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

OURS, MEMORY, SQLITE = "beffroi", "pymerkle memory", "pymerkle sqlite"
PEERS = (OURS, MEMORY, SQLITE)
MANY = {OURS: 2_000, MEMORY: 500, SQLITE: 40}
ALL = ("inclusion first", "inclusion again", "consistency first", "consistency again")
MEASURES = {OURS: (*ALL, "inclusion cold each", "verify", "head"), MEMORY: ALL, SQLITE: ALL}


def peak() -> float:
    """Return the largest size of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def rate(times: int, work: Callable[[], object]) -> float:
    """Return how often a CPU second is enough for what `work` did so many times."""
    begun = time.process_time()
    work()
    return times / (time.process_time() - begun)


def serve(peer: str, size: int, folder: Path) -> None:
    """Make a log, then measure what is asked for on standard input, one name a line."""
    if peer == OURS:
        serve_ours(size, folder)
    else:
        serve_pymerkle(peer, size, folder)


def serve_ours(size: int, folder: Path) -> None:
    """Answer for the town's own store."""
    from town_log import fill, leaves, town_store

    from beffroi_federation import log
    from beffroi_federation.checkpoint import parse
    from beffroi_federation.merkle import leaf_hash, verify_inclusion
    from beffroi_federation.notes import parse as parse_note

    with town_store(folder) as store:
        before = peak()
        fill(store, size)
        root = parse(parse_note(store.head().note).text).root
        places = Places(size, MANY[OURS])

        def proofs(of: Sequence[int]) -> None:
            for place in of:
                log.proof_for(store, place)

        def cold_each(of: Sequence[int]) -> None:
            for place in of:
                log.forget_trees()
                log.proof_for(store, place)

        def growths(of: Sequence[int]) -> None:
            for place in of:
                log.consistency_for(store, place + 1)

        def verifying(of: Sequence[int]) -> float:
            found = [log.proof_for(store, place) for place in of]
            hashes = [leaf_hash(next(leaves(1, place))) for place in of]
            return rate(
                len(of),
                lambda: [
                    verify_inclusion(leaf, proof.index, size, proof.hashes, root)
                    for leaf, proof in zip(hashes, found, strict=True)
                    if proof is not None
                ],
            )

        def measure(what: str) -> float:
            if what == "head":
                return rate(2_000, lambda: [store.head() for _ in range(2_000)])
            if what == "verify":
                return verifying(places.last[:200])
            if what == "inclusion cold each":
                return rate(200, lambda: cold_each(places.next()[:200]))
            if what.endswith("first"):
                log.forget_trees()
            of = places.last if what.endswith("again") else places.next()
            return rate(len(of), lambda: (growths if what[0] == "c" else proofs)(of))

        answer(measure, before)


class Places:
    """Leaves by chance, the same in every run, and for every peer."""

    def __init__(self, size: int, count: int) -> None:
        self._random = random.Random(3)
        self._size = size
        self._count = count
        self.last: list[int] = []

    def next(self) -> list[int]:
        """Return other leaves."""
        self.last = [self._random.randrange(self._size) for _ in range(self._count)]
        return self.last


def serve_pymerkle(peer: str, size: int, folder: Path) -> None:
    """Answer for one of pymerkle's trees."""
    import pymerkle
    from town_log import leaves

    before = peak()
    source = leaves(size)
    if peer == MEMORY:
        tree = pymerkle.InmemoryTree(algorithm="sha256")
        for leaf in source:
            tree.append_entry(leaf)
    else:
        tree = pymerkle.SqliteTree(str(folder / "pymerkle.db"), algorithm="sha256")
        while some := list(islice(source, 100_000)):
            tree.append_entries(some, chunksize=100_000)
    places = Places(size - 1, MANY[peer])

    def measure(what: str) -> float:
        prove = tree.prove_inclusion if what.startswith("inclusion") else tree.prove_consistency
        of = places.last if what.endswith("again") else places.next()
        return rate(len(of), lambda: [prove(place + 1, size) for place in of])

    answer(measure, before)


def answer(measure: Callable[[str], float], before: float) -> None:
    """Say that all is ready, then print the figure of each measure that is asked for."""
    print(json.dumps({"ready": True}), flush=True)
    for asked in sys.stdin:
        figure = measure(asked.strip())
        print(json.dumps({"rate": figure, "peak": peak(), "before": before}), flush=True)


class Peer:
    """One peer's process."""

    def __init__(self, name: str, size: int, folder: Path) -> None:
        self.name = name
        self.rates: dict[str, list[float]] = {}
        self.peak = self.before = 0.0
        place = folder / f"{name.replace(' ', '-')}-{size}"
        place.mkdir()
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__, "--serve", name, str(size), str(place)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended")
        answered: dict[str, Any] = json.loads(line)
        return answered

    def ask(self, what: str) -> None:
        """Measure once."""
        assert self._process.stdin is not None
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        answered = self._read()
        self.rates.setdefault(what, []).append(answered["rate"])
        self.peak, self.before = answered["peak"], answered["before"]

    def median(self, what: str) -> float:
        """Return the median of a measure."""
        return statistics.median(self.rates[what])

    def end(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def run(size: int, rounds: int, folder: Path) -> None:
    """Measure all peers at one size, and print."""
    peers = {name: Peer(name, size, folder) for name in PEERS}
    for _ in range(rounds):
        for name, peer in peers.items():
            for what in MEASURES[name]:
                peer.ask(what)
    for name, peer in peers.items():
        told = ", ".join(f"{what} {peer.median(what):,.0f}" for what in MEASURES[name])
        print(f"{size:>9,} {name:16} a CPU second: {told}")
        print(f"{'':27}memory: {peer.peak:,.0f} MiB at most, {peer.before:,.0f} before the log")
    ours, memory, sqlite = (peers[name] for name in PEERS)
    for what in ("inclusion", "consistency"):
        warm, cold = ours.median(f"{what} again"), ours.median(f"{what} first")
        told = [
            f"{name}: first {cold / peer.median(f'{what} first'):.1f}, "
            f"again {warm / peer.median(f'{what} again'):.1f}, "
            f"a town's again to its first {warm / peer.median(f'{what} first'):.1f}"
            for name, peer in ((MEMORY, memory), (SQLITE, sqlite))
        ]
        print(f"{'':10}{what}, times {'; '.join(told)}")
    slow = sqlite.median("inclusion first")
    floor = ours.median("inclusion again") / ours.median("verify")
    print(
        f"{'':10}cold each: {ours.median('inclusion cold each') / slow:.1f} times its SQLite; of "
        f"the verifying rate: {floor:.2f} (aim 0.4)",
        flush=True,
    )
    for peer in peers.values():
        peer.end()


def main() -> None:
    """Measure at each size."""
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as name:
            run(size, options.rounds, Path(name))


if __name__ == "__main__":
    main()
