# SPDX-License-Identifier: AGPL-3.0-or-later
"""Counters that hold over several processes and over their deaths.

    tally = Tally(data_dir / "metrics", "pulls", [("taken",), ("refused",)])
    tally.add(("taken",))
    tally.sums()                        # {("taken",): 1.0, ("refused",): 0.0}, of all processes

Each process has a file of its own, mapped into memory: a number a key, in their order. So counting
is one addition in memory, and what a process counted is there when it is killed. Whoever opens the
folder next adds the files of processes that are gone to that of the past, under a lock. Other
keys are another file: after an upgrade counting begins anew, which readers of counters know.
"""

import fcntl
import hashlib
import mmap
import os
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

Key = tuple[str, ...]
_SIZE = 8


class Tally:
    """Counts of a fixed set of keys; safe in threads and after a fork."""

    def __init__(self, folder: Path, name: str, keys: Sequence[Key]) -> None:
        self._folder = folder
        self._places = {key: place for place, key in enumerate(keys)}
        layout = hashlib.sha256(repr(list(keys)).encode()).hexdigest()[:12]
        self._stem = f"{name}-{layout}"
        self._lock = threading.Lock()
        self._pid = 0
        self._numbers: memoryview[float] | None = None

    def add(self, key: Key, by: float = 1.0) -> None:
        """Count; a key that is not one of the tally's is not counted."""
        self.add_all(((key, by),))

    def add_all(self, counted: Iterable[tuple[Key, float]]) -> None:
        """Count several keys at once.

        Nothing is counted where the folder cannot be written to: what is counted goes on all the
        same.
        """
        places = self._places
        with self._lock:
            try:
                numbers = self._mapped()
            except OSError:
                return
            for key, by in counted:
                place = places.get(key)
                if place is not None:
                    numbers[place] += by

    def sums(self) -> Mapping[Key, float]:
        """Return what all processes have counted, those that are gone as well."""
        with self._lock, self._alone():
            self._bury()
            files = [read for path in self._files() if (read := self._read(path)) is not None]
        return {
            key: sum(numbers[place] for numbers in files) for key, place in self._places.items()
        }

    # ---- files ----------------------------------------------------------------------------------

    def _mapped(self) -> "memoryview[float]":
        """Return this process's own numbers; made at the first count, and anew after a fork."""
        if self._numbers is None or self._pid != os.getpid():
            self._pid = os.getpid()
            with self._alone():
                self._bury()
                self._numbers = self._open(self._folder / f"{self._stem}.{self._pid}")
        return self._numbers

    def _open(self, path: Path) -> "memoryview[float]":
        size = max(len(self._places), 1) * _SIZE
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.ftruncate(handle, size)
            return memoryview(mmap.mmap(handle, size)).cast("d")
        finally:
            os.close(handle)

    def _read(self, path: Path) -> tuple[float, ...] | None:
        with suppress(OSError):
            data = path.read_bytes()
            if len(data) == len(self._places) * _SIZE:
                return struct.unpack(f"{len(self._places)}d", data)
        return None

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"{self._stem}.*"))

    def _bury(self) -> None:
        """Add the files of processes that are gone to that of the past."""
        past = self._folder / f"{self._stem}.past"
        for path in self._files():
            ending = path.suffix[1:]
            if not ending.isdigit() or _lives(int(ending)):
                continue
            gone, before = self._read(path), self._read(past)
            if gone is not None:
                sums = [a + b for a, b in zip(gone, before or (0.0,) * len(gone), strict=True)]
                draft = past.with_suffix(".draft")
                draft.write_bytes(struct.pack(f"{len(sums)}d", *sums))
                os.replace(draft, past)
            path.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from moving files meanwhile."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / ".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _lives(pid: int) -> bool:
    """Say whether there is such a process; one of another user lives as well."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
