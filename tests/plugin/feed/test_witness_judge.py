# SPDX-License-Identifier: AGPL-3.0-or-later
"""Our submissions before an independent witness (aics-witness), in its own Python environment."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi.feed.commands.witnesses import submit_due
from beffroi.feed.queries.witnesses import witnesses
from beffroi_federation.checkpoint import parse
from beffroi_federation.client import HttpFetcher
from beffroi_federation.cosigning import read_cosignatures
from beffroi_federation.errors import Rollback
from beffroi_federation.notes import Verifier
from beffroi_federation.submitting import WitnessRefuses, submit
from support.submissions import Signing, leaves_of
from support.town import PUBLIC_URL, Town

JUDGE = Path(__file__).parents[3] / ".venv-judge/bin/aics-witness"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not JUDGE.exists(),
        reason="not run: the independent witness is not installed (.venv-judge)",
    ),
]


OURS = Signing(
    "fork.example/log", Ed25519PrivateKey.from_private_bytes(bytes(range(32))), leaves_of("our", 9)
)


@dataclass(frozen=True)
class Witness:
    """The running witness: its address, and its vkey as it printed it."""

    url: str
    vkey: str


@pytest.fixture
def independent(village: Town, tmp_path: Path) -> Iterator[Witness]:
    """The independent witness on the loopback, which knows the village's log and ours."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "AICS_WITNESS_CONFIG": str(tmp_path / "witness.json")}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [str(JUDGE), *arguments], env=environment, capture_output=True, text=True, check=False,
            timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    said = run("init", "--name", "witness.example/w1", "--listen", f"127.0.0.1:{port}")
    vkey = next(word.strip('",') for word in said.split() if "witness.example/w1+" in word)
    with village.look():
        logs = [village.app.extensions["beffroi"].vkeys()[0], OURS.vkey()]
    for log_vkey in logs:
        run("add-log", "--origin", log_vkey.partition("+")[0], "--vkey", log_vkey)
    server = subprocess.Popen(
        [str(JUDGE), "serve"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield Witness(f"http://127.0.0.1:{port}", vkey)
    finally:
        server.terminate()
        server.wait(20)


def test_an_independent_witness_cosigns_our_log_as_it_grows(
    village: Town, independent: Witness, tmp_path: Path
) -> None:
    policy = tmp_path / "policy"
    policy.write_text(f"witness judge {independent.vkey} {independent.url}\nquorum judge\n")
    settings = replace(village.settings, witness_policy=policy, public_url="http://127.0.0.1:8301")
    for _ in range(3):
        village.release(village.request())
        village.publish()
        with village.app.app_context():
            assert submit_due(settings, now=village.now) == 1, witnesses()
        note = village.app.test_client().get("/log/checkpoint", base_url=PUBLIC_URL).data
        assert len(read_cosignatures(note, [Verifier.from_text(independent.vkey)])) == 1
    village.later(days=1)
    with village.app.app_context():
        assert submit_due(settings, now=village.now) == 1


def test_an_independent_witness_refuses_another_past_and_we_say_so(independent: Witness) -> None:
    other = Signing(OURS.origin, OURS.key, leaves_of("other", 9))
    witness = Verifier.from_text(independent.vkey)
    address = frozenset({independent.url})
    with HttpFetcher(independent.url, user_agent="a test", allowed_loopback=address) as poster:

        def submitted(log: Signing, size: int, seen: int) -> int:
            note = log.note(size)
            checkpoint = parse(note.partition("\n\n")[0] + "\n")
            return submit(poster, witness, checkpoint, note, log.reader, seen).seconds

        assert submitted(OURS, 5, 0) > 0
        for size in (5, 9):
            with pytest.raises(WitnessRefuses):
                submitted(other, size, 5)
        with pytest.raises(Rollback):
            submitted(OURS, 3, 3)
        assert submitted(OURS, 9, 2) > 0
