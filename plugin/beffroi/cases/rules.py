# SPDX-License-Identifier: AGPL-3.0-or-later
"""What holds for every case: statuses, allowed moves, limits of texts, who may be told.

Plain Python. The tables are checked when this module is imported: an unknown status, a state that
cannot be reached or one that cannot be left is an error before the first request.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from beffroi.kernel.errors import Invalid
from beffroi_web.words import N_

DATA_REQUEST = "data_request"
STREET = "street"
CYBER = "cyber"
INCIDENTS = (STREET, CYBER)
KINDS = (DATA_REQUEST, *INCIDENTS)
CONFIDENTIAL = CYBER
"""The kind of case of which nobody knows but who needs to: no list, count or page of the desk has
it but those that ask who reads."""
OPEN_KINDS = tuple(kind for kind in KINDS if kind != CONFIDENTIAL)

BRIDGED = "bridged"
"""The kind of the party of a proposal on another participation site: nobody that is known here."""

BRIDGE = "bridge"
"""The channel of what was written on another participation site."""
FROM_ELSEWHERE = ("import", BRIDGE)
"""The channels of what was not written here: every text of it waits for an agent."""

API_CLIENT = "api"
"""The kind of the party of another application, which passes on what people tell it."""

TEXT_LIMITS: Mapping[str, int] = {
    "title": 200,
    "wanted": 5000,
    "purpose": 2000,
    "area": 200,
    "period": 200,
    "format": 200,
    "software": 300,
    "decision": 500,
    "description": 5000,
    "place": 300,
    "comment": 3000,
    "reuse": 3000,
    "update": 3000,
    "message": 5000,
    "answer": 8000,
}
"""The texts that a case can have, and the most characters each takes."""

NEVER_PUBLIC = frozenset({"purpose", "message"})
"""Texts that stay with the institution: nobody owes a reason, so none is shown; nor what who
reported a confidential case and the institution write to each other."""

BY_ANYBODY = frozenset({"comment", "reuse"})
"""Texts that others than its author may add to a case, any number of each."""

IN_RECORDS = frozenset({"title", "wanted", "answer"})
"""Texts whose released words leave the town in a record."""

ERASING = frozenset({"erasure", "reident", "expired"})
"""Reasons of a removal that concern a person: originals are destroyed too, not hidden only.

For `error` and `legal` it is the showing that has to end; the institution keeps its file.
"""

STATES = ("pending", "released", "shown", "held")
SHOWN = ("released", "shown")
"""States in which the town's own pages show a text: an agent released it, or it came by itself."""

VISIBILITIES = ("public", "unlisted", "removed")


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed change of status: who makes it, whether a reason is owed, and what allows it."""

    origin: str
    target: str
    by: str
    reason: bool
    source: str


_ANSWER = "official answer"
_DESK = "desk"
_AUTHOR = "author"
_NEIGHBOUR = "neighbour"

REQUEST_STATUSES = (
    "open",
    "under_review",
    "planned",
    "published",
    "refused",
    "redirected",
    "duplicate",
    "abandoned",
)
REQUEST_CLOSED = frozenset({"published", "refused", "redirected", "duplicate", "abandoned"})

INCIDENT_STATUSES = (
    "open",
    "acknowledged",
    "in_progress",
    "resolved",
    "no_action",
    "redirected",
    "duplicate",
)
INCIDENT_CLOSED = frozenset({"resolved", "no_action", "redirected", "duplicate"})


def _request_moves() -> tuple[Move, ...]:
    moves = [Move("open", "under_review", _DESK, False, "triage: somebody has taken it up")]
    for origin in ("open", "under_review", "planned"):
        for target in ("planned", "published", "refused", "redirected", "duplicate"):
            if origin != target:
                law = "CRPA L. 311-14: a refusal is written and gives its reasons"
                source = law if target == "refused" else "an official answer closes or dates it"
                moves.append(Move(origin, target, _ANSWER, target == "refused", source))
        moves.append(Move(origin, "abandoned", _DESK, True, "the asker gave it up; said why"))
    for origin in sorted(REQUEST_CLOSED):
        moves.append(Move(origin, "under_review", _DESK, True, "reopened, with the reason"))
        moves.append(Move(origin, "under_review", _AUTHOR, True, "its author asks to look again"))
    moves.append(Move("refused", "published", _ANSWER, False, "a refusal that was taken back"))
    return tuple(moves)


def _incident_moves() -> tuple[Move, ...]:
    moves = [
        Move("open", "acknowledged", _DESK, False, "triage: somebody has read it"),
        Move("open", "in_progress", _DESK, False, "work has begun"),
        Move("acknowledged", "in_progress", _DESK, False, "work has begun"),
    ]
    for origin in ("open", "acknowledged", "in_progress"):
        for target in ("resolved", "no_action", "redirected", "duplicate"):
            moves.append(Move(origin, target, _ANSWER, True, "closing says what was done"))
    for origin in sorted(INCIDENT_CLOSED):
        moves.append(Move(origin, "in_progress", _DESK, True, "reopened, with the reason"))
    return tuple(moves)


def _street_moves() -> tuple[Move, ...]:
    """Return the moves of what stands in the street, where anybody sees how it is."""
    still_broken = "somebody says that it is still broken"
    return _incident_moves() + tuple(
        Move(origin, "open", by, True, still_broken)
        for origin in sorted(INCIDENT_CLOSED)
        for by in (_AUTHOR, _NEIGHBOUR)
    )


STATUS_WORDS: Mapping[str, str] = {
    "open": N_("New"),
    "under_review": N_("Under review"),
    "planned": N_("Publication planned"),
    "published": N_("Published"),
    "refused": N_("Refused"),
    "redirected": N_("Passed on"),
    "duplicate": N_("Asked before"),
    "abandoned": N_("Given up"),
    "acknowledged": N_("Seen"),
    "in_progress": N_("Work under way"),
    "resolved": N_("Put right"),
    "no_action": N_("Nothing to be done"),
}
"""What people read for each status."""

STATUS_TONES: Mapping[str, str] = {
    "open": "active",
    "under_review": "waiting",
    "planned": "waiting",
    "published": "good",
    "refused": "closed",
    "redirected": "neutral",
    "duplicate": "neutral",
    "abandoned": "neutral",
    "acknowledged": "waiting",
    "in_progress": "waiting",
    "resolved": "good",
    "no_action": "closed",
}
"""The tone of each status's badge; its words say the same."""

STEP_WORDS: Mapping[str, str] = {
    "received": N_("Received"),
    "released": N_("Text published"),
    "shown": N_("Text shown by itself"),
    "moved": N_("Status changed"),
    "answered": N_("Official answer"),
    "reopened": N_("Reopened"),
    "removed": N_("Removed from the public pages"),
    "commented": N_("Comment"),
    "held": N_("Text held back"),
    "assigned": N_("Given to a department"),
    "classified": N_("Classified"),
    "photo_released": N_("Photo published"),
    "photo_held": N_("Photo held back"),
    "place_set": N_("The place was set by its address"),
    "corrected": N_("Corrected by its author"),
    "withdrawn": N_("Withdrawn by its author"),
    "implicit_refusal": N_("Silence became a refusal"),
    "confirmed_refusal": N_("Silence confirmed the refusal"),
    "cada_registered": N_("The CADA registered the case"),
    "cada_opinion": N_("The CADA gave its opinion"),
    "cada_told": N_("The CADA was told what will be done"),
    "court": N_("The administrative court was asked"),
    "asked_to_join": N_("Its supporters and followers were asked about the other request"),
    "reuse_added": N_("A reuse was added"),
    "drafted": N_("A draft of the answer was kept"),
    "review_asked": N_("A second agent was asked to read the answer"),
    "answer_planned": N_("The answer was given a moment to be published"),
    "draft_approved": N_("The draft was approved"),
    "draft_sent_back": N_("The draft was sent back"),
    "draft_returned": N_("The draft could not be published"),
    "draft_dropped": N_("The draft was thrown away"),
    "passed_on": N_("The file was sent to the other body"),
    "forwarded": N_("Passed on to another tool of the institution"),
    "elsewhere": N_("Another application says"),
    "changed_there": N_("Changed by its author on the other site"),
    "answer_sent": N_("An answer was sent to the other site"),
    "updated": N_("News from the institution"),
    "body_named": N_("The competent body was set"),
    "sent_to_body": N_("Passed on to the competent body"),
    "body_answered": N_("Answer of the competent body"),
    "author_agreed": N_("Its author agreed to be named to the competent body"),
}
"""What people read for each step of a timeline."""

ELSEWHERE_WORDS: Mapping[str, str] = {
    "open": N_("open there"),
    "in_progress": N_("being worked on there"),
    "fixed": N_("put right"),
    "closed": N_("closed there"),
    "duplicate": N_("known there already"),
    "not_ours": N_("a matter for another body"),
}
"""What people read for each status that another application gives a case (step `elsewhere`)."""

ROLE_WORDS: Mapping[str, str] = {
    "title": N_("Title"),
    "wanted": N_("What is wanted"),
    "purpose": N_("What it is for"),
    "area": N_("Area"),
    "period": N_("Period"),
    "format": N_("Format"),
    "software": N_("Software"),
    "decision": N_("Decision"),
    "description": N_("What happened"),
    "place": N_("Where"),
    "comment": N_("Comment"),
    "reuse": N_("Reuse"),
    "update": N_("News"),
    "message": N_("Message"),
    "answer": N_("Official answer"),
}
"""What people read for each role of a text."""

CHANNEL_WORDS: Mapping[str, str] = {
    "web": N_("This site"),
    "email": N_("This site, by e-mail address"),
    "api": N_("A program (API)"),
    "letter": N_("Letter"),
    "telephone": N_("Telephone"),
    "counter": N_("Counter"),
    "meeting": N_("Meeting"),
    "import": N_("Import"),
    "bridge": N_("Another participation site"),
    "open311": N_("Another application (Open311)"),
}
"""What agents read for the way in which a case came."""

MOVES: Mapping[str, tuple[Move, ...]] = {
    DATA_REQUEST: _request_moves(),
    STREET: _street_moves(),
    CYBER: _incident_moves(),
}


def check_moves(statuses: tuple[str, ...], moves: tuple[Move, ...], initial: str) -> None:
    """Raise ValueError unless every status is known, reachable from the first, and can be left."""
    unknown = {s for m in moves for s in (m.origin, m.target)} - set(statuses)
    if unknown:
        raise ValueError(f"moves name statuses that do not exist: {sorted(unknown)}")
    reached = {initial}
    while True:
        more = {m.target for m in moves if m.origin in reached} - reached
        if not more:
            break
        reached |= more
    if set(statuses) - reached:
        raise ValueError(f"statuses that no case can reach: {sorted(set(statuses) - reached)}")
    stuck = set(statuses) - {m.origin for m in moves}
    if stuck:
        raise ValueError(f"statuses that no case can leave: {sorted(stuck)}")


check_moves(REQUEST_STATUSES, MOVES[DATA_REQUEST], "open")
check_moves(INCIDENT_STATUSES, MOVES[STREET], "open")


def move_allowed(kind: str, origin: str, target: str, by: str) -> Move | None:
    """Return the move from one status to another made that way (`desk`, `official answer`)."""
    for move in MOVES[kind]:
        if (move.origin, move.target, move.by) == (origin, target, by):
            return move
    return None


def desk_moves(kind: str, origin: str) -> tuple[Move, ...]:
    """Return the moves that the desk can make now, without an official answer."""
    return tuple(m for m in MOVES[kind] if m.origin == origin and m.by == _DESK)


def answer_targets(kind: str, origin: str) -> frozenset[str]:
    """Return the statuses that an official answer can lead to from here."""
    return frozenset(m.target for m in MOVES[kind] if m.origin == origin and m.by == _ANSWER)


def is_open(kind: str, status: str) -> bool:
    """Say whether somebody still owes something on a case of this status."""
    closed = REQUEST_CLOSED if kind == DATA_REQUEST else INCIDENT_CLOSED
    return status not in closed


OFFICIAL_STEPS = frozenset(
    {
        "received",
        "moved",
        "answered",
        "reopened",
        "removed",
        "implicit_refusal",
        "confirmed_refusal",
        "updated",
        "sent_to_body",
        "body_answered",
    }
)
"""Timeline steps of which the author and every follower are told."""

TOWN = ""
"""What stands in the place of a theme where everything that the town answers is followed."""


def checked_text(role: str, words: str) -> str:
    """Return a text trimmed and within its limit; raise Invalid on control characters or length."""
    cleaned = words.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(cleaned) > TEXT_LIMITS[role]:
        raise Invalid(
            N_("This text is too long: %(most)s characters at most."), most=TEXT_LIMITS[role]
        )
    if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", cleaned):
        raise Invalid(N_("This text holds characters that cannot be printed."))
    return cleaned


def reference(year: int, number: int) -> str:
    """Return the human reference of a case, such as `2026-0042`."""
    return f"{year}-{number:04d}"


DRAWN_BYTES = 8


def drawn_reference(year: int, drawn: bytes) -> str:
    """Return a reference of nine digits from `DRAWN_BYTES` of chance, such as `2026-530917264`.

    For what is not listed: counted references would tell by their gaps how many such cases there
    are, and when they came.
    """
    return f"{year}-{100_000_000 + int.from_bytes(drawn) % 900_000_000}"
