# SPDX-License-Identifier: AGPL-3.0-or-later
"""A town's log for the benches: the town's tables, its database object and its own store.

The application around it is bare: pages, jobs and mail have no part in what is measured, and the
memory of a process is that of the log.
"""

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from flask import Flask
from sqlalchemy import event, text

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from beffroi.feed.queries import SqlLogStore
from beffroi.kernel.db import MIGRATIONS, db, unit_of_work
from beffroi_federation import log
from beffroi_federation.entries import encode_base64url
from beffroi_federation.signer import memory_signer
from beffroi_web.database import engine_options, tune
from beffroi_web.migrating import upgrade

ORIGIN = "bench.example/beffroi/210000006/1"
A_BATCH = 256


def leaves(count: int, first: int = 0) -> Iterator[bytes]:
    """Yield so many leaves as a town writes them, each of another commitment."""
    for number in range(first, first + count):
        commitment = encode_base64url(hashlib.sha256(b"%d" % number).digest())
        yield b'{"c":"%s","t":"rec","v":1}' % commitment.encode()


@contextmanager
def town_store(folder: Path, *, url: str = "", synchronous: str = "FULL") -> Iterator[SqlLogStore]:
    """Open a new town's database, as a town opens it: an SQLite file in a folder, or another.

    One that is given is emptied of its log first.
    """
    upgrade(MIGRATIONS, url or f"sqlite:///{folder / 'town.sqlite3'}")
    app = Flask("bench")
    app.config["SQLALCHEMY_DATABASE_URI"] = url or f"sqlite:///{folder / 'town.sqlite3'}"
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(url or "sqlite")
    db.init_app(app)
    with app.app_context():
        tune(db.engine)
        if synchronous != "FULL":
            event.listen(
                db.engine,
                "connect",
                lambda raw, _: raw.execute(f"PRAGMA synchronous={synchronous}"),
            )
        if url:
            with unit_of_work():
                for table in ("log_bundle", "log_tail", "log_tile", "log_state"):
                    db.session.execute(text(f"DELETE FROM {table}"))
        yield SqlLogStore()
        db.session.remove()
        db.engine.dispose()


def fill(store: SqlLogStore, count: int, a_unit: int = 16 * A_BATCH) -> None:
    """Append so many leaves and publish them."""
    source = leaves(count)
    while part := list(islice(source, a_unit)):
        with unit_of_work():
            log.append(store, part)
    with unit_of_work():
        log.publish(store, memory_signer(ORIGIN, bytes(32)))
