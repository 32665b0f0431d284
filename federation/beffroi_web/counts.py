# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who did how much lately, counted for all processes of one machine together, in a small file.

It is not the site's database: counting must not wait for a writer there, nor make one wait. Nothing
in it matters after an hour, so that nothing is flushed to the disk for it and it may be deleted at
any time. Names (an account, an address) are kept as keyed hashes. Should the file not serve (a full
disk, a folder that is not there), each process counts for itself, as well as it can.
"""

import hashlib
import hmac
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from limits.storage import MemoryStorage

log = logging.getLogger(__name__)

_A = TypeVar("_A")
_WAIT_SECONDS = 2.0
_TABLE = """
CREATE TABLE IF NOT EXISTS hit (name BLOB NOT NULL, at REAL NOT NULL, ends REAL NOT NULL);
CREATE INDEX IF NOT EXISTS ix_hit_name ON hit (name, at);
CREATE INDEX IF NOT EXISTS ix_hit_ends ON hit (ends);
"""


class SharedCounts:
    """Counts as the library `limits` does in its moving windows, in a file that processes share.

    `secret` keys the hashes of names; `now` gives seconds since 1970, as the library counts them.
    """

    def __init__(self, file: Path, secret: str, now: Callable[[], float] = time.time) -> None:
        self._file, self._secret, self._now = file, secret.encode(), now
        self._here = threading.local()
        self._alone = MemoryStorage()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count a use, unless that is more than `limit` in `expiry` seconds; say whether it was."""
        if amount > limit:
            return False

        def take(db: sqlite3.Connection) -> bool:
            now, name = self._now(), self._name(key)
            db.execute("DELETE FROM hit WHERE ends <= ?", (now,))
            if len(_times(db, name, now - expiry)) + amount > limit:
                return False
            db.executemany("INSERT INTO hit VALUES (?, ?, ?)", [(name, now, now + expiry)] * amount)
            return True

        alone = self._alone
        return self._shared(take, lambda: alone.acquire_entry(key, limit, expiry, amount))

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return when the first use that still counts was, and how many do."""

        def look(db: sqlite3.Connection) -> tuple[float, int]:
            now = self._now()
            times = _times(db, self._name(key), now - expiry)
            return (times[0] if times else now), len(times)

        return self._shared(look, lambda: self._alone.get_moving_window(key, limit, expiry))

    def _name(self, key: str) -> bytes:
        return hmac.digest(self._secret, f"count|{key}".encode(), hashlib.sha256)[:16]

    def _shared(self, what: Callable[[sqlite3.Connection], _A], otherwise: Callable[[], _A]) -> _A:
        try:
            with self._turn() as db:
                return what(db)
        except (sqlite3.Error, OSError) as fault:
            log.warning("uses are counted by this process alone: %s", fault)
            self._here.db = None
            return otherwise()

    @contextmanager
    def _turn(self) -> Iterator[sqlite3.Connection]:
        """Yield the connection of this thread inside a transaction that nobody else is in."""
        db = self._opened()
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                db.execute("ROLLBACK")
            raise

    def _opened(self) -> sqlite3.Connection:
        known: sqlite3.Connection | None = getattr(self._here, "db", None)
        if known is not None and self._here.process == os.getpid():
            return known
        os.close(os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        until = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                db = self._connect()
                break
            except sqlite3.OperationalError:  # several begin at once: SQLite does not wait here
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
        self._here.db, self._here.process = db, os.getpid()
        return db

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._file, timeout=_WAIT_SECONDS, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = OFF")
            db.executescript(_TABLE)
        except BaseException:
            db.close()
            raise
        return db


def _times(db: sqlite3.Connection, name: bytes, since: float) -> list[float]:
    found = db.execute("SELECT at FROM hit WHERE name = ? AND at > ? ORDER BY at", (name, since))
    return [at for (at,) in found]
