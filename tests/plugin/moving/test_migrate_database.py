# SPDX-License-Identifier: AGPL-3.0-or-later
"""One town, moved from one kind of database to the other: all of it, or nothing at all."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

from beffroi import operating
from beffroi.app import create_app
from beffroi.kernel.db import MIGRATIONS, Base, db
from beffroi.kernel.errors import Conflict, Invalid
from beffroi.moving.commands import databases
from beffroi_web.migrating import downgrade, upgrade
from support.databases import discard, empty, fresh
from support.town import Town, open_town

pytestmark = pytest.mark.database


def lived_in(town: Town) -> None:
    """Let things happen, so that no important table is empty."""
    agent = town.signed_in("agent", name="Camille Élan")
    refs = [town.request(title=f"Demande n° {n} — été", email=f"a{n}@x.example") for n in range(3)]
    for ref in refs:
        town.release(ref)
    town.report(email="b@x.example")
    agent.post(f"/requests/{refs[0]}/support")
    town.comment(refs[0], "Très utile, même à 100 % !")
    town.answer(refs[1], "published", url="https://donnees.ville.example/x")
    town.work()


def migrated(town: Town, url: str, index: Callable[[str], None] | None = None) -> list[str]:
    """Carry out the command; return what it said."""
    said: list[str] = []
    args = operating._parser().parse_args(["migrate-database", url])
    make = index or (lambda at: operating.index_again(town.settings, at))
    with town.app.app_context():
        databases.run(args, town.settings, now=town.now, index=make, say=said.append)
        db.session.remove()
    return said


def elsewhere(town: Town, url: str) -> Town:
    """The same town, with the one setting changed."""
    settings = replace(town.settings, database_url=url)
    app = create_app(settings, clock=town.clock, mailer=town.mail)
    return replace(town, app=app, settings=settings)


def everything(town: Town) -> dict[str, list[Any]]:
    """Every row of every table, but for the indexes' own."""
    found = {}
    with town.look():
        for table in Base.metadata.sorted_tables:
            if table.name not in {"nearby_stem", "data_version", "case_item"}:
                rows = db.session.execute(table.select()).all()
                found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    return found


def tables_at(url: str) -> set[str]:
    """Names of the tables, in any schema but the server's own; no schema of ours may be left."""
    engine = create_engine(url, poolclass=NullPool)
    found = inspect(engine)
    names = {name for schema in found.get_schema_names() for name in found.get_table_names(schema)
             if schema != "information_schema"}  # fmt: skip
    assert "beffroi_restoring" not in found.get_schema_names()
    engine.dispose()
    return names


def goes_on_at(town: Town, url: str) -> None:
    """Move a town to `url`, set it there, and let it go on."""
    before, files = everything(town), town.files()
    sessions = town.rows("SELECT token_hash FROM web_session")
    page = town.visitor().page("/requests?q=demande")
    said = " ".join(migrated(town, url))
    assert f'database_url = "{url}"' in said
    assert everything(town) == before  # the one it came from is as it was
    moved = elsewhere(town, url)
    try:
        assert everything(moved) == before
        assert moved.rows("SELECT token_hash FROM web_session") == sessions
        assert moved.visitor().page("/requests?q=demande") == page
        assert moved.files() == files
        moved.release(moved.request(title="Après le déménagement"))  # keys count on
        assert moved.publish() > 0  # and the log goes on under the same signer
    finally:
        with moved.app.app_context():
            db.session.remove()
            db.engine.dispose()


def test_from_sqlite_to_postgresql_after_an_attempt_that_failed_half_way(tmp_path: Path) -> None:
    url = empty("postgresql", tmp_path)
    try:
        with open_town(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path)) as town:
            lived_in(town)
            with town.change():  # SQLite keeps what PostgreSQL has no place for
                db.session.execute(text("UPDATE official_answer SET outcome = 'no' || char(0)"))
            with pytest.raises(Conflict, match="DataError"):
                migrated(town, url)
            assert tables_at(url) == set()
            with town.change():
                db.session.execute(text("UPDATE official_answer SET outcome = 'published'"))
            goes_on_at(town, url)
            with pytest.raises(Conflict, match="already"):  # twice is once too often
                migrated(town, url)
    finally:
        discard(url)


def test_from_postgresql_to_sqlite(tmp_path: Path) -> None:
    here = fresh("postgresql", MIGRATIONS, tmp_path)
    try:
        with open_town(tmp_path, here) as town:
            lived_in(town)
            goes_on_at(town, f"sqlite:///{tmp_path / 'moved.sqlite3'}")
    finally:
        discard(here)


def test_nothing_is_copied_while_somebody_holds_it_or_to_where_it_cannot_be(
    tmp_path: Path,
) -> None:
    here = fresh("sqlite", MIGRATIONS, tmp_path)
    with open_town(tmp_path, here) as town:
        target = f"sqlite:///{tmp_path / 'other.sqlite3'}"
        engine = create_engine(here, poolclass=NullPool)
        with engine.connect() as held:
            held.execute(text('SELECT count(*) FROM "case"'))
            held.rollback()  # an idle connection, as a web server keeps it
            with pytest.raises(Conflict, match="in use"):
                migrated(town, target)
        engine.dispose()
        for address, refusal in (
            ("mysql://elsewhere/town", Invalid),
            ("postgresql+psycopg://nobody@127.0.0.1:9/town", Conflict),
            (here, Conflict),
        ):
            with pytest.raises(refusal):
                migrated(town, address)
        downgrade(MIGRATIONS, here, "-1")
        with pytest.raises(Conflict, match="newest schema"):
            migrated(town, target)
        upgrade(MIGRATIONS, here)
        assert not (tmp_path / "other.sqlite3").exists()

        def writes_meanwhile(_url: str) -> None:
            late = create_engine(here, poolclass=NullPool, connect_args={"timeout": 0.1})
            with pytest.raises(Exception, match="locked"), late.begin() as connection:
                connection.execute(text("DELETE FROM party"))
            late.dispose()

        migrated(town, target, writes_meanwhile)
