# SPDX-License-Identifier: AGPL-3.0-or-later
"""Upgrades at length: from every schema, under older code that serves on, and killed half-way.

    python tests/stress/upgrades.py from-each [--who town nation] [--database sqlite postgresql]
    python tests/stress/upgrades.py under-older [--commits 5 | REF…] [--database …]
    python tests/stress/upgrades.py killed [--times 20] [--database …]

`from-each` fills a database of every schema there ever was and upgrades it in one go: what must be
there is compared row by row, and the log's entries, hashes and root. `under-older` takes the code
as it was before each of the last migrations (`git worktree`), serves a town with it, migrates under
it, and counts what it then fails at. `killed` kills whoever migrates at a random moment and looks
that the database is at one schema or the other, with every row. Exit 0 if nothing was lost.
"""

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests")]

from beffroi.kernel.db import MIGRATIONS  # noqa: E402
from beffroi_web.migrating import current_and_head, steps, upgrade  # noqa: E402
from support import past, upgrading  # noqa: E402
from support.databases import discard, empty  # noqa: E402
from support.deployed import free_port  # noqa: E402
from support.example import EXAMPLE  # noqa: E402

PAGES = (
    "/", "/requests", "/requests?q=menus", "/requests/new", "/incidents", "/incidents/new",
    "/statistics", "/campaigns", "/open-data", "/how-it-works", "/api/v1/requests",
    "/api/v1/incidents", "/data/requests.csv", "/data/incidents.csv", "/data/catalog.ttl",
    "/open311/v2/requests.json", "/.well-known/beffroi.json", "/metrics",
)  # fmt: skip
BEFFROI = (sys.executable, "-P", "-m", "beffroi.cli")
REQUEST = {"object": "dataset", "wanted": "Tous les menus."}
REPORT = {"family": "street", "category": "lighting"}
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


def from_each(args: argparse.Namespace) -> int:
    """Upgrade a filled database of every schema; return how many lost something."""
    wrong = 0
    for who in args.who:
        one = {"town": past.town, "nation": past.nation}[who]()
        for kind in args.database:
            with tempfile.TemporaryDirectory() as folder:
                begun, schemas, rows = time.monotonic(), 0, 0
                for revision, held, lost in past.from_each(
                    one, lambda kind=kind, folder=folder: empty(kind, Path(folder)), discard
                ):
                    schemas, rows, wrong = schemas + 1, rows + held, wrong + bool(lost)
                    if lost:
                        print(f"{who} {kind} from {revision}: {lost}")
            took = time.monotonic() - begun
            print(f"{who} {kind}: {schemas} schemas, {rows} rows, {took:.0f} s", flush=True)
    return wrong


# ---- under older code ---------------------------------------------------------------------------


def commits(count: int) -> list[str]:
    """The commits of the main line right before each of the last migrations came."""
    found = []
    for step in steps(MIGRATIONS)[-count:]:
        [file] = (MIGRATIONS / "versions").glob(f"{step.revision}_*.py")
        came = _git(
            "log", "--first-parent", "-m", "--diff-filter=A", "--format=%H", "--", str(file)
        )
        if came:
            found.append(f"{came.split()[-1]}^1")
    return found


def _git(*words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


class Older:
    """A town served by the code of a commit."""

    def __init__(self, commit: str, folder: Path, database_url: str) -> None:
        self.tree = folder / "tree"
        _git("worktree", "add", "--detach", str(self.tree), commit)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("BEFFROI_")}
        self.environment = {
            **kept,
            "PYTHONPATH": f"{self.tree / 'federation'}:{self.tree / 'plugin'}",
            **EXAMPLE,
            "BEFFROI_PUBLIC_URL": self.url,
            "BEFFROI_DATA_DIR": str(folder / "data"),
            "BEFFROI_DATABASE_URL": database_url,
            "BEFFROI_MAIL_URL": f"file:{folder / 'mail'}",
            "BEFFROI_SUBMISSIONS_PER_HOUR": "100000",
        }
        self.log = (folder / "web.log").open("wb")
        assert self.run("init") == 0, f"init at {commit}: {(folder / 'web.log').read_text()[-800:]}"
        self.web = subprocess.Popen(
            [*BEFFROI, "serve", "--bind", f"127.0.0.1:{port}", "--workers", "1"],
            env=self.environment, stdout=self.log, stderr=self.log, start_new_session=True,
        )  # fmt: skip
        self.browser = requests.Session()
        self.browser.trust_env = False
        _until(lambda: self.ask("/healthz") == 200)

    def run(self, *words: str) -> int:
        """Run a command of the older code."""
        return subprocess.run(
            [*BEFFROI, *words],
            env=self.environment, stdout=self.log, stderr=self.log, check=False, timeout=120,
        ).returncode  # fmt: skip

    def ask(self, path: str) -> int:
        """Ask for a page; 0 if nobody answers."""
        try:
            return self.browser.get(self.url + path, timeout=30).status_code
        except requests.RequestException:
            return 0

    def submit(self, number: int) -> int:
        """Send a request and a report; return the worse of both answers."""
        worst = 303
        for path, form in (
            ("/requests/new", REQUEST | {"title": f"Menus {number}"}),
            ("/incidents/new", REPORT | {"description": f"Éteint {number}"}),
        ):
            try:
                found = _CSRF.search(self.browser.get(self.url + path, timeout=30).text)
                form = {
                    **form,
                    "email": f"a{number}@x.example",
                    "csrf_token": found[1] if found else "",
                }
                answer = self.browser.post(self.url + path, form, allow_redirects=False, timeout=30)
                if answer.status_code != 303:
                    worst = answer.status_code
            except requests.RequestException:
                worst = 0
        return worst

    def end(self) -> None:
        """End the web application and take the tree away."""
        os.killpg(self.web.pid, signal.SIGKILL)
        self.web.wait()
        self.log.close()
        _git("worktree", "remove", "--force", str(self.tree))


def _until(holds: object, seconds: float = 90.0) -> None:
    ends = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < ends, "it did not come"
        time.sleep(0.2)


def under_older(args: argparse.Namespace) -> int:
    """Migrate under the code of before; return how many answers were not a working town's."""
    wrong = 0
    chosen: Sequence[str] = args.refs or commits(args.commits)
    for commit in chosen:
        for kind in args.database:
            with tempfile.TemporaryDirectory() as name, _database(kind, Path(name)) as url:
                wrong += _under(commit, kind, Path(name), url)
    return wrong


def _under(commit: str, kind: str, folder: Path, url: str) -> int:
    older = Older(commit, folder, url)
    try:
        at = current_and_head(MIGRATIONS, url)[0]
        before = {path: older.ask(path) for path in PAGES} | {"forms": older.submit(1)}
        meanwhile, stop = Counter[int](), threading.Event()

        def keep_asking() -> None:
            number = 1
            while not stop.is_set():
                number += 1
                meanwhile[older.ask(PAGES[number % len(PAGES)])] += 1
                meanwhile[older.submit(number)] += 1

        asking = threading.Thread(target=keep_asking)
        asking.start()
        begun = time.monotonic()
        upgrade(MIGRATIONS, url)
        took = time.monotonic() - begun
        time.sleep(1.0)
        stop.set()
        asking.join()
        after = {path: older.ask(path) for path in PAGES} | {"forms": older.submit(9_999)}
        after["worker"] = older.run("worker", "--once")
        before["worker"] = 0 if after["worker"] == 0 else 1
        broken = {
            p: (before[p], after[p]) for p in after if before[p] < 400 and before[p] != after[p]
        }
        bad = sum(n for status, n in meanwhile.items() if status >= 500 or status == 0)
        print(
            f"{_git('rev-parse', '--short', commit)} {kind} {at}→{steps(MIGRATIONS)[-1].revision}"
            f" in {took:.1f} s: meanwhile {dict(meanwhile)},"
            f" afterwards {len(after) - len(broken)} of {len(after)} as before {broken or ''}",
            flush=True,
        )
        return bad + len(broken)
    finally:
        older.end()


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    url = empty("sqlite" if kind == "sqlite" else "postgresql", folder)
    yield url
    discard(url)


# ---- killed -------------------------------------------------------------------------------------

MIGRATE = (
    "import sys; from beffroi.kernel.db import MIGRATIONS;"
    " from beffroi_web.migrating import upgrade;"
    " import beffroi.app; print('begins', flush=True); upgrade(MIGRATIONS, sys.argv[1])"
)


def killed(args: argparse.Namespace) -> int:
    """Kill whoever migrates; return how often the database was anything but before or after."""
    draw, wrong = random.Random(args.seed), 0
    for kind in args.database:
        seen: Counter[str] = Counter()
        for _ in range(args.times):
            with tempfile.TemporaryDirectory() as name, _database(kind, Path(name)) as url:
                outcome = _killed_once(url, draw)
                seen[outcome] += 1
                wrong += outcome not in {"before", "after"}
        print(f"killed {kind}: {dict(seen)}", flush=True)
    return wrong


def _killed_once(url: str, draw: random.Random) -> str:
    one, schema = past.town(), upgrading.Schema(past.town().apart)
    begin = draw.choice([step.revision for step in steps(MIGRATIONS)[:-1]])
    upgrade(MIGRATIONS, url, begin)
    with create_engine(url, poolclass=NullPool).connect() as connection:
        schema.look(upgrading.shape(connection), connection)
        for generation in range(1, 4):
            upgrading.fill(connection, schema, generation, one.hints)
            one.more(connection, schema, generation)
        connection.commit()
        held = upgrading.everything(connection)
    migrating = subprocess.Popen(
        [sys.executable, "-c", MIGRATE, url], stdout=subprocess.PIPE, start_new_session=True
    )
    assert migrating.stdout is not None
    migrating.stdout.readline()
    time.sleep(draw.uniform(0.0, 1.2))
    os.killpg(migrating.pid, signal.SIGKILL)
    migrating.wait()
    with create_engine(url, poolclass=NullPool).connect() as connection:
        now = upgrading.everything(connection)
    at, head = current_and_head(MIGRATIONS, url)
    upgrade(MIGRATIONS, url)
    with create_engine(url, poolclass=NullPool).connect() as connection:
        one.sound(connection, range(1, 4))
    if at == head:
        return "after"
    return "before" if now == held else "neither"


def main() -> int:
    """Run what is named."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    what = parser.add_subparsers(dest="what", required=True)
    each = what.add_parser("from-each")
    each.add_argument("--who", nargs="+", default=["town", "nation"], choices=["town", "nation"])
    older = what.add_parser("under-older")
    older.add_argument("refs", nargs="*", metavar="REF")
    older.add_argument("--commits", type=int, default=5)
    kills = what.add_parser("killed")
    kills.add_argument("--times", type=int, default=20)
    kills.add_argument("--seed", type=int, default=1)
    both = ["sqlite", "postgresql"]
    for one in (each, older, kills):
        one.add_argument("--database", nargs="+", default=both, choices=both)
    args = parser.parse_args()
    wrong = {"from-each": from_each, "under-older": under_older, "killed": killed}[args.what](args)
    print("nothing was lost" if not wrong else f"{wrong} faults")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
