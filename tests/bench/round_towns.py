# SPDX-License-Identifier: AGPL-3.0-or-later
"""A country of small towns as static files behind nginx: real format, own keys, one host each.

Each town `<n>` lies in a folder of its own: checkpoint, tile, bundle, contents and tail of its few
entries, and the same records as one JSON list (`entries.json`) for peers that verify nothing.
Over http, nginx serves `/<n>/…`; over https, under its own throw-away authority, `/…` of the name
`t<n>.bench.example`, so that every town is a host with a handshake of its own.
"""

import hashlib
import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from generated import record

from beffroi_federation.canonical import encode
from beffroi_federation.checkpoint import Checkpoint
from beffroi_federation.entries import RecordEntry, encode_content_line, encode_entry
from beffroi_federation.merkle import Frontier, leaf_hash
from beffroi_federation.notes import format_note, sign, vkey
from beffroi_federation.tail import encode_tail
from beffroi_federation.tiles import bundle_path, content_path, encode_bundle, tile_path
from beffroi_privacy.commitments import commit
from support.demo_run import free_base
from support.raw_server import Authority

DOMAIN = "bench.example"
DAY = 1_700_000_000


def origin(number: int) -> str:
    """Return a town's origin."""
    return f"t{number}.{DOMAIN}/beffroi/{number:09d}/1"


def key(number: int) -> Ed25519PrivateKey:
    """Return a town's key."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"%d" % number).digest())


def vkey_of(number: int) -> str:
    """Return the key text that the nation pins."""
    return vkey(origin(number), key(number).public_key().public_bytes_raw())


def build(folder: Path, towns: int, entries: int) -> None:
    """Write the files of so many towns: with so many entries in `first`, twice as many in `second`.

    `current`, which is served, leads to `first`. `entries.json` holds what is new in each.
    """
    for number in range(towns):
        chance = random.Random(number)
        records = [record(one, chance) for one in range(2 * entries)]
        contents = [(chance.randbytes(32), encode(one)) for one in records]
        leaves = [encode_entry(RecordEntry(commit(*one))) for one in contents]
        for name, start in (("first", 0), ("second", entries)):
            size = start + entries
            files = _files(number, leaves[:size], contents[:size], start)
            files["entries.json"] = json.dumps(records[start:size], ensure_ascii=False).encode()
            for path, data in files.items():
                file = folder / name / str(number) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
                os.utime(file, (DAY, DAY + start))  # nginx makes its ETag of time and length
    serve_now(folder, "first")


def serve_now(folder: Path, name: str) -> None:
    """Let all towns be what they are in `first` or `second`."""
    (folder / "new").symlink_to(folder / name)
    (folder / "new").rename(folder / "current")


def _files(
    number: int, leaves: list[bytes], contents: list[tuple[bytes, bytes]], start: int
) -> dict[str, bytes]:
    """Return the log's files of one town, with the tail from `start` on."""
    size, hashes = len(leaves), [leaf_hash(leaf) for leaf in leaves]
    text = Checkpoint(origin(number), size, Frontier().extended(hashes).root()).text()
    lines = {at: encode_content_line(at, *one) for at, one in enumerate(contents)}
    return {
        "log/checkpoint": format_note(text, [sign(text, origin(number), key(number))]).encode(),
        f"log/{tile_path(0, 0, size)}": b"".join(hashes),
        f"log/{bundle_path(0, size)}": encode_bundle(leaves),
        f"log/{content_path(0)}": b"".join(lines.values()),
        f"log/tail/{start}": encode_tail(start, leaves[start:], lines),
    }


@dataclass(frozen=True, slots=True)
class Country:
    """Where the towns are served, by the port for http and the one for https."""

    http: int
    https: int
    authority: Path


@contextmanager
def served(folder: Path, towns: Path) -> Iterator[Country]:
    """Serve the towns with one nginx worker until the block ends; temporary files in `folder`."""
    authority = Authority(folder)
    pem, secret = authority.files_for([f"*.{DOMAIN}", "localhost"])
    base = free_base()
    config = folder / "nginx.conf"
    config.write_text(_config(folder, towns, base, pem, secret))
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    with subprocess.Popen([nginx, "-c", str(config), "-e", str(folder / "error.log")]) as process:
        try:
            time.sleep(1.0)
            yield Country(base, base + 1, authority.file)
        finally:
            process.terminate()


def _config(folder: Path, towns: Path, base: int, pem: Path, secret: Path) -> str:
    places = " ".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    return f"""
daemon off; {user} worker_processes 1; worker_rlimit_nofile 60000; pid {folder}/nginx.pid;
events {{ worker_connections 20000; }}
http {{
  access_log off; keepalive_requests 100000000; {places} server_names_hash_bucket_size 128;
  server {{ listen 127.0.0.1:{base} backlog=8192; root {towns}/current; }}
  server {{
    listen 127.0.0.1:{base + 1} ssl backlog=8192;
    server_name ~^t(?<town>[0-9]+)\\.bench\\.example$; root {towns}/current/$town;
    ssl_certificate {pem}; ssl_certificate_key {secret};
    ssl_session_cache off; ssl_session_tickets off;
  }}
  server {{
    listen 127.0.0.1:{base + 1} ssl; server_name localhost; root {towns}/current;
    ssl_certificate {pem}; ssl_certificate_key {secret};
    ssl_session_cache off; ssl_session_tickets off;
  }}
}}
"""
