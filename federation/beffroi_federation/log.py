# SPDX-License-Identifier: AGPL-3.0-or-later
"""Appending to a log and publishing it, without ever loading the whole log.

The order of effects, and why a crash between any two of them loses and forks nothing:

1. *stage* (`append`): leaves and the tiles they complete, in one transaction of the caller's.
   - crash before it commits: nothing happened; the caller's facts are still to be appended.
   - crash after it: entries without a checkpoint; the next `publish` signs them. The caller
     marks its facts as appended in the same transaction, so none is appended twice.
2. *sign* (`publish`): the signer proves that the tree continues its last one, remembers it on
   disk, then answers.
   - crash before it remembered: nothing was signed; asked again, it signs.
   - crash after it remembered, before we hold the note: asked again for the same tree, it
     gives the same note; asked for a larger one (entries were staged meanwhile), it says which
     size it signed last, and we prove from there.
3. *commit* (`publish`): the note becomes the checkpoint that is served, in a transaction.
   - crash before it commits: as above, the signer gives the same note again.
   - crash after it: all is done; `publish` again changes nothing.

Only what a committed checkpoint covers is served, so that nobody ever sees a tree that is not
signed. A store that is behind its signer was restored from a backup: `publish` raises Rollback,
and the store must catch up before anything is appended.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from beffroi_federation.checkpoint import Proof, open_checkpoint
from beffroi_federation.checkpoint import parse as parse_checkpoint
from beffroi_federation.errors import Inconsistent, OverLimit, Rollback, Stale
from beffroi_federation.merkle import (
    TILE_WIDTH,
    Edge,
    HashReader,
    Tree,
    consistency_proof,
    forget_tiles,
    leaf_hashes,
    root_at,
    tile_width,
)
from beffroi_federation.merkle import (
    Tile as Tile,  # part of what a store takes
)
from beffroi_federation.notes import Verifier
from beffroi_federation.notes import parse as parse_note
from beffroi_federation.signing import CheckpointSigner
from beffroi_federation.tiles import MAX_LEAF, encode_bundle


@dataclass(frozen=True, slots=True)
class Head:
    """Where a log stands: entries staged, entries under the served checkpoint, and its note.

    `root` is that of the staged tree, in a store that keeps it.
    """

    size: int
    published: int
    note: str
    root: bytes | None = field(default=None, compare=False)


class LogStore(Protocol):
    """Where one log is kept.

    Durable once the caller's transaction is: what `stage` or `commit` wrote is there after a crash
    if the transaction committed, and none of it is if it did not. Reads see the writes of their own
    transaction. Two writers at once are allowed and one of them fails: `stage` refuses a first
    index that is not its size.
    """

    def head(self) -> Head:
        """Return where the log stands; Head(0, 0, "") when it is new."""

    def read_tile(self, level: int, index: int, width: int) -> bytes:
        """Return the first `width` hashes of a staged tile, 32 * width bytes (as HashReader)."""

    def stage(
        self,
        first_index: int,
        leaves: Sequence[bytes],
        tiles: Sequence[Tile],
        *,
        root: bytes | None = None,
    ) -> None:
        """Add leaves from `first_index` on, and put tiles in the place of what they grew from.

        `root` is that of the tree with them, for the next `head`; None where nobody worked it out.
        Raises Inconsistent if `first_index` is not the number of staged leaves.
        """

    def commit(self, note: str, size: int) -> None:
        """Make `note` the served checkpoint, of the first `size` leaves.

        Raises Inconsistent if that is fewer than are published, or more than are staged.
        """


class LeafReader(Protocol):
    """Where a log's leaves are read from, a bundle at a time."""

    def read_leaves(self, first_index: int, count: int) -> Sequence[bytes]:
        """Return `count` (at most 256) leaves from `first_index` on, in order."""


@runtime_checkable
class BundleReader(Protocol):
    """A store that keeps bundles as they are served."""

    def read_bundle(self, index: int, width: int) -> bytes:
        """Return the first `width` leaves of a staged bundle, as an entry bundle."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append did: the first new entry's index, the log's size and its root since."""

    first_index: int
    size: int
    root: bytes


def append(store: LogStore, leaves: Sequence[bytes]) -> Appended:
    """Stage leaves (1 to 1,024 bytes each) at the end of the log, with every tile they change.

    Call it in the transaction that marks the leaves' facts as appended. Reads at most one tile a
    level and the edge of the tree.
    """
    for leaf in leaves:
        if not 1 <= len(leaf) <= MAX_LEAF:
            raise OverLimit("A leaf is empty or longer than 1,024 bytes", length=len(leaf))
    head = store.head()
    before = Edge.read(store, head.size, head.root)
    edge, tiles = before.grown(leaf_hashes(leaves))
    root = edge.root()
    if leaves:
        store.stage(head.size, leaves, tiles, root=root)
        edge.remember(root)
    return Appended(head.size, edge.size, root)


def grow(reader: HashReader, size: int, leaf_hashes: Sequence[bytes]) -> list[Tile]:
    """Return every tile that changes, of every level, when these hashes follow `size` others."""
    return Edge.read(reader, size).grown(leaf_hashes)[1]


def publish(store: LogStore, signer: CheckpointSigner) -> str:
    """Have everything that is staged signed, make it the served checkpoint, and return its note.

    Nothing happens when nothing was staged since. Raises what `Signer.sign` raises, and Rollback
    when the signer has signed more than the store holds.
    """
    head = store.head()
    if head.note and head.published == head.size:
        return head.note
    root = root_at(store, head.size)
    note = _sign(store, signer, head, root)
    signed = open_checkpoint(note, [Verifier.from_text(key) for key in signer.vkeys()])
    if (signed.size, signed.root) != (head.size, root):
        raise Inconsistent("The signer signed another tree than it was asked to", size=signed.size)
    store.commit(note, head.size)
    return note


def _sign(store: LogStore, signer: CheckpointSigner, head: Head, root: bytes) -> str:
    old = head.published
    try:
        return signer.sign(old, head.size, root, consistency_proof(store, old, head.size))
    except Stale as stale:
        # Signed once, but the note was lost in a crash before its commit, and entries followed.
        if not old < stale.size < head.size:
            raise Rollback(
                "The log and its signer do not stand where they left each other",
                signed=stale.size,
                published=old,
                staged=head.size,
            ) from stale
        proof = consistency_proof(store, stale.size, head.size)
        return signer.sign(stale.size, head.size, root, proof)


def tile_for(store: LogStore, level: int, index: int, width: int) -> bytes | None:
    """Return a hash tile as it is served, or None if the served checkpoint does not imply it."""
    if not 1 <= width <= tile_width(level, index, store.head().published):
        return None
    return store.read_tile(level, index, width)


def bundle_for(
    store: LogStore, leaves: LeafReader | BundleReader, index: int, width: int
) -> bytes | None:
    """Return an entry bundle as it is served, or None if the checkpoint does not imply it."""
    if not 1 <= width <= tile_width(0, index, store.head().published):
        return None
    if isinstance(leaves, BundleReader):
        return leaves.read_bundle(index, width)
    return encode_bundle(leaves.read_leaves(index * TILE_WIDTH, width))


def proof_for(store: LogStore, index: int) -> Proof | None:
    """Return the proof that an entry is under the served checkpoint, or None if it is not yet.

    Reads the head, and the tiles on the way that this process does not hold yet. Raises
    Inconsistent if the stored tiles do not lead to the checkpoint: a receipt that does not hold is
    never given.
    """
    head = store.head()
    if not 0 <= index < head.published:
        return None
    return Proof(index, _published_tree(store, head.note).inclusion(store, index), head.note)


@dataclass(frozen=True, slots=True)
class Growth:
    """That a checkpoint continues a smaller tree: the proof, and the note that it leads to."""

    old: int
    hashes: tuple[bytes, ...]
    note: str


def consistency_for(store: LogStore, old: int) -> Growth | None:
    """Return the proof that the served checkpoint continues the tree of `old` entries.

    None if it has fewer. Raises as `proof_for`.
    """
    head = store.head()
    if not head.note or not 0 <= old <= head.published:
        return None
    return Growth(old, _published_tree(store, head.note).consistency(store, old), head.note)


_TREES = 8
_trees: dict[str, Tree] = {}
"""The trees of the last few checkpoints, by their notes."""


def forget_trees() -> None:
    """Forget every tree and tile that this process holds; for benches and tests."""
    _trees.clear()
    forget_tiles()


def _published_tree(store: HashReader, note: str) -> Tree:
    """Return the tree of a checkpoint of our own, which its tiles must lead to."""
    tree = _trees.get(note)
    if tree is None:
        checkpoint = parse_checkpoint(parse_note(note).text)
        tree = Tree(store, checkpoint.size)
        if tree.root != checkpoint.root:
            sentence = "The stored tiles do not lead to the root of the served checkpoint"
            raise Inconsistent(sentence, size=checkpoint.size)
        _trees[note] = tree
        while len(_trees) > _TREES:
            _trees.pop(next(iter(_trees)), None)
    return tree
