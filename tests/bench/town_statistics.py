# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the statistics of a town with very many requests cost, beside GROUP BY and a bare page.

    .venv/bin/python tests/bench/town_statistics.py [--requests 1000000] [--database sqlite]

Fills a database (both if none is named), checks that the kept sums and a GROUP BY over all requests
say the same to the unit, and measures by turns: the naive queries and ours in the database; a Flask
page that runs the naive ones, our page, our JSON, and a bare Flask page, each served by the same
gunicorn with one worker, over one kept connection. Then what keeping the sums costs a change.
Medians; a million on a quiet machine takes minutes a database; everything made is deleted again.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from million import fill
from pages import HERE, Client, Measured, measure
from statistics_peer import tables

from beffroi.cases import service as cases
from beffroi.cases.events import CaseChanged
from beffroi.data_requests import service as requests
from beffroi.data_requests.queries import statistics as sums
from beffroi.kernel.db import db
from beffroi.legal.law import law_of
from beffroi.subscribers import HANDLERS
from support.databases import Kind, discard
from support.demo_run import free_base
from support.town import AGENT, Town, open_town
from support.town_processes import TownProcesses

LEAST = {"sqlite": 100, "postgresql": 40}
"""How many times as fast as GROUP BY the statistics are to be."""


def timed(work: Callable[[], object], times: int) -> float:
    """Return the median milliseconds of a work."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


def compare(town: Town) -> int:
    """Exit unless the JSON says what GROUP BY says, to the unit; return how many figures."""
    with town.look():
        naive = tables(db.session.connection())
    rows = town.visitor().get("/api/v1/statistics").get_json()["items"]
    ours = {_name(row): row for row in rows if _name(row)}
    if set(ours) != set(naive):
        raise SystemExit(f"other rows: {sorted(set(ours) ^ set(naive))}")
    for name, row in naive.items():
        for measured, value in row.items():
            if ours[name][measured] != value:
                raise SystemExit(f"{name} {measured}: {ours[name][measured]}, counted {value}")
    return sum(len(row) for row in naive.values())


def _name(row: Mapping[str, Any]) -> str:
    if row["table"] == "theme" and row["period"] == "all":
        return f"theme {row['code']}"
    if row["table"] != "town" or row["period"].isdecimal():
        return ""
    return "all all" if row["period"] == "all" else f"quarter {row['period']}"


def in_the_database(town: Town, times: int) -> None:
    """Measure the queries alone, by turns."""
    with town.look():
        connection = db.session.connection()
        counted = timed(lambda: tables(connection, delays=False), times)
        whole = timed(lambda: tables(connection), times)
        ours = timed(lambda: sums.for_page(0), 100)
    print(
        f"  in the database: GROUP BY {counted:,.0f} ms, with delays {whole:,.0f} ms, ours"
        f" {ours:.2f} ms: {counted / ours:,.0f} and {whole / ours:,.0f} times as fast"
    )


@contextmanager
def served(application: str, port: int, environment: Mapping[str, str]) -> Iterator[Client]:
    """Serve an application on gunicorn as the bare page is served, while it is measured."""
    options = ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "8"]
    options += ["--worker-class", "gthread", "--no-control-socket", "--log-level", "error"]
    options += ["--timeout", "300", "--pythonpath", str(HERE)]
    command = [sys.executable, "-m", "gunicorn", *options, application]
    process = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        for _ in range(300):
            try:
                Client(f"http://127.0.0.1:{port}").get("/nowhere")
                break
            except OSError:
                time.sleep(0.1)
        yield Client(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait()


def over_http(kind: Kind, url: str, folder: Path, times: int, naive: int) -> None:
    """Measure the pages side by side, and print shares of the bare page."""
    port = free_base()
    town = TownProcesses(folder, url, port)
    with (
        served("floor:app", port + 1, {}) as floor,
        served("statistics_peer:app", port + 2, {"BENCH_DATABASE_URL": url}) as peer,
        served("beffroi.wsgi:app", port, town.environment) as ours,
    ):
        counts = timed(lambda: peer.get("/counts"), naive)
        whole = timed(lambda: peer.get("/"), naive)
        least = measure("a bare Flask page", floor, "/", times)
        found = [
            measure("/statistics", ours, "/statistics", times),
            measure("/statistics?year=2026", ours, "/statistics?year=2026", times),
            measure("/api/v1/statistics?table=town", ours, "/api/v1/statistics?table=town", times),
            measure("/api/v1/statistics", ours, "/api/v1/statistics", times),
        ]
    town.log.close()
    print(f"  over HTTP: GROUP BY {counts:,.0f} ms, with delays {whole:,.0f} ms")
    print(f"  {'':32}{'median ms':>10}{'KiB':>7}{'× GROUP BY':>12}{'of floor':>10}{'304':>8}")
    for one in (least, *found):
        print(_line(one, least, counts))
    page = found[0]
    verdict = "reached" if counts / page.median >= LEAST[kind] else "MISSED"
    print(f"  aim of {LEAST[kind]} times GROUP BY without delays, over HTTP: {verdict}")


def _line(one: Measured, least: Measured, naive: float) -> str:
    known = "" if one.again is None else f"{least.median / one.again:.2f}"
    times = f"{naive / one.median:,.0f}" if one is not least else ""
    return (
        f"  {one.name:32}{one.median:10.2f}{one.kilobytes:7.1f}{times:>12}"
        f"{least.median / one.median:10.2f}{known:>8}"
    )


def a_change(kind: Kind, url: str, folder: Path, times: int) -> None:
    """Measure what giving a request another theme costs, with the sums and without."""
    law = law_of(("99999",))
    without = {event: to for event, to in HANDLERS.items() if event is not CaseChanged}
    taken: dict[str, float] = {}
    for name, handlers in (("without the sums", without), ("with them", HANDLERS)):
        with open_town(folder / name.replace(" ", "-"), url, handlers=handlers) as town:
            refs = [row[0] for row in town.rows(
                "SELECT ref FROM \"case\" WHERE visibility = 'public' AND status = 'published'"
                f" ORDER BY id LIMIT {times}"
            )]  # fmt: skip
            themes = iter(refs * 2)

            def change(town: Town = town, themes: Iterator[str] = themes) -> None:
                with town.change():
                    requests.classify(
                        cases.the_case(next(themes)), wanted_object=None, actor=AGENT,
                        theme="HEAL" if len(taken) % 2 else "JUST", now=town.now,
                        today=town.today, law=law,
                    )  # fmt: skip

            taken[name] = timed(change, times)
    print("  a change of theme: " + ", ".join(f"{n} {ms:.1f} ms" for n, ms in taken.items()))


def run(kind: Kind, count: int, times: int, naive: int) -> None:
    """Fill one database, compare and measure."""
    with tempfile.TemporaryDirectory(prefix="beffroi-bench-") as name:
        folder = Path(name)
        url = fill(kind, folder, count)
        try:
            with open_town(folder, url) as town:
                print(f"  {compare(town):,} figures are the same to the unit")
                in_the_database(town, naive)
            over_http(kind, url, folder, times, naive)
            a_change(kind, url, folder, 100)
            with open_town(folder / "after", url) as town:
                print(f"  {compare(town):,} figures are still the same after the changes")
        finally:
            discard(url)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--requests", type=int, default=1_000_000, metavar="N")
    parser.add_argument("--database", choices=("sqlite", "postgresql"))
    parser.add_argument("--times", type=int, default=200, metavar="N")
    parser.add_argument("--naive", type=int, default=3, metavar="N", help="runs of GROUP BY")
    options = parser.parse_args()
    kinds: tuple[Kind, ...] = ("sqlite", "postgresql")
    for kind in (options.database,) if options.database else kinds:
        run(kind, options.requests, options.times, options.naive)


if __name__ == "__main__":
    main()
