# SPDX-License-Identifier: AGPL-3.0-or-later
"""One pull in a process of its own, for `first_pull.py`; prints one JSON object.

    first_pull_cases.py CASE FOLDER DATABASE-URL SITE

What is timed begins when everything is imported and the tables are there. `cpu` are the seconds of
this process, `peak` its largest size in MiB.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

CONTEXT = b"beffroi/commit/v1\n"
CHUNK = 5_000


_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(pid: int | None) -> float:
    """Return the CPU seconds of one process, here that of a connection to PostgreSQL."""
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


class Stopwatch:
    """CPU and wall seconds since it was made, of this process and of its database's."""

    def __init__(self, backend: int | None = None) -> None:
        self._backend = backend
        self._database = cpu_of(backend)
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def read(self) -> dict[str, float]:
        """Return all three."""
        return {
            "cpu": round(time.process_time() - self._cpu, 4),
            "wall": round(time.perf_counter() - self._wall, 4),
            "database": round(cpu_of(self._backend) - self._database, 4),
        }


def floor(folder: Path, url: str, site: str, *, with_records: bool = True) -> dict[str, Any]:
    """Do the least that the real format asks for: no HTTP, no check but hash, root and HMAC.

    Decode leaves, content lines and records by typed decoders, hash the leaves up to the root, open
    every commitment, insert into the very tables through the driver, a commit each 5,000 entries.
    """
    import msgspec

    class Leaf(msgspec.Struct, gc=False):
        t: str
        v: int
        c: str = ""
        p: str = ""

    class Line(msgspec.Struct, gc=False):
        d: str
        i: int
        s: str

    class Request(msgspec.Struct, gc=False):
        v: int
        kind: str
        id: str
        lang: str
        object: str
        theme: str
        title: str
        summary: str
        period: str
        status: str
        supports: str
        clock: str
        commune: str = ""
        answer: str = ""
        answered: str = ""
        outcome: str = ""
        ground: str = ""
        published_url: str = ""

    leaf_of = msgspec.json.Decoder(Leaf).decode
    line_of = msgspec.json.Decoder(Line).decode
    record_of = msgspec.json.Decoder(Request).decode
    sha, digest, unpack = hashlib.sha256, hmac.digest, base64.urlsafe_b64decode
    put, commit, when, backend = _inserter(url)
    watch = Stopwatch(backend)
    hashes: list[bytes] = []
    total = 0
    with (folder / "leaves").open("rb") as leaves, (folder / "lines").open("rb") as lines:
        line = lines.readline()
        while chunk := [leaf[:-1] for _, leaf in zip(range(CHUNK), leaves, strict=False)]:
            hashes += [sha(b"\x00" + leaf).digest() for leaf in chunk]
            raw = [(1, at, leaf, when) for at, leaf in enumerate(chunk, total)]
            contents, items = [], []
            for at, leaf in enumerate(chunk, total):
                entry = leaf_of(leaf)
                if entry.t != "rec":
                    continue
                served = line_of(line)
                line = lines.readline()
                salt, content = unpack(served.s + "="), served.d.encode()
                if digest(salt, CONTEXT + content, "sha256") != unpack(entry.c + "="):
                    raise SystemExit("a commitment does not open")
                if with_records:
                    record_of(content)
                contents.append((1, at, salt, content))
                items.append((1, at, at, None, None, when))
            put(raw, contents, items)
            commit()
            total += len(chunk)
    root = _root(hashes)
    return {**watch.read(), "entries": total, "root": base64.b64encode(root).decode()}


def floor_without_records(folder: Path, url: str, site: str) -> dict[str, Any]:
    """Do the same without decoding the records themselves: what stage one has to do."""
    return floor(folder, url, site, with_records=False)


def _root(hashes: list[bytes]) -> bytes:
    sha = hashlib.sha256
    while len(hashes) > 1:
        pairs = iter(hashes)
        above = [sha(b"\x01" + a + b).digest() for a, b in zip(pairs, pairs, strict=False)]
        if len(hashes) & 1:
            above.append(hashes[-1])
        hashes = above
    return hashes[0]


_COLUMNS = {
    "raw_entry": ("log_id", "position", "leaf", "seen_at"),
    "content": ("log_id", "position", "salt", "content"),
    "item": ("log_id", "position", "first", "next", "withdrawn", "seen_at"),
}
_TYPES = {
    "raw_entry": ("int8", "int8", "bytea", "timestamptz"),
    "content": ("int8", "int8", "bytea", "bytea"),
    "item": ("int8", "int8", "int8", "int8", "text", "timestamptz"),
}


def _inserter(url: str) -> tuple[Callable[..., None], Callable[[], None], Any, int | None]:
    """Return how rows go into the tables, how to commit, a moment, and the database's process."""
    from datetime import UTC, datetime

    names = {table: ", ".join(f'"{one}"' for one in of) for table, of in _COLUMNS.items()}
    if url.startswith("sqlite"):
        import sqlite3

        database = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            database.execute(f"PRAGMA {pragma}")
        database.execute("BEGIN IMMEDIATE")

        def put(*tables: Sequence[Any]) -> None:
            for table, rows in zip(_COLUMNS, tables, strict=True):
                marks = ", ".join("?" * len(_COLUMNS[table]))
                database.executemany(
                    f"INSERT INTO {table} ({names[table]}) VALUES ({marks})",
                    rows,
                )

        def commit() -> None:
            database.execute("COMMIT")
            database.execute("BEGIN IMMEDIATE")

        return put, commit, "2026-10-05 08:00:00.000000", None
    import psycopg
    from psycopg.types.string import BytesBinaryDumper

    connection = psycopg.connect(url.replace("+psycopg", ""))
    cursor = connection.cursor()
    cursor.adapters.register_dumper(bytes, BytesBinaryDumper)  # the fast one

    def put_rows(*tables: Sequence[Any]) -> None:
        for table, rows in zip(_COLUMNS, tables, strict=True):
            with cursor.copy(f"COPY {table} ({names[table]}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(_TYPES[table])
                for row in rows:
                    copy.write_row(row)

    moment = datetime(2026, 10, 5, 8, tzinfo=UTC)
    return put_rows, connection.commit, moment, connection.info.backend_pid


def beffroi(folder: Path, url: str, site: str) -> dict[str, Any]:
    """Pull the town by the aggregator's own commands; then derive some of it, timed apart."""
    from bench_nation import aggregator

    from beffroi_federation.aggregator.kernel.db import db
    from beffroi_federation.aggregator.kernel.runtime import now
    from beffroi_federation.aggregator.national.commands import settle_waiting

    app, pull = aggregator(url, site)
    net = _counted()
    with app.app_context():
        backend = None
        if url.startswith("postgresql"):
            driver: Any = db.session.connection().connection.driver_connection
            backend = driver.info.backend_pid
            db.session.rollback()
    watch = Stopwatch(backend)
    done = pull()
    found: dict[str, Any] = watch.read()
    if any(one.result != "taken" for one in done):
        raise SystemExit(str(done[-1]))
    found |= {"entries": sum(one.entries for one in done), "peak": _peak(), **net}
    with app.app_context():
        watch = Stopwatch()
        settle_waiting(SETTLED, now=now())
        derived = watch.read()
    return {**found, "derived": SETTLED, "derive_cpu": derived["cpu"], "peak_derived": _peak()}


def _counted() -> dict[str, int]:
    """Count what the engine asks and receives, from now on."""
    from beffroi_federation.aggregator.intake.adapters.transfer import Transfer

    net = {"requests": 0, "bytes": 0}
    answer = Transfer.answer

    def counted(self: Transfer, code: int = 0) -> Any:
        net["requests"] += 1
        net["bytes"] += self.received
        return answer(self, code)

    Transfer.answer = counted  # type: ignore[method-assign]
    return net


SETTLED = 2_000
"""Records that are derived, of all that were taken: the gate takes a millisecond or two each."""


def _peak() -> float:
    """Return the largest size of this program so far; `ru_maxrss` would count its parent's too."""
    status = Path("/proc/self/status").read_text()
    return round(int(status.partition("VmHWM:")[2].split()[0]) / 1024, 1)


CASES: dict[str, Callable[[Path, str, str], dict[str, Any]]] = {
    "floor": floor,
    "floor-without-records": floor_without_records,
    "beffroi": beffroi,
    "beffroi-flask": beffroi,
}


def peer(case: str, url: str, site: str) -> dict[str, Any]:
    """Pull by a peer, which verifies nothing, into the peers' table."""
    import first_pull_peers

    store, pull, backend = first_pull_peers.prepared(case, url)
    watch = Stopwatch(backend)
    entries = pull(site, store)
    return {**watch.read(), "entries": entries, **first_pull_peers.NET}


def main() -> None:
    """Run one case."""
    case, folder, url, site = sys.argv[1:5]
    if case in CASES:
        found = CASES[case](Path(folder), url, site)
    else:
        found = peer(case, url, site)
    print(json.dumps({"case": case, "peak": _peak(), **found}), flush=True)


if __name__ == "__main__":
    with closing(sys.stdout):
        main()
