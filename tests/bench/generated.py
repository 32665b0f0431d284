# SPDX-License-Identifier: AGPL-3.0-or-later
"""Generated requests of realistic sizes, and the log of a town that published them, as files.

Nothing here is anybody's: words are drawn from a list, from a fixed seed. A record has a title of
about 50 characters, a summary of about 330 and, two times in three, an answer of about 480: 940
bytes of canonical JSON on average, 1,060 as a content line, and a leaf of 74.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_federation.canonical import encode
from beffroi_federation.checkpoint import Checkpoint
from beffroi_federation.entries import (
    BatchEntry,
    RecordEntry,
    encode_content_line,
    encode_entry,
)
from beffroi_federation.log import grow
from beffroi_federation.merkle import TILE_WIDTH, Frontier, leaf_hash
from beffroi_federation.notes import format_note, sign, vkey
from beffroi_federation.tiles import (
    bundle_path,
    bundle_places,
    content_path,
    encode_bundle,
    tile_path,
    tile_places,
)
from beffroi_privacy.commitments import commit
from support.memory_log import MemoryLog

SIREN = "210000006"
COMMUNE = "99999"
ORIGIN = f"beffroi.example/beffroi/{SIREN}/1"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VKEY = vkey(ORIGIN, KEY.public_key().public_bytes_raw())

_WORDS = (
    "arrêts de bus lignes horaires fréquentation cantine menus budgets subventions marchés "
    "publics délibérations arbres essences capteurs trafic vélos comptages déchets tonnages "
    "éclairage consommation énergie bâtiments écoles effectifs piscine entrées médiathèque prêts "
    "eau qualité relevés bruit mesures permis construire parcelles cadastre algorithme attribution "
    "places crèche logement code source logiciel rapport enquête satisfaction données annuelles "
    "mensuelles depuis pour chaque quartier avec une documentation et un format ouvert"
).split()
_THEMES = ("TRAN", "EDUC", "ENVI", "GOVE", "ENER", "SOCI")
_STATUSES = ("open", "under_review", "published", "published", "planned", "refused")


def _sentence(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words)).capitalize() + "."


def record(number: int, chance: random.Random) -> dict[str, Any]:
    """Return the members of a request."""
    week = f"2026-W{1 + number % 52:02d}"
    made: dict[str, Any] = {
        "v": 1,
        "kind": "request",
        "id": f"{chance.getrandbits(96):024x}",
        "lang": "fr",
        "object": chance.choice(("dataset", "dataset", "source_code", "document", "algorithm")),
        "theme": chance.choice(_THEMES),
        "title": _sentence(chance, chance.randrange(4, 10)),
        "summary": _sentence(chance, chance.randrange(20, 68)),
        "commune": COMMUNE,
        "period": week,
        "status": chance.choice(_STATUSES),
        "supports": chance.choice(("0", "1-9", "10-49")),
        "clock": "in_time",
    }
    if number % 3:
        made["answer"] = _sentence(chance, chance.randrange(30, 95))
        made["answered"] = week
    if made["status"] == "published":
        made["outcome"] = "published"
        made["published_url"] = f"https://data.example.org/jeux/{number}"
    if made["status"] == "refused":
        made |= {"outcome": "refused", "ground": "CRPA-L311-5"}
    return made


def records(count: int, seed: int = 7) -> Iterator[dict[str, Any]]:
    """Yield so many requests; the same seed gives the same ones."""
    chance = random.Random(seed)
    for number in range(count):
        yield record(number, chance)


@dataclass(frozen=True, slots=True)
class Written:
    """One entry: its leaf, its salt and its content (empty where it has none)."""

    leaf: bytes
    salt: bytes = b""
    content: bytes = b""


def entries(count: int, seed: int = 7) -> Iterator[Written]:
    """Yield the entries of a log of this size: a batch's first one, then requests."""
    yield Written(encode_entry(BatchEntry("2026-W40")))
    for number, members in enumerate(records(count - 1, seed)):
        salt = hashlib.sha256(b"salt %d %d" % (seed, number)).digest()
        content = encode(members)
        yield Written(encode_entry(RecordEntry(commit(salt, content))), salt, content)


def note(leaves: Sequence[bytes]) -> bytes:
    """Return the signed checkpoint of these leaves."""
    return note_of(Frontier().extended(map(leaf_hash, leaves)))


def note_of(frontier: Frontier) -> bytes:
    """Return the signed checkpoint of a tree."""
    text = Checkpoint(ORIGIN, frontier.size, frontier.root()).text()
    return format_note(text, [sign(text, ORIGIN, KEY)]).encode()


def write_log(folder: Path, written: Sequence[Written]) -> None:
    """Write a town's log as static files below `folder/log`."""
    leaves = [one.leaf for one in written]
    log = MemoryLog()
    log.stage(0, leaves, grow(log, 0, [leaf_hash(leaf) for leaf in leaves]))
    size = len(leaves)
    for place in tile_places(size):
        data = log.read_tile(place.level, place.index, place.width)
        _put(folder / "log" / tile_path(place.level, place.index, place.width), data)
    for place in bundle_places(size):
        first = place.index * TILE_WIDTH
        data = encode_bundle(leaves[first : first + place.width])
        _put(folder / "log" / bundle_path(place.index, place.width), data)
    for number in range(-(-size // TILE_WIDTH)):
        first = number * TILE_WIDTH
        lines = [
            encode_content_line(first + at, one.salt, one.content)
            for at, one in enumerate(written[first : first + TILE_WIDTH])
            if one.content
        ]
        _put(folder / "log" / content_path(number), b"".join(lines))
    _put(folder / "log" / "checkpoint", note(leaves))


def write_local(folder: Path, written: Sequence[Written]) -> None:
    """Write what the floor and the dump read: leaves, content lines, records, a line each."""
    _put(folder / "leaves", b"".join(one.leaf + b"\n" for one in written))
    _put(
        folder / "lines",
        b"".join(
            encode_content_line(at, one.salt, one.content)
            for at, one in enumerate(written)
            if one.content
        ),
    )
    _put(folder / "dump.ndjson", b"".join(one.content + b"\n" for one in written if one.content))


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
