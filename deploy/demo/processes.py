# SPDX-License-Identifier: AGPL-3.0-or-later
"""Starting and stopping the demonstration's processes, and waiting for them to answer."""

import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import requests

from beffroi_federation.aggregator import cli as aggregator
from demo.places import HOST

BIN = Path(sys.executable).parent
WAIT_SECONDS = 60


class NotStarted(Exception):
    """A part of the demonstration did not come up; says which, and where its words are."""


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return this machine's environment without any of our settings, and these settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("BEFFROI_")}
    return {**kept, **settings}


def check_free(ports: Iterable[int]) -> None:
    """Raise NotStarted if anything listens on one of these ports of the loopback already.

    Otherwise whatever is there would be taken for a part of this demonstration.
    """
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                raise NotStarted(
                    f"port {port} is in use; choose other ports with --port-base"
                ) from error


def nation(command: Sequence[str], settings: Mapping[str, str], *, may_fail: bool = False) -> str:
    """Run one of the aggregator's own commands to its end, with an environment of its own.

    It runs in this process, since most of a command's time is its start; nothing else differs.
    Returns what it printed; raises NotStarted with its words if it failed.
    """
    words, faults = io.StringIO(), io.StringIO()
    with redirect_stdout(words), redirect_stderr(faults):
        status = aggregator.main(command, environment(settings))
    if status and not may_fail:
        said = faults.getvalue().strip() or words.getvalue().strip()
        raise NotStarted(f"beffroi-aggregator {' '.join(command)}: {said}")
    return words.getvalue()


class Processes:
    """The long-running parts; `stop` ends all of them, by their process ids."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        logs.mkdir(parents=True, exist_ok=True)
        self.started: list[tuple[str, subprocess.Popen[bytes]]] = []

    def start(self, name: str, command: Sequence[str], settings: Mapping[str, str]) -> None:
        """Start a console script; its words go to a file named after it."""
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [str(BIN / command[0]), *command[1:]],
                env=environment(settings),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started.append((name, process))

    def wait_for(self, url: str) -> None:
        """Wait until an address answers 200; raise NotStarted when a process died meanwhile."""

        def answers() -> bool:
            try:
                return requests.get(url, timeout=2).status_code == 200
            except requests.RequestException:
                return False

        self._wait(answers, url)

    def _wait(self, is_up: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            for name, process in self.started:
                if process.poll() is not None:
                    raise NotStarted(f"{name} stopped; see {self.logs / name}.log")
            if is_up():
                return
            time.sleep(0.1)
        raise NotStarted(f"{what} did not answer within {WAIT_SECONDS} seconds")

    def wait_for_file(self, path: Path) -> None:
        """Wait until a file is there; raise NotStarted when a process died meanwhile."""
        self._wait(path.exists, str(path))

    def stop(self) -> None:
        """Ask every process to stop, and make those stop that do not."""
        for _, process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for _, process in self.started:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.started.clear()
