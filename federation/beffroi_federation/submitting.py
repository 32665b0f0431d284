# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking a witness to cosign a log's checkpoint (C2SP tlog-witness, the log's side). No I/O here.

The log keeps for each witness the size it had seen last. When that turns out to be another one
(409 with `text/x.tlog.size`), the submission is made anew from there, once. Every other refusal
is final: a witness that has seen another root of this size answers 422, or 409 by version 1.0.0,
and is not asked again at once.
"""

import base64
from collections.abc import Sequence
from typing import Protocol

from beffroi_federation.checkpoint import Checkpoint, parse_size
from beffroi_federation.cosigning import MAX_ANSWER, Cosignature, read_answer
from beffroi_federation.errors import ProtocolError, Rollback, Unreachable
from beffroi_federation.merkle import HashReader, consistency_proof
from beffroi_federation.notes import Verifier
from beffroi_federation.url_policy import AddressRefused

PATH = "add-checkpoint"
SIZE_KIND = "text/x.tlog.size"
"""The type of an answer that names the size a witness has seen."""

_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})


class WitnessRefuses(ProtocolError):
    """A witness that does not cosign, for a reason that asking again does not mend."""

    advice = "Ask the witness's operator: it knows another history, another key, or no such log."


class Answer(Protocol):
    """What a witness answered."""

    @property
    def status(self) -> int:
        """Return the HTTP status."""

    @property
    def kind(self) -> str:
        """Return the content type."""

    @property
    def body(self) -> bytes:
        """Return the body."""

    @property
    def retry_after(self) -> int | None:
        """Return how many seconds it asks to wait, if it does."""


class Poster(Protocol):
    """Sends to a witness; `client.HttpFetcher` under its submission prefix does."""

    def post(self, path: str, body: bytes, *, max_bytes: int) -> Answer:
        """Send a body and return the answer; raises Unreachable or OverLimit."""


def encode_submission(old: int, proof: Sequence[bytes], note: str) -> bytes:
    """Return the body of a submission: the old size, the proof from it, the checkpoint."""
    lines = "".join(f"{base64.b64encode(one).decode()}\n" for one in proof)
    return f"old {old}\n{lines}\n{note}".encode()


def submit(
    poster: Poster,
    witness: Verifier,
    checkpoint: Checkpoint,
    note: str,
    reader: HashReader,
    seen: int,
) -> Cosignature:
    """Have a checkpoint cosigned by one witness; return its verified cosignature.

    `note` is the checkpoint with the log's own signature, `reader` the log's tiles, `seen` the size
    that the witness had when it was asked last (0: never). Raises WitnessRefuses; Rollback when the
    witness has seen more than this log holds; Unreachable (with `retry_after` where it was said)
    when it is to be asked again later; Unsigned or Malformed for an answer that is no cosignature.
    """
    old = min(seen, checkpoint.size)
    answer = _ask(poster, old, checkpoint, note, reader)
    if answer.status == 409 and _is_size(answer):
        size = _size(answer)
        if size > checkpoint.size:
            raise Rollback(
                "A witness has seen more of this log than the log itself holds",
                seen=size,
                size=checkpoint.size,
            )
        if size != old:
            answer = _ask(poster, size, checkpoint, note, reader)
    if answer.status == 200:
        return read_answer(checkpoint.text(), answer.body, [witness])[-1]
    if answer.status in _LATER:
        details: dict[str, object] = {"status": answer.status}
        if answer.retry_after is not None:
            details["retry_after"] = answer.retry_after
        raise Unreachable("The witness cannot answer just now", **details)
    raise WitnessRefuses(_why(answer.status), status=answer.status, size=checkpoint.size)


def _ask(poster: Poster, old: int, checkpoint: Checkpoint, note: str, reader: HashReader) -> Answer:
    proof = consistency_proof(reader, old, checkpoint.size)
    try:
        return poster.post(PATH, encode_submission(old, proof, note), max_bytes=MAX_ANSWER)
    except AddressRefused:
        raise
    except Unreachable as error:
        sentence = (
            f"The witness cannot be reached ({error.sentence[0].lower()}{error.sentence[1:]})"
        )
        raise Unreachable(sentence.replace("the town", "it"), **error.details) from None


def _is_size(answer: Answer) -> bool:
    return answer.kind.partition(";")[0].strip().lower() == SIZE_KIND


def _size(answer: Answer) -> int:
    """Return the size in an answer; a witness that names none is refused like any nonsense."""
    text = answer.body.decode("ascii", "replace")
    if not text.endswith("\n"):
        raise WitnessRefuses("The witness names a size that is none", status=answer.status)
    return parse_size(text[:-1])


def _why(status: int) -> str:
    """Return why a witness refused, in a sentence."""
    return {
        400: "The witness does not understand the submission",
        403: "The witness does not know the key that signed this log",
        404: "The witness does not know this log",
        409: "The witness has seen another history of this log, or it moved meanwhile",
        422: "The witness does not find this log consistent with what it has seen",
    }.get(status, "The witness refuses for a reason that the protocol does not know")
