# SPDX-License-Identifier: AGPL-3.0-or-later
"""A nation for tests: its application, its clock, and towns that it knows over real HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from beffroi_federation import canonical
from beffroi_federation.aggregator.app import create_app
from beffroi_federation.aggregator.config import AggregatorSettings, from_mapping
from beffroi_federation.aggregator.intake import commands as intake
from beffroi_federation.aggregator.intake.commands import Pulled, Rhythm
from beffroi_federation.aggregator.kernel.accounts import make_store
from beffroi_federation.aggregator.kernel.db import db
from beffroi_federation.aggregator.kernel.network import connector
from beffroi_federation.aggregator.towns import commands as towns
from beffroi_federation.aggregator.towns.queries import TownRow, town_by_siren
from beffroi_federation.client import Timeouts
from beffroi_federation.identity import Identity
from beffroi_web.clock import FixedClock
from beffroi_web.database import unit_of_work
from beffroi_web.sign_in.identities import Identity as Person
from beffroi_web.sign_in.routes import cookie_name
from beffroi_web.sign_in.store import SignInStore
from support.simulated_town import SimulatedTown

PROVIDER = {
    "label": "Test",
    "issuer": "http://127.0.0.1:9/",
    "client_id": "nation",
    "client_secret": "a secret of the provider",
}


@dataclass
class NamedTown(SimulatedTown):
    """A simulated town with a name, a SIREN and communes of its own."""

    name: str = "Beffroi-sur-Exemple"
    siren: str = "210000006"
    communes: tuple[str, ...] = ("99999",)
    kind: str = "commune"
    population_band: str = "2000-9999"

    def identity(self) -> Identity:
        """Return the identity with this town's own members."""
        return replace(
            super().identity(),
            name=self.name,
            siren=self.siren,
            communes=self.communes,
            kind=self.kind,
            population_band=self.population_band,
        )


def make_town(
    siren: str = "210000006", name: str = "Beffroi-sur-Exemple", **more: Any
) -> NamedTown:
    """Return a town whose origin and key name are its own."""
    return NamedTown(origin=f"beffroi.example/beffroi/{siren}/1", siren=siren, name=name, **more)


def request_content(number: int = 1, **members: object) -> bytes:
    """Return the canonical bytes of a request record; members are replaced, None leaves one out."""
    record: dict[str, object] = {
        "v": 1,
        "kind": "request",
        "id": f"simulated-request-{number:04d}",
        "lang": "fr",
        "object": "dataset",
        "theme": "TRAN",
        "title": f"Horaires des autobus, ligne {number}",
        "summary": "Les horaires de passage à chaque arrêt.",
        "period": "2026-W40",
        "status": "open",
        "supports": "0",
        "clock": "in_time",
    } | members
    return canonical.encode({k: v for k, v in record.items() if v is not None})


def cell_content(**members: object) -> bytes:
    """Return the canonical bytes of a cell of incident counts."""
    record: dict[str, object] = {
        "v": 1,
        "kind": "incident_summary",
        "family": "street",
        "category": "lighting",
        "area": "99999",
        "period": "2026-W40",
        "state": "shown",
        "count": 12,
    } | members
    return canonical.encode({k: v for k, v in record.items() if v is not None})


@dataclass
class Nation:
    """One aggregator in this process."""

    app: Flask
    settings: AggregatorSettings
    clock: FixedClock
    peers: set[str] = field(default_factory=set)

    @classmethod
    @contextmanager
    def on(cls, url: str, folder: Path, clock: FixedClock, **more: Any) -> Iterator["Nation"]:
        """Give a nation on a migrated database; its connections are closed at the end."""
        settings = from_mapping(
            {
                "name": "Beffroi national",
                "public_url": "http://127.0.0.1:8300",
                "secret_key": "a secret of the tests, long enough to be one",
                "data_dir": str(folder),
                "database_url": url,
                "providers": {"test": PROVIDER},
                "contact": "contact@nation.example",
                **more,
            }
        )
        app = create_app(settings, clock=clock)
        try:
            yield cls(app, settings, clock)
        finally:
            with app.app_context():
                db.session.remove()
                db.engine.dispose()

    @property
    def rhythm(self) -> Rhythm:
        """Return how often towns are asked."""
        return Rhythm(self.settings.pull_every, self.settings.recheck_every)

    def connect(self) -> Any:
        """Return how this nation reaches the towns that it was told of."""
        settings = replace(self.settings, demo_peers=frozenset(self.peers))
        return connector(settings, Timeouts(connect=5.0, total=6.0, grace=2.5))

    def know(self, town: SimulatedTown, *, approve: bool = True) -> TownRow:
        """Register a served town, and approve it."""
        return self.know_at(town.prefix.removesuffix("/log"), approve=approve)

    def know_at(self, url: str, *, approve: bool = True) -> TownRow:
        """Register the town that answers at an address, and approve it."""
        self.peers.add(url)
        with self.app.app_context():
            row = towns.add(url, self.connect(), None, now=self.clock.now())
            if approve:
                row = towns.approve(
                    row.siren, by="Ada Test", dns_checked=False, words="", now=self.clock.now()
                )
        return row

    def pull(self, siren: str | None = None) -> dict[str, Pulled]:
        """Pull every town (or one) now; return the last result of each by SIREN."""
        done = intake.pull(self.app, self.connect(), self.rhythm, siren=siren)
        return {one.siren: one for one in done}

    def town(self, siren: str = "210000006") -> TownRow:
        """Return a town as the registry holds it."""
        with self.app.app_context():
            row = town_by_siren(siren)
        assert row is not None
        return row

    def client(self) -> FlaskClient:
        """Return somebody who reads the pages."""
        return self.app.test_client()

    def page(self, path: str, lang: str = "en") -> str:
        """Return a page's HTML, which must be there."""
        answer = self.client().get(path, headers={"Accept-Language": lang})
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.get_data(as_text=True)

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """Return every row of a table, in the order of its first columns."""
        with self.app.app_context():
            rows = db.session.execute(text(f"SELECT * FROM {table}"))
            return sorted((tuple(row) for row in rows), key=repr)

    def dump(self) -> str:
        """Return every value of every table, for looking that something is in none of them."""
        with self.app.app_context():
            tables = [table.name for table in db.metadata.sorted_tables] + ["record_search"]
        return "\n".join(repr(row) for table in tables for row in self.rows(table))

    def signed_in(self, *roles: str) -> FlaskClient:
        """Return a browser in which somebody is signed in, with these roles."""
        store: SignInStore = make_store(self.settings)
        token = "1" * 64
        now = self.clock.now()
        with self.app.app_context():
            with unit_of_work(db):
                for role in roles:
                    store.grant("test", role, subject="ada", now=now)
                person = Person(
                    provider="test",
                    issuer=PROVIDER["issuer"],
                    subject="ada",
                    display_name="Ada Test",
                    email=None,
                    email_verified=False,
                    claim_roles=frozenset(),
                    id_token="none",
                )
                store.sign_in(person, token=token, now=now)
        client = self.client()
        site = self.app.extensions["beffroi_web"].site
        client.set_cookie(cookie_name(site), token)
        return client


def cyber_content(number: int = 1, **members: object) -> bytes:
    """Return the canonical bytes of a released cyber record; members are replaced."""
    record: dict[str, object] = {
        "v": 1,
        "kind": "cyber_incident",
        "id": f"simulated-cyber-{number:06d}",
        "class": "fraud",
        "surface": "website",
        "impact": "minor",
        "duration": "1-7d",
        "period": "2026-Q1",
        "tlp": "CLEAR",
    } | members
    return canonical.encode(record)
