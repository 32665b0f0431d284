# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town with a million data requests in its real tables, kept in a folder for the other benches.

    .venv/bin/python tests/bench/town_of_a_million.py --folder DIR [--database sqlite|postgresql]
        [--requests 1000000] [--data DIR]

Tables are made by the migrations and filled in bulk: requests with states, themes, clocks,
supports, released titles and texts, answers, both indexes of words. A folder that holds the town
already is left as it is. `--bare` makes the town of `clock_day.py`: open requests without texts.
PostgreSQL is a server of our own whose data lie in the folder; it runs for as long as somebody uses
it.
"""

import argparse
import os
import shutil
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psycopg
from sqlalchemy import make_url, text
from town_rows import COLUMNS, PARTIES, Later, Rows

from beffroi.app import create_app
from beffroi.cases.commands import keep_items
from beffroi.cases.queries.similar import count_again
from beffroi.config import Settings, from_environ
from beffroi.data_requests.queries.listed import REQUESTS
from beffroi.incidents.queries.listed import REPORTS
from beffroi.incidents.rules.cells import SUMMED
from beffroi.kernel.db import MIGRATIONS, db, unit_of_work
from beffroi_web.migrating import upgrade
from support.databases import _run

ROOT = Path(__file__).resolve().parents[2]
# So that whoever stops a bench stops the servers that it started.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
MANY = 1_000_000
SERVER = (
    "-c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
    " -c shared_buffers=512MB -c max_wal_size=4GB -c max_connections=60 -c work_mem=16MB"
    " -c maintenance_work_mem=512MB"
)
"""The server's settings; memory as the peers' measurements had it."""


def real_data() -> Path | None:
    """Return where real data lie, if there are any."""
    given = Path(os.environ.get("BEFFROI_REAL_DATA", str(ROOT.parent / "shared" / "data")))
    return given if given.is_dir() else None


def environ(folder: Path, url: str, public_url: str) -> dict[str, str]:
    """Return the settings of the town for a server of its own."""
    return {
        "BEFFROI_NAME": "Beffroi-sur-Mille",
        "BEFFROI_SIREN": "210000006",
        "BEFFROI_KIND": "commune",
        "BEFFROI_COMMUNES": "99999",
        "BEFFROI_PUBLIC_URL": public_url,
        "BEFFROI_SECRET_KEY": "a secret of the benches, long enough to be one",
        "BEFFROI_DATA_DIR": str(folder / "data"),
        "BEFFROI_DATABASE_URL": url,
    }


def settings(folder: Path, url: str) -> Settings:
    """Return the settings of the town for this process."""
    return from_environ(environ(folder, url, "http://127.0.0.1:8000"))


@contextmanager
def application(folder: Path, url: str) -> Iterator[Any]:
    """Open the town in this process, inside its application's context."""
    app = create_app(settings(folder, url))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@contextmanager
def town(
    folder: Path, kind: str, count: int = MANY, *, data: Path | None = None, bare: bool = False,
    make: type[Rows] = Rows,
) -> Iterator[str]:  # fmt: skip
    """Give the address of a filled database in a folder; fill it if it is not there.

    `make` makes its rows; each kind of them has a database of its own.
    """
    name = f"{'town' if make is Rows else make.__name__.lower()}_{count}{'_bare' if bare else ''}"
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / f"{name}.{kind}.filled"
    with _database(folder, kind, name, fresh=not done.exists()) as url:
        if not done.exists():
            begun = time.perf_counter()
            upgrade(MIGRATIONS, url)
            today = datetime.now(UTC).date()  # noqa: TID251
            rows = make(count, data, today, bare=bare)
            (_fill_sqlite if kind == "sqlite" else _fill_postgresql)(url, rows)
            with application(folder, url), unit_of_work():
                count_again()
                for level in SUMMED:
                    db.session.execute(text(SUMS), {"level": level})
                db.session.execute(text(SUMS_OF_ALL))
            with application(folder, url):
                keep_items((REQUESTS, REPORTS), most=2 * count)  # as the worker does meanwhile
            _settle(url)
            done.write_text(f"{time.perf_counter() - begun:.0f} s\n")
            print(f"filled {name} ({kind}) in {done.read_text().strip()}", file=sys.stderr)
        yield url


@contextmanager
def _database(folder: Path, kind: str, name: str, *, fresh: bool) -> Iterator[str]:
    """Give the address of a database of that name, an empty one if `fresh`."""
    if kind == "sqlite":
        path = folder / f"{name}.sqlite3"
        for old in folder.glob(f"{name}.sqlite3*") if fresh else ():
            old.unlink()
        yield f"sqlite:///{path}"
        return
    with _server(folder / "postgresql") as address:
        if fresh:
            with psycopg.connect(address + "/postgres", autocommit=True) as link:
                link.execute(f"DROP DATABASE IF EXISTS {name}")
                link.execute(f"CREATE DATABASE {name}")
        yield address.replace("postgresql://", "postgresql+psycopg://") + f"/{name}"


@contextmanager
def _server(data: Path) -> Iterator[str]:
    """Run a PostgreSQL server on a folder, which stays; give its address."""
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)
        _run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync",
             "--locale-provider=libc", "--locale=C")  # fmt: skip
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    place = f" -p {port} -k {data}"
    _run("pg_ctl", "-D", str(data), "-w", "-l", f"{data}.log", "-o", SERVER + place, "start")
    try:
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        _run("pg_ctl", "-D", str(data), "-m", "fast", "-w", "stop")


# ---- filling ------------------------------------------------------------------------------------

_LITE: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "case_search": ("(rowid, title, more)", (0, 1, 2)),
    "nearby_case": ("(rowid, title, body, also)", (0, 1, 2, 3)),
    "nearby_street": ("(rowid, title, body, also)", (0, 1, 2, 3)),
}
_POST: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "case_search": ("(key, words)", (0, 3)),
    "nearby_case": ("(id, title, body, also, words)", (0, 1, 2, 3, 4)),
    "nearby_street": ("(id, title, body, also, words)", (0, 1, 2, 3, 4)),
}
PARTY = ("id", "kind", "lang", "created_at")
SUMS = (
    "INSERT INTO incident_area (level, y, x, category, open, reports)"
    " SELECT CAST(:level AS INTEGER), y >> CAST(:level AS INTEGER) AS cy,"
    " x >> CAST(:level AS INTEGER) AS cx, category, open, count(*)"
    " FROM incident_spot GROUP BY cy, cx, category, open"
)
SUMS_OF_ALL = (
    "INSERT INTO incident_area (level, y, x, category, open, reports)"
    " SELECT level, y, x, '', open, sum(reports) FROM incident_area GROUP BY level, y, x, open"
)
SINCE = datetime(2017, 1, 1, tzinfo=UTC)


def _spelt(value: Any) -> Any:
    """Return a value as SQLAlchemy stores it in SQLite."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return value.isoformat() if isinstance(value, date) else value


def _fill_sqlite(url: str, rows: Rows) -> None:
    """Fill the tables of an SQLite file; their indexes are dropped and made again behind."""
    with closing(sqlite3.connect(str(make_url(url).database), isolation_level=None)) as link:
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "cache_size=-400000"):
            link.execute(f"PRAGMA {pragma}")
        indexes = link.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            f" AND tbl_name IN ({', '.join('?' * len(COLUMNS))})",
            list(COLUMNS),
        ).fetchall()
        for name, _ in indexes:
            link.execute(f"DROP INDEX {name}")
        link.execute("BEGIN")
        link.executemany(
            f"INSERT INTO party ({', '.join(PARTY)}) VALUES (?, 'email', 'fr', ?)",
            [(one, _spelt(SINCE)) for one in range(1, PARTIES + 1)],
        )
        for block in rows.blocks():
            for table, found in block.rows.items():
                if not found:
                    continue
                into, chosen = _LITE.get(table, (_columns(table), ()))
                chosen = chosen or tuple(range(len(found[0])))
                marks = ", ".join("?" * len(chosen))
                link.executemany(
                    f'INSERT INTO "{table}" {into} VALUES ({marks})',
                    ([_spelt(row[at]) for at in chosen] for row in found),
                )
        link.execute("COMMIT")
        for _, statement in indexes:
            link.execute(statement)
        for table in _LITE:  # as the worker does every night
            link.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")


def _fill_postgresql(url: str, rows: Rows) -> None:
    """Fill the tables of a PostgreSQL database by COPY."""
    plain = url.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as link:
        link.execute("SET session_replication_role = replica")
        indexes = link.execute(
            "SELECT i.indexname, i.indexdef FROM pg_indexes i LEFT JOIN pg_constraint c"
            " ON c.conname = i.indexname WHERE i.tablename = ANY(%s) AND c.conname IS NULL",
            (list(COLUMNS),),
        ).fetchall()
        for name, _ in indexes:
            link.execute(f"DROP INDEX {name}")
        with link.cursor().copy(f"COPY party ({', '.join(PARTY)}) FROM STDIN") as copy:
            for one in range(1, PARTIES + 1):
                copy.write_row((one, "email", "fr", SINCE))
        for block in rows.blocks():
            for table, found in block.rows.items():
                if not found:
                    continue
                into, chosen = _POST.get(table, (_columns(table), ()))
                chosen = chosen or tuple(range(len(found[0])))
                with link.cursor().copy(f'COPY "{table}" {into} FROM STDIN') as copy:
                    for row in found:
                        copy.write_row([_lexemes(row[at]) for at in chosen])
        for _, statement in indexes:
            link.execute(statement)


def _columns(table: str) -> str:
    return f"({', '.join(COLUMNS[table].split())})"


def _lexemes(value: Any) -> Any:
    """Return stems as a tsvector is spelt."""
    return " ".join(f"'{one}'" for one in value.stems()) if isinstance(value, Later) else value


FILLED = (
    "INSERT INTO data_version (name, token) VALUES ('cases', 'filled')"
    " ON CONFLICT (name) DO UPDATE SET token = excluded.token"
)


def _settle(url: str) -> None:
    """Give the database the version of its data, and what its planner wants to know."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(str(make_url(url).database), isolation_level=None)) as link:
            link.execute(FILLED)
            link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as link:
        link.execute(FILLED)
        link.execute("VACUUM ANALYZE")


def options(description: str | None) -> argparse.ArgumentParser:
    """Return the options that all benches over this town share."""
    parser = argparse.ArgumentParser(description=(description or "").split("\n")[0])
    parser.add_argument("--folder", type=Path, required=True, metavar="DIR")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--requests", type=int, default=MANY, metavar="N")
    parser.add_argument("--data", type=Path, default=real_data(), metavar="DIR")
    return parser


def load() -> str:
    """Return how busy the machine is, for the record."""
    return "load " + " ".join(f"{one:.1f}" for one in os.getloadavg())


def main() -> None:
    """Run from the command line."""
    parser = options(__doc__)
    parser.add_argument("--bare", action="store_true")
    args = parser.parse_args()
    with town(args.folder, args.database, args.requests, data=args.data, bare=args.bare) as url:
        print(url)


if __name__ == "__main__":
    main()
