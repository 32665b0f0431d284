# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a page of TAXII costs the server, beside medallion, the server of the OASIS authors.

    .venv/bin/python tests/bench/taxii.py [--objects 1200] [--database sqlite|postgresql] [--runs 3]

A nation is filled with generated cyber records, and medallion (its memory backend) with the very
objects that the nation gives. Both are asked in this process, without a network, for a first page
of 1,000 objects, and for everything page by page. Printed are objects a second of the server's
CPU, the median of the runs, and how many times medallion's that is. Each run of medallion is ended
after a minute of CPU. medallion does less: it holds everything in memory, and nothing of it is ever
withdrawn.
"""

import argparse
import base64
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sqlalchemy import insert

from beffroi_federation.aggregator.kernel.db import MIGRATIONS, db, unit_of_work
from beffroi_federation.aggregator.national.models import Record
from beffroi_federation.aggregator.national.rules import place
from beffroi_federation.aggregator.taxii import service
from beffroi_federation.vocabulary import CLASSES, DURATION_BANDS, IMPACT_BANDS, SURFACES
from beffroi_web.clock import FixedClock
from support.databases import discard, fresh
from support.nation import Nation, make_town

PAGE = 1000
TAXII = "application/taxii+json;version=2.1"
OBJECTS = "/taxii2/cyber/collections/clear/objects/"
MOMENT = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
COLLECTION = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
MOST_CPU = 60.0


def record(number: int) -> dict[str, Any]:
    """Return the members of a record."""
    return {
        "v": 1,
        "kind": "cyber_incident",
        "id": f"bench-cyber-{number:09d}",
        "class": CLASSES[number % len(CLASSES)],
        "surface": SURFACES[number % len(SURFACES)],
        "impact": IMPACT_BANDS[number % len(IMPACT_BANDS)],
        "duration": DURATION_BANDS[number % len(DURATION_BANDS)],
        "period": f"20{20 + number % 6}-Q{1 + number % 4}",
        "tlp": "CLEAR",
    }


def fill(nation: Nation, count: int) -> None:
    """Write so many derived records, and share them."""
    town = make_town()
    town.publish()
    with town.served():
        row = nation.know(town)
    rows = [
        {
            "id": place(row.log_id, number), "log_id": row.log_id, "town_id": row.id,
            "first": number, "position": number, "kind": "cyber_incident", "demand": 0,
            "period": record(number)["period"], "known": record(number), "seen_at": MOMENT,
        }
        for number in range(count)
    ]  # fmt: skip
    with nation.app.app_context(), unit_of_work():
        for first in range(0, count, 2000):
            db.session.execute(insert(Record), rows[first : first + 2000])
        service.share(None, now=MOMENT)


def pages(ask: Callable[[dict[str, str]], Any]) -> Iterator[list[Any]]:
    """Yield page after page of a server, following `next`."""
    args = {"limit": str(PAGE)}
    while True:
        body = ask(args)
        yield body.get("objects", [])
        if not body.get("more"):
            return
        args["next"] = body["next"]


def ours(nation: Nation) -> Callable[[dict[str, str]], Any]:
    """Return what asks the nation for a page."""
    client = nation.app.test_client()

    def ask(args: dict[str, str]) -> Any:
        answer = client.get(OBJECTS, query_string=args, headers={"Accept": TAXII})
        assert answer.status_code == 200, answer.data[:300]
        return json.loads(answer.data)

    return ask


def theirs(folder: Path, objects: list[dict[str, Any]]) -> Callable[[dict[str, str]], Any]:
    """Return what asks medallion for a page of the same objects."""
    import medallion

    added = MOMENT.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    manifest = [
        {
            "id": one["id"], "date_added": added, "media_type": "application/stix+json;version=2.1",
            "version": one.get("modified", one["created"]),
        }
        for one in objects
    ]  # fmt: skip
    collection = {
        "id": COLLECTION, "title": "c", "can_read": True, "can_write": False,
        "media_types": ["application/stix+json;version=2.1"], "manifest": manifest,
        "objects": objects,
    }  # fmt: skip
    root = {
        "information": {"title": "r", "versions": [TAXII], "max_content_length": 1},
        "status": [],
        "collections": [collection],
    }
    data = folder / "medallion.json"
    discovery = {"title": "t", "default": "http://localhost/r/", "api_roots": []}
    data.write_text(json.dumps({"/discovery": discovery, "r": root}))
    module = "medallion.backends.memory_backend"
    backend = {"module": module, "module_class": "MemoryBackend", "filename": str(data)}
    said = {"users": {"u": "p"}, "taxii": {"max_page_size": PAGE}, "backend": backend}
    for name in ("users", "taxii", "backend"):
        medallion.set_config(medallion.application_instance, name, said)
    medallion.register_blueprints(medallion.application_instance)
    client = medallion.application_instance.test_client()
    token = base64.b64encode(b"u:p").decode()
    headers = {"Accept": TAXII, "Authorization": f"Basic {token}"}

    def ask(args: dict[str, str]) -> Any:
        answer = client.get(
            f"/r/collections/{COLLECTION}/objects/", query_string=args, headers=headers
        )
        assert answer.status_code == 200, answer.data[:300]
        return json.loads(answer.data)

    return ask


def speed(ask: Callable[[dict[str, str]], Any], runs: int, *, whole: bool) -> tuple[float, int]:
    """Return objects a second of CPU, the median, and how many objects one run read."""
    found, read = [], 0
    for _ in range(runs):
        read, spent = 0, 0.0
        walk = pages(ask)
        while True:
            begun = time.process_time()
            page = next(walk, None)
            spent += time.process_time() - begun
            read += len(page or ())
            if page is None or not whole or spent > MOST_CPU:
                break
        found.append(read / spent)
    return statistics.median(found), read


def main() -> None:
    """Fill both, ask both, print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--objects", type=int, default=1200)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = fresh(args.database, MIGRATIONS, folder)
        with Nation.on(url, folder, FixedClock(MOMENT)) as nation:
            fill(nation, args.objects)
            ask = ours(nation)
            peer = theirs(folder, [one for page in pages(ask) for one in page])
            for what, whole in (("a first page of 1,000", False), ("everything, by pages", True)):
                mine, read = speed(ask, args.runs, whole=whole)
                other, other_read = speed(peer, args.runs, whole=whole)
                print(f"{what}: Beffroi {mine:,.0f} objects/s of CPU ({read} read), ", end="")
                print(f"medallion {other:,.0f} ({other_read} read): {mine / other:.1f} times")
        discard(url)


if __name__ == "__main__":
    main()
