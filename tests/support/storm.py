# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who writes and who watches while a town's processes are killed, and what is counted after it."""

import os
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from beffroi_federation import notes
from beffroi_federation.checkpoint import parse
from beffroi_federation.entries import ReceivedEntry, parse_entry
from beffroi_federation.merkle import Frontier, leaf_hash
from support.log_rows import LEAVES, leaves_in
from support.town_processes import TownProcesses, csrf

LOST = (
    "SELECT c.ref FROM \"case\" c JOIN timeline t ON t.case_id = c.id AND t.step = 'received'"
    " WHERE c.kind <> 'data_request' OR EXISTS (SELECT 1 FROM log_fact f"
    " WHERE f.entry = 'rcv' AND f.fact = 'received:' || c.id)"
)
"""References of cases that are whole: received, and a request is in the log."""
DOUBLED = (
    "SELECT count(*) FROM (SELECT fact FROM log_fact"
    " GROUP BY log_id, fact, version HAVING count(*) > 1) AS twice"
)
HALF: dict[str, str] = {
    "a case without its first step": 'SELECT count(*) FROM "case" c WHERE NOT EXISTS'
    " (SELECT 1 FROM timeline t WHERE t.case_id = c.id AND t.step = 'received')",
    "a case without a text": 'SELECT count(*) FROM "case" c WHERE NOT EXISTS'
    " (SELECT 1 FROM case_text t WHERE t.case_id = c.id)",
    "a request without its row": "SELECT count(*) FROM \"case\" c WHERE c.kind = 'data_request'"
    " AND NOT EXISTS (SELECT 1 FROM data_request r WHERE r.case_id = c.id)",
    "a report without its row": "SELECT count(*) FROM \"case\" c WHERE c.kind <> 'data_request'"
    " AND NOT EXISTS (SELECT 1 FROM incident r WHERE r.case_id = c.id)",
    "a request that is owed to no one": "SELECT count(*) FROM \"case\" c"
    " WHERE c.kind = 'data_request' AND NOT EXISTS"
    " (SELECT 1 FROM outbox o WHERE o.case_id = c.id AND o.fact = 'received')",
    "a number given and no case": 'SELECT (SELECT sum(last) FROM ref_counter)'
    ' - (SELECT count(*) FROM "case")',
    "a fact that still waits": "SELECT count(*) FROM outbox WHERE done_at IS NULL",
    "an entry that no checkpoint covers": "SELECT size - published FROM log_state",
}  # fmt: skip
"""Statements that count what may not be there once all has settled."""


@dataclass(slots=True)
class Heals:
    """Faults whose end is awaited: a sign that begun after the fault ends it."""

    open: list[tuple[str, str, float]] = field(default_factory=list)
    took: dict[str, list[float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault(self, kind: str, sign: str) -> None:
        """Note a fault of a kind, which a sign of that name will end."""
        with self.lock:
            self.open.append((kind, sign, time.monotonic()))

    def sign(self, name: str, begun: float) -> None:
        """Note that something works whose attempt began at a moment."""
        with self.lock:
            now, still = time.monotonic(), []
            for kind, sign, at in self.open:
                if sign == name and at < begun:
                    self.took.setdefault(kind, []).append(now - at)
                else:
                    still.append((kind, sign, at))
            self.open = still


@dataclass(slots=True)
class Storm:
    """What the writers were told and what the watchers saw."""

    town: TownProcesses
    journal: Path
    heals: Heals = field(default_factory=Heals)
    stop: threading.Event = field(default_factory=threading.Event)
    acknowledged: list[tuple[float, str, str]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    checkpoints: dict[int, set[bytes]] = field(default_factory=dict)
    shown_backwards: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, browser: requests.Session, seed: int, pause: float) -> None:
        """Send one case after the other until told to stop; keep what was acknowledged."""
        chance, token, number = random.Random(seed), "", 0
        while not self.stop.wait(chance.uniform(0, 2 * pause)):
            number += 1
            begun = time.monotonic()
            try:
                token = token or csrf(browser, self.town.url)
                path, form = submission(seed, number)
                answer = browser.post(
                    self.town.url + path, {**form, "csrf_token": token},
                    allow_redirects=False, timeout=15,
                )  # fmt: skip
            except requests.RequestException as error:
                self._refuse(type(error).__name__)
                continue
            if answer.status_code == 303:
                self._keep(answer.headers["Location"])
                self.heals.sign("acknowledged", begun)
            else:
                self._refuse(str(answer.status_code))
                token = ""

    def _refuse(self, why: str) -> None:
        with self.lock:
            self.refused[why] += 1

    def _keep(self, address: str) -> None:
        _, section, ref = urlsplit(address).path.split("/")
        with self.lock, self.journal.open("a") as file:
            file.write(f"{section}/{ref}\n")
            file.flush()
            os.fsync(file.fileno())
            self.acknowledged.append((time.monotonic(), section, ref))

    def release(self, browser: requests.Session) -> None:
        """Release the texts of every third acknowledged request, so that records are made."""
        place = 0
        while not self.stop.wait(0.5):
            with self.lock:
                here = self.acknowledged[place:]
            for _, section, ref in here[:1]:
                place += 3
                if section == "requests":
                    try:
                        _release(self.town, browser, ref)
                    except requests.RequestException as error:
                        self._refuse(f"desk {type(error).__name__}")

    def watch(self) -> None:
        """Fetch the checkpoint again and again, as anybody may; keep each that was shown."""
        largest, base, asked = 0, -1, time.monotonic()
        while not self.stop.wait(0.1):
            begun = time.monotonic()
            try:
                answer = requests.get(f"{self.town.url}/log/checkpoint", timeout=5)
                if answer.status_code != 200:
                    continue
                seen = parse(notes.parse(answer.content).text)
            except requests.RequestException:
                continue
            self.checkpoints.setdefault(seen.size, set()).add(seen.root)
            self.shown_backwards += seen.size < largest
            if seen.size > base:  # grown since it was last looked at
                self.heals.sign("grown", asked)
            base, asked, largest = seen.size, begun, max(largest, seen.size)

    def follow(self, file: Path) -> None:
        """Read what the puller says."""
        place = 0
        while not self.stop.wait(0.1):
            lines = file.read_text().splitlines() if file.exists() else []
            for line in lines[place:]:
                begun, result, *_ = line.split("\t")
                if result in {"taken", "unchanged"}:
                    self.heals.sign("pulled", float(begun))
            place = len(lines)

    def ask(self, url: str, sign: str, every: float = 0.2) -> None:
        """Ask an address again and again."""
        while not self.stop.wait(every):
            begun = time.monotonic()
            try:
                if requests.get(url, timeout=5).status_code == 200:
                    self.heals.sign(sign, begun)
            except requests.RequestException:
                continue


def submission(seed: int, number: int) -> tuple[str, dict[str, str]]:
    """Return where a form goes and what is in it: a request, a report, in turn."""
    if number % 2:
        return "/requests/new", {
            "object": "dataset",
            "title": f"Demande {seed}-{number}",
            "wanted": "Toutes les données de la ville.",
        }
    return "/incidents/new", {
        "family": "street",
        "category": "lighting",
        "description": f"Lampadaire éteint, {seed}-{number}",
    }


def _release(town: TownProcesses, browser: requests.Session, ref: str) -> None:
    desk = f"{town.url}/desk/cases/{ref}"
    texts = re.findall(r'name="text-(\d+)"', browser.get(desk, timeout=15).text)
    words = {"public": "Toutes les données de la ville.", "csrf_token": csrf(browser, town.url)}
    for one in texts:
        browser.post(f"{desk}/texts/{one}/release", words, allow_redirects=False, timeout=15)


@dataclass(frozen=True, slots=True)
class Found:
    """What is wrong when all is over; every list and number is to be empty or zero."""

    cases: int
    entries: int
    lost: list[tuple[float, str]]
    doubled: int
    forked: list[int]
    half: dict[str, int]


def look(url: str, storm: Storm, accepted: list[tuple[int, bytes]]) -> Found:
    """Compare the town's tables with what was told and shown; `accepted` is the aggregator's."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:

        def rows(statement: str) -> list[Any]:
            return list(connection.execute(text(statement)))

        whole = {row.ref for row in rows(LOST)}
        half = {name: int(rows(statement)[0][0] or 0) for name, statement in HALF.items()}
        leaves = leaves_in(rows(LEAVES))
        cases = int(rows('SELECT count(*) FROM "case"')[0][0])
        twice = int(rows(DOUBLED)[0][0])
    received = [e.commitment for e in map(_entry, leaves) if isinstance(e, ReceivedEntry)]
    refs = [ref for _, _, ref in storm.acknowledged]
    return Found(
        cases=cases,
        entries=len(leaves),
        lost=[(at, ref) for at, _, ref in storm.acknowledged if ref not in whole],
        doubled=twice + len(received) - len(set(received)) + len(refs) - len(set(refs)),
        forked=_forks(leaves, [(s, r) for s, seen in storm.checkpoints.items() for r in seen])
        + _forks(leaves, accepted),
        half={name: count for name, count in half.items() if count},
    )


def _entry(leaf: str) -> object:
    return parse_entry(leaf.encode())


def _forks(leaves: list[str], seen: list[tuple[int, bytes]]) -> list[int]:
    """Return the sizes at which somebody saw another root than the log has now."""
    owed: dict[int, list[bytes]] = {}
    for size, root in seen:
        owed.setdefault(size, []).append(root)
    tree, wrong = Frontier(), []
    for size in range(len(leaves) + 1):
        wrong += [size for root in owed.pop(size, []) if root != tree.root()]
        if size < len(leaves):
            tree = tree.with_one(leaf_hash(leaves[size].encode()))
    return wrong + list(owed)


def in_threads(*works: Callable[[], None]) -> list[threading.Thread]:
    """Start works in threads of their own."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    return threads
