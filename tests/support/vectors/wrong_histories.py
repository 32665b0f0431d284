# SPDX-License-Identifier: AGPL-3.0-or-later
"""Histories that contradict what a reader knew. All of them are validly signed."""

from collections.abc import Iterator
from copy import deepcopy

from beffroi_federation.checkpoint import Checkpoint
from beffroi_federation.entries import ReceivedEntry, encode_entry
from beffroi_federation.notes import format_note
from support.town_files import Town
from support.vectors.case import Case, error
from support.vectors.history import good_town, next_town, receive


def history_cases() -> Iterator[Case]:
    """Yield histories that contradict what the reader knew, or claim what is not there."""
    good = good_town()
    known = good.notes[260]
    yield Case(
        "rollback",
        "The checkpoint of an earlier day is served again",
        error("Rollback"),
        good.files() | {"log/checkpoint": good.notes[12].encode()},
        known,
    )
    other = deepcopy(good)
    other.leaves[259] = encode_entry(ReceivedEntry(bytes(32)))
    other.publish()
    yield Case(
        "same-size-other-root",
        "Two trees of one size are signed",
        error("Fork"),
        other.files(),
        known,
    )
    fork = good_town(12)
    fork.leaves[10] = encode_entry(ReceivedEntry(bytes(32)))
    receive(fork)
    fork.publish()
    yield Case(
        "fork-after-12",
        "A larger tree is signed that does not continue the one of size 12",
        error("Fork"),
        fork.files(),
        good.notes[12],
    )
    yield Case(
        "size-of-2-to-the-60",
        "A size is signed that costs nothing to sign (a reader takes 5,000 new entries at most)",
        error("OverLimit"),
        good.files() | {"log/checkpoint": _claim(good, 2**60)},
        good.notes[12],
    )
    yield Case(
        "epoch-of-another-log",
        "The log of the next epoch is served in the place of this one, under this one's name",
        error("Fork"),
        _renamed(next_town()).files(),
        good.notes[12],
    )


def _claim(town: Town, size: int) -> bytes:
    """Return a signed checkpoint of any size."""
    text = Checkpoint(town.origin, size, bytes(32)).text()
    return format_note(text, [town.sign(text)]).encode()


def _renamed(town: Town) -> Town:
    """Return a town's log, long enough, under the good history's name and key."""
    renamed = Town(leaves=list(town.leaves), contents=dict(town.contents))
    while len(renamed.leaves) < 14:
        receive(renamed)
    renamed.publish()
    return renamed
