# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole federation on one machine: made from nothing, started, described, stopped."""

import json
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from werkzeug.serving import BaseWSGIServer

from beffroi import operating
from beffroi.app import create_app
from beffroi.config import from_environ
from beffroi.dashboards.queries import totals
from beffroi.kernel.db import db, unit_of_work
from beffroi.outbox.queries import waiting_count
from beffroi_federation.aggregator.app import create_app as create_nation
from beffroi_federation.aggregator.config import from_environ as nation_from_environ
from beffroi_federation.aggregator.national.queries import count_records
from beffroi_web.clock import SystemClock
from demo.journey import checkpoint, is_verified
from demo.participation import add_page
from demo.places import HOST, Layout, Town
from demo.processes import Processes, check_free, environment, nation
from demo.provider import make_provider_server
from demo.real_data import files_for, weeks_moved
from demo.seeds import seed
from demo.settings import aggregator_environment, clients, town_environment

ROLES = (
    ("agent", "agent"), ("agent", "cyber_officer"), ("moderator", "moderator"),
    ("administrator", "administrator"),
)  # fmt: skip
GENERATED_REPORTS = 1600
SETTLE_SECONDS = 3600


@dataclass(slots=True)
class Federation:
    """All parts of the demonstration, and what it takes to start and stop them."""

    layout: Layout
    data: Path | None
    tell: Callable[[str], None]
    processes: Processes = field(init=False)
    provider: BaseWSGIServer | None = None

    def __post_init__(self) -> None:
        """Make the folders and the secret that all other secrets come from."""
        self.layout.mail.mkdir(parents=True, exist_ok=True)
        secret = self.layout.folder / "secret"
        if not secret.exists():
            descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32))
        self.processes = Processes(self.layout.folder / "logs")

    def weeks(self, town: Town) -> int:
        """Return by how many weeks a town's real data was moved."""
        return weeks_moved(self.data, town, SystemClock().now()) if self.data else 0

    def prepare(self) -> None:
        """Make every town's keys, tables, roles and cases, and the nation's tables."""
        check_free(self.layout.ports)
        settings = aggregator_environment(self.layout)
        self._pin_the_hints(nation(["init"], settings))
        self._tell_of_the_witness()
        self._make_a_cert()
        grant = ["agents", "add", "operator", "--provider", "demo", "--subject", "operator"]
        nation(grant, settings)
        for town in self.layout.towns:
            self.tell(f"preparing {town.name} …")
            described = from_environ(town_environment(self.layout, town))
            operating.init(described, say=self.tell)
            app = create_app(described)
            now = SystemClock().now()
            with app.app_context():
                with unit_of_work():
                    store = app.extensions["beffroi"].sign_in
                    for login, role in ROLES:
                        store.grant("demo", role, subject=login, now=now)
                db.session.remove()
            first = town is self.layout.towns[0]
            seed(app, town, today=now.date(), reports=GENERATED_REPORTS, with_campaigns=first)
            with app.app_context():
                db.engine.dispose()
            self._import(town)

    def _tell_of_the_witness(self) -> None:
        """Write the policy by which every town has its log witnessed by the nation."""
        vkeys = self.layout.folder / "aggregator" / "witness" / "vkeys"
        witness = vkeys.read_text(encoding="utf-8").splitlines()[0]
        text = f"witness nation {witness} {self.layout.aggregator}/witness\nquorum nation\n"
        self.layout.policy.write_text(text, encoding="utf-8")

    def _pin_the_hints(self, said: str) -> None:
        """Write down the key of the nation's hints, which every town pins, from what init says."""
        lines = [line for line in said.splitlines() if line.startswith("hints: ")]
        self.layout.hints_key.write_text(lines[0].removeprefix("hints: "), encoding="utf-8")

    def _make_a_cert(self) -> None:
        """Make the key of an invented CERT, once, so that what goes there can be opened here."""
        if (self.layout.cert / "public.asc").exists():
            return
        from pysequoia import Tsk

        self.layout.cert.mkdir(mode=0o700, exist_ok=True)
        key = Tsk.generate("CERT de démonstration <cert@demo.example>")
        (self.layout.cert / "secret.asc").write_bytes(bytes(key))
        public = str(key.extract_certificate())
        (self.layout.cert / "public.asc").write_text(public, encoding="utf-8")

    def _import(self, town: Town) -> None:
        if self.data is None:
            return
        for kind, path in files_for(self.data, town):
            self.tell(f"{town.name}: reading {path.name} …")
            arguments = ["import", kind, str(path), "--newest-yesterday"]
            with redirect_stdout(sys.stderr):  # standard output is for the one JSON object
                status = operating.main(arguments, environment(town_environment(self.layout, town)))
            if status:
                raise RuntimeError(f"{path.name} could not be imported")

    def start(self) -> None:
        """Start the provider, the towns with their signers and workers, and the nation."""
        server, _ = make_provider_server(
            self.layout.base + 1, clients(self.layout), self.layout.folder / "provider", host=HOST
        )
        add_page(server.app, self.layout)  # type: ignore[arg-type]  # it is our Flask application
        self.provider = server
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for town in self.layout.towns:
            settings = town_environment(self.layout, town)
            self.processes.start(f"{town.key}-signer", ["beffroi", "signer"], settings)
        for town in self.layout.towns:
            self.processes.wait_for_file(self.layout.town_folder(town) / "signer" / "socket")
            settings = town_environment(self.layout, town, weeks=self.weeks(town))
            bind = f"{HOST}:{town.port}"
            serve = ["beffroi", "serve", "--bind", bind, "--workers", "1", "--threads", "8"]
            self.processes.start(f"{town.key}-web", serve, settings)
            self.processes.start(
                f"{town.key}-worker", ["beffroi", "worker", "--every", "1"], settings
            )
        settings = aggregator_environment(self.layout)
        bind = f"{HOST}:{self.layout.base}"
        serve = ["beffroi-aggregator", "serve", "--bind", bind, "--workers", "1", "--threads", "8"]
        self.processes.start("aggregator-web", serve, settings)
        for town in self.layout.towns:
            self.processes.wait_for(f"{town.url}/readyz")
            self.processes.wait_for(f"{town.url}/log/checkpoint")
        self.processes.wait_for(f"{self.layout.aggregator}/healthz")

    def federate(self) -> None:
        """Have the nation add, check, approve and pull every town."""
        settings = aggregator_environment(self.layout)
        known = {t["siren"] for t in self._towns()}
        for town in self.layout.towns:
            if town.siren not in known:
                nation(["towns", "add", town.url], settings)
                nation(
                    ["towns", "approve", town.siren, "--by", "demonstration"],
                    settings,
                )
        self._settle()
        self.tell("the nation pulls and verifies …")
        nation(["pull", "--once"], settings)

    def _settle(self) -> None:
        """Wait until every town has published what waited in its outbox."""
        until = time.monotonic() + SETTLE_SECONDS
        for town in self.layout.towns:
            app = create_app(from_environ(town_environment(self.layout, town)))
            with app.app_context():
                while waiting := waiting_count():
                    self.tell(f"{town.name} publishes, {waiting} facts to go …")
                    if time.monotonic() > until:
                        raise RuntimeError(f"{town.name} has not published in time")
                    time.sleep(0.5 if waiting < 500 else 5)
                    db.session.rollback()
                db.session.remove()
                db.engine.dispose()

    def _register(self) -> list[dict[str, Any]]:
        answer = requests.get(f"{self.layout.aggregator}/api/v1/towns?limit=200", timeout=30)
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def keep_pulling(self) -> None:
        """Start the nation's worker, which pulls by itself from now on."""
        settings = aggregator_environment(self.layout)
        self.processes.start("aggregator-worker", ["beffroi-aggregator", "worker"], settings)

    def _towns(self) -> list[dict[str, Any]]:
        listed = nation(["towns", "list", "--json"], aggregator_environment(self.layout))
        return [json.loads(line) for line in listed.splitlines()]

    def stop(self) -> None:
        """Stop everything that was started."""
        self.processes.stop()
        if self.provider is not None:
            self.provider.shutdown()
            self.provider = None

    def report(self, ok: bool, journey: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the one object that the demonstration prints."""
        towns = self._register()
        return {
            "ok": ok,
            "provider": {"url": self.layout.provider},
            "towns": [self._town_report(town) for town in self.layout.towns],
            "aggregator": {
                "url": self.layout.aggregator,
                "towns": len(towns),
                "verified": sum(is_verified(t) for t in towns),
                "entries": sum(t["size"] for t in towns),
                "records": self._records(),
                "refused": sum(t["refused"] or t["state"] == "quarantined" for t in towns),
            },
            "journey": journey,
        }

    def _records(self) -> int:
        """Return how many current open records the nation holds."""
        app = create_nation(nation_from_environ(aggregator_environment(self.layout)))
        with app.app_context():
            return count_records()

    def _town_report(self, town: Town) -> dict[str, Any]:
        identity = requests.get(f"{town.url}/.well-known/beffroi.json", timeout=10).json()
        head = checkpoint(town.url)
        settings = from_environ(town_environment(self.layout, town))
        app = create_app(settings)
        with app.app_context():
            cases = totals()
        return {
            "name": town.name,
            "siren": town.siren,
            "kind": town.kind,
            "communes": list(town.communes),
            "url": town.url,
            "origin": identity["origin"],
            "vkey": identity["vkeys"][0],
            "cases": cases,
            "log": {"size": head.size, "root": head.root},
        }
