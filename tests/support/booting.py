# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town in a machine or a container, as seen from outside: what it acknowledged and showed."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from beffroi_federation import notes
from beffroi_federation.checkpoint import parse
from support.contained import Contained
from support.storm import DOUBLED, LOST, in_threads
from support.system import Refused
from support.virtual import Machine

SERVICES = ("web", "worker", "signer")
UNITS = [f"beffroi-{one}.service" for one in SERVICES] + ["beffroi-web.socket"]


@dataclass
class Trial:
    """A machine, and what was seen of it."""

    machine: Machine | Contained
    folder: Path
    site: str
    mailbox: Any
    rows: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    shown: dict[int, bytes] = field(default_factory=dict)
    token: str = ""
    slow: float = 1.0
    rate: int = 200

    @property
    def ca(self) -> str:
        """The file of the site's certificate, brought out of the machine."""
        return str(self.folder / "site.pem")

    def say(self, what: str, seen: str, fault: bool = False) -> None:
        """Write a row; a fault is counted."""
        self.rows.append(f"| {what} | {'**FAULT** ' * fault}{seen} |")
        self.faults += [f"{what}: {seen}"] * fault
        print("####", self.rows[-1], file=sys.stderr, flush=True)

    def get(self, path: str, seconds: float = 60) -> requests.Response:
        """Open an address of the site, on a connection of its own."""
        return requests.get(self.site + path, verify=self.ca, timeout=seconds * self.slow)

    def until(self, works: Callable[[], bool], seconds: float) -> float:
        """Wait until something that was begun afterwards works; how long that took."""
        begun = time.monotonic()
        while time.monotonic() < begun + seconds * self.slow:
            with contextlib.suppress(requests.RequestException, Refused):
                if works():
                    return time.monotonic() - begun
            time.sleep(0.1)
        return float("inf")

    def send(self, title: str, seconds: float = 60) -> int:
        """Send a request by the API; keep its reference if it was acknowledged."""
        sent = requests.post(
            f"{self.site}/api/v1/requests", verify=self.ca, timeout=seconds * self.slow,
            headers={"Authorization": f"Bearer {self.token}"},
            json={"object": "dataset", "title": title, "wanted": "Toutes les données."},
        )  # fmt: skip
        if sent.status_code == 201:
            self.acknowledged.append(sent.json()["ref"])
        return sent.status_code

    def log_size(self) -> int:
        """Look at the checkpoint as anybody may; keep what it says."""
        seen = parse(notes.parse(self.get("/log/checkpoint").content).text)
        if self.shown.setdefault(seen.size, seen.root) != seen.root:
            self.faults.append(f"the log forked at {seen.size}")
        return seen.size

    def grows(self, title: str, seconds: float = 180) -> float:
        """Send a request, and wait until the worker and the signer have brought it to the log."""
        before, begun = self.log_size(), time.monotonic()
        self.until(lambda: self.send(title) == 201, seconds)
        self.until(lambda: self.log_size() > before, seconds)
        return time.monotonic() - begun if self.log_size() > before else float("inf")

    def sql(self, statement: str) -> list[str]:
        """Ask the town's database in the machine."""
        said = self.machine.run(
            f"cat >/run/ask.py <<'PY'\nimport sqlite3\n"
            f"for row in sqlite3.connect('/var/lib/beffroi/town.sqlite3').execute({statement!r}):\n"
            f"    print(row[0])\nPY\npython3 /run/ask.py"
        )
        return said.split()

    def judge(self, when: str) -> None:
        """Compare what was acknowledged and shown with what is there, and verify the log."""
        there = set(self.sql(LOST))
        lost = [one for one in self.acknowledged if one not in there]
        twice = self.sql(DOUBLED)[0]
        verify = [str(Path(sys.executable).with_name("beffroi-verify")), self.site]
        env = {**os.environ, "SSL_CERT_FILE": self.ca, "REQUESTS_CA_BUNDLE": self.ca}
        done = subprocess.run(verify, capture_output=True, text=True, env=env, check=False)
        self.say(
            f"{when}: what was acknowledged",
            f"{len(self.acknowledged)} cases, {len(lost)} lost, {twice} doubled; "
            f"log of {self.log_size()} entries, `beffroi-verify` exit {done.returncode}"
            + (done.stdout + done.stderr)[-300:]
            * bool(done.returncode),
            bool(lost) or twice != "0" or done.returncode != 0,
        )

    @contextlib.contextmanager
    def busy(self, pause: float = 0.2) -> Iterator[Counter[str]]:
        """Let two read and two write while something is done; count what they were answered."""
        told: Counter[str] = Counter()
        stop = threading.Event()

        def visit(number: int) -> None:
            turn = 0
            while not stop.wait(pause):
                turn += 1
                kind, begun = ("reads", "sends")[number % 2], time.monotonic()
                try:
                    code = (self.send(f"Demande {number}-{turn}-{time.time_ns()}")
                            if number % 2 else self.get("/requests").status_code)  # fmt: skip
                    told[f"{kind} {code}"] += 1
                except requests.RequestException as error:
                    told[f"{kind} {type(error).__name__}"] += 1
                longest = f"{kind}, longest ms"
                told[longest] = max(told[longest], int(1000 * (time.monotonic() - begun)))

        threads = in_threads(*(lambda n=n: visit(n) for n in range(4)))
        try:
            yield told
        finally:
            stop.set()
            for one in threads:
                one.join(timeout=120 * self.slow)
