# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cosignatures of witnesses (C2SP tlog-cosignature v1.0.1, Ed25519, type 0x04): make and read.

A cosignature says: at this moment, the largest consistent tree that I have seen of this log has
this root. It signs the two lines `cosignature/v1` and `time <seconds>` and the checkpoint's text;
its line in a note carries 8 bytes of time (big-endian) and the 64 of the signature. The witness's
name is not under the signature: one key a witness, used for nothing else.

ML-DSA-44 cosignatures (type 0x06, version 1.1.0-rc.1) are ignored like any unknown key's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beffroi_federation.errors import Malformed, Unsigned
from beffroi_federation.notes import (
    COSIGNATURE,
    Signature,
    Verifier,
    parse,
    vkey,
)

MAX_ANSWER = 16_384


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A verified cosignature: whose it is, when it was made (seconds), and its line."""

    verifier: Verifier
    seconds: int
    signature: Signature


def witness_vkey(name: str, key: Ed25519PrivateKey) -> str:
    """Return the vkey text of a witness's key; Malformed for a name that is none."""
    return vkey(name, key.public_key().public_bytes_raw(), COSIGNATURE)


def cosign(text: str, name: str, key: Ed25519PrivateKey, seconds: int) -> Signature:
    """Return the cosignature line of a checkpoint's text, made `seconds` after 1970.

    Whoever calls this has remembered, durably, that this is the last tree of its log.
    """
    if not 0 <= seconds < 2**63:
        raise Malformed("A cosignature's time lies after 1970")
    verifier = Verifier.from_text(witness_vkey(name, key))
    signed = key.sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
    return Signature(name, verifier.key_id, seconds.to_bytes(8, "big") + signed)


def read_cosignatures(note: bytes | str, witnesses: Sequence[Verifier]) -> tuple[Cosignature, ...]:
    """Return the cosignatures in a note by these witnesses, in the note's order; often none.

    Verifiers of another kind are left aside, and so are lines of unknown keys. Raises Unsigned
    when a known witness's line does not verify, Malformed or OverLimit when it is no note.
    """
    parsed = parse(note)
    known = {(one.name, one.key_id): one for one in witnesses if one.kind == COSIGNATURE}
    found = []
    for signature in parsed.signatures:
        verifier = known.get((signature.name, signature.key_id))
        if verifier is None:
            continue
        if not verifier.verifies(parsed.text, signature.signature):
            raise Unsigned("A witness's cosignature does not verify", key=verifier.name)
        seconds = int.from_bytes(signature.signature[:8], "big")
        found.append(Cosignature(verifier, seconds, signature))
    return tuple(found)


def read_answer(text: str, answer: bytes, witnesses: Sequence[Verifier]) -> tuple[Cosignature, ...]:
    """Return the cosignatures of a checkpoint's text in what a witness answered; at least one.

    `answer` are signature lines; those of unknown keys are left aside. Raises Malformed for
    anything else, Unsigned if a line of these witnesses is false or none is theirs.
    """
    if len(answer) > MAX_ANSWER:
        raise Malformed("A witness's answer is longer than signatures are", length=len(answer))
    found = read_cosignatures(text.encode() + b"\n" + answer, witnesses)
    if not found:
        raise Unsigned("The witness answered without a cosignature of its own")
    return found
