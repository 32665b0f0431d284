# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whoever reads the same towns too: a reader of the protocol's pages alone, a second aggregator.

reading = read_alone(town_address)            # shares no code with us
second_aggregator(towns, url, folder)         # by the commands, as somebody else would
listed(nation) == listed_at(address)          # what two nations say, by the place of each record
"""

import gzip
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from beffroi_federation.aggregator.intake.queries import freshness
from beffroi_federation.aggregator.towns.queries import all_towns
from support import foreign_reader as foreign
from support.demo_run import ROOT
from support.nation import PROVIDER, Nation

Place = tuple[str, int]


def over_http(address: str) -> Callable[[str], bytes | None]:
    """Return what fetches a town's files, with nothing but the standard library."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(path: str) -> bytes | None:
        request = urllib.request.Request(
            f"{address}/{path}", headers={"Accept-Encoding": "identity"}
        )
        try:
            with opener.open(request, timeout=30) as answer:
                data: bytes = answer.read()
                assert answer.headers.get("Content-Encoding") in (None, "identity", "gzip")
                packed = (
                    answer.headers.get("Content-Encoding") == "gzip"
                )  # also where not asked for
                return gzip.decompress(data) if packed else data
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    return get


def read_alone(address: str) -> foreign.Reading:
    """Read a town with the reader that shares no code with us, as its identity file says."""
    get = over_http(address)
    identity = foreign.strict_json(foreign.fetch(get, ".well-known/beffroi.json"), 4)
    assert identity["prefix"] == f"{address}/log"
    return foreign.read(get, identity["vkeys"], identity["origin"])


def records_of(readings: list[foreign.Reading]) -> dict[Place, Any]:
    """Return the members of every open record of kinds that are listed, by its place."""
    found: dict[Place, Any] = {}
    for reading in readings:
        for first, content in reading.records.items():
            members = foreign.members(content)
            if members["kind"] not in {"incident_summary", "campaign"}:
                found[reading.origin, reading.newest[first]] = members
    return found


def listed(nation: Nation) -> dict[Place, Any]:
    """Return every record that a nation's API lists, by its place."""
    client = nation.client()
    return _listed(lambda path: client.get(f"/{path}").json)


def listed_at(address: str) -> dict[Place, Any]:
    """Return every record that the API of an aggregator lists, over HTTP, by its place."""
    get = over_http(address)
    return _listed(lambda path: json.loads(foreign.fetch(get, path)))


def _listed(read: Callable[[str], Any]) -> dict[Place, Any]:
    found: dict[Place, Any] = {}
    path = "api/v1/records?limit=200"
    while path:
        page = read(path)
        assert page is not None
        found |= {(one["origin"], one["index"]): one["record"] for one in page["items"]}
        after = page["next_cursor"]
        path = f"api/v1/records?limit=200&cursor={after}" if after else ""
    return found


def trees(nation: Nation) -> dict[str, tuple[int, bytes]]:
    """Return size and root of every log as a nation verified it, by origin."""
    with nation.app.app_context():
        known = freshness()
        return {
            town.origin: (known[town.log_id].frontier.size, known[town.log_id].frontier.root())
            for town in all_towns()
        }


def second_aggregator(towns: Sequence[dict[str, Any]], url: str, folder: Path) -> None:
    """Register, approve, pull and verify towns by the commands; `url` is its database."""
    addresses = [town["url"] for town in towns]
    settings = {
        "NAME": "Second nation",
        "PUBLIC_URL": "http://127.0.0.1:8300",
        "SECRET_KEY": "a secret of the tests, long enough to be one",
        "DATA_DIR": str(folder),
        "DATABASE_URL": url,
        "DEMO_PEERS": " ".join(addresses),
        "PROVIDERS": json.dumps({"test": PROVIDER}),
    }
    environment = {k: v for k, v in os.environ.items() if not k.startswith("BEFFROI_")}
    environment |= {f"BEFFROI_AGGREGATOR_{name}": value for name, value in settings.items()}
    program = Path(sys.executable).with_name("beffroi-aggregator")

    def run(*arguments: str) -> None:
        done = subprocess.run(
            [program, *arguments], env=environment, cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, (arguments, done.stderr[-2_000:])

    run("init")
    for town in towns:
        run("towns", "add", town["url"])
        run("towns", "approve", town["siren"], "--by", "Ada Test")
    run("pull", "--once")
    run("verify")
