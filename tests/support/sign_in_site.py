# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small site with nothing but sign-in: three pages, real tables, a real server on loopback."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, render_template_string
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from beffroi_web.clock import Clock, SystemClock
from beffroi_web.database import engine_options, make_db, make_metadata, tune, unit_of_work
from beffroi_web.guards import PUBLIC, SIGNED_IN, check_guards, guard
from beffroi_web.sign_in.drivers import drivers_for
from beffroi_web.sign_in.routes import CATALOGUE, OnSignedIn, sign_in_blueprint, visitor_loader
from beffroi_web.sign_in.settings import ProviderSettings
from beffroi_web.sign_in.store import SignInStore
from beffroi_web.sign_in.tables import SignInTables, sign_in_tables
from beffroi_web.site import Site
from beffroi_web.visitors import current_visitor
from beffroi_web.wiring import init_web

SECRET = "a secret of the tests, long enough to be one"

_HOME = """{% extends "web/layout.html" %}{% block title %}Home{% endblock %}
{% block main %}<h1>{{ heading }}</h1>
{% if visitor %}<p id="who">{{ visitor.display_name }}: {{ visitor.roles | sort | join(" ") }}</p>
<p><a href="{{ url_for('sign_in.sign_out') }}">Sign out</a></p>{% endif %}
{% endblock %}"""


@dataclass(slots=True)
class SignInSite:
    """The application, with what tests look into."""

    app: Flask
    db: SQLAlchemy
    tables: SignInTables
    store: SignInStore
    site: Site


def make_database(url: str) -> tuple[Flask, SQLAlchemy, SignInTables]:
    """Return a bare application on a database that has the sign-in tables and no others."""

    class Base(DeclarativeBase):
        metadata = make_metadata()

    tables = sign_in_tables(Base.metadata)
    db = make_db(Base)
    app = Flask("sign_in_site")
    app.config.update(SQLALCHEMY_DATABASE_URI=url, SQLALCHEMY_ENGINE_OPTIONS=engine_options(url))
    db.init_app(app)
    with app.app_context():
        tune(db.engine)
        Base.metadata.create_all(db.engine)
    return app, db, tables


def make_site(
    url: str,
    public_url: str,
    providers: Sequence[ProviderSettings],
    *,
    slug: str = "tests",
    clock: Clock | None = None,
    on_signed_in: OnSignedIn | None = None,
) -> SignInSite:
    """Return the site on a database, wired as a town or the nation wires it."""
    app, db, tables = make_database(url)
    clock = clock or SystemClock()
    site = Site(
        name="Site of the tests", slug=slug, kind="town", public_url=public_url, secret_key=SECRET
    )
    store = SignInStore(db, tables, SECRET, providers)
    init_web(
        app, site, clock=clock, visitor=visitor_loader(store, site, clock), catalogues=[CATALOGUE]
    )
    drivers = drivers_for(providers)
    app.register_blueprint(
        sign_in_blueprint(site, db, store, drivers, clock, on_signed_in=on_signed_in)
    )
    _add_pages(app)
    check_guards(app)
    return SignInSite(app, db, tables, store, site)


def _add_pages(app: Flask) -> None:
    @app.get("/")
    @guard(PUBLIC)
    def home() -> str:
        return render_template_string(_HOME, heading="Home", breadcrumb=[])

    @app.get("/private")
    @guard(SIGNED_IN)
    def private() -> str:
        assert current_visitor() is not None
        return render_template_string(_HOME, heading="Private", breadcrumb=[])

    @app.get("/desk")
    @guard("agent")
    def desk() -> str:
        return render_template_string(_HOME, heading="Desk", breadcrumb=[])


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing about each request."""


@contextmanager
def listening() -> Iterator[BaseWSGIServer]:
    """Take a free port and serve, in threads, the application that is set on it; then stop."""
    server = make_server("127.0.0.1", 0, Flask("none yet"), threaded=True, request_handler=_Quiet)
    with serving(server):
        yield server


@contextmanager
def serving(server: BaseWSGIServer) -> Iterator[None]:
    """Let a server serve in a thread; stop it at the end."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def running_site(
    folder: Path, providers: Sequence[ProviderSettings], *, slug: str = "tests"
) -> Iterator[SignInSite]:
    """Run the site on a free port with an SQLite file in `folder`."""
    with listening() as server:
        public_url = f"http://127.0.0.1:{server.server_port}"
        path = folder / f"{slug}-{os.urandom(4).hex()}.sqlite3"
        made = make_site(f"sqlite:///{path}", public_url, providers, slug=slug)
        server.app = made.app
        yield made
        with made.app.app_context():
            made.db.session.remove()
            made.db.engine.dispose()


def grant(made: SignInSite, provider: str, role: str, subject: str) -> None:
    """Give a role, as `beffroi agents add` does."""
    with made.app.app_context(), unit_of_work(made.db):
        made.store.grant(provider, role, subject=subject, now=SystemClock().now())


def count_sessions(made: SignInSite) -> int:
    """Return how many session rows there are."""
    with made.app.app_context():
        rows = made.db.session.execute(made.tables.web_session.select()).all()
        made.db.session.rollback()
    return len(rows)
