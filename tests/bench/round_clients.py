# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who makes a national round: the nation itself, and what one would write instead.

    round_clients.py WHO TOWNS ENTRIES PORT SCHEME AUTHORITY FOLDER SERVED [derive]

One process for each measurement. Prints one JSON object a phase: `first` (every town is new), `new`
(every town has something new), `derive` (the nation only: what was stored in both is examined and
shown), `quiet` (nothing is new, twice). Peers verify nothing: they fetch a JSON list of just what
is new, with an ETag, and merge its rows.
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from round_towns import DOMAIN, origin, serve_now, vkey_of

CONNECTIONS = 32


def say(phase: str, **figures: float) -> None:
    print(json.dumps({"phase": phase, **figures}), flush=True)


@contextmanager
def measured(phase: str) -> Iterator[None]:
    """Measure a phase in wall and CPU seconds of this process, all its threads."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024
    say(phase, wall=wall, cpu=cpu, peak=peak)


class Where:
    """Where the towns are, for a client of one scheme."""

    def __init__(self, port: str, scheme: str, authority: str) -> None:
        self.port, self.tls, self.authority = int(port), scheme == "https", authority
        self.base = f"{scheme}://{'localhost' if self.tls else '127.0.0.1'}:{port}"

    def checkpoint(self, number: int) -> str:
        return f"{self.base}/{number}/log/checkpoint"


# ---- what one would write ----


class Rows:
    """A table of records through an ORM, as one would have it."""

    def __init__(self, folder: Path) -> None:
        import sqlalchemy as sa
        from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

        class Base(DeclarativeBase):
            pass

        class Row(Base):
            __tablename__ = "record"
            id: Mapped[str] = mapped_column(primary_key=True)
            town: Mapped[int] = mapped_column(index=True)
            status: Mapped[str]
            theme: Mapped[str]
            title: Mapped[str]
            body: Mapped[str]

        self.engine = sa.create_engine(f"sqlite:///{folder}/rows.sqlite3")

        @sa.event.listens_for(self.engine, "connect")
        def tune(connection: Any, _: object) -> None:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")

        Base.metadata.create_all(self.engine)
        self.row, self.session = Row, Session

    def merge(self, town: int, records: list[dict[str, Any]]) -> None:
        with self.session(self.engine) as session:
            for one in records:
                names = ("id", "status", "theme", "title")
                row = {name: one[name] for name in names}
                session.merge(self.row(**row, town=town, body=json.dumps(one)))
            session.commit()


def usual(where: Where, towns: int, folder: Path) -> Callable[[], None]:
    """One town after the other with requests, each record merged through the ORM."""
    import requests

    rows, etags = Rows(folder), {}
    session = requests.Session()
    session.trust_env = False
    session.verify = where.authority

    def round_() -> None:
        for number in range(towns):
            headers = {"If-None-Match": etags[number]} if number in etags else {}
            if where.tls:
                headers["Connection"] = "close"  # every town is a host of its own
            answer = session.get(f"{where.base}/{number}/entries.json", headers=headers)
            if answer.status_code != 304:
                etags[number] = answer.headers["ETag"]
                rows.merge(number, answer.json())

    return round_


def httpx_async(where: Where, towns: int, folder: Path) -> Callable[[], None]:
    """Many towns at once with httpx, each record merged through the ORM."""
    import httpx

    rows, etags = Rows(folder), {}

    async def all_of_them() -> None:
        limits = httpx.Limits(
            max_connections=CONNECTIONS, max_keepalive_connections=0 if where.tls else CONNECTIONS
        )
        verify: Any = __import__("ssl").create_default_context(cafile=where.authority)
        async with httpx.AsyncClient(limits=limits, verify=verify, timeout=60) as client:
            numbers = iter(range(towns))

            async def one_after_the_other() -> None:
                for number in numbers:
                    headers = {"If-None-Match": etags[number]} if number in etags else {}
                    url = f"{where.base}/{number}/entries.json"
                    answer = await client.get(url, headers=headers)
                    if answer.status_code != 304:
                        etags[number] = answer.headers["ETag"]
                        rows.merge(number, answer.json())

            await asyncio.gather(*[one_after_the_other() for _ in range(CONNECTIONS)])

    return lambda: asyncio.run(all_of_them())


# ---- the floor: bare polling of checkpoints ----


def polling(where: Where, towns: int, _: Path) -> Callable[[], None]:
    """Nothing but libcurl's multi interface asking for checkpoints, 64 at a time."""
    import pycurl

    etags: dict[int, str] = {}
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_MAXCONNECTS, 64)
    idle = []
    for _number in range(64):
        curl = pycurl.Curl()
        curl.setopt(pycurl.NOSIGNAL, 1)
        if where.tls:
            curl.setopt(pycurl.CAINFO, where.authority)
            curl.unsetopt(pycurl.CAPATH)
            curl.setopt(pycurl.SSL_SESSIONID_CACHE, 0)
            curl.setopt(pycurl.FRESH_CONNECT, 1)
            curl.setopt(pycurl.FORBID_REUSE, 1)
        idle.append(curl)

    def round_() -> None:
        numbers, live = iter(range(towns)), 0
        asked: dict[Any, int] = {}
        heads: dict[Any, list[bytes]] = {}
        while True:
            while idle and (number := next(numbers, None)) is not None:
                curl = idle.pop()
                asked[curl], heads[curl] = number, []
                curl.setopt(pycurl.URL, where.checkpoint(number))
                curl.setopt(pycurl.WRITEFUNCTION, lambda piece: None)
                curl.setopt(pycurl.HEADERFUNCTION, heads[curl].append)
                etag = etags.get(number)
                curl.setopt(pycurl.HTTPHEADER, [f"If-None-Match: {etag}"] if etag else [])
                multi.add_handle(curl)
                live += 1
            if not live:
                return
            multi.perform()
            _, done, failed = multi.info_read()
            if failed:
                raise SystemExit(str(failed[0][1:]))
            for curl in done:
                status = curl.getinfo(pycurl.RESPONSE_CODE)
                if status != 304:
                    etag = next(one for one in heads[curl] if one[:5].lower() == b"etag:")
                    etags[asked[curl]] = etag.split(b":", 1)[1].strip().decode()
                multi.remove_handle(curl)
                idle.append(curl)
                live -= 1
            if live:
                multi.select(0.5)

    return round_


# ---- the bound: the same, and the least that a database must be told ----


def bound(where: Where, towns: int, folder: Path) -> Callable[[], None]:
    """The floor, one read and one written row a town, by the driver; nothing is checked or timed.

    Rows are those of the nation's `log_state` in miniature: what a town is asked by, when it is due
    (indexed), and when it was verified. Quiet rounds only mean something.
    """
    import sqlite3

    base = sqlite3.connect(f"{folder}/bound.sqlite3", isolation_level=None)
    for statement in (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "CREATE TABLE state (id INTEGER PRIMARY KEY, origin TEXT, prefix TEXT, frontier BLOB, "
        "note BLOB, etag TEXT, verified_at TEXT, tried_at TEXT, due_at TEXT, turn INTEGER)",
        "CREATE INDEX due ON state (due_at)",
    ):
        base.execute(statement)
    base.executemany(
        "INSERT INTO state VALUES (?, ?, ?, ?, ?, '', '', '', '', 0)",
        [(n, origin(n), where.checkpoint(n), bytes(200), bytes(300)) for n in range(towns)],
    )
    ask = polling(where, towns, folder)
    turn = [0]

    def round_() -> None:
        turn[0] += 1
        due = f"2026-10-05 {turn[0]:015d}"
        for at in range(0, towns, 500):
            base.execute(
                "SELECT * FROM state WHERE id >= ? ORDER BY id LIMIT 500", (at,)
            ).fetchall()
        ask()
        for at in range(0, towns, 500):
            base.execute("BEGIN IMMEDIATE")
            base.executemany(
                "UPDATE state SET verified_at = ?, tried_at = ?, due_at = ? WHERE id = ? "
                "AND turn = 0",
                [
                    (due, due, f"{due}{n * 7919 % towns}", n)
                    for n in range(at, min(at + 500, towns))
                ],
            )
            base.execute("COMMIT")

    return round_


# ---- the nation ----


class NationRound:
    """The aggregator's own application on a database of its own."""

    def __init__(self, where: Where, towns: int, entries: int, folder: Path, url: str) -> None:
        from datetime import UTC, datetime

        from sqlalchemy import insert

        from beffroi_federation.aggregator.intake.adapters.carriers import Courier
        from beffroi_federation.aggregator.intake.adapters.engine import Engine
        from beffroi_federation.aggregator.intake.adapters.resolver import Resolver
        from beffroi_federation.aggregator.intake.adapters.transfer import Manner
        from beffroi_federation.aggregator.kernel.db import MIGRATIONS, db, unit_of_work
        from beffroi_federation.aggregator.towns.models import Log, Town
        from beffroi_web.clock import FixedClock
        from beffroi_web.migrating import upgrade
        from support.nation import Nation

        upgrade(MIGRATIONS, url)
        self.clock = FixedClock(datetime(2026, 10, 5, 8, tzinfo=UTC))
        self._context = Nation.on(url, folder, self.clock)
        self.nation = self._context.__enter__()
        now, sirens = self.clock.now(), [f"{number:09d}" for number in range(towns)]
        rows = [
            {"id": n + 1, "siren": siren, "name": f"Town {n}", "kind": "commune", "url": "",
             "state": "approved", "dns": "loopback", "added_at": now,
             "population_band": "500-1999"}
            for n, siren in enumerate(sirens)
        ]  # fmt: skip
        base = f"http://127.0.0.1:{where.port}"
        logs = [
            {"id": n + 1, "town_id": n + 1, "epoch": 1, "origin": origin(n), "vkey": vkey_of(n),
             "prefix": f"https://t{n}.{DOMAIN}/log" if where.tls else f"{base}/{n}/log"}
            for n in range(towns)
        ]  # fmt: skip
        with self.nation.app.app_context(), unit_of_work():
            db.session.execute(insert(Town), rows)
            db.session.execute(insert(Log), logs)
        manner = Manner("Bench/1", frozenset({base}), authorities=Path(where.authority))
        self.sirens, self.entries = sirens, entries

        def made() -> Engine:
            return Engine(
                manner,
                per_address=64,  # all towns of the bench lie on one address
                resolver=Resolver(lambda host, port: [public_address(host)]),
                route=(lambda address, port: ("127.0.0.1", where.port)) if where.tls else None,
            )

        self.carrier = Courier(made)

    def pull(self) -> list[Any]:
        """Pull every town once, without deriving."""
        from beffroi_federation.aggregator.intake import queries
        from beffroi_federation.aggregator.intake.commands.rounds import run

        with self.nation.app.app_context():
            pages = queries.due(self.clock.now())
            return list(run(self.carrier, self.nation.rhythm, pages, derive=False))

    def derive(self) -> None:
        """Examine and show what was stored, and settle what was accepted."""
        from beffroi_federation.aggregator.national.commands import settle_waiting
        from beffroi_federation.aggregator.witness import commands as witness

        with self.nation.app.app_context():
            settle_waiting(now=self.clock.now())
            witness.settle(now=self.clock.now())

    def phases(self, served: Path, derive: bool) -> None:
        """Measure rounds with news, what follows from them, and rounds without."""
        for phase, name in (("first", "first"), ("new", "second")):
            serve_now(served, name)
            with measured(phase):
                done = self.pull()
            wrong = [one for one in done if (one.result, one.entries) != ("taken", self.entries)]
            if wrong or len(done) != len(self.sirens):
                raise SystemExit(f"{len(done)} towns, {len(wrong)} went wrong: {wrong[:1]}")
            self.clock.move(timedelta(hours=6))
        if derive:
            with measured("derive"):
                self.derive()
        for _ in range(2):
            with measured("quiet"):
                done = self.pull()
            self.clock.move(timedelta(hours=6))
            if {one.result for one in done} != {"unchanged"} or len(done) != len(self.sirens):
                raise SystemExit(f"a quiet round brought {done[:1]}")


def public_address(host: str) -> str:
    """Return a public address that is this town's alone; nothing is ever sent to it."""
    number = int(host.removeprefix("t").split(".")[0])
    return f"2606:2800:220:1::{number:x}"


def main() -> None:
    """Measure one client."""
    who, towns, entries, port, scheme, authority, folder, served = sys.argv[1:9]
    where = Where(port, scheme, authority)
    serve_now(Path(served), "first")
    if who == "nation":
        url = f"sqlite:///{folder}/nation.sqlite3"
        NationRound(where, int(towns), int(entries), Path(folder), url).phases(
            Path(served), sys.argv[9:] == ["derive"]
        )
        return
    makers = {"requests": usual, "httpx": httpx_async, "polling": polling, "bound": bound}
    round_ = makers[who](where, int(towns), Path(folder))
    for phase in ("first", "new", "quiet", "quiet"):
        serve_now(Path(served), "first" if phase == "first" else "second")
        with measured(phase):
            round_()


if __name__ == "__main__":
    main()
