# SPDX-License-Identifier: AGPL-3.0-or-later
"""Our static files before an independent reader of C2SP logs, in its own Python environment."""

import json
import subprocess
from pathlib import Path

import pytest

from beffroi_federation.log import bundle_for, publish, tile_for
from beffroi_federation.signer import memory_signer
from beffroi_federation.tiles import bundle_path, bundle_places, tile_path, tile_places
from support.log_contract import ORIGIN, SEED, fill, leaves_from
from support.memory_log import MemoryLog
from support.protocol_vectors import VECTORS, bad_histories, good_vkeys
from support.simulated_town import SimulatedTown
from support.town_files import write_files

JUDGE = Path(__file__).parents[2] / ".venv-judge"
SIZES = (5, 256, 257, 700)

pytestmark = [
    pytest.mark.skipif(
        not (JUDGE / "bin/aics-tlog").exists(),
        reason="not run: the independent judge of the log is not installed (.venv-judge)",
    ),
]

AUDIT = """
import pathlib, sys
from aics_tlog import FileSystemTileReader, TileVerificationError
from aics_tlog import audit_tiles, parse_checkpoint, parse_note
folder = pathlib.Path(sys.argv[1])
checkpoint = parse_checkpoint(parse_note((folder / "checkpoint").read_text("utf-8")).text)
try:
    print(audit_tiles(FileSystemTileReader(folder), checkpoint.size, checkpoint.root))
except TileVerificationError as error:
    sys.exit(f"refused: {error}")
"""

HTTP_AUDIT = """
import sys
from aics_tlog import HttpTileReader, audit_tiles, parse_checkpoint, parse_note
checkpoint = parse_checkpoint(parse_note(sys.argv[2]).text)
reader = HttpTileReader([sys.argv[1] + "/"])
assert reader.read_checkpoint().decode() == sys.argv[2]
print(audit_tiles(reader, checkpoint.size, checkpoint.root))
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the log as it is served, and beside it a checkpoint of each size."""
    folder = tmp_path_factory.mktemp("judged")
    log, signer = MemoryLog(), memory_signer(ORIGIN, SEED)
    (folder / "vkey").write_text(signer.vkey() + "\n")
    for size in SIZES:
        fill(log, size)
        note = publish(log, signer)
        (folder / f"checkpoint.{size}").write_text(note)
        write_files(folder / "log", published_files(log, size) | {"checkpoint": note.encode()})
    return folder


def published_files(log: MemoryLog, size: int) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for place in tile_places(size):
        tile = tile_for(log, place.level, place.index, place.width)
        assert tile is not None
        files[tile_path(place.level, place.index, place.width)] = tile
    for place in bundle_places(size):
        bundle = bundle_for(log, log, place.index, place.width)
        assert bundle is not None
        files[bundle_path(place.index, place.width)] = bundle
    return files


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def audit(log: Path) -> subprocess.CompletedProcess[str]:
    """Have the judge read every tile and bundle of a log against its checkpoint."""
    return run(str(JUDGE / "bin/python"), "-c", AUDIT, str(log))


def judge(served: Path, command: str, *arguments: str) -> dict[str, object]:
    """Return the judge's verdict on the served folder."""
    options = ["--vkey-file", str(served / "vkey"), "--tiles", str(served / "log"), *arguments]
    result = run(str(JUDGE / "bin/aics-tlog"), command, *options)
    assert result.stdout, result.stderr
    verdict: dict[str, object] = json.loads(result.stdout)
    assert verdict["ok"] is (result.returncode == 0)
    return verdict


def test_the_judge_accepts_our_checkpoint(served: Path) -> None:
    assert judge(served, "verify-checkpoint")["ok"] is True


@pytest.mark.parametrize("size", SIZES[:-1])
def test_the_judge_finds_our_log_consistent_with_each_earlier_checkpoint(
    served: Path, size: int
) -> None:
    old = str(served / f"checkpoint.{size}")
    assert judge(served, "verify-consistency", "--old-checkpoint", old)["ok"] is True


@pytest.mark.parametrize("index", [0, 255, 256, 699])
def test_the_judge_finds_an_entry_where_it_is_and_no_other(
    served: Path, tmp_path: Path, index: int
) -> None:
    leaf = tmp_path / "leaf"
    leaf.write_bytes(leaves_from(index, index + 1)[0])
    place = ("--leaf", str(leaf), "--index", str(index))
    assert judge(served, "verify-inclusion", *place)["ok"] is True
    leaf.write_bytes(b"another leaf")
    assert judge(served, "verify-inclusion", *place)["ok"] is False


def test_the_judge_audits_every_tile_and_bundle(served: Path) -> None:
    result = audit(served / "log")
    assert result.returncode == 0, result.stderr
    assert "size=700" in result.stdout


def test_the_judge_accepts_the_published_good_history() -> None:
    result = audit(VECTORS / "good/log")
    assert result.returncode == 0, result.stderr
    assert "size=260" in result.stdout


@pytest.mark.parametrize("size", ["5", "9", "12", "13", "260"])
def test_the_judge_accepts_every_checkpoint_of_the_good_history(tmp_path: Path, size: str) -> None:
    (tmp_path / "vkey").write_text(good_vkeys()[0] + "\n")
    options = ["--vkey-file", str(tmp_path / "vkey"), "--tiles", str(VECTORS / "good/log")]
    old = str(VECTORS / "checkpoints" / size)
    result = run(
        str(JUDGE / "bin/aics-tlog"), "verify-consistency", *options, "--old-checkpoint", old
    )
    assert json.loads(result.stdout)["ok"] is True, result.stdout


def test_the_judge_accepts_the_next_key_too(tmp_path: Path) -> None:
    (tmp_path / "vkey").write_text(good_vkeys()[1] + "\n")
    options = ["--vkey-file", str(tmp_path / "vkey"), "--tiles", str(VECTORS / "good/log")]
    result = run(str(JUDGE / "bin/aics-tlog"), "verify-checkpoint", *options)
    assert json.loads(result.stdout)["ok"] is True, result.stdout


def test_the_judge_reads_a_town_over_http_as_it_grows() -> None:
    town = SimulatedTown()
    for size in (3, 256, 300):
        while len(town.leaves) < size:
            town.record(b"{}")
        town.publish()
        with town.served() as prefix:
            result = run(str(JUDGE / "bin/python"), "-c", HTTP_AUDIT, prefix, town.notes[size])
        assert result.returncode == 0, result.stderr
        assert f"size={size}" in result.stdout


def test_the_judge_accepts_a_large_log(tmp_path: Path) -> None:
    log, signer = MemoryLog(), memory_signer(ORIGIN, SEED)
    notes = []
    for size in (256, 257, 70_000):
        fill(log, size)
        notes.append(publish(log, signer))
    write_files(tmp_path / "log", published_files(log, 70_000) | {"checkpoint": notes[-1].encode()})
    write_files(tmp_path, {"vkey": signer.vkey().encode(), "old": notes[1].encode()})
    result = audit(tmp_path / "log")
    assert result.returncode == 0, result.stderr
    assert all(part in result.stdout for part in ("size=70000", "tiles=277", "bundles=274"))
    assert judge(tmp_path, "verify-consistency", "--old-checkpoint", str(tmp_path / "old"))["ok"]


def damaged(name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Have the judge look at a wrong history of ours: its checkpoint, then all of it."""
    case = next(case for case in bad_histories() if case.name == name)
    write_files(folder, case.files)
    (folder / "vkey").write_text(case.vkeys[0] + "\n")
    options = ["--vkey-file", str(folder / "vkey"), "--tiles", str(folder / "log")]
    if case.known is not None:
        (folder / "known").write_text(case.known)
        known = ["--old-checkpoint", str(folder / "known")]
        return run(str(JUDGE / "bin/aics-tlog"), "verify-consistency", *options, *known)
    result = run(str(JUDGE / "bin/aics-tlog"), "verify-checkpoint", *options)
    return result if result.returncode else audit(folder / "log")


@pytest.mark.parametrize(
    "name",
    ["rollback", "same-size-other-root", "fork-after-12", "reordered-bundle", "truncated-bundle",
     "altered-leaf", "altered-tile", "short-tile", "missing-bundle", "crlf-note",
     "duplicate-lines", "non-canonical-base64", "wrong-key", "altered-signature", "short-root",
     "size-with-a-leading-zero", "no-signature", "hyphen-for-a-dash"],  # an extension line is C2SP
)  # fmt: skip
def test_the_judge_refuses_what_we_refuse(tmp_path: Path, name: str) -> None:
    result = damaged(name, tmp_path)
    assert result.returncode != 0, result.stdout


def test_the_judge_refuses_a_log_with_an_altered_entry(tmp_path: Path) -> None:
    case = next(case for case in bad_histories() if case.name == "altered-leaf")
    write_files(tmp_path, case.files)
    result = audit(tmp_path / "log")
    assert result.returncode != 0
    assert result.stderr.startswith("refused: ")
