# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lists of a town with a million requests, over HTTP: ours, the usual way, and a bare page.

    .venv/bin/python tests/bench/board.py --folder DIR [--database sqlite|postgresql]
        [--rounds 5] [--seconds 3]

Three servers side by side, each gunicorn as the town runs it (two processes, four threads each):
the town, `board_peer.py` (Flask-SQLAlchemy, marshmallow, OFFSET) on the same database, and a bare
Flask page (`floor.py`). All cases are asked in turn, round after round; figures are medians of
rounds and ratios within this run. `cpu` is the processor time of the server's processes for one
answer; on PostgreSQL the database's own is left out. What was "asked before" is answered from
memory; the other pages of ours are asked with an address that is new each time. A shared machine:
ratios say more than rates.
"""

import http.client
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from load import Run, measure, median, request_of
from sqlalchemy import text
from town_of_a_million import application, environ, load, options, settings, town

from beffroi.cases.queries import listed
from beffroi.kernel.db import db
from beffroi.signer.commands import create_signer

HERE = Path(__file__).resolve().parent
PLACES = 300
"""Pages at any depth that are asked for, drawn from the whole list."""
MOST = 30_000
"""Requests of one round that were never asked before."""


@dataclass(frozen=True, slots=True)
class Site:
    """A server that runs."""

    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a server in one case, in each round."""

    site: Site
    paths: Sequence[str]
    status: int = 200
    fresh: bool = False
    etag: str = ""

    def requests(self, number: int) -> list[str]:
        """Return the requests of a round: if `fresh`, none was ever asked before."""
        if not self.fresh:
            etag = {"If_None_Match": self.etag} if self.etag else {}
            return [request_of(path, **etag) for path in self.paths]
        mark = f"asked={number}-{{}}"
        paths = [path + ("&" if "?" in path else "?") + mark for path in self.paths]
        return [request_of(paths[n % len(paths)].format(n)) for n in range(MOST)]


@contextmanager
def serving(application: str, more: dict[str, str]) -> Iterator[Site]:
    """Run a WSGI application as the town is run."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}",
        "--workers", "2", "--threads", "4", "--worker-class", "gthread", "--timeout", "60",
        "--log-level", "warning", "--no-control-socket",
    ]  # fmt: skip
    paths = os.pathsep.join((str(HERE), os.environ.get("PYTHONPATH", "")))
    spare = {name: value for name, value in os.environ.items() if not name.startswith("BEFFROI_")}
    given = {**spare, **more, "PYTHONPATH": paths}
    if "BEFFROI_PUBLIC_URL" in given:
        given["BEFFROI_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(command, env=given, cwd=HERE)
    try:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                time.sleep(0.1)
        for _ in range(60):  # both processes have loaded the program
            _answers(port)
        yield Site(port, server.pid)
    finally:
        server.terminate()
        server.wait(20)


def _answers(port: int) -> None:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=280)
    link.request("GET", "/web/static/nothing")
    link.getresponse().read()
    link.close()


def cursors() -> list[str]:
    """Return cursors of places all over the list, newest first."""
    count = db.session.scalar(text('SELECT max(id) FROM "case"')) or 0
    chance = random.Random(5)
    chosen = [chance.randrange(1, count) for _ in range(PLACES)]
    found = []
    for one in chosen:
        row = db.session.execute(
            text('SELECT ref, received_at FROM "case" WHERE id = :id'), {"id": one}
        ).one()
        found.append(listed.cursor_of("newest", row.ref, row.received_at))
    db.session.rollback()
    return found


def known(site: Site, path: str) -> str:
    """Return the ETag of a page."""
    link = http.client.HTTPConnection("127.0.0.1", site.port)
    link.request("GET", path, headers={"Host": "127.0.0.1", "Accept-Language": "fr"})
    answer = link.getresponse()
    answer.read()
    return answer.headers["ETag"]


def cases(ours: Site, peer: Site, floor: Site, places: Sequence[str]) -> dict[str, Asked]:
    """Return every case by its name, in the order in which they are asked."""
    api, board = "/api/v1/requests?limit=50", "/requests"
    shallow = range(1, 21)
    deep = [random.Random(9).randrange(1, 1500) for _ in range(PLACES)]
    return {
        "floor": Asked(floor, ["/hello"]),
        "API, page 1": Asked(ours, [api], fresh=True),
        "API, any page": Asked(ours, [f"{api}&cursor={one}" for one in places], fresh=True),
        "API, page 1, asked before": Asked(ours, [api]),
        "API, peer, pages 1 to 20": Asked(peer, [f"/list?page={n}" for n in shallow]),
        "API, peer, pages to 1500": Asked(peer, [f"/list?page={n}" for n in deep]),
        "API, 304": Asked(ours, [api], 304, etag=known(ours, api)),
        "board, page 1": Asked(ours, [board], fresh=True),
        "board, any page": Asked(ours, [f"{board}?cursor={one}" for one in places], fresh=True),
        "board, page 1, asked before": Asked(ours, [board]),
        "board, peer, pages 1 to 20": Asked(peer, [f"/page?page={n}" for n in shallow]),
        "board, 304": Asked(ours, [board], 304, etag=known(ours, board)),
    }


def say(runs: dict[str, list[Run]]) -> None:
    """Print the medians, and each as a part of the floor and of the peer."""
    floor = median(runs["floor"], "per_second")
    floor_cpu = median(runs["floor"], "cpu")
    print(
        f"{'':30}{'a second':>10}{'p50 ms':>9}{'p95 ms':>9}{'cpu ms':>8}{'floor':>8}{'by cpu':>8}"
    )
    for name, found in runs.items():
        rate, cpu = median(found, "per_second"), median(found, "cpu")
        print(
            f"{name:30}{rate:10.0f}{median(found, 'p50'):10.1f}{median(found, 'p95'):10.1f}"
            f"{cpu:10.2f}{rate / floor:10.2f}{floor_cpu / cpu:10.2f}"
        )
    for mine, theirs in (
        ("API, page 1", "API, peer, pages 1 to 20"), ("API, any page", "API, peer, pages 1 to 20"),
        ("API, any page", "API, peer, pages to 1500"), ("API, page 1", "API, any page"),
        ("board, page 1", "board, any page"),
        ("board, page 1, asked before", "board, peer, pages 1 to 20"),
        ("board, page 1", "board, peer, pages 1 to 20"),
    ):  # fmt: skip
        by = {
            what: median(runs[mine], what) / median(runs[theirs], what)
            for what in ("per_second", "cpu")
        }
        print(f"{mine} / {theirs}: {by['per_second']:.2f} by rate, {1 / by['cpu']:.2f} by cpu")


def main() -> None:
    """Run from the command line."""
    parser = options(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    args = parser.parse_args()
    with ExitStack() as stack:
        url = stack.enter_context(town(args.folder, args.database, args.requests, data=args.data))
        known_settings = settings(args.folder, url)
        if not known_settings.signer_folder.exists():
            create_signer(known_settings, bytes(range(32)))
        with application(args.folder, url):
            places = cursors()
        own = environ(args.folder, url, "http://127.0.0.1:8000")
        ours = stack.enter_context(serving("beffroi.wsgi:app", own))
        peer = stack.enter_context(serving("board_peer:app", {"BENCH_DB": url}))
        floor = stack.enter_context(serving("floor:app", {}))
        asked = cases(ours, peer, floor, places)
        runs: dict[str, list[Run]] = {name: [] for name in asked}
        print(f"{args.requests:,} requests, {args.database}; {load()}")
        for number in range(args.rounds + 1):
            for name, one in asked.items():
                for_ = args.seconds if number else 1.0
                asking = one.requests(number)
                run = measure(
                    one.site.port, asking, [one.site.pid], seconds=for_, status=one.status
                )
                if number:  # the first round is to warm up
                    runs[name].append(run)
        say(runs)
        print(load())


if __name__ == "__main__":
    main()
