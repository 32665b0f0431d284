# SPDX-License-Identifier: AGPL-3.0-or-later
"""One pull of a town's log: fetching and checking in the one order that is safe.

    conditional GET of the checkpoint -> signature, origin, rollback, size window -> new entries ->
    root -> grammar and references -> contents

Nothing is stored here. The caller stores `Pulled.state`, the entries and the verdicts of
`verdicts()` in one transaction, or nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from beffroi_federation.checkpoint import Checkpoint
from beffroi_federation.entries import Content, Entry
from beffroi_federation.feed_client import NOT_MODIFIED, FeedClient
from beffroi_federation.merkle import TILE_WIDTH
from beffroi_federation.notes import Verifier
from beffroi_federation.verify import (
    Consequences,
    Past,
    ReplicaState,
    Verdict,
    accept_checkpoint,
    check_contents,
    extend,
    follow,
    read_content_lines,
    read_entries,
)

TAIL_ENTRIES = (
    TILE_WIDTH  # above it, bundles are cheaper: they are cached and need no reading twice
)


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull brought, verified up to the root: entries from `start` on, and what they mean."""

    state: ReplicaState
    checkpoint: Checkpoint
    note: bytes
    etag: str | None
    start: int
    leaves: tuple[bytes, ...]
    entries: tuple[Entry, ...]
    consequences: Consequences
    tail_lines: tuple[bytes, ...] | None = field(default=None, repr=False)


def pull(
    feed: FeedClient,
    state: ReplicaState,
    verifiers: Sequence[Verifier],
    past: Past,
    *,
    max_growth: int,
    etag: str | None = None,
) -> Pulled | None:
    """Return what is new since `state`, or None if the checkpoint still has this ETag.

    Raises the errors of `verify` and Unreachable; then nothing of the pull may be kept but, on
    Inconsistent, the bytes of the note as evidence.
    """
    served = feed.checkpoint(etag)
    if served.status == NOT_MODIFIED:
        return None
    checkpoint = accept_checkpoint(state, served.body, verifiers, max_growth=max_growth)
    leaves, lines = _new_leaves(feed, state.size, checkpoint.size)
    after = extend(state, checkpoint, leaves)
    entries = read_entries(state.size, leaves)
    consequences = follow(state.size, entries, past)
    return Pulled(
        after,
        checkpoint,
        served.body,
        served.etag,
        state.size,
        tuple(leaves),
        entries,
        consequences,
        lines,
    )


def verdicts(feed: FeedClient, pulled: Pulled, *, now: datetime) -> Iterator[tuple[int, Verdict]]:
    """Yield (index, verdict) for each new record, in the order of the log, a bundle at a time.

    All of them are seen for the first time now, so none is missing yet. Raises Malformed or
    OverLimit for contents that are not well-formed, Unreachable when they are not served.
    """
    withdrawn = frozenset(pulled.consequences.withdrawn)
    for entries, contents in _with_contents(feed, pulled):
        found = check_contents(entries, contents, withdrawn=withdrawn, first_seen={}, now=now)
        yield from sorted(found.items())


def _with_contents(
    feed: FeedClient, pulled: Pulled
) -> Iterator[tuple[Mapping[int, Entry], Mapping[int, Content]]]:
    """Yield entries with the contents that are served for them, a bundle or a tail at a time."""
    entries = dict(enumerate(pulled.entries, pulled.start))
    if not entries:
        return
    if pulled.tail_lines is not None:
        yield entries, read_content_lines(pulled.tail_lines)
        return
    for bundle in range(pulled.start // TILE_WIDTH, (pulled.state.size - 1) // TILE_WIDTH + 1):
        first = bundle * TILE_WIDTH
        here = {i: entries[i] for i in range(first, first + TILE_WIDTH) if i in entries}
        lines = feed.contents(bundle).lines
        yield here, {content.index: content for content in lines if content.index in here}


def _new_leaves(
    feed: FeedClient, start: int, end: int
) -> tuple[Sequence[bytes], tuple[bytes, ...] | None]:
    """Return the entries from `start` to `end` as served, and content lines if they came along."""
    if 0 < end - start <= TAIL_ENTRIES and start % TILE_WIDTH:
        tail = feed.tails(start, end)
        if tail is not None:
            return tail.leaves[: end - start], tail.lines
    return [leaf for _, leaves in feed.bundles(start, end) for leaf in leaves], None
