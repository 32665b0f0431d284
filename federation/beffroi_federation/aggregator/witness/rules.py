# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a witness accepts (C2SP tlog-witness): bytes and a standing in, a verdict out. No I/O.

Two ways lead to one standing per log: a town submits a checkpoint with a consistency proof, or a
pull brings one with every entry up to it. Whatever comes continues the standing, or is refused.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from beffroi_federation.checkpoint import Checkpoint, parse, parse_size
from beffroi_federation.errors import (
    Fork,
    Inconsistent,
    Malformed,
    OverLimit,
    ProtocolError,
    Rollback,
    Stale,
    Unsigned,
)
from beffroi_federation.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    Frontier,
    leaf_hash,
    verify_consistency,
)
from beffroi_federation.notes import (
    ED25519,
    MAX_NOTE,
    Note,
    Signature,
    Verifier,
    decode_base64,
    format_note,
    open_note,
)
from beffroi_federation.notes import parse as parse_note

MOST_PROOF = 63
MAX_SUBMISSION = MAX_NOTE + 64 + MOST_PROOF * 45
"""Bytes of a submission: the longest note, a line with a size, and 63 hashes."""

GRACE = timedelta(minutes=10)
"""How long a cache in front of a town may give the checkpoint before the one it submitted."""

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Standing:
    """What was accepted of a log: size and root (the empty tree's before anything), and the note.

    `note` holds the log's own signature alone; `since` says when this size was accepted.
    `cosignature` is our line, None while it has yet to be made.
    """

    log_id: int
    size: int = 0
    root: bytes = EMPTY_ROOT
    note: str = ""
    since: datetime | None = None
    cosignature: str | None = None
    cosigned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """From one standing of a log to the next: the checkpoint, and the log's signature of it."""

    before: Standing
    checkpoint: Checkpoint
    signature: Signature

    @property
    def note(self) -> str:
        """Return the checkpoint with the log's signature alone."""
        return format_note(self.checkpoint.text(), [self.signature])


@dataclass(frozen=True, slots=True)
class Submission:
    """What was submitted, parsed and not verified."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    origin: str


def origin_hash(origin: str) -> str:
    """Return the name of a log in the witness's addresses: lower-case hex SHA-256 of its origin."""
    return hashlib.sha256(origin.encode()).hexdigest()


def parse_submission(data: bytes) -> Submission:
    """Return the parts of a submission; raises Malformed or OverLimit.

    `old <size>`, at most 63 lines of proof, an empty line, the checkpoint. The checkpoint's own
    lines are looked at by `judge`, once it is known whose log it is.
    """
    if len(data) > MAX_SUBMISSION:
        raise OverLimit("A submission is longer than any can be", length=len(data))
    head, separator, note = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Malformed("The head of a submission is not ASCII") from None
    match = _OLD.fullmatch(lines[0])
    if not separator or match is None:
        raise Malformed("A submission begins with a line `old <size>`, and a proof's lines")
    if len(lines) > 1 + MOST_PROOF:
        raise OverLimit("A consistency proof has more than 63 hashes")
    proof = tuple(decode_base64(line) for line in lines[1:])
    if any(len(one) != HASH_BYTES for one in proof):
        raise Malformed("A line of the proof does not hold 32 bytes")
    parsed = parse_note(note)
    origin = parsed.text.partition("\n")[0]
    return Submission(parse_size(match[1]), proof, parsed, origin)


class NotConsistent(ProtocolError):
    """A submission that does not continue what was accepted of its log."""

    advice = "Nothing was cosigned. Send the consistency proof from the size that was accepted."


class TwoHistories(Fork):
    """Two checkpoints of one size, both signed by the log: the evidence needs nothing else.

    `stale` is the accepted size when the submission named another one as its old size, else None.
    """

    stale: int | None = None


def signed_checkpoint(
    submission: Submission, verifiers: Sequence[Verifier]
) -> tuple[Checkpoint, Signature]:
    """Return a submission's checkpoint and the log's signature, by one of its pinned keys.

    Raises Unsigned (nobody we know signed, or a known line is false), Malformed for a text that is
    no checkpoint, NotConsistent for an empty log that has a root.
    """
    note, signers = open_note(
        format_note(submission.note.text, submission.note.signatures), verifiers
    )
    lines = note.text.split("\n")
    if len(lines) == 4 and lines[1] == "0" and decode_base64(lines[2]) != EMPTY_ROOT:
        raise NotConsistent("An empty log has another root than the empty one")
    checkpoint = parse(note.text)
    for verifier in signers:
        if verifier.kind == ED25519 and verifier.name == checkpoint.origin:
            return checkpoint, signature_of(note, verifier)
    raise Unsigned("The log's own key did not sign its checkpoint", origin=checkpoint.origin)


def signature_of(note: Note, verifier: Verifier) -> Signature:
    """Return a key's line in a note that bears it."""
    place = (verifier.name, verifier.key_id)
    return next(one for one in note.signatures if (one.name, one.key_id) == place)


def judge(
    submission: Submission, checkpoint: Checkpoint, signature: Signature, standing: Standing
) -> Step:
    """Return the step that a submission is, from the standing of its log.

    Raises Malformed when the old size is beyond the new one, Stale when it is not the accepted
    one, TwoHistories for another root of the accepted size, NotConsistent for a false proof.
    """
    if submission.old > checkpoint.size:
        raise Malformed("The old size is larger than the checkpoint's")
    if checkpoint.size == standing.size and standing.note and checkpoint.root != standing.root:
        found = TwoHistories(
            "The log has signed two histories of one size",
            size=checkpoint.size,
            expected=standing.root.hex(),
            got=checkpoint.root.hex(),
        )
        found.stale = None if submission.old == standing.size else standing.size
        raise found
    if submission.old != standing.size:
        raise Stale("The old size is not the last one that was accepted", standing.size)
    try:
        verify_consistency(
            standing.size, checkpoint.size, submission.proof, standing.root, checkpoint.root
        )
    except Inconsistent as error:
        raise NotConsistent(error.sentence, **error.details) from None
    return Step(standing, checkpoint, signature)


def follow_pull(
    standing: Standing,
    before: Frontier,
    leaves: Sequence[bytes],
    checkpoint: Checkpoint,
    note: bytes | str,
    verifiers: Sequence[Verifier],
    *,
    asked: datetime | None,
) -> Step | None:
    """Return the step that a pull leads to, or None when it leads to none.

    `before` is the tree that was verified until now, `leaves` what follows it, all of it under
    `checkpoint`, whose signed note was served. `asked` is when the town was asked for that note,
    None if it is one that was accepted earlier and is being caught up with.

    Raises Rollback when the town serves less than it submitted well before it was asked, Fork when
    the entries are not those of the accepted tree. When the accepted tree is larger than what was
    taken now, nothing is decided: it is compared when the pull gets there.
    """
    if standing.size > checkpoint.size:
        if asked is not None:
            require_size(standing, checkpoint.size, asked=asked)
        return None
    if standing.size < before.size:
        raise Inconsistent(
            "More was taken from the log than was accepted of it", taken=before.size,
            accepted=standing.size,
        )  # fmt: skip
    if standing.size <= before.size + len(leaves):
        reached = before.extended(leaf_hash(leaf) for leaf in leaves[: standing.size - before.size])
        if reached.root() != standing.root:
            raise Fork(
                "The entries served are not those of the history that was cosigned",
                size=standing.size,
                expected=standing.root.hex(),
                got=reached.root().hex(),
            )
    elif standing.size == checkpoint.size:
        if standing.root != checkpoint.root:
            raise Fork(
                "The town serves another history than the one that was cosigned",
                size=standing.size,
                expected=standing.root.hex(),
                got=checkpoint.root.hex(),
            )
    else:
        return None
    if standing.size == checkpoint.size:
        return None
    opened = parse_note(
        note
    )  # verified by whoever pulled: each line of a known key, and one at least
    lines = {(one.name, one.key_id) for one in opened.signatures}
    own = next(
        one
        for one in verifiers
        if one.kind == ED25519 and one.name == checkpoint.origin and (one.name, one.key_id) in lines
    )
    return Step(standing, checkpoint, signature_of(opened, own))


def require_size(standing: Standing, size: int, *, asked: datetime) -> None:
    """Return if a town that was asked at a moment may serve a log of this size; else Rollback."""
    late = standing.since is not None and standing.since < asked - GRACE
    if standing.size > size and late:
        raise Rollback(
            "The town serves a smaller log than the one it had cosigned",
            expected=f"at least {standing.size}",
            got=size,
        )


def answer_of_size(size: int) -> bytes:
    """Return the body of a 409: the accepted size and a line feed."""
    return b"%d\n" % size


def evidence_of(standing: Standing, submission: Submission) -> dict[str, str]:
    """Return both signed notes of a log that has two histories, as JSON members."""
    served = format_note(submission.note.text, submission.note.signatures)
    return {"accepted_checkpoint": standing.note, "submitted_checkpoint": served}
