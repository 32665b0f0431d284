# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first half of a pull: ask a town what is new, and verify it up to the signed root.

No table is touched here, so no transaction is open while a town is slow.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from beffroi_federation.aggregator.intake.queries import Freshness
from beffroi_federation.aggregator.intake.rules import Heard, end_of_turn, quota
from beffroi_federation.aggregator.intake.service import ServedContents, Taken
from beffroi_federation.aggregator.towns.queries import TownRow
from beffroi_federation.checkpoint import Checkpoint, open_checkpoint
from beffroi_federation.errors import Fork, Inconsistent
from beffroi_federation.feed_client import NOT_MODIFIED, FeedClient
from beffroi_federation.merkle import (
    TILE_WIDTH,
    Frontier,
    consistency_proof,
    leaf_hash,
    verify_consistency,
)
from beffroi_federation.notes import Verifier
from beffroi_federation.verify import ReplicaState, accept_checkpoint, extend


def read(
    town: TownRow,
    fresh: Freshness | None,
    client: FeedClient,
    recheck: Sequence[tuple[int, str | None]],
    heard: Heard,
    *,
    now: datetime,
) -> Taken:
    """Ask a town for what is new, and verify it up to the signed root.

    `recheck` are older content bundles to compare again, with their ETags. `heard` is filled on
    the way. Raises ProtocolError; nothing is written.
    """
    frontier, turn = (Frontier(), 0) if fresh is None else (fresh.frontier, fresh.turn)
    verifier = Verifier.from_text(town.vkey)
    if fresh is not None and fresh.behind and fresh.note is not None:
        note, etag = fresh.note, fresh.etag  # the checkpoint that was accepted is caught up first
        checkpoint = open_checkpoint(note, [verifier])
    else:
        fetched = client.checkpoint(None if fresh is None else fresh.etag)
        if fetched.status == NOT_MODIFIED:
            return Taken(
                frontier.size, frontier, contents=contents(client, dict(recheck)), turn=turn
            )
        note, etag = fetched.body, fetched.etag
        heard.note = note
        state = ReplicaState(town.origin, frontier, frontier.root())
        checkpoint = accept_checkpoint(state, note, [verifier], max_growth=_room(town, fresh, now))
    heard.note, heard.start = note, frontier.size
    end = end_of_turn(frontier.size, checkpoint.size)
    for _, leaves in client.bundles(frontier.size, end):
        heard.leaves.extend(leaves)
    after = _verified(town, frontier, checkpoint, heard.leaves, end, client)
    bundles: dict[int, str | None] = dict(recheck)
    if end > frontier.size:
        first, last = frontier.size // TILE_WIDTH, (end - 1) // TILE_WIDTH
        bundles |= dict.fromkeys(range(first, last + 1))  # anew: no ETag
    return Taken(
        start=frontier.size,
        frontier=after,
        checkpoint=checkpoint,
        note=note,
        etag=etag,
        leaves=tuple(heard.leaves),
        contents=contents(client, bundles),
        turn=turn,
    )


def _room(town: TownRow, fresh: Freshness | None, now: datetime) -> int:
    """Return how many entries may still come from a town today."""
    first_day = fresh is None or fresh.verified_at is None or not fresh.size
    grown = fresh.grown if fresh is not None and fresh.grown_on == now.date() else 0
    return max(0, quota(town.population_band, first_day=first_day) - grown)


def _verified(
    town: TownRow,
    frontier: Frontier,
    checkpoint: Checkpoint,
    leaves: Sequence[bytes],
    end: int,
    client: FeedClient,
) -> Frontier:
    """Return the frontier after the leaves, proven to lead to the signed root; Fork otherwise.

    When only a part is taken now, its own root is proven consistent with the checkpoint through
    the log's hash tiles, so that nothing is parsed that the signed root does not cover.
    """
    state = ReplicaState(town.origin, frontier, frontier.root())
    if end == checkpoint.size:
        return extend(state, checkpoint, leaves).frontier
    grown = frontier.extended(leaf_hash(leaf) for leaf in leaves)
    part = extend(state, Checkpoint(town.origin, end, grown.root()), leaves).frontier
    proof = consistency_proof(client, end, checkpoint.size)
    try:
        verify_consistency(end, checkpoint.size, proof, part.root(), checkpoint.root)
    except Inconsistent as error:
        raise Fork(
            "The entries served do not lead to the signed root", size=checkpoint.size, upto=end
        ) from error
    return part


def contents(client: FeedClient, bundles: Mapping[int, str | None]) -> list[ServedContents]:
    """Fetch the contents of bundles, each bounded; the lines are parsed when they are compared."""
    found = []
    for bundle, etag in sorted(bundles.items()):
        served = client.content_lines(bundle, etag)
        found.append(
            ServedContents.of_bundle(
                bundle, served.lines, etag=served.etag, unchanged=served.unchanged
            )
        )
    return found
