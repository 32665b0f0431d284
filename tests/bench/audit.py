# SPDX-License-Identifier: AGPL-3.0-or-later
"""How fast a log is audited from disk: `beffroi-verify` beside aics-tlog, which checks hashes only.

    .venv/bin/python tests/bench/audit.py [--entries 1000000] [--rounds 5] [--contents 20000]

Makes a static copy of a log, then audits it by turns with each auditor, each time in a process of
its own: `beffroi-verify` (checkpoint and its signature, every entry's hash, grammar and pointers,
every tile, the root, every content) and aics-tlog's `audit_tiles` (every tile and every entry's
hash). The seconds are those of the audit itself, without the start of Python; CPU first. A second,
smaller log has a content for each entry, which the other auditor does not know.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_federation.checkpoint import Checkpoint
from beffroi_federation.entries import (
    BatchEntry,
    RecordEntry,
    encode_content_line,
    encode_entry,
)
from beffroi_federation.merkle import TILE_WIDTH, Edge, Tile, leaf_hashes
from beffroi_federation.notes import format_note, sign, vkey
from beffroi_federation.tiles import bundle_path, content_path, encode_bundle, tile_path
from beffroi_privacy.commitments import commit

ROOT = Path(__file__).resolve().parents[2]
JUDGE = ROOT / ".venv-judge/bin/python"
ORIGIN = "bench.example/beffroi/210000006/1"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

OURS = """
import json, resource, sys, time
from pathlib import Path
from beffroi_federation.auditing import audit
from beffroi_federation.client import DirectoryFetcher, FeedClient
from beffroi_federation.notes import Verifier
from beffroi_web.clock import SystemClock
folder = Path(sys.argv[1])
keys = [Verifier.from_text((folder / "vkey").read_text())]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
cpu, wall = time.process_time(), time.perf_counter()
report = audit(FeedClient(DirectoryFetcher(folder)), keys, now=SystemClock().now())
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
assert report.sound and report.signed, report.faults[:3]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"cpu": cpu, "wall": wall, "peak": peak, "before": before, "size": report.size}))
"""

THEIRS = """
import json, pathlib, resource, sys, time
from aics_tlog import FileSystemTileReader, audit_tiles, parse_checkpoint, parse_note
folder = pathlib.Path(sys.argv[1])
checkpoint = parse_checkpoint(parse_note((folder / "checkpoint").read_text("utf-8")).text)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
cpu, wall = time.process_time(), time.perf_counter()
report = audit_tiles(FileSystemTileReader(folder), checkpoint.size, checkpoint.root)
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"cpu": cpu, "wall": wall, "peak": peak, "before": before, "size": report.size}))
"""


def leaves(count: int) -> Iterator[bytes]:
    """Yield a batch that has not ended yet, so that its absent contents are pending."""
    yield encode_entry(BatchEntry("2999-W01"))
    for number in range(1, count):
        yield encode_entry(RecordEntry(number.to_bytes(32, "big")))


def write_log(folder: Path, source: Iterator[bytes]) -> int:
    """Write a log as a static copy; return its size."""
    edge = Edge()
    for index in range(2**40):
        bundle = list(islice(source, TILE_WIDTH))
        if bundle:
            write(folder / bundle_path(index, len(bundle)), encode_bundle(bundle))
            edge, tiles = edge.grown(leaf_hashes(bundle))
            write_tiles(folder, [tile for tile in tiles if len(tile.hashes) == 8192])
        if len(bundle) < TILE_WIDTH:
            break
    write_tiles(
        folder,
        [
            Tile(level, (edge.size >> 8 * level) // TILE_WIDTH, hashes)
            for level, hashes in enumerate(edge.tiles)
            if hashes
        ],
    )
    text = Checkpoint(ORIGIN, edge.size, edge.root()).text()
    write(folder / "checkpoint", format_note(text, (sign(text, ORIGIN, KEY),)).encode())
    write(folder / "vkey", vkey(ORIGIN, KEY.public_key().public_bytes_raw()).encode())
    return edge.size


def write_tiles(folder: Path, tiles: Sequence[Tile]) -> None:
    """Write hash tiles."""
    for tile in tiles:
        path = tile_path(tile.level, tile.index, len(tile.hashes) // 32)
        write(folder / path, tile.hashes)


def write_with_contents(folder: Path, count: int) -> int:
    """Write a log of which each record is open, and its contents."""
    words = "Tableau des subventions aux associations, ligne par ligne. " * 7
    lines: list[bytes] = []

    def source() -> Iterator[bytes]:
        yield encode_entry(BatchEntry("2999-W01"))
        for number in range(1, count):
            members = {
                "answer": words, "clock": "in_time", "id": f"random-record-id-{number}",
                "kind": "request", "lang": "fr", "object": "dataset", "period": "2026-W12",
                "status": "published", "summary": words, "supports": "0", "theme": "GOVE",
                "title": f"Subventions {number}", "v": 1,
            }  # fmt: skip
            content = json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
            salt = number.to_bytes(32, "big")
            lines.append(encode_content_line(number, salt, content))
            yield encode_entry(RecordEntry(commit(salt, content)))

    size = write_log(folder, source())
    for bundle in range(-(-size // TILE_WIDTH)):
        first = bundle * TILE_WIDTH
        end = first + TILE_WIDTH - 1
        write(folder / content_path(bundle), b"".join(lines[max(first - 1, 0) : end]))
    return size


def write(path: Path, data: bytes) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def run(python: Path | str, program: str, folder: Path) -> dict[str, float]:
    """Run one audit in its own process; return its figures."""
    done = subprocess.run(
        [str(python), "-c", program, str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def line(name: str, figures: Sequence[dict[str, float]]) -> float:
    """Print one row; return the median of the CPU seconds."""
    cpu, wall = (statistics.median(f[key] for f in figures) for key in ("cpu", "wall"))
    size, peak = figures[0]["size"], max(f["peak"] for f in figures)
    began = max(f["before"] for f in figures)
    print(
        f"{name:34} {cpu:8.2f} s CPU {wall:8.2f} s {size / cpu:10,.0f} entries/CPU s "
        f"{peak:6.0f} MiB at most ({began:.0f} before)",
        flush=True,
    )
    return cpu


def main() -> None:
    """Make the logs, audit them by turns, print the rows and the ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--contents", type=int, default=20_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "log"
        write_log(folder, leaves(options.entries))
        ours, theirs = [], []
        for _ in range(options.rounds):
            ours.append(run(sys.executable, OURS, folder))
            theirs.append(run(JUDGE, THEIRS, folder))
        mine, other = (
            line("beffroi-verify, no contents", ours),
            line("aics-tlog audit_tiles", theirs),
        )
        print(f"beffroi-verify : aics-tlog, entries a CPU second: {other / mine:.2f} (aim: 1.0)")
        small = Path(name) / "contents"
        write_with_contents(small, options.contents)
        line(
            f"beffroi-verify, {options.contents:,} open contents",
            [run(sys.executable, OURS, small) for _ in range(options.rounds)],
        )


if __name__ == "__main__":
    main()
