# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two hundred submissions while web, worker and signer are killed again and again.

The clients keep a journal, as people keep what a site told them: a reference is in it only once
the site answered 303 with its address. Whatever dies, each of them must exist afterwards, whole,
and be in the log once; and whoever read the log meanwhile must never have been shown two histories.
"""

import os
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from sqlalchemy import text

from beffroi.kernel.db import MIGRATIONS, db
from beffroi_federation import auditor
from beffroi_federation.aggregator.kernel.db import MIGRATIONS as NATIONAL_MIGRATIONS
from beffroi_federation.aggregator.towns import commands as towns
from beffroi_federation.entries import ReceivedEntry, parse_entry
from beffroi_web.clock import FixedClock, SystemClock
from support.databases import database_fixture, fresh
from support.demo_run import free_base
from support.log_rows import LEAVES, leaves_in
from support.nation import Nation
from support.town_processes import TownProcesses, csrf

pytestmark = pytest.mark.slow
database_url = database_fixture(MIGRATIONS, kinds=("sqlite",))

SUBMISSIONS = 200
CLIENTS = 4
SECONDS = 150
KILLS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (15, ("worker",)),
    (40, ("web",)),
    (70, ("worker", "web")),
    (85, ("signer",)),
    (100, ("web child",)),
    (125, ("worker",)),
    (150, ("web", "signer", "worker")),
    (180, ("worker",)),
)
"""After how many acknowledgements what is killed."""


@dataclass
class Journal:
    """What the clients were told: a line a reference, on disk before the next thing is sent."""

    path: Path
    lock: threading.Lock = field(default_factory=threading.Lock)
    lines: list[str] = field(default_factory=list)

    def write(self, path: str) -> None:
        """Note the path of an acknowledged case."""
        with self.lock, self.path.open("a") as file:
            file.write(path + "\n")
            file.flush()
            os.fsync(file.fileno())
            self.lines.append(path)

    def refs(self, section: str) -> list[str]:
        """Return the acknowledged references of `requests` or `incidents`."""
        found = [line.split("/") for line in self.path.read_text().splitlines()]
        return [parts[2] for parts in found if parts[1] == section]


def submit(
    town: TownProcesses, browser: requests.Session, token: str, number: int, journal: Journal
) -> None:
    """Send one form until it is acknowledged; what is not acknowledged is sent anew."""
    if number % 2:
        path = "/requests/new"
        form = {
            "object": "dataset",
            "title": f"Demande numéro {number}",
            "wanted": "Toutes les données de la ville.",
            "csrf_token": token,
        }
    else:
        path = "/incidents/new"
        form = {
            "family": "street",
            "category": "lighting",
            "description": f"Lampadaire éteint, numéro {number}",
            "csrf_token": token,
        }
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        try:
            answer = browser.post(town.url + path, form, allow_redirects=False, timeout=10)
        except requests.RequestException:
            time.sleep(0.1)
            continue
        if answer.status_code == 303:
            journal.write(urlsplit(answer.headers["Location"]).path)
            return
        assert answer.status_code >= 500, (answer.status_code, answer.text[:500])
    raise AssertionError(f"{path} was never acknowledged: {town.said()}")


def kill(town: TownProcesses, what: str) -> None:
    """Kill a part and start it again at once."""
    if what == "worker":
        town.kill_worker()
        town.start_worker()
    elif what == "signer":
        town.kill_signer()
        town.start_signer()
    elif what == "web":
        town.kill_web()
        town.start_web()
    else:
        town.kill_web_child()


@dataclass
class Reader:
    """The nation, pulling again and again while the town dies and comes back."""

    nation: Nation
    url: str
    results: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def know(self) -> None:
        """Register and approve the town."""
        nation = self.nation
        nation.peers.add(self.url)
        with nation.app.app_context():
            row = towns.add(self.url, nation.connect(), None, now=nation.clock.now())
            towns.approve(row.siren, by="Ada", dns_checked=False, words="", now=nation.clock.now())

    def pull(self) -> str:
        """Pull once; return the result."""
        [done] = self.nation.pull().values()
        self.results.append(f"{done.result}: {done.sentence}" if done.sentence else done.result)
        return done.result

    def forever(self) -> None:
        """Pull until told to stop."""
        while not self.stop.wait(0.5):
            self.pull()


def agent_releases(
    town: TownProcesses, browser: requests.Session, journal: Journal, stop: threading.Event
) -> None:
    """Release the texts of some acknowledged requests, as an agent does, while all this goes on."""
    for place in count():
        while len(journal.lines) <= place:
            if stop.wait(0.1):
                return
        _, section, ref = journal.lines[place].split("/")
        if section == "requests" and place % 3 == 0:
            with suppress(requests.RequestException):
                _release(town, browser, ref)


def _release(town: TownProcesses, browser: requests.Session, ref: str) -> None:
    desk = f"{town.url}/desk/cases/{ref}"
    texts = re.findall(r'name="text-(\d+)"', browser.get(desk, timeout=10).text)
    words = {"public": "Toutes les données de la ville.", "csrf_token": csrf(browser, town.url)}
    for text_id in texts:
        browser.post(f"{desk}/texts/{text_id}/release", words, allow_redirects=False, timeout=10)


def burst(town: TownProcesses, app: Flask, journal: Journal, reader: Reader) -> None:
    """Send everything from several clients while parts die; return once all is acknowledged."""
    browsers = [town.signed_in(app, f"citizen-{n}") for n in range(CLIENTS)]
    citizens = [(browser, csrf(browser, town.url)) for browser in browsers]
    agent = town.signed_in(app, "agent", "agent")
    numbers = iter(range(SUBMISSIONS))
    stop = threading.Event()

    def client(browser: requests.Session, token: str) -> None:
        while (number := next_of(numbers)) is not None:
            submit(town, browser, token, number, journal)

    with ThreadPoolExecutor(CLIENTS + 2) as pool:
        pulling = pool.submit(reader.forever)
        releasing = pool.submit(agent_releases, town, agent, journal, stop)
        sending = [pool.submit(client, *one) for one in citizens]
        try:
            for after, parts in KILLS:
                while len(journal.lines) < after and not all(one.done() for one in sending):
                    time.sleep(0.01)
                for part in parts:
                    kill(town, part)
            for one in sending:
                one.result()
        finally:
            stop.set()
            reader.stop.set()
        pulling.result()
        releasing.result()


_one_at_a_time = threading.Lock()


def next_of(numbers: Iterator[int]) -> int | None:
    """Return the next number, or None after the last; for several threads."""
    with _one_at_a_time:
        return next(numbers, None)


@dataclass(frozen=True, slots=True)
class After:
    """What is left when the burst is over and the worker has done all it had to."""

    town: TownProcesses
    app: Flask
    journal: Journal
    reader: Reader

    def rows(self, statement: str) -> list[Any]:
        """Return the rows of a plain SQL statement on the town's database."""
        with self.app.app_context():
            found = list(db.session.execute(text(statement)))
            db.session.rollback()
            return found

    def one(self, statement: str) -> int:
        """Return the one number that a statement counts."""
        [[number]] = self.rows(statement)
        return int(number)


def settle(town: TownProcesses) -> None:
    """Let the worker finish, then look with the command that an operator would use."""
    for _ in range(20):
        done = town.run("publish")
        assert done.returncode == 0, done.stderr
        if done.stdout.startswith("0 entries"):
            return
    raise AssertionError("there is always more to publish")


@pytest.fixture
def after(database_url: str, tmp_path: Path) -> Iterator[After]:
    national = fresh("sqlite", NATIONAL_MIGRATIONS, tmp_path)
    clock = FixedClock(SystemClock().now())
    with (
        TownProcesses(tmp_path, database_url, free_base()) as town,
        Nation.on(national, tmp_path, clock) as nation,
    ):
        app = town.app()
        town.start_signer()
        town.start_web()
        town.start_worker()
        town.wait()
        journal = Journal(tmp_path / "journal")
        reader = Reader(nation, town.url)
        reader.know()
        burst(town, app, journal, reader)
        town.kill_worker()
        settle(town)
        town.wait()
        yield After(town, app, journal, reader)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def test_a_burst_survives_every_death(after: After) -> None:
    assert set(after.town.deaths) == {"web", "web child", "worker", "signer"}
    assert len(after.journal.lines) == SUBMISSIONS
    assert len(set(after.journal.lines)) == SUBMISSIONS
    _every_acknowledged_case_is_whole(after)
    _no_case_is_a_torso(after)
    _every_request_is_in_the_log_once(after)
    _the_log_is_sound(after)
    _the_reader_was_never_shown_two_histories(after)


def _every_acknowledged_case_is_whole(after: After) -> None:
    steps = {
        (row.kind, row.ref)
        for row in after.rows(
            'SELECT c.kind, c.ref FROM "case" c JOIN timeline t ON t.case_id = c.id'
            " WHERE t.step = 'received'"
        )
    }
    told = {("data_request", ref) for ref in after.journal.refs("requests")}
    told |= {("street", ref) for ref in after.journal.refs("incidents")}
    assert told <= steps
    owed = {
        row.ref
        for row in after.rows(
            'SELECT c.ref FROM "case" c JOIN outbox o ON o.case_id = c.id'
            " WHERE o.fact = 'received' AND o.done_at IS NOT NULL"
        )
    }
    assert set(after.journal.refs("requests")) <= owed


def _no_case_is_a_torso(after: After) -> None:
    """Also what was never acknowledged is there with all its rows, or not at all."""
    cases = after.one('SELECT count(*) FROM "case"')
    requests_ = after.one("SELECT count(*) FROM \"case\" WHERE kind = 'data_request'")
    assert cases >= SUBMISSIONS
    assert after.one("SELECT count(*) FROM timeline WHERE step = 'received'") == cases
    assert after.one("SELECT count(DISTINCT case_id) FROM case_text") == cases
    assert after.one("SELECT count(*) FROM data_request") == requests_
    assert after.one("SELECT count(*) FROM incident") == cases - requests_
    assert after.one("SELECT count(*) FROM outbox WHERE fact = 'received'") == requests_
    assert after.one("SELECT max(last) FROM ref_counter") == cases


def _every_request_is_in_the_log_once(after: After) -> None:
    assert after.one("SELECT count(*) FROM outbox WHERE done_at IS NULL") == 0
    twice = "SELECT fact FROM log_fact GROUP BY log_id, fact, version HAVING count(*) > 1"
    assert after.rows(twice) == []
    received = [r.fact for r in after.rows("SELECT fact FROM log_fact WHERE entry = 'rcv'")]
    cases = after.rows("SELECT id FROM \"case\" WHERE kind = 'data_request'")
    assert sorted(received) == sorted(f"received:{row.id}" for row in cases)
    leaves = [parse_entry(leaf.encode()) for leaf in leaves_in(after.rows(LEAVES))]
    commitments = [leaf.commitment for leaf in leaves if isinstance(leaf, ReceivedEntry)]
    assert len(commitments) == len(set(commitments)) == len(cases)
    assert after.one("SELECT count(*) FROM log_fact WHERE entry = 'rec'") > 0


def _the_log_is_sound(after: After) -> None:
    assert auditor.main([after.town.url, "--json"]) == auditor.SOUND


def _the_reader_was_never_shown_two_histories(after: After) -> None:
    """While it went on the town was sometimes away; it never once contradicted itself."""
    seen = {result.split(":")[0] for result in after.reader.results}
    assert seen <= {"taken", "unchanged", "unreachable"}, after.reader.results
    assert after.reader.results.count("taken") > 2, after.reader.results
    assert after.reader.pull() in {"taken", "unchanged"}
    town = after.reader.nation.client().get("/api/v1/towns").get_json()["items"][0]
    assert (town["state"], town["refused"]) == ("approved", False)
    assert town["size"] == after.one("SELECT published FROM log_state")
