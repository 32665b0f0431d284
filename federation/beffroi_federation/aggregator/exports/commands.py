# SPDX-License-Identifier: AGPL-3.0-or-later
"""Making the files of the whole: each night, and soon after something was withdrawn.

They are made by a process of its own, so that what it loads and holds is gone with it and no pull
waits for it.
"""

import fcntl
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from flask import Flask

from beffroi_federation.aggregator.exports import queries, service
from beffroi_federation.aggregator.exports.rules import DATA
from beffroi_federation.aggregator.kernel.db import NIGHTS, db, unit_of_work
from beffroi_federation.aggregator.kernel.runtime import now as the_moment
from beffroi_federation.aggregator.kernel.runtime import runtime
from beffroi_web.nightly import last_night

TASK = "exports"
LOCK = "lock"
LOOK = 60.0
"""Seconds between two looks whether there is something to make."""
TERM = 20.0
"""Seconds that a process which makes files is given to end."""

_log = logging.getLogger(__name__)


class ExportsFollow:
    """Files follow withdrawals: see `kernel.runtime.Follower`."""

    def shown(self, ids: Sequence[int]) -> None:
        """Do nothing: what is new is in the files of the next night."""

    def going(self, ids: Sequence[int]) -> None:
        """Note what files hold these records."""
        service.note_going(ids, now=the_moment())

    def unshown(self, ids: Sequence[int]) -> None:
        """Do nothing: what is withdrawn was going before; what changes is made anew at night."""

    def dropped(self) -> None:
        """Do nothing: the same records are derived again."""


def folder() -> Path:
    """Return where the files lie."""
    return runtime().settings.data_dir / "exports"


def is_due(now: datetime) -> bool:
    """Say whether there is something to make: a new night, or a withdrawal."""
    night = last_night(now, runtime().settings.time_zone)
    return NIGHTS.standing(TASK).night != night or bool(service.due())


def make(*, now: datetime, everything: bool = False) -> int:
    """Make the files that are due, or all of them; return how many were made.

    Nothing is done while another process on this machine makes files. Each data set is a
    transaction of its own: a process that dies leaves those that it did not reach due.
    """
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    with _alone(place / LOCK) as alone:
        if not alone:
            return 0
        night = NIGHTS.claim(TASK, now=now, zone=runtime().settings.time_zone)
        notes = service.due()
        db.session.rollback()
        wanted = set(DATA) if everything or night else set(notes.values())
        made = sum(_make_one(name, notes, place, now=now) for name in DATA if name in wanted)
        _clear(place)
        if night is not None:
            NIGHTS.done(TASK, night, now=now, locked_ms=0)
        return made


def _make_one(name: str, notes: dict[int, str], place: Path, *, now: datetime) -> int:
    from beffroi_federation.aggregator.exports.adapters import writing  # 170 MB on the disk

    data = DATA[name]
    names = [one.name for one in data.columns]
    rows = service.blocks(data, runtime().settings.public_url)
    year_at = names.index("period") if data.yearly else None
    made = writing.write(place, name, data.columns, rows, year_at=year_at)
    done = [id for id, due in notes.items() if due == name]
    with unit_of_work():
        return len(made) if service.put_files(data, made, done, began=now) else 0


def _clear(place: Path) -> None:
    """Take away what no row names: files before these, and what a process that died left."""
    from beffroi_federation.aggregator.exports.adapters import writing

    kept = [f"{one.sha256}.{one.name.rpartition('.')[2]}" for one in queries.files()]
    db.session.rollback()
    writing.clear(place, [LOCK, *kept])


@contextmanager
def _alone(lock: Path) -> Iterator[bool]:
    """Hold a lock of this machine while files are made; False if another process has it."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


class Beside:
    """Makes files beside a worker: a thread that looks, and a process for each time."""

    def __init__(self, app: Flask, pause: float = LOOK) -> None:
        self._app = app
        self._pause = pause
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="exports", daemon=True)

    def __enter__(self) -> "Beside":
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop looking; a process that makes files is told to end, and ends what it began."""
        self._stop.set()
        self._thread.join(TERM)

    def _work(self) -> None:
        while not self._stop.wait(self._pause):
            try:
                with self._app.app_context():
                    due = is_due(the_moment())
                if due:
                    self._run()
            except Exception:  # a database that is away is asked again
                _log.exception("files of the whole could not be made")

    def _run(self) -> None:
        command = [sys.executable, "-m", "beffroi_federation.aggregator.cli", "export"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603  our own
            while process.poll() is None:
                if self._stop.wait(0.5):
                    process.terminate()
                    break
        if process.returncode:
            _log.warning("making files of the whole ended with %d", process.returncode)
