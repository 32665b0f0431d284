# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long pages take, beside a bare Flask page on the same server.

    .venv/bin/python tests/bench/pages.py [--data DIR] [--requests 200]
    .venv/bin/python tests/bench/pages.py --up http://127.0.0.1:8300      # one that is up

Starts the demonstration (with real data if told), asks for each page one after the other over one
kept connection, and prints median and 95th percentile in milliseconds, how many times the floor the
median is, and the median of an answer to somebody who has the page already (304). One machine, one
client: the figures say where time goes, not how many people a town can serve.
"""

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.demo_run import free_base, staying

HERE = Path(__file__).resolve().parent
WARM_UP = 10
FLOOR_PORT_OFFSET = 9
SLOW_MS = 50.0
"""A page whose median is above this is marked: a person begins to notice."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What asking for one page many times came to, in milliseconds."""

    name: str
    median: float
    p95: float
    again: float | None
    kilobytes: float


class Client:
    """One connection to one site, kept open."""

    def __init__(self, site: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(site).netloc, timeout=60)
        self.site = site

    def get(self, path: str, etag: str = "") -> tuple[int, bytes, str]:
        """Ask for a path; return status, body and ETag."""
        headers = {"Accept-Language": "fr"} | ({"If-None-Match": etag} if etag else {})
        self.connection.request("GET", path, headers=headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read(), answer.headers.get("ETag", "")

    def json(self, path: str) -> Any:
        """Ask for a path and read JSON."""
        return json.loads(self.get(path)[1])


def timed(client: Client, path: str, times: int) -> list[float]:
    """Ask for a page so many times, one after the other; return the milliseconds of each."""
    taken = []
    for number in range(WARM_UP + times):
        begun = time.perf_counter()
        status, _, _ = client.get(path)
        if number >= WARM_UP:
            taken.append((time.perf_counter() - begun) * 1000)
        if status != 200:
            raise SystemExit(f"{client.site}{path} answered {status}")
    return taken


def again(client: Client, path: str, times: int) -> float | None:
    """Return the median milliseconds of an answer to somebody who has the page, if there is one.

    A page that changes all the time (it says how long ago something was) has none.
    """
    taken = []
    _, _, etag = client.get(path)
    for _ in range(times):
        begun = time.perf_counter()
        status, _, newer = client.get(path, etag)
        if status == 304:
            taken.append((time.perf_counter() - begun) * 1000)
        etag = newer
    return statistics.median(taken) if len(taken) > times / 2 else None


def measure(name: str, client: Client, path: str, times: int) -> Measured:
    """Measure one page, and a repeated visit where the page has an ETag."""
    _, body, etag = client.get(path)
    taken = sorted(timed(client, path, times))
    known = again(client, path, times) if etag else None
    p95 = taken[min(len(taken) - 1, round(len(taken) * 0.95))]
    return Measured(name, statistics.median(taken), p95, known, len(body) / 1024)


def pages(shown: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Give (name, site, path) of each page: of the towns with most reports and most requests."""
    towns = shown["towns"]
    for section, kind in (("incidents", "incidents"), ("requests", "data_requests")):
        town = max(towns, key=lambda one: int(one["cases"][kind]))
        site = town["url"]
        listed = Client(site).json(f"/api/v1/{section}?limit=200")
        word = _word(listed["items"])
        of = f"town, {town['cases'][kind]} {section}"
        narrow = "category=waste" if section == "incidents" else "status=published"
        yield f"{of}: front", site, "/"
        yield f"{of}: list", site, f"/{section}"
        if listed["next_cursor"]:
            yield f"{of}: list, after 200", site, f"/{section}?cursor={listed['next_cursor']}"
        yield f"{of}: search “{word}”", site, f"/{section}?q={word}"
        yield f"{of}: filter {narrow}", site, f"/{section}?{narrow}"
        yield f"{of}: case", site, f"/{section}/{listed['items'][-1]['ref']}"
        yield f"{of}: API, 200 items", site, f"/api/v1/{section}?limit=200"
        yield f"{of}: log, newest contents", site, f"/log/content/{_newest(town):03d}"
    yield from _national(shown)


def _newest(town: dict[str, Any]) -> int:
    return (int(town["log"]["size"]) - 1) // 256


def _national(shown: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    site, records = shown["aggregator"]["url"], shown["aggregator"]["records"]
    listed = Client(site).json("/api/v1/records?limit=200")
    word = _word([one["record"] for one in listed["items"]])
    town = max(shown["towns"], key=lambda one: int(one["log"]["size"]))
    of = f"nation, {records} records"
    yield f"{of}: front", site, "/"
    yield f"{of}: list", site, "/requests"
    yield f"{of}: search “{word}”", site, f"/requests?q={word}"
    yield f"{of}: filter status=published", site, "/requests?status=published"
    yield f"{of}: record", site, f"/requests/{listed['items'][-1]['ref']}"
    yield f"{of}: town", site, f"/towns/{town['siren']}"
    yield f"{of}: counts", site, "/incidents"
    yield f"{of}: audit", site, "/audit"


def _word(items: Sequence[dict[str, Any]]) -> str:
    """Return the most frequent plain word of five letters or more in some titles."""
    words: dict[str, int] = {}
    for item in items:
        for word in str(item.get("title") or item.get("description") or "").lower().split():
            if word.isascii() and word.isalpha() and len(word) > 4:
                words[word] = words.get(word, 0) + 1
    return max(words, key=lambda word: (words[word], word), default="demande")


@contextmanager
def floor(port: int) -> Iterator[str]:
    """Serve the bare page on gunicorn with the options that the demonstration's sites have."""
    options = ["--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "8"]
    options += ["--worker-class", "gthread", "--no-control-socket", "--log-level", "warning"]
    command = [sys.executable, "-m", "gunicorn", "--pythonpath", str(HERE), *options, "floor:app"]
    process = subprocess.Popen(command)
    try:
        for _ in range(200):
            try:
                Client(f"http://127.0.0.1:{port}").get("/")
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def show(least: Measured, measured: Sequence[Measured]) -> None:
    """Print the table, the slow ones marked."""
    width = max(len(one.name) for one in measured)
    print(f"{'page':{width}} {'median':>8} {'p95':>8} {'× floor':>8} {'304':>8} {'KiB':>7}")
    for one in (least, *measured):
        times = one.median / least.median
        known = "" if one.again is None else f"{one.again:.1f}"
        slow = "  slow" if one.median > SLOW_MS else ""
        print(
            f"{one.name:{width}} {one.median:8.1f} {one.p95:8.1f} {times:8.1f} {known:>8}"
            f" {one.kilobytes:7.1f}{slow}"
        )


def run(shown: dict[str, Any], port: int, times: int) -> None:
    """Measure the floor and every page of a demonstration that is up, and print the table."""
    clients: dict[str, Client] = {}
    with floor(port) as bare:
        least = measure("a bare Flask page", Client(bare), "/", times)
        measured = [
            measure(name, clients.setdefault(site, Client(site)), path, times)
            for name, site, path in pages(shown)
        ]
    show(least, measured)


def describe(aggregator: str) -> dict[str, Any]:
    """Return what `run` needs to know of a demonstration that somebody else has started."""
    port = int(urlsplit(aggregator).port or 80)
    towns = []
    for one in Client(aggregator).json("/api/v1/towns?limit=200")["items"]:
        site = Client(one["url"])
        cases = {
            kind: len(site.json(f"/api/v1/{section}?limit=200")["items"])
            for kind, section in (("incidents", "incidents"), ("data_requests", "requests"))
        }
        log = {"size": one["size"]}
        towns.append({"url": one["url"], "siren": one["siren"], "cases": cases, "log": log})
    records = "?"
    return {"towns": towns, "aggregator": {"url": aggregator, "records": records, "port": port}}


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, metavar="DIR", help="real data, as documented")
    parser.add_argument("--requests", type=int, default=200, metavar="N")
    parser.add_argument("--up", metavar="URL", help="the nation of a demonstration that is up")
    options = parser.parse_args()
    if options.up:
        run(describe(options.up.rstrip("/")), free_base(), options.requests)
        return
    base = free_base()
    more = ("--data", str(options.data.resolve())) if options.data else ()
    with tempfile.TemporaryDirectory(prefix="beffroi-bench-") as folder:
        with staying(base, Path(folder), more) as demo:
            run(demo.shown, base + FLOOR_PORT_OFFSET, options.requests)


if __name__ == "__main__":
    main()
