# SPDX-License-Identifier: AGPL-3.0-or-later
"""The Merkle tree of RFC 6962 section 2.1 over SHA-256: roots, proofs, and their verification.

Ways to hold a tree, none of which holds the leaves:

- `Frontier`: size and the roots of the perfect subtrees (at most 63 hashes). Enough to append and
  to compare roots; what the aggregator keeps for each log.
- `Edge`: the partial tiles at the right; enough to append where tiles are kept.
- `HashReader`: tiles of 256 hashes (C2SP tlog-tiles); enough for any root and any proof, by `Tree`.
- a root: enough to verify a proof (RFC 9162 sections 2.1.3.2 and 2.1.4.2).
"""

from beffroi_federation.merkle.edge import Edge, Tile
from beffroi_federation.merkle.frontier import Frontier
from beffroi_federation.merkle.hashing import (
    EMPTY_ROOT,
    HASH_BYTES,
    MAX_SIZE,
    TILE_HEIGHT,
    TILE_WIDTH,
    leaf_hash,
    leaf_hashes,
    node_hash,
    split_hashes,
    tile_root,
    tile_width,
)
from beffroi_federation.merkle.reading import (
    HashReader,
    Tree,
    consistency_proof,
    forget_tiles,
    inclusion_proof,
    root_at,
)
from beffroi_federation.merkle.verifying import verify_consistency, verify_inclusion

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "MAX_SIZE",
    "TILE_HEIGHT",
    "TILE_WIDTH",
    "Edge",
    "Frontier",
    "HashReader",
    "Tile",
    "Tree",
    "consistency_proof",
    "forget_tiles",
    "inclusion_proof",
    "leaf_hash",
    "leaf_hashes",
    "node_hash",
    "root_at",
    "split_hashes",
    "tile_root",
    "tile_width",
    "verify_consistency",
    "verify_inclusion",
]
