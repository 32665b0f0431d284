# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ten new entries after a long history: what asking again costs, and what it proves.

    .venv/bin/python tests/bench/incremental_pull.py [--sizes 100000,1000000] [--runs 5]

A nation that has verified a log of this size (its rows are there, old contents are not) pulls ten
new entries with their contents from nginx on the loopback, once with `/log/tail` and once from a
town that serves none; then the next ten, which is what is measured. Beside it, with the same
records: Open311 by `start_date` (Flask and an ORM, a table of that size) and the newest 100 of an
Atom feed (feedparser). Medians; CPU first. `bytes` are bodies, `on the wire` has the heads as well.
`of least` divides the bodies by the ten leaves, the ten content lines and the checkpoint.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import first_pull_peers as peers
import pull_sites as sites
from bench_nation import MOMENT, aggregator
from generated import ORIGIN, Written, entries, note_of, records

from beffroi_federation.entries import RecordEntry, encode_content_line, encode_entry
from beffroi_federation.merkle import TILE_WIDTH, Frontier, leaf_hashes
from beffroi_federation.tail import encode_tail
from beffroi_federation.tiles import bundle_path, content_path, encode_bundle

NEW = 10
STEPS = (NEW, 2 * NEW)
"""How many entries are new at the first pull, which warms up, and at the second."""
A_PART = 50_000
Found = dict[str, Any]


def history(size: int) -> Iterator[bytes]:
    """Yield the leaves of a long history; nobody asks for their contents."""
    for number in range(size):
        yield encode_entry(RecordEntry(hashlib.sha256(b"old %d" % number).digest()))


class Town:
    """A log after its history and after each step, as files."""

    def __init__(self, folder: Path, size: int) -> None:
        self.size = size
        self.leaves = list(history(size))
        self.frontier = Frontier().extended(leaf_hashes(self.leaves))
        self.new = list(entries(1 + STEPS[-1], seed=11))[1:]
        for number, step in enumerate(STEPS):
            for tails in (True, False):
                kind = "tails" if tails else "bundles"
                self._write(folder / f"{kind}{number}" / "log", step, tails)

    def _write(self, folder: Path, step: int, tails: bool) -> None:
        """Write what is asked for after `step` new entries, and nothing else."""
        size = self.size + step
        leaves = self.leaves + [one.leaf for one in self.new[:step]]
        frontier = Frontier().extended(leaf_hashes(leaves))
        _put(folder / "checkpoint", note_of(frontier))
        os.utime(folder / "checkpoint", (size, size))  # nginx makes the ETag of time and length
        before = size - NEW
        lines = {self.size + at: line(self.size + at, one) for at, one in enumerate(self.new)}
        if tails:
            body = encode_tail(before, leaves[before:], lines)
            _put(folder / "tail" / str(before), body)
            return
        for bundle in range(before // TILE_WIDTH, (size - 1) // TILE_WIDTH + 1):
            first = bundle * TILE_WIDTH
            part = leaves[first : first + TILE_WIDTH]
            _put(folder / bundle_path(bundle, len(part)), encode_bundle(part))
            served = [one for at, one in lines.items() if at // TILE_WIDTH == bundle and at < size]
            _put(folder / content_path(bundle), b"".join(served))

    def least(self) -> int:
        """Return the bytes of ten leaves, their content lines and the checkpoint."""
        new = self.new[-NEW:]
        parts = sum(len(one.leaf) for one in new)
        parts += sum(len(line(self.size + NEW + at, one)) for at, one in enumerate(new))
        return parts + len(note_of(self.frontier))


def line(index: int, one: Written) -> bytes:
    """Return the content line of an entry."""
    return encode_content_line(index, one.salt, one.content)


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


# ---- the nation's side -----------------------------------------------------------------------


def write_state(url: str, town: Town) -> None:
    """Write the rows that a nation has after it has verified the history."""
    from beffroi_federation.aggregator.intake.models import LogState
    from beffroi_federation.aggregator.kernel import bulk
    from beffroi_federation.aggregator.kernel.db import MIGRATIONS, db, unit_of_work
    from beffroi_federation.aggregator.national.models import Item, RawEntry
    from beffroi_federation.aggregator.witness.models import Witnessed
    from beffroi_web.migrating import upgrade

    upgrade(MIGRATIONS, url)
    app, _ = aggregator(url, "http://127.0.0.1:1")
    with app.app_context():
        when = bulk.moment(MOMENT)
        for at in range(0, town.size, A_PART):
            part = town.leaves[at : at + A_PART]
            with unit_of_work():
                rows = [(1, n, leaf, when) for n, leaf in enumerate(part, at)]
                bulk.insert(RawEntry, ("log_id", "position", "leaf", "seen_at"), rows)
                items = [(1, n, n, None, None, when) for n in range(at, at + len(part))]
                bulk.insert(
                    Item, ("log_id", "position", "first", "next", "withdrawn", "seen_at"), items
                )
        with unit_of_work():
            db.session.add(
                LogState(
                    log_id=1, frontier=town.frontier.to_bytes(), note=note_of(town.frontier),
                    behind=0, verified_at=MOMENT, changed_at=MOMENT, tried_at=MOMENT,
                    refusals=0, misses=0, grown=0, turn=1,
                )
            )  # fmt: skip
            db.session.add(
                Witnessed(
                    log_id=1, origin_hash=hashlib.sha256(ORIGIN.encode()).hexdigest(),
                    size=town.size, root=town.frontier.root(), since=MOMENT,
                    note=note_of(town.frontier).decode(),
                )
            )  # fmt: skip
        db.session.remove()
        db.engine.dispose()


def pull_twice(url: str, site: str, kind: str) -> Found:
    """Pull the first step, then the second one, which is measured."""
    from first_pull_cases import Stopwatch, _counted
    from sqlalchemy import update

    from beffroi_federation.aggregator.intake.adapters.transfer import Transfer
    from beffroi_federation.aggregator.kernel.db import db, unit_of_work
    from beffroi_federation.aggregator.towns.models import Log

    app, pull = aggregator(url, site)
    net = _counted()
    bodies = [0]
    answer = Transfer.answer

    def counted(self: Transfer, code: int = 0) -> Any:
        found = answer(self, code)
        bodies[0] += len(found.body)
        return found

    Transfer.answer = counted  # type: ignore[method-assign]
    for number in range(len(STEPS)):
        net |= {"requests": 0, "bytes": 0}
        bodies[0] = 0
        with app.app_context(), unit_of_work():
            prefix = f"{site}/{kind}{number}/log"
            db.session.execute(update(Log).where(Log.id == 1).values(prefix=prefix))
        watch = Stopwatch()
        (done,) = pull()
        found: Found = watch.read()
        if (done.result, done.entries, done.behind) != ("taken", NEW, 0):
            raise SystemExit(str(done))
    return found | {"requests": net["requests"], "wire": net["bytes"], "bytes": bodies[0]}


# ---- peers -----------------------------------------------------------------------------------


def ask_open311(url: str, site: str, size: int) -> Found:
    """Ask twice for what is newer than a moment; the second time is measured."""
    store, _, _ = peers.prepared("open311-100", url)
    asked = peers.session()
    for number in range(2):
        watch = _measuring()
        start = sites.open311_moment(size - NEW - 1).replace("+", "%2B")
        address = f"{site}/requests.json?page=1&page_size=100&start_date={start}"
        found = asked.get(address, timeout=60).json()
        rows = []
        for at, one in enumerate(found):
            members = {"id": f"{number}{one['service_request_id']}", "theme": one["service_code"],
                       "status": one["status_notes"], "title": one["service_name"],
                       "period": one["requested_datetime"]}  # fmt: skip
            rows.append(peers.row(number * 100 + at, members, json.dumps(one)))
        store(rows)
    return _read(watch, len(found))


def ask_atom(url: str, site: str, size: int) -> Found:
    """Read the newest page of a feed twice; the second time is measured."""
    import feedparser

    store, _, _ = peers.prepared("atom", url)
    asked = peers.session()
    for number in range(2):
        watch = _measuring()
        feed = feedparser.parse(asked.get(f"{site}/newest.xml", timeout=60).content)
        rows = []
        for at, entry in enumerate(feed.entries[:NEW]):
            members = {"id": f"{number}{entry.id}", "theme": "", "status": "", "period": "",
                       "title": entry.title}  # fmt: skip
            rows.append(peers.row(number * 100 + at, members, entry.summary))
        store(rows)
    return _read(watch, len(rows))


def _measuring() -> Any:
    from first_pull_cases import Stopwatch

    peers.NET.update(requests=0, bytes=0)
    return Stopwatch()


def _read(watch: Any, count: int) -> Found:
    if count != NEW:
        raise SystemExit(f"{count} new entries instead of {NEW}")
    return {**watch.read(), **peers.NET, "wire": 0}


# ---- the run ---------------------------------------------------------------------------------

CASES = ("tails", "bundles", "open311", "atom")


def child(case: str, url: str, site: str, size: int) -> None:
    """Run one case in this process and print its figures."""
    match case:
        case "open311":
            found = ask_open311(url, site, size)
        case "atom":
            found = ask_atom(url, site, size)
        case _:
            found = pull_twice(url, site, case)
    print(json.dumps(found))


def build_peers(folder: Path, size: int) -> Path:
    """Write the feed's newest page and the Open311 server's database; return the latter."""
    some = list(records(min(size, 20_000)))
    database = folder / "open311.db"
    every = ({**some[n % len(some)], "id": f"{n:x}"} for n in range(size))
    sites.write_open311(database, every)
    (folder / "www" / "newest.xml").write_text(sites.atom_page(some[-100:]))
    return database


def measure(folder: Path, size: int, runs: int) -> dict[str, Found]:
    """Build everything for one size and run the cases one after the other, several times."""
    town = Town(folder / "www", size)
    state = folder / "state.sqlite3"
    write_state(f"sqlite:///{state}", town)
    database = build_peers(folder, size)
    every: dict[str, list[Found]] = {case: [] for case in CASES}
    with ExitStack() as stack:
        static = stack.enter_context(sites.nginx(folder / "nginx", folder / "www"))
        open311 = stack.enter_context(
            sites.gunicorn("pull_sites:open311()", BENCH_OPEN311=str(database))
        )
        for number in range(runs):
            for case in CASES:
                print(f"  {size:,} {number + 1}/{runs} {case}", file=sys.stderr)
                site = open311 if case == "open311" else static
                every[case].append(run(folder, state, case, site, size))
    least = town.least()
    return {case: _medians(found) | {"least": least} for case, found in every.items()}


def run(folder: Path, state: Path, case: str, site: sites.Site, size: int) -> Found:
    """Run one case on a database of its own."""
    copy = folder / "copy.sqlite3"
    if case in {"tails", "bundles"}:
        subprocess.run(["cp", "--reflink=auto", str(state), str(copy)], check=True)
    before = site.cpu()
    command = [sys.executable, str(Path(__file__)), "--child", case, f"sqlite:///{copy}",
               site.address, str(size)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    for file in folder.glob("copy.sqlite3*"):
        file.unlink()
    if done.returncode:
        raise SystemExit(f"{case}: {done.stderr[-3_000:]}")
    found: Found = json.loads(done.stdout.splitlines()[-1])
    return found | {"site": (site.cpu() - before) / 2}


def _medians(found: Sequence[Found]) -> Found:
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def show(size: int, found: dict[str, Found]) -> None:
    """Print a table."""
    print(f"\n10 new entries after {size:,}; the least is {found['tails']['least']:,.0f} bytes")
    print(
        f"{'case':<10}{'client ms':>10}{'site ms':>9}{'wall ms':>9}{'requests':>9}"
        f"{'bytes':>9}{'on the wire':>12}{'of least':>9}"
    )
    for case, one in found.items():
        print(
            f"{case:<10}{one['cpu'] * 1000:>10.1f}{one['site'] * 1000:>9.1f}"
            f"{one['wall'] * 1000:>9.1f}{one['requests']:>9.0f}{one['bytes']:>9,.0f}"
            f"{one['wire']:>12,.0f}{one['bytes'] / one['least']:>9.2f}"
        )


def main() -> None:
    """Build, run and print."""
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:5], int(sys.argv[5]))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="100000,1000000")
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    for size in map(int, args.sizes.split(",")):
        with tempfile.TemporaryDirectory(prefix="incremental-pull-") as name:
            Path(name).chmod(0o755)
            show(size, measure(Path(name), size, args.runs))


if __name__ == "__main__":
    main()
