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
def town_store(folder: Path) -> Iterator[SqlLogStore]:
    """Open a town's database in a folder, made there if it is not; SQLite as a town opens it."""
    url = f"sqlite:///{folder / 'town.sqlite3'}"
    if not (folder / "town.sqlite3").exists():
        upgrade(MIGRATIONS, url)
    app = Flask("bench")
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(url)
    db.init_app(app)
    with app.app_context():
        tune(db.engine)
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
