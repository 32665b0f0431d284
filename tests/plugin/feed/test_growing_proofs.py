# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proofs are right while the log grows: in threads, and when another process appends."""

import random
import subprocess
import sys
import threading

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi.feed.queries import SqlLogStore
from beffroi.kernel.db import db, unit_of_work
from beffroi_federation import log
from beffroi_federation.checkpoint import Checkpoint, parse
from beffroi_federation.merkle import leaf_hash, root_at, verify_consistency, verify_inclusion
from beffroi_federation.notes import format_note, sign
from beffroi_federation.notes import parse as parse_note
from support.log_contract import ORIGIN
from support.town import Town

ROUNDS = 12
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def leaf(number: int) -> bytes:
    return b'{"leaf":%d}' % number


def grow(to: int) -> None:
    store = SqlLogStore()
    with unit_of_work():
        log.append(store, [leaf(number) for number in range(store.head().size, to)])
    with unit_of_work():
        text = Checkpoint(ORIGIN, to, root_at(store, to)).text()
        store.commit(format_note(text, (sign(text, ORIGIN, KEY),)), to)


def prove(index: int) -> int:
    """Check a proof of an entry, and one of growth; return the size that was proved."""
    store = SqlLogStore()
    found = log.proof_for(store, index)
    assert found is not None
    seen = parse(parse_note(found.note).text)
    verify_inclusion(leaf_hash(leaf(index)), index, seen.size, found.hashes, seen.root)
    db.session.rollback()
    growth = log.consistency_for(store, index + 1)
    assert growth is not None
    now = parse(parse_note(growth.note).text)
    old = root_at(store, growth.old)
    verify_consistency(growth.old, now.size, growth.hashes, old, now.root)
    db.session.rollback()
    return seen.size


def test_every_thread_gets_proofs_that_hold_while_another_one_appends(town: Town) -> None:
    with town.look():
        grow(300)
    ended = threading.Event()
    sizes: set[int] = set()
    errors: list[BaseException] = []

    def reader(seed: int) -> None:
        chance = random.Random(seed)
        try:
            while not ended.is_set():
                with town.look():
                    sizes.add(prove(chance.randrange(300)))
        except BaseException as error:  # handed to the test
            errors.append(error)

    threads = [threading.Thread(target=reader, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    try:
        for number in range(1, ROUNDS + 1):
            with town.look():
                grow(300 + number * 97)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert errors == []
    with town.look():
        assert prove(300 + ROUNDS * 97 - 1) == 300 + ROUNDS * 97
    assert sizes


def test_a_process_sees_what_another_one_published(village: Town) -> None:
    with village.look():
        grow(260)
        assert prove(259) == 260
    program = f"""
import sys
sys.path[:0] = {sys.path!r}
from flask import Flask
from beffroi.kernel.db import db
from beffroi_web.database import tune
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("growing", {__file__!r})
growing = module_from_spec(spec)
spec.loader.exec_module(growing)
app = Flask("other")
app.config["SQLALCHEMY_DATABASE_URI"] = {village.settings.database_url!r}
db.init_app(app)
with app.app_context():
    tune(db.engine)
    growing.grow(900)
    db.session.remove()
    db.engine.dispose()
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
    with village.look():
        for index in (0, 259, 260, 511, 899):
            assert prove(index) == 900
