# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a topic is named, what came of its requests, and what is said of its history."""

import hashlib
from typing import Any

from beffroi_web.words import N_

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_BITS = 5
_LENGTH = 8

OTHER, WAITING, REFUSED, PUBLISHED = 0, 1, 2, 3
STATES = {
    PUBLISHED: N_("Published"),
    REFUSED: N_("Refused"),
    WAITING: N_("Waiting for an answer"),
    OTHER: N_("Other outcome"),
}
"""What came of a request, the best first, in words."""
TONES = {PUBLISHED: "good", REFUSED: "closed", WAITING: "waiting", OTHER: "neutral"}

STEPS = {
    "begun": N_("Begun with its first request"),
    "merged": N_("Another topic became part of this one"),
    "split": N_("Some requests became a topic of their own"),
    "moved": N_("A request was moved into this topic"),
    "renamed": N_("Renamed"),
}
"""What can become of a topic, in words."""

LONGEST_NAME = 200
LONGEST_REASON = 1_000


def founded(reference: str) -> int:
    """Return the id of a topic that begins with a record, from the record's public name."""
    return int.from_bytes(hashlib.sha256(reference.encode()).digest()[:5], "big")


def slug(topic_id: int) -> str:
    """Return a topic's public name: eight letters and digits (Crockford's base 32)."""
    return "".join(_LETTERS[(topic_id >> (_BITS * at)) & 31] for at in reversed(range(_LENGTH)))


def parse_slug(text: str) -> int | None:
    """Return the id that a public name says, or None if it is none."""
    if len(text) != _LENGTH or any(one not in _LETTERS for one in text):
        return None
    number = 0
    for one in text:
        number = (number << _BITS) + _LETTERS.index(one)
    return number


def state_of(status: Any, outcome: Any) -> int:
    """Return what came of a request, from the status and the outcome of its record."""
    if status == "published" or outcome in {"published", "already_published", "partly"}:
        return PUBLISHED
    if status == "refused" or outcome == "refused":
        return REFUSED
    return WAITING if status in {"open", "under_review", "planned"} else OTHER
