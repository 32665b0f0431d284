# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town and its nation for the restore drill, and a stranger who keeps every note.

The nation is the real one, a copy of the same contract that can be told to lie, or none. Both
applications are served over real HTTP on the loopback; the signer is the real one, in a thread.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

from beffroi.backups import commands as backups
from beffroi.feed import commands as feed
from beffroi.feed.commands import epochs
from beffroi.feed.queries import SqlLogStore
from beffroi.feed.service.recovery import CaughtUp
from beffroi.kernel.db import db
from beffroi_federation import auditor
from beffroi_federation.aggregator.kernel.db import MIGRATIONS
from beffroi_federation.aggregator.witness.adapters import keys
from beffroi_federation.checkpoint import open_checkpoint
from beffroi_federation.merkle import root_at
from beffroi_federation.notes import Verifier
from beffroi_federation.signing import SignerStanding
from beffroi_web.clock import FixedClock
from beffroi_web.database import _writing
from support.browser import Quiet, served
from support.databases import fresh
from support.nation import Nation
from support.nation_copy import NationCopy
from support.town import NOON, Town, open_town
from support.town_files import write_files


@dataclass(frozen=True)
class Served:
    """A town as the nation's tests know one: where its log is."""

    prefix: str


class Died(Exception):
    """The crash of a test."""


@dataclass
class Drill:
    """A town, its nation, and every note that anybody was given."""

    town: Town
    folder: Path
    pull: Callable[[], None]
    notes: set[str] = field(default_factory=set)
    said: list[str] = field(default_factory=list)

    def look(self) -> None:
        """Be a stranger who asks for the checkpoint now."""
        answer = self.town.app.test_client().get("/log/checkpoint")
        if answer.status_code == 200:
            self.notes.add(answer.get_data(as_text=True))

    def work(self) -> None:
        """Let the worker do all that is due; somebody looks afterwards."""
        self.town.work()
        self.look()

    def back_up(self) -> Path:
        file = self.folder / f"{len(list(self.folder.glob('*.backup')))}.backup"
        with self.town.app.app_context():
            backups.backup(self.town.settings, file, now=self.town.now)
        return file

    def restore(self, file: Path) -> None:
        with self.town.app.app_context():
            backups.restore(
                self.town.settings,
                file,
                now=self.town.now,
                confirm=lambda _: True,
                say=self.said.append,
            )
            db.session.remove()
        self.look()

    def recover(self) -> CaughtUp:
        """Let the log catch up, as `beffroi restore` does."""
        town = self.town
        with town.app.app_context():
            signer = feed.signer_for(town.settings)
            try:
                report = feed.recover(town.settings, signer, now=town.now, today=town.today)
                self.said += feed.told(report, town.settings)
            finally:
                db.session.remove()
        self.look()
        return report

    def begin_epoch(self, *, dies_before_the_key: bool = False) -> list[str]:
        """Begin a new epoch, as `beffroi restore --new-epoch` does; or die half-way."""
        town = self.town

        def chance(size: int) -> bytes:
            if dies_before_the_key and _writing.get() is None:
                raise Died
            return town.chance(size)

        with town.app.app_context():
            try:
                return epochs.begin_epoch(
                    town.settings,
                    now=town.now,
                    today=town.today,
                    chance=chance,
                    terminal=None,
                )
            finally:
                db.session.remove()

    def records(self) -> list[dict[str, Any]]:
        """The records that are served now."""
        client = self.town.app.test_client()
        lines = client.get("/log/content/000").get_data().splitlines()
        if not lines or not lines[0].startswith(b'{"d"'):
            rows = self.town.rows("SELECT content FROM log_content")
            return [json.loads(bytes(row.content)) for row in rows]
        return [json.loads(json.loads(line)["d"]) for line in lines]

    def is_sound(self) -> None:
        """Ask anyone's auditor about everything that the town serves now."""
        folder = self.folder / f"copy-{len(list(self.folder.glob('copy-*')))}"
        write_files(folder, self.town.files())
        assert auditor.main([str(folder)]) == 0

    def standing(self) -> SignerStanding:
        """Where the signer stands."""
        return feed.signer_for(self.town.settings).state()

    def size(self) -> int:
        """How many entries the served checkpoint covers."""
        return int(self.town.one("SELECT max(published) FROM log_state"))

    def dump(self) -> dict[str, list[object]]:
        """Every row of every table, as it is in the database."""
        with self.town.look():
            return {
                table.name: [tuple(row) for row in db.session.execute(table.select())]
                for table in db.metadata.sorted_tables
            }

    def no_fork(self) -> None:
        """Every note that was ever given is the beginning of the log as it is now."""
        with self.town.look():
            store = SqlLogStore()
            vkeys = [Verifier.from_text(v) for v in feed.signer_for(self.town.settings).vkeys()]
            for note in self.notes:
                seen = open_checkpoint(note, vkeys)
                assert seen.size <= store.head().published
                assert root_at(store, seen.size) == seen.root

    def leaves(self) -> list[dict[str, Any]]:
        with self.town.look():
            store = SqlLogStore()
            return [json.loads(leaf) for leaf in store.read_leaves(0, store.head().size)]

    def nothing_twice(self) -> None:
        """No case is received twice, no record has two first versions, no cell two entries."""
        leaves = [json.dumps(leaf) for leaf in self.leaves() if leaf["t"] != "bat"]
        assert len(leaves) == len(set(leaves))
        first: dict[str, int] = {}
        for row in self.town.rows(
            "SELECT fact, entry FROM log_fact WHERE entry IN ('rec', 'rcv')"
            " AND log_id = (SELECT max(log_id) FROM log_state)"
        ):
            first[row.fact] = first.get(row.fact, 0) + 1
        assert {fact: n for fact, n in first.items() if n > 1} == {}
        answered = [leaf["q"] for leaf in self.leaves() if "q" in leaf]
        assert len(answered) == len(set(answered))
        seen: set[str] = set()
        for row in self.town.rows("SELECT content FROM log_content"):
            record = json.loads(bytes(row.content))
            if record["kind"] == "incident_summary":
                key = ":".join(record[m] for m in ("family", "category", "area", "period"))
                assert key not in seen
                seen.add(key)

    def served_text(self) -> str:
        """Everything that strangers read of the town: its log's contents and its lists."""
        client = self.town.app.test_client()
        pages = ("/log/content/000", "/requests", "/api/v1/requests?limit=200")
        return "".join(client.get(p).get_data(as_text=True) for p in pages)


@contextmanager
def drilled(
    database_url: str, folder: Path, stack: ExitStack, *, kind: str, **changes: Any
) -> Iterator[tuple[Drill, Any]]:
    """A town with its nation, the real one or a copy, in this process over real HTTP."""
    server = make_server("127.0.0.1", 0, Flask("none yet"), threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    here = f"http://127.0.0.1:{server.server_port}"
    nation: Any = None
    settings: dict[str, Any] = {"public_url": here, **changes}
    policy = ""
    if kind == "real":
        url = fresh("sqlite", MIGRATIONS, folder)
        (folder / "nation").mkdir()
        public = keys.create(folder / "nation", "http://127.0.0.1:8300", bytes(range(50, 82)))
        policy = f"witness nation {public.witness.vkey()}\nquorum nation\n"
        nation = stack.enter_context(Nation.on(url, folder / "nation", FixedClock(NOON)))
        settings["aggregator_url"] = stack.enter_context(served(nation.app))
    elif kind == "copy":
        nation = NationCopy()
        policy = nation.policy
        settings["aggregator_url"] = stack.enter_context(nation.served())
    if policy:
        settings["witness_policy"] = str(folder / "policy")
        (folder / "policy").write_text(policy)
    (folder / "town").mkdir()
    with open_town(folder / "town", database_url, **settings) as town:
        server.app = town.app

        def pull() -> None:
            if kind == "copy":
                nation.take(town)
            elif kind == "real":
                nation.clock.move(town.now - nation.clock.now())
                if here not in nation.peers:
                    nation.know(Served(f"{here}/log"))
                done = nation.pull(town.settings.siren)
                assert not done[town.settings.siren].sentence, done

        try:
            yield Drill(town, folder, pull), nation
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
