# SPDX-License-Identifier: AGPL-3.0-or-later
"""The files a town serves, built from leaves: honest ones, and every kind of wrong one.

Nothing here checks what it is told to serve; that is the readers' work. Paths are those below the
town's public address: `.well-known/beffroi.json`, `log/checkpoint`, `log/tile/…`, `log/content/…`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_federation.checkpoint import Checkpoint
from beffroi_federation.entries import encode_content_line
from beffroi_federation.identity import Identity, encode_identity
from beffroi_federation.log import grow
from beffroi_federation.merkle import TILE_WIDTH, Frontier, leaf_hash
from beffroi_federation.notes import Signature, format_note, sign, vkey
from beffroi_federation.tiles import (
    bundle_path,
    bundle_places,
    content_path,
    tile_path,
    tile_places,
)
from support.memory_log import MemoryLog

ORIGIN = "beffroi.example/beffroi/210000006/1"
SEED = bytes(range(32))


@dataclass
class Town:
    """A town's log in the making: its leaves, its contents by index, its checkpoints by size."""

    origin: str = ORIGIN
    key: Ed25519PrivateKey = field(
        default_factory=lambda: Ed25519PrivateKey.from_private_bytes(SEED)
    )
    leaves: list[bytes] = field(default_factory=list)
    contents: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    """Vkeys that sign beside the town's own: a key that is to follow it."""
    also: list[Callable[[str], Signature]] = field(default_factory=list)
    """Who else signs each checkpoint: a key that is to follow, a witness."""

    def vkey(self) -> str:
        """Return the vkey text of the town's log."""
        return vkey(self.origin, self.key.public_key().public_bytes_raw())

    def root(self) -> bytes:
        """Return the root of all leaves."""
        return Frontier().extended(map(leaf_hash, self.leaves)).root()

    def publish(self) -> str:
        """Sign the present tree, whatever was signed before, and return the note."""
        text = Checkpoint(self.origin, len(self.leaves), self.root()).text()
        note = format_note(text, [self.sign(text), *(one(text) for one in self.also)])
        self.notes[len(self.leaves)] = note
        return note

    def sign(self, text: str) -> Signature:
        """Return the town's signature of any text."""
        return sign(text, self.origin, self.key)

    def files(self) -> dict[str, bytes]:
        """Return every file: the last checkpoint, tiles and bundles of every published size."""
        files = {
            ".well-known/beffroi.json": encode_identity(self.identity()),
            "log/checkpoint": self.notes[max(self.notes)].encode(),
        }
        log = MemoryLog()
        log.stage(0, self.leaves, grow(log, 0, [leaf_hash(leaf) for leaf in self.leaves]))
        for size in self.notes:
            for place in tile_places(size):
                path = tile_path(place.level, place.index, place.width)
                files[f"log/{path}"] = log.read_tile(place.level, place.index, place.width)
            for place in bundle_places(size):
                first = place.index * TILE_WIDTH
                files[f"log/{bundle_path(place.index, place.width)}"] = b"".join(
                    len(leaf).to_bytes(2, "big") + leaf  # not encode_bundle: it refuses bad leaves
                    for leaf in self.leaves[first : first + place.width]
                )
        for index in range(-(-len(self.leaves) // TILE_WIDTH)):
            files[f"log/{content_path(index)}"] = self._contents(index)
        return files

    def _contents(self, bundle: int) -> bytes:
        first = bundle * TILE_WIDTH
        return b"".join(
            encode_content_line(index, *self.contents[index])
            for index in range(first, first + TILE_WIDTH)
            if index in self.contents
        )

    def identity(self) -> Identity:
        """Return the town's identity."""
        return Identity(
            origin=self.origin,
            prefix="https://beffroi.example/log",
            vkeys=(self.vkey(), *self.others),
            name="Beffroi-sur-Exemple",
            siren="210000006",
            kind="commune",
            communes=("99999",),
            software="beffroi",
            version="1",
            contact="mailto:beffroi@beffroi.example",
            languages=("fr", "en"),
            population_band="2000-9999",
        )


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    """Write files below a folder."""
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def read_files(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
