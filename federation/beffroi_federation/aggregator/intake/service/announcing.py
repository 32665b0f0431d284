# SPDX-License-Identifier: AGPL-3.0-or-later
"""What new entries say of the log itself: another key, or where the epoch before it ended."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from beffroi_federation.aggregator.intake.queries import freshness
from beffroi_federation.aggregator.intake.rules import EpochDiffers, KeyUnproven
from beffroi_federation.aggregator.national import queries as national_queries
from beffroi_federation.aggregator.towns import service as towns
from beffroi_federation.aggregator.towns.queries import LogRow, TownRow, logs_of
from beffroi_federation.aggregator.towns.rules import is_key_of
from beffroi_federation.checkpoint import open_checkpoint
from beffroi_federation.entries import Entry, EpochEntry, KeyEntry
from beffroi_federation.errors import ProtocolError
from beffroi_federation.merkle import Frontier, leaf_hash
from beffroi_federation.notes import Verifier

LEAVES_AT_ONCE = 5_120


@dataclass(frozen=True, slots=True)
class Announced:
    """What a pull announced: the key that signs from now on with its place, and an old log."""

    vkey: str = ""
    position: int = 0
    old: EpochEntry | None = None
    known: int = 0


def announced(
    town: TownRow, start: int, entries: Sequence[Entry], note: bytes | None
) -> Announced | None:
    """Return what these verified entries announce, or None; nothing is written.

    A new key is believed if it is one of the log's name and has signed, beside the pinned one, the
    checkpoint that covers its announcement: KeyUnproven otherwise. The first entry of an epoch
    after another names the log before it, with a size and root that this log had: EpochDiffers
    otherwise.
    """
    position, vkey = _last_key(town, start, entries, note)
    old, known = None, 0
    if start == 0 and entries:
        first = entries[0] if isinstance(entries[0], EpochEntry) else None
        before = [log for log in logs_of(town.id) if log.epoch < town.epoch]
        if before or first is not None:
            old, known = _old_log(first, before)
    return Announced(vkey, position, old, known) if vkey or old else None


def _last_key(
    town: TownRow, start: int, entries: Sequence[Entry], note: bytes | None
) -> tuple[int, str]:
    """Return place and text of the last key that was announced, which must have signed."""
    if KeyEntry not in set(map(type, entries)):
        return 0, ""
    keys = [(at, one.vkey) for at, one in enumerate(entries, start) if isinstance(one, KeyEntry)]
    position, vkey = keys[-1]
    if not is_key_of(vkey, town.origin):
        raise KeyUnproven("The announced key is not one of the log's name", index=position)
    try:
        open_checkpoint(note or b"", [Verifier.from_text(vkey)])
    except ProtocolError as error:
        sentence = "The announced key did not sign the checkpoint that covers it"
        raise KeyUnproven(sentence, index=position) from error
    return position, vkey


def _old_log(first: EpochEntry | None, before: Sequence[LogRow]) -> tuple[EpochEntry, int]:
    """Return what an epoch says of the log before it, and how many of its entries are known."""
    if first is None:
        sentence = "A new epoch does not begin by saying where the old one ended"
        raise EpochDiffers(sentence, expected=before[-1].origin)
    old = next((log for log in before if log.origin == first.origin), None)
    if old is None:
        raise EpochDiffers("The log before this one is not known here", got=first.origin)
    fresh = freshness([old.id]).get(old.id)
    known = 0 if fresh is None else fresh.size
    if first.size <= known:
        frontier = Frontier().extended(_leaf_hashes(old.id, first.size))
        if frontier.root() != first.root:
            raise EpochDiffers(
                "The old log had another root at the size that the new one names",
                size=first.size,
                expected=frontier.root().hex(),
                got=first.root.hex(),
            )
    return first, known


def _leaf_hashes(log_id: int, size: int) -> Iterator[bytes]:
    """Yield the hashes of a stored log's first leaves, a few thousand in memory at a time."""
    for start in range(0, size, LEAVES_AT_ONCE):
        end = min(start + LEAVES_AT_ONCE, size)
        yield from map(leaf_hash, national_queries.leaves(log_id, start, end))


def heed(town: TownRow, one: Announced, *, now: datetime) -> None:
    """Pin the new key, and write down what an epoch says of the one before it."""
    if one.vkey:
        towns.change_key(town.log_id, one.vkey, one.position, now=now)
    if one.old is not None:
        details = {"before": one.old.origin, "size": one.old.size, "known": one.known}
        towns.note_epoch_start(town.id, details, now=now)
