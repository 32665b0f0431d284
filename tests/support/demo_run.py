# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demonstration as somebody runs it: `./beffroi demo`, in a process of its own.

    once = run_once(port_base, folder)             # --once --json, to its end
    with staying(port_base, folder) as demo:       # --json, stays up until the block ends
        demo.shown["aggregator"]["url"]

It is started by the script and told apart by its ports alone; nothing of it is imported.
"""

import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PORTS = range(9100, 9900, 10)
PORTS_OF_A_DEMO = 6
FIRST_SECONDS = 300
REAL_DATA_SECONDS = 900
"""How long the object may take on a small machine under load; real data is thousands of rows."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that came to its end: exit status, standard output, standard error."""

    status: int
    out: str
    words: str


@dataclass(frozen=True, slots=True)
class Demo:
    """A demonstration that is up: what it printed, where its files are, its process id."""

    shown: dict[str, Any]
    folder: Path
    process_id: int


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_base() -> int:
    """Return the first of as many neighbouring ports as a demonstration takes, all free now.

    Test processes that run beside each other never share one: each has bases of its own.
    """
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    bases = list(PORTS)[number :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))]
    start = os.getpid() % len(bases)
    for base in bases[start:] + bases[:start]:
        if all(_is_free(base + n) for n in range(PORTS_OF_A_DEMO)):
            return base
    raise RuntimeError("no six free neighbouring ports between 9100 and 9900")


def _patience(options: Sequence[str]) -> int:
    return REAL_DATA_SECONDS if "--data" in options else FIRST_SECONDS


def _command(port_base: int, folder: Path, *options: str) -> list[str]:
    places = ["--port-base", str(port_base), "--data-dir", str(folder)]
    return [str(ROOT / "beffroi"), "demo", "--json", *places, *options]


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("BEFFROI_", "PYTHON"))}


def run_once(port_base: int, folder: Path, *options: str) -> Ended:
    """Run the demonstration headless to its end."""
    with subprocess.Popen(
        _command(port_base, folder, "--once", *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=_environment(),
    ) as process:
        try:
            out, words = process.communicate(timeout=_patience(options))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            out, words = process.communicate(timeout=60)
            raise AssertionError(f"not done in time:\n{words[-3000:]}") from None
    return Ended(process.returncode, out, words)


@contextmanager
def staying(port_base: int, folder: Path, options: Sequence[str] = ()) -> Iterator[Demo]:
    """Start a demonstration, give it once its journey is done, stop it when the block ends."""
    with tempfile.TemporaryFile("w+") as words:
        process = subprocess.Popen(
            _command(port_base, folder, *options),
            stdout=subprocess.PIPE,
            stderr=words,
            text=True,
            env=_environment(),
        )
        assert process.stdout is not None
        watch = threading.Timer(_patience(options), process.terminate)
        watch.start()
        try:
            line = process.stdout.readline()
            watch.cancel()
            words.seek(0)
            said = words.read()[-3000:]
            assert line, f"the demonstration printed nothing and said:\n{said}"
            shown = json.loads(line)
            assert shown["ok"] is True, (shown, said)
            yield Demo(shown, folder, process.pid)
        finally:
            watch.cancel()
            process.terminate()
            rest, _ = process.communicate(timeout=60)
        assert rest == "", "standard output holds more than the one object"
        assert process.returncode == 0, process.returncode
