# SPDX-License-Identifier: AGPL-3.0-or-later
"""The signer as a process: killed at any point it gives one history; nobody else reads the keys."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from beffroi.cli import main
from beffroi.config import Settings, from_environ
from beffroi.feed.commands import signer_for
from beffroi.kernel.db import MIGRATIONS
from beffroi_federation.errors import Fork, SignerAbsent
from beffroi_federation.merkle import consistency_proof, leaf_hash
from support.databases import fresh
from support.log_contract import fill, naive_root
from support.memory_log import MemoryLog
from support.town_processes import TownProcesses

pytestmark = pytest.mark.slow
SUPPORT = Path(__file__).parents[1] / "support"
POINTS = ("sealed", "remembered", "answered")
SECONDS = 30

WATCHED = """
import sys
def watch(event, arguments):
    if event == "open" and "/signer/keys" in str(arguments[0]):
        raise SystemExit(f"opened {arguments[0]}")
sys.addaudithook(watch)
from beffroi.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def town(tmp_path: Path) -> Iterator[TownProcesses]:
    database = fresh("sqlite", MIGRATIONS, tmp_path)
    with TownProcesses(tmp_path, database, 9) as made:
        yield made


def settings_of(town: TownProcesses) -> Settings:
    return from_environ(town.settings)


def wait_for_signer(town: TownProcesses) -> None:
    ends = time.monotonic() + SECONDS
    while True:
        try:
            signer_for(settings_of(town)).vkeys()
        except SignerAbsent:
            assert time.monotonic() < ends, town.said()
            time.sleep(0.05)
        else:
            return


@contextmanager
def dying(town: TownProcesses, point: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a signer that kills itself at a point, and wait for its death."""
    process = subprocess.Popen(
        [sys.executable, str(SUPPORT / "crashing_signer.py"), point],
        env=town.environment,
        stdout=town.log,
        stderr=town.log,
    )
    try:
        wait_for_signer(town)
        yield process
        assert process.wait(SECONDS) == -signal.SIGKILL
    finally:
        process.kill()
        process.wait()


def test_a_signer_that_was_killed_gives_the_same_note_when_it_is_asked_again(
    town: TownProcesses,
) -> None:
    log, client = MemoryLog(), signer_for(settings_of(town))
    fill(log, 64)
    size, remembered = 0, None
    for number, point in enumerate(POINTS):
        wanted = size + 5 + number
        proof = consistency_proof(log, size, wanted)
        with dying(town, point):
            standing = client.state()
            assert standing.size == size
            assert remembered in {None, standing.root}
            with pytest.raises(SignerAbsent):
                client.sign(size, wanted, naive_root(wanted), proof)
        if point != "sealed":  # before that nothing was remembered, so nothing signed
            size, remembered = wanted, naive_root(wanted)
    town.start_signer()
    wait_for_signer(town)
    last = client.state()
    assert (last.size, last.root) == (size, remembered)
    with pytest.raises(Fork):
        client.sign(0, size, leaf_hash(b"x"), ())
    assert client.sign(0, size, naive_root(size), ()) == last.note
    more = client.sign(size, 60, naive_root(60), consistency_proof(log, size, 60))
    assert more != last.note


def test_neither_worker_nor_publish_opens_a_file_of_the_keys(town: TownProcesses) -> None:
    town.start_signer()
    wait_for_signer(town)
    for command in (["publish"], ["worker", "--once"]):
        done = subprocess.run(
            [sys.executable, "-c", WATCHED, *command],
            env=town.environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    assert signer_for(settings_of(town)).state().size > 0


def test_mail_goes_out_while_no_signer_runs(town: TownProcesses, tmp_path: Path) -> None:
    done = town.run("worker", "--once")
    assert done.returncode == 1
    assert "The signer does not run: start `beffroi signer`" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_signer_says_that_one_runs_and_a_stopped_one_leaves_no_socket(
    town: TownProcesses,
) -> None:
    town.start_signer()
    wait_for_signer(town)
    second = town.run("signer")
    assert second.returncode == 1
    assert "already" in second.stderr
    signer_for(settings_of(town)).vkeys()
    assert town.signer is not None
    town.signer.send_signal(signal.SIGTERM)
    assert town.signer.wait(SECONDS) == 0
    assert not settings_of(town).signer_address.exists()


def test_no_word_of_the_seed_is_written_where_no_terminal_is(
    town: TownProcesses, tmp_path: Path
) -> None:
    """`init` ran in the fixture with its output in a pipe; whatever is kept of it holds no word."""
    ring = settings_of(town).signer_folder / "keys" / "keyring"
    assert b'"shown":false' in ring.read_bytes()
    said = town.run("init").stdout + town.run("signer", "words").stderr
    assert "on a terminal only" in said


def test_a_person_at_a_terminal_sees_the_words_once_and_can_type_them_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    town = TownProcesses(tmp_path, fresh("sqlite", MIGRATIONS, tmp_path), 9)
    town.log.close()
    shown = at_a_terminal(town, "init")
    assert "coffre de la mairie" in shown
    assert "not shown again" in shown
    assert "24. " not in at_a_terminal(town, "init") + at_a_terminal(town, "signer", "words")
    vkey = (settings_of(town).signer_folder / "log.json").read_bytes()
    settings_of(town).signer_folder.rename(tmp_path / "lost")
    pairs = re.findall(r"(\d+)\. (\w+)", shown)
    ordered = [word for _, word in sorted(pairs, key=lambda pair: int(pair[0]))]
    assert len(ordered) == 24
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(ordered) + "\n"))
    assert main(["signer", "words-to-seed"], town.settings) == 0
    assert "locked" in capsys.readouterr().out
    assert (settings_of(town).signer_folder / "log.json").read_bytes() == vkey


def at_a_terminal(town: TownProcesses, *command: str) -> str:
    """Run a command whose standard output is a terminal; return what it showed."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "beffroi.cli", *command],
        env=town.environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65_536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    process.wait(60)
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")
