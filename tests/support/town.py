# SPDX-License-Identifier: AGPL-3.0-or-later
"""A whole town for tests, in one process: application, database, signer, clock, chance, mail.

    def test_…(town: Town) -> None:            # on SQLite and on PostgreSQL
        citizen = town.signed_in("citizen")
        ref = citizen.sends_request()
        town.release(ref)
        town.work()                            # mail goes out, the log grows

The fixtures are in `tests/plugin/conftest.py`. Nothing is patched: the settings are read by
`beffroi.config`, people are signed in by the store that sign-in itself uses (without a provider),
and what a browser does goes through the application's own routes.
"""

import hashlib
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from werkzeug.test import TestResponse

from beffroi.app import create_app
from beffroi.cases import queries as case_queries
from beffroi.cases import service as case_service
from beffroi.config import Settings, from_mapping
from beffroi.data_requests import rules as request_rules
from beffroi.data_requests import service as requests
from beffroi.incidents import service as incidents
from beffroi.kernel.actors import Actor
from beffroi.kernel.clock import local_day
from beffroi.kernel.db import db, unit_of_work
from beffroi.kernel.nightly import NIGHTS, RETENTION, REWRITE
from beffroi.legal.law import law_of
from beffroi.moderation import service as moderation
from beffroi.signer.commands import create_signer
from beffroi.worker import Worker
from beffroi_federation.tiles import (
    bundle_path,
    bundle_places,
    content_path,
    tile_path,
    tile_places,
)
from beffroi_web.clock import FixedClock
from beffroi_web.sign_in.identities import Identity
from beffroi_web.sign_in.routes import cookie_name
from support.signer import serving

NOON = datetime(2027, 1, 12, 11, 0, tzinfo=UTC)
"""A Tuesday, noon in the town: 2027-W02."""
PUBLIC_URL = "https://demandes.ville.example"
SEED = bytes(range(32))
PROVIDER = "tests"
ISSUER = "https://sign-in.example"

REQUEST: Mapping[str, Any] = {
    "object": "dataset",
    "title": "Menus des cantines scolaires",
    "wanted": "Les menus de chaque cantine, semaine par semaine, avec les allergènes.",
}
REPORT: Mapping[str, Any] = {
    "family": "street",
    "category": "lighting",
    "description": "Le lampadaire devant la mairie ne s’allume plus depuis trois jours.",
}
OWED: Mapping[str, Mapping[str, str]] = {
    "published": {"licence": "etalab-2.0"},
    "partly": {"licence": "etalab-2.0", "ground": "privacy"},
    "redirected": {"redirected_to": "La région"},
}
"""What an answer owes beyond what most tests are about, by its outcome."""
AGENT = Actor(name="Camille Agent", roles=frozenset({"agent"}))
MODERATOR = Actor(name="Dominique Moderator", roles=frozenset({"moderator"}))
CITIZEN = Actor(name="Alix Citizen", roles=frozenset({"citizen"}))

_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')


def at_once(works: Sequence[Callable[[], object]]) -> list[object]:
    """Run works in threads that start together; return results and errors in their order."""
    start = threading.Barrier(len(works))
    results: list[object] = [None] * len(works)

    def run(place: int, work: Callable[[], object]) -> None:
        start.wait()
        try:
            results[place] = work()
        except Exception as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=(n, w)) for n, w in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@dataclass(slots=True)
class CountedChance:
    """Chance that is the same in every run: the hash of a number that counts up."""

    drawn: int = 0

    def __call__(self, size: int) -> bytes:
        """Return that many bytes, never the same twice."""
        self.drawn += 1
        return hashlib.shake_256(b"beffroi tests %d" % self.drawn).digest(size)


@dataclass(slots=True)
class KeptMail:
    """A mailer that keeps messages in memory; `refusals` makes the next so many fail."""

    messages: list[EmailMessage] = field(default_factory=list)
    refusals: int = 0

    def send(self, message: EmailMessage) -> None:
        """Keep the message, or fail as a server that is down does."""
        if self.refusals:
            self.refusals -= 1
            raise ConnectionRefusedError("the mail server of the tests is down")
        self.messages.append(message)

    def to(self, address: str) -> list[EmailMessage]:
        """Return the messages to an address, in the order in which they were sent."""
        return [m for m in self.messages if m["To"] == address]


class Person:
    """Somebody's browser: keeps cookies, sends the token that forms carry."""

    def __init__(self, client: FlaskClient, *, account_id: int | None = None, email: str = ""):
        self.client = client
        self.account_id = account_id
        self.email = email

    def get(self, path: str, **options: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(path, base_url=PUBLIC_URL, **options)

    def page(self, path: str, **options: Any) -> str:
        """Open a page that must be there, and return its HTML."""
        response = self.get(path, **options)
        assert response.status_code == 200, (path, response.status_code)
        return response.get_data(as_text=True)

    def csrf(self) -> str:
        """Return the token that this person's forms carry now."""
        found = _CSRF.search(self.page("/requests/new"))
        assert found is not None
        return found[1]

    def post(
        self, path: str, form: Mapping[str, Any] | None = None, **options: Any
    ) -> TestResponse:
        """Send a form of ours."""
        data = {"csrf_token": self.csrf(), **(form or {})}
        return self.client.post(path, base_url=PUBLIC_URL, data=data, **options)

    def post_json(self, path: str, body: object) -> TestResponse:
        """Send JSON to the API, with the token in its header."""
        headers = {"X-CSRF-Token": self.csrf()}
        return self.client.post(path, base_url=PUBLIC_URL, json=body, headers=headers)

    def sends_request(self, **fields: Any) -> str:
        """Send the request form; return the reference of the case it became."""
        return self._sends("/requests/new", {**REQUEST, **fields})

    def sends_report(self, **fields: Any) -> str:
        """Send the report form; return the reference of the case it became."""
        return self._sends("/incidents/new", {**REPORT, **fields})

    def _sends(self, path: str, form: Mapping[str, Any]) -> str:
        response = self.post(path, form)
        assert response.status_code == 303, response.get_data(as_text=True)
        return str(response.headers["Location"]).split("?")[0].rsplit("/", 1)[1]


@dataclass(slots=True)
class Town:
    """The application with everything it was made of, and what tests do to it most."""

    app: Flask
    settings: Settings
    clock: FixedClock
    chance: CountedChance
    mail: KeptMail
    _people: Iterator[int] = field(default_factory=lambda: count(1))
    _worker: Worker | None = None

    # ---- inside -----------------------------------------------------------------------------

    @contextmanager
    def change(self) -> Iterator[None]:
        """Run a block as one unit of work, as the edge does."""
        with self.app.app_context(), unit_of_work():
            yield

    @contextmanager
    def look(self) -> Iterator[None]:
        """Run a block that only reads."""
        with self.app.app_context():
            yield
            db.session.rollback()

    def rows(self, statement: str, **values: Any) -> Sequence[Any]:
        """Return the rows of a plain SQL statement: what is really in the tables."""
        with self.look():
            return db.session.execute(text(statement), values).all()

    def one(self, statement: str, **values: Any) -> Any:
        """Return the only value of the only row of a plain SQL statement."""
        [[value]] = self.rows(statement, **values)
        return value

    @property
    def now(self) -> datetime:
        """The moment on the town's clock."""
        return self.clock.now()

    @property
    def today(self) -> date:
        """The day in the town."""
        return local_day(self.now, self.settings.time_zone)

    def later(self, **by: int) -> None:
        """Let time pass: `days=1`, `minutes=5`."""
        self.clock.move(timedelta(**by))

    # ---- people -----------------------------------------------------------------------------

    def visitor(self) -> Person:
        """Return the browser of somebody who is not signed in."""
        return Person(self.app.test_client())

    def signed_in(self, *roles: str, lang: str | None = None, name: str = "") -> Person:
        """Return the browser of a new person with these roles (none: a citizen)."""
        number = next(self._people)
        subject = f"person-{number}"
        email = f"{subject}@citizens.example"
        token = f"session-{number}-" + "x" * 32
        store = self.app.extensions["beffroi"].sign_in
        with self.change():
            for role in set(roles) - {"citizen"}:
                store.grant(PROVIDER, role, subject=subject, now=self.now)
            signed = store.sign_in(
                Identity(
                    PROVIDER, ISSUER, subject, name or f"Person {number}", email, True,
                    frozenset(), "no token of any provider",
                ),
                token=token,
                now=self.now,
            )  # fmt: skip
            if lang:
                store.set_language(signed.account_id, lang)
        client = self.app.test_client()
        domain = PUBLIC_URL.removeprefix("https://")
        name_of_cookie = cookie_name(self.app.extensions["beffroi_web"].site)
        client.set_cookie(name_of_cookie, token, domain=domain)
        return Person(client, account_id=signed.account_id, email=email)

    def party(self, email: str, lang: str = "fr") -> int:
        """Return the party of a confirmed e-mail address."""
        with self.change():
            return case_service.party_for_email(email, lang=lang, now=self.now)

    # ---- cases ------------------------------------------------------------------------------

    def request(
        self, *, email: str = "alix@citizens.example", lang: str = "fr", **fields: Any
    ) -> str:
        """Receive a data request by the service; return its reference."""
        with self.change():
            party = case_service.party_for_email(email, lang=lang, now=self.now)
            case = requests.receive(
                {**REQUEST, **fields},
                requests.Reception(party, "email", self.today, lang),
                actor=CITIZEN,
                now=self.now,
                chance=self.chance,
                communes=self.settings.communes,
            )
            return case.ref

    def report(self, *, email: str | None = None, lang: str = "fr", **fields: Any) -> str:
        """Receive an incident report by the service; return its reference."""
        with self.change():
            party = case_service.party_for_email(email, lang=lang, now=self.now) if email else None
            case = incidents.report(
                {**REPORT, **fields},
                incidents.Reception(party, "web", self.today, lang),
                actor=CITIZEN,
                now=self.now,
                chance=self.chance,
                communes=self.settings.communes,
            )
            return case.ref

    def texts(self, ref: str) -> dict[str, int]:
        """Return the newest text id of each role of a case."""
        with self.look():
            return {t.role: t.id for t in case_queries.originals(self.id_of(ref))}

    def id_of(self, ref: str) -> int:
        """Return the id of a case."""
        return int(self.one('SELECT id FROM "case" WHERE ref = :ref', ref=ref))

    def release(self, ref: str, *roles: str, **words: str) -> None:
        """Release texts of a case: the named roles as they were written, or other words by role."""
        with self.look():
            originals = {t.role: t for t in case_queries.originals(self.id_of(ref))}
        chosen = {role: originals[role].original for role in roles} | words
        if not chosen:
            chosen = {r: t.original for r, t in originals.items() if r != "purpose"}
        for role, public in chosen.items():
            with self.change():
                moderation.release(ref, originals[role].id, public, actor=AGENT, now=self.now)

    def release_photos(self, ref: str, alt: str = "", most: int = 3) -> None:
        """Let everyone see the photos of a case, the first so many."""
        of_case = "SELECT id FROM attachment WHERE case_id = :id ORDER BY id"
        for (photo,) in self.rows(of_case, id=self.id_of(ref))[:most]:
            with self.change():
                moderation.release_photo(ref, photo, alt, actor=AGENT, now=self.now)

    def hold(self, ref: str, role: str, reason: str = "Une personne s’y reconnaît") -> None:
        """Hold the newest text of a role."""
        text_id = self.texts(ref)[role]
        with self.change():
            moderation.hold(ref, text_id, reason=reason, actor=AGENT, now=self.now)

    def remove(self, ref: str, *, reason: str = "Publié par erreur", code: str = "error") -> None:
        """Remove a case."""
        with self.change():
            moderation.remove(ref, reason=reason, code=code, actor=MODERATOR, now=self.now)

    def comment(self, ref: str, words: str, *, email: str = "sam@citizens.example") -> int:
        """Comment on a case as somebody; return the text's id."""
        with self.change():
            party = case_service.party_for_email(email, lang="fr", now=self.now)
            case = case_service.the_case(ref)
            return case_service.comment(case, words, party_id=party, actor=CITIZEN, now=self.now).id

    def follow(self, ref: str, email: str, lang: str = "fr") -> str:
        """Let an address follow a case; return the token that stops it."""
        with self.change():
            party = case_service.party_for_email(email, lang=lang, now=self.now)
            case = case_service.the_case(ref)
            case_service.follow(case.id, party, now=self.now, chance=self.chance)
            return next(r.token for r in case_queries.recipients(case.id) if r.email == email)

    def answer(self, ref: str, outcome: str, words: str = "Voici la réponse.", **more: str) -> None:
        """Answer a data request officially; what its outcome owes besides is filled in."""
        more = {**OWED.get(outcome, {}), **more}
        with self.change():
            requests.answer(
                case_service.the_case(ref),
                request_rules.AnswerForm(outcome=outcome, words=words, **more),
                actor=AGENT,
                now=self.now,
                today=self.today,
                law=law_of(self.settings.communes),
            )

    def close(self, ref: str, outcome: str, words: str = "C’est réparé.", **more: str) -> None:
        """Answer an incident report officially."""
        with self.change():
            incidents.answer(
                case_service.the_case(ref),
                outcome,
                words,
                actor=AGENT,
                now=self.now,
                today=self.today,
                **more,
            )

    # ---- the worker -------------------------------------------------------------------------

    def worker(self) -> Worker:
        """Return a worker of this town, inside whose application's context it must run."""
        return Worker(self.app, self.settings, self.clock, chance=self.chance)

    def work(self) -> int:
        """Do everything that is due now; return how many jobs were done and entries published.

        It is the same worker all day: what it does once an hour or a day it does no more often.
        """
        done = 0
        with self.app.app_context():
            if self._worker is None:
                self._worker = self.worker()
            while turned := self._worker.turn():
                done += turned
        return done

    def has_slept(self) -> None:
        """Have the night before today behind it, like any town that is not on its first day.

        Where there are no tables yet, nothing is noted.
        """
        now, zone = self.now, self.settings.time_zone
        with self.app.app_context(), suppress(DatabaseError):
            for task in (REWRITE, RETENTION):
                night = NIGHTS.claim(task, now=now, zone=zone)
                if night is not None:
                    NIGHTS.done(task, night, now=now, locked_ms=0)

    def restart_worker(self) -> None:
        """Let the next `work` be that of a worker that has just been started."""
        self._worker = None

    def publish(self) -> int:
        """Publish what waits; return how many entries entered the log."""
        with self.app.app_context():
            return self.worker().publish()

    def files(self) -> dict[str, bytes]:
        """Return every file of the public log as it is served now, by its path."""
        client = self.app.test_client()
        files: dict[str, bytes] = {}

        def fetch(path: str) -> bytes:
            response = client.get(f"/{path}", base_url=PUBLIC_URL)
            assert response.status_code == 200, path
            files[path] = response.get_data()
            return files[path]

        fetch(".well-known/beffroi.json")
        size = int(fetch("log/checkpoint").split(b"\n")[1])
        for place in tile_places(size):
            fetch("log/" + tile_path(place.level, place.index, place.width))
        for place in bundle_places(size):
            fetch("log/" + bundle_path(place.index, place.width))
            fetch("log/" + content_path(place.index))
        return files


def town_settings(folder: Path, database_url: str, **changes: Any) -> Settings:
    """Return settings of a commune whose data lies in a folder."""
    given: dict[str, Any] = {
        "name": "Beffroi-sur-Exemple",
        "siren": "210000006",
        "kind": "commune",
        "communes": ["99999"],
        "public_url": PUBLIC_URL,
        "secret_key": "a secret of the tests, long enough to be one",
        "data_dir": folder,
        "database_url": database_url,
        "publish": "at-once",
        "submissions_per_hour": 100_000,
        "contact": "beffroi@ville.example",
        "providers": {
            PROVIDER: {
                "label": "Sign-in of the tests",
                "issuer": ISSUER,
                "client_id": "town",
                "client_secret": "not a secret",
            }
        },
    }
    return from_mapping({**given, **changes})


@contextmanager
def open_town(folder: Path, database_url: str, **changes: Any) -> Iterator[Town]:
    """Make a town on a migrated database; `changes` are settings, or `handlers` of events.

    With `slept=False` its worker has not yet done what it does at night.
    """
    handlers, slept = changes.pop("handlers", None), changes.pop("slept", True)
    settings = town_settings(folder, database_url, **changes)
    create_signer(settings, SEED)
    clock, mail = FixedClock(NOON), KeptMail()
    app = create_app(
        settings,
        clock=clock,
        mailer=None if settings.mail_url else mail,
        handlers=handlers,
    )
    town = Town(app, settings, clock, CountedChance(), mail)
    if slept:
        town.has_slept()
    try:
        with serving(settings, now=lambda: int(clock.now().timestamp())):
            yield town
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
