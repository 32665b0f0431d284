# SPDX-License-Identifier: AGPL-3.0-or-later
"""How much is taken from a town, when it is asked again, and what a refusal is called."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

from beffroi_federation.entries import parse_entry
from beffroi_federation.errors import (
    Bomb,
    ContentMismatch,
    Fork,
    Inconsistent,
    Malformed,
    Overgrown,
    OverLimit,
    ProtocolError,
    Rollback,
    TooSlow,
    Unreachable,
    Unsigned,
)
from beffroi_federation.merkle import TILE_WIDTH, leaf_hash
from beffroi_federation.url_policy import AddressRefused

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

GROWTH_PER_PULL = 1_536
"""Entries taken in one go; the next turn goes on from there."""

QUOTAS = {
    "under-500": 2_000,
    "500-1999": 5_000,
    "2000-9999": 10_000,
    "10000-49999": 50_000,
    "50000-199999": 100_000,
    "200000+": 200_000,
}
"""Entries taken from a town in one day, by its population; more asks for a telephone call."""

FIRST_DAY = 10
"""A town that joins late brings its history: so many times the quota on its first day."""

EVIDENCE_LEAVES = 131_072
"""Bytes of served leaves that are kept as evidence."""

TURN_BYTES = 16_777_216
"""Bytes of contents after which a turn ends, with the bundle that went past them."""

TAIL_ENTRIES = TILE_WIDTH
"""New entries above which bundles are asked for: they are cached and need no reading twice."""
TAILS_AGAIN = timedelta(days=7)

LONGEST_WAIT = timedelta(hours=24)
FIRST_WAIT = timedelta(minutes=30)
LEAST_WAIT = timedelta(minutes=5)
MOST_REFUSALS = 3
RECHECKS_PER_PULL = 40
"""Older content bundles compared again in one pull, the longest unchecked first."""

SILENT_AFTER = timedelta(days=9)
MUTE_AFTER = timedelta(days=30)

AT_ONCE = frozenset(
    {"fork", "broken", "rollback", "mismatch", "missing", "reference", "key", "epoch-differs"}
)
"""Evidence of a broken promise: one is enough for quarantine."""


class ContentMissing(ProtocolError):
    """A content that was absent for too long without a withdrawal."""

    advice = "Publish the content again, or withdraw it in the log."


class KeyUnproven(Inconsistent):
    """A key is announced that did not sign, or that is not one of the log's name."""

    advice = "Sign the checkpoint with both keys, and announce a key of the log's own name."


class EpochDiffers(Inconsistent):
    """A new log says that the one before it ended where it never was."""

    advice = "Begin the epoch from the last checkpoint that was published and cosigned."


_NAMES: tuple[tuple[type[ProtocolError], str], ...] = (
    (AddressRefused, "address"),
    (KeyUnproven, "key"),
    (EpochDiffers, "epoch-differs"),
    (Rollback, "rollback"),
    (Fork, "fork"),
    (ContentMismatch, "mismatch"),
    (ContentMissing, "missing"),
    (Inconsistent, "reference"),
    (Unsigned, "unsigned"),
    (Overgrown, "growth"),
    (Bomb, "bomb"),
    (OverLimit, "over-limit"),
    (Malformed, "malformed"),
)

_BY_PART = {
    ("fork", "entries"): "broken",
    ("malformed", "checkpoint"): "malformed-checkpoint",
    ("malformed", "entries"): "malformed-entries",
    ("malformed", "contents"): "malformed-contents",
    ("over-limit", "checkpoint"): "long-checkpoint",
    ("over-limit", "entries"): "long-entries",
    ("over-limit", "contents"): "long-contents",
}
"""What a step is called when it is known which part of the log was read."""

Part = Literal["checkpoint", "entries", "contents"]


class reading:
    """Say of each ProtocolError of the block which part of a log was read; the innermost counts.

    Entered several times a pull; a generator's context costs three times as much.
    """

    __slots__ = ("_part",)

    def __init__(self, part: Part) -> None:
        self._part = part

    def __enter__(self) -> None:
        """Begin the part."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Note the part in an error that has none yet."""
        if isinstance(error, ProtocolError):
            error.details.setdefault("part", self._part)


def step_of(error: ProtocolError) -> str | None:
    """Return the step that tells of a refusal, or None for what is the network's fault alone."""
    for kind, step in _NAMES:
        if isinstance(error, kind):
            return _BY_PART.get((step, str(error.details.get("part"))), step)
    return None if isinstance(error, Unreachable) else "malformed"


TOLD_AFTER = 3
"""Failures of the network in a row after which the town's story says so."""


def step_of_silence(error: ProtocolError) -> str:
    """Return the step that tells of a town which did not answer as a town does, several times."""
    if isinstance(error, TooSlow):
        return "slow"
    return "not-served" if error.details.get("status") in (404, 410) else "unanswered"


def quota(band: str, *, first_day: bool) -> int:
    """Return how many entries may come from a town of this population in one day."""
    most = QUOTAS.get(band, QUOTAS["under-500"])
    return most * FIRST_DAY if first_day else most


def end_of_turn(start: int, size: int) -> int:
    """Return up to where entries are taken now: to the end, or to the end of a full bundle."""
    if size - start <= GROWTH_PER_PULL:
        return size
    return (start + GROWTH_PER_PULL) // TILE_WIDTH * TILE_WIDTH


def asks_for_tails(new: int, no_tail_at: datetime | None, now: datetime) -> bool:
    """Say whether so many new entries are asked for by tails rather than by bundles.

    A town that served none (a static copy, say) is asked for one again after a while only.
    """
    return 0 < new <= TAIL_ENTRIES and (no_tail_at is None or now - no_tail_at >= TAILS_AGAIN)


def next_time(origin: str, now: datetime, every: timedelta) -> datetime:
    """Return when a log is asked again: at its own place in the period, and never after `every`.

    Each origin has a phase, drawn from its name, in a grid of four fifths of `every`, so that
    towns do not all come at the same moment, whenever they were added and however long a worker
    stood still. A jitter of up to a tenth, drawn anew for each place, keeps towns apart that share
    a phase. A place less than a tenth away is left out. All of it can be foreseen by a test.
    """
    period, tenth, soonest = _grid(now, every)
    digest = hashlib.sha256(origin.encode()).digest()
    phase = int.from_bytes(digest[:8], "big") % period
    place = (soonest - phase) // period + 1
    drawn = hashlib.sha256(digest + place.to_bytes(8, "big")).digest()
    jitter = int.from_bytes(drawn[:8], "big") % max(tenth, 1)
    return _EPOCH + timedelta(0, 0, phase + place * period + jitter)


@lru_cache(16)
def _grid(now: datetime, every: timedelta) -> tuple[int, int, int]:
    """Return the distance of two places, a tenth of the period, and the soonest place from now."""
    whole = every / _MICROSECOND
    tenth = int(whole // 10)
    return int(whole * 4 // 5), tenth, (now - _EPOCH) // _MICROSECOND + tenth


def wait_after(misses: int, retry_after: object = None, *, origin: str, now: datetime) -> timedelta:
    """Return how long to wait after the n-th failure of the network in a row, a day at most.

    The ceiling doubles with each failure; the wait is drawn evenly below it (full jitter), from
    the origin and the moment, and is at least `LEAST_WAIT`. A town may ask for longer
    (`Retry-After`, seconds), up to the same day.
    """
    doublings = min(max(misses - 1, 0), 12)
    ceiling = min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
    digest = hashlib.sha256(f"{origin} {misses} {now.isoformat()}".encode()).digest()
    wait = max(ceiling * (int.from_bytes(digest[:4], "big") / 2**32), LEAST_WAIT)
    if isinstance(retry_after, int):
        wait = max(wait, timedelta(seconds=min(retry_after, 86_400)))
    return min(wait, LONGEST_WAIT)


@dataclass(slots=True)
class Heard:
    """What a town said so far in one pull: the evidence, should it turn out to be wrong."""

    note: bytes | None = None
    start: int = 0
    leaves: list[bytes] = field(default_factory=list)


def plain(error: ProtocolError) -> dict[str, str | int]:
    """Return an error's details as short JSON values."""
    details: dict[str, str | int] = {"sentence": error.sentence[:300]}
    for name, value in list(error.details.items())[:12]:
        details[str(name)] = value if type(value) is int else str(value)[:300]
    return details


EVIDENCE_NOTE = 16_384
"""Bytes of a served checkpoint that are kept as evidence."""


def evidence(
    origin: str, vkey: str, kept_note: bytes | None, error: ProtocolError, heard: Heard
) -> bytes:
    """Return what shows a fault, as JSON: both signed notes and the leaves that were served.

    Contents and salts are never kept as evidence, and evidence is public. What a leaf may hold says
    nothing about a person; bytes that are no leaf may, so of them only length and leaf hash are
    kept: enough to count the root again. The same holds for a note that does not name this log.
    """
    room = EVIDENCE_LEAVES
    leaves: list[str | dict[str, object]] = []
    for leaf in heard.leaves:
        shown = _shown(leaf)
        room -= len(leaf) + 16 if isinstance(shown, str) else _UNSHOWN
        if room < 0:
            break
        leaves.append(shown)
    return json.dumps(
        {
            "origin": origin,
            "vkey": vkey,
            "fault": plain(error),
            "accepted_checkpoint": _note(kept_note, origin),
            "served_checkpoint": _note(heard.note, origin),
            "served_from": heard.start,
            "served_leaves": leaves,
            "leaves_complete": len(leaves) == len(heard.leaves),
        },
        ensure_ascii=False,
        indent=1,
    ).encode()


_UNSHOWN = 160  # as many bytes as length and hash take in the file


def _shown(leaf: bytes) -> str | dict[str, object]:
    """Return a leaf as text, or what is left of bytes that are none."""
    try:
        parse_entry(leaf)
    except ProtocolError:
        return {"bytes": len(leaf), "leaf_hash": leaf_hash(leaf).hex()}
    return leaf.decode("ascii")


def _note(note: bytes | None, origin: str) -> str | dict[str, object] | None:
    """Return a note as text, or what is left of bytes that do not begin with this log's name."""
    if note is None:
        return None
    try:
        text = note.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if len(note) > EVIDENCE_NOTE or text.partition("\n")[0].strip() != origin:
        return {"bytes": len(note), "sha256": hashlib.sha256(note).hexdigest()}
    return text
