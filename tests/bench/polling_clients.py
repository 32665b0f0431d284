# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which client asks many towns fastest: libcurl's multi interface, requests in threads, httpx.

    .venv/bin/python tests/bench/polling_clients.py [--towns 1000] [--runs 5]

Each asks every town for its checkpoint, which has not changed (304): over http on kept connections,
over https with a handshake a town. nginx on the same machine. Medians; CPU seconds are the
client's own. `engine` is the product's, with everything that it checks and counts, and no database.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from round_clients import Where, polling
from round_towns import build, served

CLIENTS = ("multi", "engine", "threads", "httpx")
THREADS, AT_ONCE = 16, 64


def threads(where: Where, towns: int) -> Callable[[], None]:
    """Ask with requests, a session a thread."""
    import requests

    etags: dict[int, str] = {}

    def ask(numbers: list[int]) -> None:
        session = requests.Session()
        session.trust_env, session.verify = False, where.authority
        for number in numbers:
            headers = {"If-None-Match": etags[number]} if number in etags else {}
            if where.tls:
                headers["Connection"] = "close"
            etags[number] = session.get(where.checkpoint(number), headers=headers).headers["ETag"]

    def round_() -> None:
        shares = [list(range(at, towns, THREADS)) for at in range(THREADS)]
        workers = [threading.Thread(target=ask, args=(share,)) for share in shares]
        for one in workers:
            one.start()
        for one in workers:
            one.join()

    return round_


def httpx_async(where: Where, towns: int) -> Callable[[], None]:
    """Ask with httpx, many at once."""
    import ssl

    import httpx

    etags: dict[int, str] = {}
    verify = ssl.create_default_context(cafile=where.authority)

    async def all_of_them() -> None:
        keep = 0 if where.tls else AT_ONCE
        limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=keep)
        async with httpx.AsyncClient(limits=limits, verify=verify, timeout=60) as client:
            numbers = iter(range(towns))

            async def one_after_the_other() -> None:
                for number in numbers:
                    headers = {"If-None-Match": etags[number]} if number in etags else {}
                    answer = await client.get(where.checkpoint(number), headers=headers)
                    etags[number] = answer.headers["ETag"]

            await asyncio.gather(*[one_after_the_other() for _ in range(AT_ONCE)])

    return lambda: asyncio.run(all_of_them())


def engine(where: Where, towns: int) -> Callable[[], None]:
    """Ask with the product's engine."""
    from round_clients import public_address
    from round_towns import DOMAIN

    from beffroi_federation import asking
    from beffroi_federation.aggregator.intake.adapters.engine import Engine, Job
    from beffroi_federation.aggregator.intake.adapters.resolver import Resolver
    from beffroi_federation.aggregator.intake.adapters.transfer import Manner

    base = f"http://127.0.0.1:{where.port}"
    made = Engine(
        Manner("Bench/1", frozenset({base}), authorities=Path(where.authority)),
        per_address=AT_ONCE,
        resolver=Resolver(lambda host, port: [public_address(host)]),
        route=(lambda address, port: ("127.0.0.1", where.port)) if where.tls else None,
    )
    etags: dict[int, Any] = {}

    def round_() -> None:
        numbers, ended = iter(range(towns)), 0
        while ended < towns:
            while made.hungry and (number := next(numbers, None)) is not None:
                prefix = f"https://t{number}.{DOMAIN}/log" if where.tls else f"{base}/{number}/log"
                made.add(Job(number, prefix, asking.checkpoint(etags.get(number))))
            for one in made.step(0.5):
                if one.error is not None:
                    raise one.error
                etags[one.key] = one.found.etag
                ended += 1

    return round_


def client(who: str, towns: int, port: str, scheme: str, authority: str) -> None:
    """Measure one client: a first round, then a quiet one."""
    where = Where(port, scheme, authority)
    makers = {"threads": threads, "httpx": httpx_async, "engine": engine}
    round_ = polling(where, towns, Path()) if who == "multi" else makers[who](where, towns)
    round_()
    wall, cpu = time.perf_counter(), time.process_time()
    round_()
    print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))


def main() -> None:
    """Serve, measure in turns, print."""
    if sys.argv[1:2] == ["client"]:
        client(sys.argv[2], int(sys.argv[3]), *sys.argv[4:7])
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--towns", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    found: dict[tuple[str, str], list[list[float]]] = {}
    with tempfile.TemporaryDirectory(prefix="polling-") as folder:
        Path(folder).chmod(0o755)
        build(Path(folder) / "towns", args.towns, 1)
        with served(Path(folder), Path(folder) / "towns") as country:
            for _ in range(args.runs):
                for scheme, port in (("http", country.http), ("https", country.https)):
                    for who in CLIENTS:
                        command = [sys.executable, __file__, "client", who, args.towns, port,
                                   scheme, country.authority]  # fmt: skip
                        done = subprocess.run([*map(str, command)], stdout=-1, check=True)
                        found.setdefault((scheme, who), []).append(json.loads(done.stdout))
    print(f"{args.towns} towns, checkpoints that did not change, medians of {args.runs} runs\n")
    print("| scheme | client | CPU s | towns / CPU s | towns / s | CPU beside multi |")
    print("|---|---|---|---|---|---|")
    for (scheme, who), figures in found.items():
        wall, cpu = (statistics.median(one) for one in zip(*figures, strict=True))
        best = statistics.median(cpu for _, cpu in found[scheme, "multi"])
        a_second = f"{args.towns / cpu:,.0f} | {args.towns / wall:,.0f}"
        print(f"| {scheme} | {who} | {cpu:.3f} | {a_second} | {cpu / best:.1f} |")


if __name__ == "__main__":
    main()
