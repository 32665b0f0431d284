# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verifying proofs against roots (RFC 9162 sections 2.1.3.2 and 2.1.4.2)."""

from collections.abc import Sequence

from beffroi_federation.errors import Inconsistent
from beffroi_federation.merkle.hashing import EMPTY_ROOT, must_be_hashes, node_hash


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Return if the leaf hash is at `index` under this root of `size` leaves (RFC 9162 2.1.3.2).

    Raises Inconsistent otherwise, Malformed for hashes that do not have 32 bytes.
    """
    must_be_hashes((leaf, root, *proof))
    if not 0 <= index < size:
        raise Inconsistent("The tree is too small for this index", index=index, size=size)
    position, last = index, size - 1
    node = leaf
    for sibling in proof:
        if last == 0:
            raise Inconsistent("The inclusion proof is too long", index=index, size=size)
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        position, last = position >> 1, last >> 1
    if last != 0 or node != root:
        raise Inconsistent("The inclusion proof does not lead to the root", index=index, size=size)


def verify_consistency(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    """Return if the tree of `new` leaves continues that of `old` leaves (RFC 9162 2.1.4.2).

    Raises Inconsistent otherwise, Malformed for hashes that do not have 32 bytes. Between equal
    sizes, and from nothing, the proof is empty; the root of nothing is EMPTY_ROOT.
    """
    must_be_hashes((old_root, new_root, *proof))
    if not 0 <= old <= new:
        raise Inconsistent("The new tree is smaller than the old one", old=old, new=new)
    for size, root in ((old, old_root), (new, new_root)):
        if size == 0 and root != EMPTY_ROOT:
            raise Inconsistent("An empty tree has another root than this")
    if old in (0, new):
        if proof or (old == new and old_root != new_root):
            raise Inconsistent("Two roots for one size, or a proof where none is due", size=new)
        return
    old_seen, new_seen = _walk(old, new, proof, old_root)
    if old_seen != old_root or new_seen != new_root:
        raise Inconsistent("The consistency proof does not lead to both roots", old=old, new=new)


def _walk(old: int, new: int, proof: Sequence[bytes], old_root: bytes) -> tuple[bytes, bytes]:
    """Return the old and the new root that a consistency proof leads to, for 0 < old < new."""
    steps = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not steps:
        raise Inconsistent("The consistency proof is empty", old=old, new=new)
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    left = right = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            raise Inconsistent("The consistency proof is too long", old=old, new=new)
        if position & 1 or position == last:
            left, right = node_hash(sibling, left), node_hash(sibling, right)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            right = node_hash(right, sibling)
        position, last = position >> 1, last >> 1
    if last != 0:
        raise Inconsistent("The consistency proof is too short", old=old, new=new)
    return left, right
