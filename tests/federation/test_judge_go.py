# SPDX-License-Identifier: AGPL-3.0-or-later
"""Our static files before the Go team's own log packages, which the formats come from.

`golang.org/x/mod/sumdb/{note,tlog}` as the system's packages hold them, without any download: they
read the directory that a town serves, with a main function of ours around them.
"""

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from beffroi_federation.log import bundle_for, proof_for, publish, tile_for
from beffroi_federation.merkle import consistency_proof, root_at
from beffroi_federation.signer import memory_signer
from beffroi_federation.tiles import bundle_path, bundle_places, tile_path, tile_places
from support.log_contract import ORIGIN, SEED, fill, leaves_from
from support.memory_log import MemoryLog
from support.protocol_vectors import VECTORS, bad_histories, worked
from support.town_files import write_files

SOURCE = Path(__file__).parent / "go/judge.go"
PACKAGES = Path("/usr/share/gocode")
SIZES = (1, 2, 3, 7, 8, 255, 256, 257, 700)

pytestmark = [
    pytest.mark.skipif(
        shutil.which("go") is None or not (PACKAGES / "src/golang.org/x/mod/sumdb/note").is_dir(),
        reason="not run: Go and its x/mod packages are not installed "
        "(golang-go, golang-golang-x-mod-dev)",
    ),
]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the judge, built from the system's packages alone."""
    folder = tmp_path_factory.mktemp("go")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GOPATH": str(PACKAGES),
        "GOCACHE": str(folder / "cache"),
        "GO111MODULE": "off",
        "GOPROXY": "off",
    }
    command = ["go", "build", "-o", str(folder / "judge"), str(SOURCE)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "judge"


@pytest.fixture(scope="module")
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, log: MemoryLog) -> Path:
    """Return the folder of our log, with the checkpoint of each of its sizes beside it."""
    folder = tmp_path_factory.mktemp("judged")
    signer = memory_signer(ORIGIN, SEED)
    for size in SIZES:
        fill(log, size)
        note = publish(log, signer)
        (folder / f"checkpoint.{size}").write_text(note)
        files: dict[str, bytes | None] = {"checkpoint": note.encode()}
        for place in tile_places(size):
            path = tile_path(place.level, place.index, place.width)
            files[path] = tile_for(log, place.level, place.index, place.width)
        for place in bundle_places(size):
            path = bundle_path(place.index, place.width)
            files[path] = bundle_for(log, log, place.index, place.width)
        write_files(folder / "log", {path: data for path, data in files.items() if data})
    return folder


def run(judge: Path, folder: Path, vkeys: Sequence[str], **more: object) -> Any:
    """Return the judge's verdict, or the sentence with which it refused."""
    asked = json.dumps({"dir": str(folder), "vkeys": list(vkeys), **more})
    done = subprocess.run([judge], input=asked, capture_output=True, text=True, timeout=60)
    if done.returncode:
        assert done.stderr.startswith("refused: "), done.stderr
        return done.stderr.strip()
    return json.loads(done.stdout)


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def own_vkey() -> str:
    return memory_signer(ORIGIN, SEED).vkey()


@pytest.mark.parametrize("size", SIZES)
def test_go_counts_our_root_at_every_size_from_entries_and_from_tiles(
    judge: Path, served: Path, log: MemoryLog, size: int
) -> None:
    path = str(served / f"checkpoint.{size}")
    found = run(judge, served / "log", [own_vkey()], checkpoint=path)
    root = text(root_at(log, size))
    assert (found["origin"], found["size"]) == (ORIGIN, size)
    assert found["root"] == found["from_entries"] == found["from_tiles"] == root
    assert len(found["signed_by"]) == 1


def test_go_accepts_our_proofs_and_makes_the_same(
    judge: Path, served: Path, log: MemoryLog
) -> None:
    inclusion = [
        {
            "leaf": text(leaves_from(index, index + 1)[0]),
            "index": index,
            "proof": [text(one) for one in proof_for(log, index).hashes],
        }
        for index in (0, 1, 254, 255, 256, 511, 512, 698, 699)
    ]
    consistency = [
        {
            "old": old,
            "root": text(root_at(log, old)),
            "proof": [text(one) for one in consistency_proof(log, old, 700)],
        }
        for old in (1, 2, 3, 128, 255, 256, 257, 512, 699, 700)
    ]
    more = {"inclusion": inclusion, "consistency": consistency}
    found = run(judge, served / "log", [own_vkey()], **more)
    assert found["inclusion"] == ["ok"] * len(inclusion)
    assert found["consistency"] == ["ok"] * len(consistency)


def test_go_refuses_what_we_must_not_prove(judge: Path, served: Path, log: MemoryLog) -> None:
    proof = [text(one) for one in proof_for(log, 5).hashes]
    cases = [
        {"leaf": text(b"another leaf"), "index": 5, "proof": proof},
        {"leaf": text(leaves_from(5, 6)[0]), "index": 6, "proof": proof},
        {"leaf": text(leaves_from(5, 6)[0]), "index": 5, "proof": proof[:-1]},
    ]
    found = run(judge, served / "log", [own_vkey()], inclusion=cases)
    assert "ok" not in found["inclusion"]


def test_go_opens_both_lines_of_the_worked_checkpoint(
    judge: Path, served: Path, tmp_path: Path
) -> None:
    notes = worked("notes")
    (tmp_path / "checkpoint").write_text(notes["checkpoint_257"], "utf-8")
    keys = [key["vkey"] for key in notes["keys"]]
    found = run(judge, served / "log", keys, checkpoint=str(tmp_path / "checkpoint"))
    assert found["signed_by"] == ["+".join(key.split("+")[:2]) for key in keys]
    assert found["root"] == found["from_entries"] == worked("tree")["roots"]["257"]


def test_go_accepts_the_published_good_history(judge: Path) -> None:
    identity = json.loads((VECTORS / "good/.well-known/beffroi.json").read_bytes())
    found = run(judge, VECTORS / "good/log", identity["vkeys"])
    assert found["origin"] == identity["origin"]
    assert found["root"] == found["from_entries"] == found["from_tiles"]


@pytest.mark.parametrize(
    "name", ["altered-leaf", "altered-signature", "wrong-key", "truncated-bundle"]
)
def test_go_refuses_wrong_histories(judge: Path, tmp_path: Path, name: str) -> None:
    case = next(case for case in bad_histories() if case.name == name)
    write_files(tmp_path, case.files)
    identity = json.loads((VECTORS / "good/.well-known/beffroi.json").read_bytes())
    found = run(judge, tmp_path / "log", identity["vkeys"])
    assert isinstance(found, str) or found["root"] != found["from_entries"]
