# SPDX-License-Identifier: AGPL-3.0-or-later
"""Starts what died, as the units' `Restart=always` does; kills by process id what it started.

    with Supervisor(folder) as kept:
        kept.add("worker", ["beffroi", "worker"], environment)
        kept.kill("worker")            # SIGKILL to it and all its children; it comes back

`Part.ended` counts the ends that nobody here brought about (a worker that finds no database).
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

PAUSE = 0.2
"""Seconds before a restart; the units wait 2 to 5, which would only make the storm slower."""


@dataclass(slots=True)
class Part:
    """A program that is to run: its command, and how often it was started and ended by itself."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    wanted: bool = True
    killed: bool = False
    starts: int = 0
    ended: list[int] = field(default_factory=list)


class Supervisor:
    """Keeps parts running until the block ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts: dict[str, Part] = {}
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        """Begin to watch."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End everything that runs, the last first."""
        self._stop.set()
        self._thread.join()
        for name in reversed(self.parts):
            self.stop(name)

    def add(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start a part, and from now on again whenever it has ended."""
        with self._lock:
            self.parts[name] = part = Part(name, command, environment)
            self._start(part)

    def _start(self, part: Part) -> None:
        with (self.folder / f"{part.name}.log").open("ab") as log:
            part.process = subprocess.Popen(
                part.command, env=part.environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        part.starts += 1
        part.killed = False

    def _watch(self) -> None:
        while not self._stop.wait(PAUSE):
            with self._lock:
                for part in self.parts.values():
                    if part.process is None or not part.wanted:
                        continue
                    status = part.process.poll()
                    if status is not None:
                        if not part.killed:
                            part.ended.append(status)
                        self._start(part)

    def pid(self, name: str) -> int:
        """Return the process id of a part that was started."""
        process = self.parts[name].process
        assert process is not None
        return process.pid

    def family(self, name: str) -> list[int]:
        """Return the process ids of a part and all below it, parents first."""
        return [self.pid(name), *_below(self.pid(name))]

    def kill(self, name: str, *, children: bool = True) -> None:
        """Kill a part with SIGKILL, with all its children or only itself; it comes back."""
        with self._lock:
            part = self.parts[name]
            assert part.process is not None
            part.killed = True
            hit(self.family(name) if children else [part.process.pid])

    def kill_child(self, name: str, chosen: int) -> bool:
        """Kill one direct child, counted round; say whether there was one."""
        children = _children(self.pid(name))
        if children:
            hit([children[chosen % len(children)]])
        return bool(children)

    def stop(self, name: str, *, with_term: bool = True) -> None:
        """End a part for good, or until `again`."""
        with self._lock:
            part = self.parts[name]
            part.wanted = False
            if part.process is None:
                return
            family = self.family(name) if part.process.poll() is None else []
            if with_term and family:
                part.process.send_signal(signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    part.process.wait(15)
            hit(family)
            part.process.wait()

    def again(self, name: str) -> None:
        """Start a stopped part again."""
        with self._lock:
            self.parts[name].wanted = True
            self._start(self.parts[name])


def hit(processes: Iterable[int]) -> None:
    """Send SIGKILL to processes; those that are gone are no harm."""
    for one in processes:
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def _children(process: int) -> list[int]:
    with suppress(FileNotFoundError, ProcessLookupError):
        found: set[int] = set()
        for task in Path(f"/proc/{process}/task").iterdir():
            found |= {int(word) for word in (task / "children").read_text().split()}
        return sorted(found)
    return []


def _below(process: int) -> list[int]:
    return [one for child in _children(process) for one in (child, *_below(child))]


def memory(process: int) -> float:
    """Return the proportional share of memory of a process and all below it, in MB (PSS)."""
    return sum(_pss(one) for one in (process, *_below(process))) / 1000


def _pss(process: int) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def until(holds: Callable[[], bool], what: str, seconds: float = 60) -> float:
    """Wait until a function says yes; return after how many seconds; TimeoutError names it."""
    begun = time.monotonic()
    while not holds():
        if time.monotonic() - begun > seconds:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.05)
    return time.monotonic() - begun
