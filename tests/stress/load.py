# SPDX-License-Identifier: AGPL-3.0-or-later
"""Too much of everything at a town behind nginx: what is taken is kept, what is not is told so.

    python tests/stress/load.py [--only memory burst slow open large] [--rate 200] [--seconds 60]

The sites, snippets and limits are those of deploy/nginx, over TLS; clients come from many addresses
of the loopback, so that the limits of one address are met as in life. `--rate` is what is offered a
second; `--connections` and `--slow` bound the others. Exit 0 if nothing was lost and nobody else
was turned away for good, else 1.
"""

import argparse
import asyncio
import json
import os
import secrets
import sqlite3
import ssl
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "deploy")]

from beffroi.accounts import service as accounts  # noqa: E402
from beffroi.accounts.rules import REQUESTS_WRITE, TokenWanted  # noqa: E402
from beffroi.app import create_app  # noqa: E402
from beffroi.config import from_environ  # noqa: E402
from beffroi.kernel.db import unit_of_work  # noqa: E402
from beffroi_web.sign_in.identities import Identity  # noqa: E402
from support import deployed  # noqa: E402
from support.supervising import memory  # noqa: E402
from support.town_processes import BIN  # noqa: E402

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]
WEB, WORKER, SIGNER = (f"beffroi-{name}.service" for name in ("web", "worker", "signer"))
REQUEST = {"object": "dataset", "wanted": "Toutes les données de la ville."}
PROVIDERS = """
[providers.tests]
label = "Tests"
issuer = "https://sign-in.example"
client_id = "town"
client_secret = "not a secret"
"""


class Loaded(deployed.Deployment):
    """A deployment that takes more from one account, on the code of this checkout."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.places = {**self.places, "/opt/beffroi/bin/": f"{BIN}/"}
        town = folder / "etc/beffroi/town.toml"
        words = town.read_text().replace("per_hour = 8", "per_hour = 1000000")
        town.write_text(f'{words}publish = "at-once"\n{PROVIDERS}')
        conf = folder / "etc/nginx/nginx.conf"
        conf.write_text(
            "worker_rlimit_nofile 19000;\n"
            + conf.read_text().replace("worker_connections 256", "worker_connections 16000")
        )

    def environment(self, unit: str) -> dict[str, str]:
        """Return the unit's environment, and where the code is."""
        return {**super().environment(unit), "PYTHONPATH": os.environ.get("PYTHONPATH", "")}


@dataclass(slots=True)
class Load:
    """A town under load, and what was seen of it."""

    town: Loaded
    pids: dict[str, int]
    trust: ssl.SSLContext
    rows: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    token: str = ""
    highest: float = 0.0

    def memory(self) -> dict[str, float]:
        """Return the proportional share of memory of each part, in MB."""
        return {name: memory(pid) for name, pid in self.pids.items()}

    def say(self, what: str, seen: str) -> None:
        """Write a row of the table."""
        self.rows.append(f"| {what} | {seen} |")
        print(self.rows[-1], file=sys.stderr, flush=True)

    def database(self) -> sqlite3.Connection:
        """Open the town's database."""
        return sqlite3.connect(self.town.folder / "var/lib/beffroi/town.sqlite3")

    async def line(
        self, source: str, tls: bool = True
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection from an address of the loopback."""
        return await asyncio.open_connection(
            "127.0.0.1", self.town.port, local_addr=(source, 0),
            ssl=self.trust if tls else None, server_hostname=deployed.TOWN if tls else None,
        )  # fmt: skip

    async def ask(self, source: str, head: str, body: bytes = b"") -> tuple[int, str, bytes]:
        """Ask on a connection of its own; return the status, the head and the body."""
        reader, writer = await self.line(source)
        try:
            return await converse(reader, writer, head, body)
        finally:
            writer.close()

    async def neighbour(self, seconds: float) -> str:
        """Be somebody else who opens a page each second; say how that went."""
        took, statuses = [], Counter[str]()
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            begun = time.monotonic()
            try:
                page = self.ask("127.9.9.9", "GET / HTTP/1.1\r\nConnection: close")
                statuses[str((await asyncio.wait_for(page, 60))[0])] += 1
            except (TimeoutError, OSError) as error:
                statuses[type(error).__name__] += 1
            took.append(time.monotonic() - begun)
            await asyncio.sleep(1)
        took.sort()
        half, most = took[len(took) // 2], took[-1]
        return f"somebody else’s page: {dict(statuses)}, median {half:.2f} s, most {most:.2f} s"


async def converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str, body: bytes
) -> tuple[int, str, bytes]:
    """Send a request on a connection that stays open; read its answer."""
    length = f"Content-Length: {len(body)}\r\n" if body or head.startswith("POST") else ""
    writer.write(f"{head}\r\nHost: {deployed.TOWN}\r\n{length}\r\n".encode() + body)
    with suppress(ConnectionError):
        await writer.drain()
    said = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    fields = dict(line.lower().split(": ", 1) for line in said.splitlines()[1:] if ": " in line)
    content = b""
    if "content-length" in fields:
        content = await reader.readexactly(int(fields["content-length"]))
    return int(said.split(" ")[1]), said.lower(), content


def _address(number: int) -> str:
    return f"127.1.{number // 250}.{number % 250 + 1}"


async def burst(load: Load, given: argparse.Namespace) -> None:
    """Offer so many submissions a second from many addresses; compare with the tables."""
    kept: list[str] = []
    told: Counter[str] = Counter()
    mute = late = 0
    clients = given.rate * 6
    begins = time.monotonic() + 5 + clients / 100

    head = (
        "POST /api/v1/requests HTTP/1.1\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nAuthorization: Bearer {load.token}"
    )

    async def send(number: int, turn: int, idle: list[Line]) -> None:
        nonlocal mute, late
        at = begins + turn * 6 + number * 6 / clients
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        late += time.monotonic() - at > 1
        body = {**REQUEST, "title": f"Demande numéro {number}-{turn}"}
        while idle and idle[-1][0].at_eof():  # nginx has ended it meanwhile
            idle.pop()[1].close()
        try:
            line = idle.pop() if idle else await load.line(_address(number))
            asked = converse(*line, head, json.dumps(body).encode())
            status, answer, content = await asyncio.wait_for(asked, given.answer_seconds)
        except (TimeoutError, OSError, EOFError) as error:
            told[type(error).__name__] += 1
            return
        told[str(status)] += 1
        if status == 201:
            kept.append(json.loads(content)["ref"])
        else:
            mute += "retry-after: " not in answer or not content
        if "connection: close" in answer:
            line[1].close()
        else:
            idle.append(line)

    async def client(number: int) -> None:
        idle: list[Line] = []
        await asyncio.sleep(number / 100)  # the handshake before the measure
        with suppress(OSError):
            idle.append(await load.line(_address(number)))
        await asyncio.gather(*(send(number, turn, idle) for turn in range(given.seconds // 6)))

    other = asyncio.create_task(load.neighbour(given.seconds + 5 + clients / 100))
    await asyncio.gather(*(client(number) for number in range(clients)))
    took = time.monotonic() - begins
    words = await other
    with load.database() as tables:
        there = {ref for (ref,) in tables.execute('SELECT ref FROM "case"')}
    lost = [ref for ref in kept if ref not in there]
    load.faults += [f"lost: {lost[:5]}"] * bool(lost)
    load.faults += [f"{mute} refusals without Retry-After or words"] * bool(mute)
    load.faults += [f"twice: {len(kept)}"] * (len(set(kept)) != len(kept))
    load.say(
        f"{given.rate} submissions a second for {given.seconds} s",
        f"answers {dict(told)} in {took:.0f} s; {len(kept)} acknowledged, {len(lost)} lost, "
        f"{len(there)} cases; refusals without words or Retry-After: {mute}; sent more than "
        f"1 s late: {late}; {words}",
    )


async def slow(load: Load, given: argparse.Namespace) -> None:
    """Send a byte a second, half in the head and half in the body, from many addresses."""
    ended: Counter[str] = Counter()
    ends = time.monotonic() + given.slow_seconds

    async def client(number: int) -> None:
        reader, writer = await load.line(f"127.2.{number // 250}.{number % 250 + 1}")
        head = f"POST /requests/new HTTP/1.1\r\nHost: {deployed.TOWN}\r\n"
        if number % 2:
            writer.write(f"{head}Content-Length: 4000\r\n\r\n".encode())
        where = "body" if number % 2 else "head"
        answer = asyncio.create_task(reader.read(100))
        try:
            for letter in (head * 99).encode():
                if answer.done() or time.monotonic() > ends:
                    break
                writer.write(bytes([letter]))
                await writer.drain()
                await asyncio.sleep(1)
            said = answer.result()[9:12].decode() if answer.done() else "still open"
        except OSError as error:
            said = type(error).__name__
        answer.cancel()
        ended[f"{where} {said or 'closed'}"] += 1
        writer.close()

    other = asyncio.create_task(load.neighbour(given.slow_seconds))
    await asyncio.gather(*(client(number) for number in range(given.slow)), return_exceptions=True)
    load.say(
        f"{given.slow} slow clients, 1 byte/s, {given.slow_seconds} s",
        f"{dict(ended)}; {await other}",
    )


async def many(load: Load, given: argparse.Namespace) -> None:
    """Open connections and say nothing on them."""
    opened, faults = [], Counter[str]()
    begun = time.monotonic()
    for number in range(given.connections):
        try:
            source = f"127.3.{number // 250}.{number % 250 + 1}"
            opened.append(await load.line(source, tls=False))
        except OSError as error:
            faults[type(error).__name__] += 1
    took = time.monotonic() - begun
    words = await load.neighbour(8)
    still = sum(not reader.at_eof() for reader, _ in opened)
    for _, writer in opened:
        writer.close()
    load.say(
        f"{given.connections} open connections",
        f"{len(opened)} opened in {took:.0f} s {dict(faults)}, {still} open 8 s later; {words}",
    )


async def large(load: Load, given: argparse.Namespace) -> None:
    """Send bodies and heads that are too large."""
    asks = {
        "3 MB form": ("POST /requests/new HTTP/1.1\r\nAccept: text/html", 3 << 20),
        "3 MB JSON": ("POST /api/v1/requests HTTP/1.1\r\nContent-Type: application/json", 3 << 20),
        "60 MB report": ("POST /incidents/new HTTP/1.1\r\nAccept: text/html", 60 << 20),
        "64 kB head": (f"GET / HTTP/1.1\r\nX-Long: {'x' * 65536}", 0),
        "64 kB address": (f"GET /{'x' * 65536} HTTP/1.1", 0),
    }
    for number, (name, (head, size)) in enumerate(asks.items()):
        try:
            asked = load.ask(f"127.4.0.{number + 1}", head, b"x" * size)
            status, _, content = await asyncio.wait_for(asked, 60)
            words = " ".join(content.decode(errors="replace").split())
            title = words.partition("<h1>")[2].partition("</h1>")[0]
            seen = f"{status} {title or words[:120]}"
            wrong = not 400 <= status < 500
        except (TimeoutError, OSError, EOFError) as error:
            seen, wrong = type(error).__name__, False
        load.faults += [f"{name}: {seen}"] * wrong
        load.say(name, seen)


def sampling(load: Load, stop: threading.Event) -> None:
    """Keep the highest sum of memory that was seen."""
    while not stop.wait(2):
        load.highest = max(load.highest, sum(load.memory().values()))


def token(town: Loaded) -> str:
    """Return the API token of somebody's program."""
    app = create_app(from_environ(town.environment(WEB)))
    extension = app.extensions["beffroi"]
    now = extension.clock.now()
    person = Identity(
        "tests", "https://sign-in.example", "a", "Ada", "a@x.example", True, frozenset(), "none"
    )
    with app.app_context(), unit_of_work():
        signed = extension.sign_in.sign_in(person, token=secrets.token_hex(24), now=now)
        wanted = TokenWanted("Programme", (REQUESTS_WRITE,), 365)
        return accounts.make_token(signed.account_id, wanted, now=now, chance=os.urandom)


WORKS: dict[str, Callable[[Load, argparse.Namespace], Coroutine[Any, Any, None]]] = {
    "large": large,
    "slow": slow,
    "open": many,
    "burst": burst,
}


def told(parts: dict[str, float]) -> str:
    """Return figures of memory in words."""
    each = ", ".join(f"{name} {size:.0f}" for name, size in parts.items())
    return f"{sum(parts.values()):.0f} MB ({each})"


def run(given: argparse.Namespace, folder: Path) -> int:
    """Start the town in a folder, load it, say what was seen."""
    town = Loaded(folder)
    with town.running():
        pids = {"web": town.web.pid}
        for name, unit in (("signer", SIGNER), ("worker", WORKER)):
            pids[name] = town.start(town.command(unit), f"{unit}.log", **town.environment(unit)).pid
        load = Load(town, pids, ssl.create_default_context(cafile=town.trusted))
        load.token = token(town)
        asyncio.run(load.neighbour(15))
        load.say("memory at rest, PSS", told(load.memory()))
        stop = threading.Event()
        sampler = threading.Thread(target=sampling, args=(load, stop))
        sampler.start()
        for name in given.only:
            asyncio.run(WORKS[name](load, given))
        stop.set()
        sampler.join()
        load.say("memory under load, the highest sum seen", f"{load.highest:.0f} MB")
        load.say("memory afterwards", told(load.memory()))
    print("| load | seen |\n|---|---|")
    print("\n".join(load.rows))
    print(f"load average {os.getloadavg()}")
    print("\n".join(load.faults) or "nothing acknowledged was lost; what was refused was told so")
    return 1 if load.faults else 0


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="*", choices=list(WORKS), default=list(WORKS))
    parser.add_argument("--rate", type=int, default=200, help="submissions a second")
    parser.add_argument("--seconds", type=int, default=60, help="of the submissions")
    parser.add_argument("--answer-seconds", type=float, default=75, help="longest wait for one")
    parser.add_argument("--slow", type=int, default=500, help="slow clients")
    parser.add_argument("--slow-seconds", type=int, default=40)
    parser.add_argument("--connections", type=int, default=10_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="beffroi-load-") as name:
        return run(given, Path(name))


if __name__ == "__main__":
    sys.exit(main())
