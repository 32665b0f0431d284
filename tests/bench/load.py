# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many readers of one server: requests written beforehand, sent over kept connections.

`measure` runs this file as a process of its own, so that the interpreter that asks is none of those
that answer. It says how many answers a second came, how long they took, and how much processor time
the server's processes spent on each.
"""

import json
import os
import selectors
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one run: answers a second, milliseconds, CPU milliseconds an answer."""

    per_second: float
    p50: float
    p95: float
    cpu: float


def request_of(path: str, **headers: str) -> str:
    """Return a GET request as it goes over the wire."""
    said = {"Host": "127.0.0.1", "Accept-Language": "fr", **headers}
    lines = [f"GET {path} HTTP/1.1", *(f"{k.replace('_', '-')}: {v}" for k, v in said.items())]
    return "\r\n".join([*lines, "", ""])


def measure(
    port: int, requests: Sequence[str], pids: Sequence[int], *, seconds: float = 3.0,
    status: int = 200, connections: int = CONNECTIONS,
) -> Run:  # fmt: skip
    """Ask one server for some time, in the order given; any other status ends the bench."""
    before = sum(cpu_of(pid) for pid in pids)
    done = subprocess.run(
        [sys.executable, __file__, str(port), str(seconds), str(status), str(connections)],
        input=json.dumps(list(requests)), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr)
    count, p50, p95 = json.loads(done.stdout)
    spent = sum(cpu_of(pid) for pid in pids) - before
    return Run(count / seconds, p50 * 1000, p95 * 1000, spent * 1000 / max(count, 1))


def cpu_of(pid: int) -> float:
    """Return the processor seconds of a process and of those that it started."""
    spent = 0.0
    for one in (pid, *children(pid)):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
            spent += (int(fields[11]) + int(fields[12])) / TICK
        except OSError:
            continue
    return spent


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def median(runs: Sequence[Run], what: str) -> float:
    """Return the median of one figure over some runs."""
    return statistics.median(getattr(run, what) for run in runs)


# ---- the process that asks ----------------------------------------------------------------------


class _Reader:
    """One connection: sends, and reads an answer to its end."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.begun, self.buffer, self.wanted = 0.0, b"", -1

    def send(self, request: bytes) -> None:
        self.begun, self.buffer, self.wanted = time.perf_counter(), b"", -1
        self.socket.sendall(request)

    def read(self, status: bytes) -> bool:
        """Read what has come; say whether the answer is whole."""
        got = self.socket.recv(262_144)
        if not got:
            raise SystemExit("the server has ended a connection")
        self.buffer += got
        if self.wanted < 0:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = self.buffer[:end]
            if head[9:12] != status:
                raise SystemExit(self.buffer.decode(errors="replace")[:2000])
            at = head.lower().find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            self.wanted = end + 4 + length
        return len(self.buffer) >= self.wanted


def _ask() -> None:
    port, seconds, status, connections = sys.argv[1:]
    requests = cycle([one.encode() for one in json.load(sys.stdin)])
    chosen = selectors.DefaultSelector()
    for _ in range(int(connections)):
        reader = _Reader(int(port))
        chosen.register(reader.socket, selectors.EVENT_READ, reader)
        reader.send(next(requests))
    until, taken = time.perf_counter() + float(seconds), []
    while (now := time.perf_counter()) < until:
        for key, _ in chosen.select(timeout=1):
            reader = key.data
            if reader.read(status.encode()):
                taken.append(now - reader.begun)
                reader.send(next(requests))
    taken.sort()
    p95 = taken[min(len(taken) - 1, int(len(taken) * 0.95))] if taken else 0.0
    print(json.dumps([len(taken), statistics.median(taken) if taken else 0.0, p95]))


if __name__ == "__main__":
    _ask()
