# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checking what people keep: the receipt of a request, and the proof of a published record.

A **receipt** holds the text and salt that open the commitment of one `rcv` entry, and a proof that
this entry is in a signed log. A **kept proof** is a `.tlog-proof` whose `extra` line holds the
entry and, while it is published, the content with its salt. Both are checked without asking
anybody (`docs/protocol/receipts.md`).
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from beffroi_federation.auditing import read_signed
from beffroi_federation.canonical import Json, encode
from beffroi_federation.canonical import parse as parse_json
from beffroi_federation.checkpoint import PROOF_HEAD, Checkpoint, Proof, parse_proof
from beffroi_federation.entries import (
    MAX_CONTENT,
    MAX_RECEIPT,
    Receipt,
    ReceivedEntry,
    RecordEntry,
    SupersedeEntry,
    decode_base64url,
    encode_base64url,
    encode_entry,
    parse_entry,
    parse_receipt,
)
from beffroi_federation.errors import (
    ContentMismatch,
    Inconsistent,
    Malformed,
    OverLimit,
    ProtocolError,
)
from beffroi_federation.merkle import leaf_hash, verify_inclusion
from beffroi_federation.notes import Verifier
from beffroi_privacy.commitments import commit

EXTRA = "extra "


class NotYetProved(ProtocolError):
    """A receipt without a proof: nothing can be checked yet, and nothing is wrong."""

    advice = "Ask the town for the receipt again after its next batch, or add /log/proof/<index>."


class ProofAlone(NotYetProved):
    """A proof that does not hold its entry: nothing is wrong, and nothing can be checked."""

    advice = (
        "The town gives both in one file: “Keep the proof” on the page of the case, or "
        "/log/proof/<index>?keep=1. Or check the whole log by the town's address."
    )


@dataclass(frozen=True, slots=True)
class CheckedReceipt:
    """What was kept, and holds: the entry's index and kind, and the checkpoint it is under.

    `content` is the text that the entry commits to, None for a proof that does not hold it.
    """

    index: int
    checkpoint: Checkpoint
    signed: bool
    kind: str = ReceivedEntry.kind
    content: bytes | None = None


def check_receipt(data: bytes, verifiers: Sequence[Verifier]) -> CheckedReceipt:
    """Return what a receipt or a kept proof proves, or raise why it does not.

    Without verifiers the signature is not looked at (`signed` says so). Raises NotYetProved for a
    receipt without a proof; ProofAlone for a bare proof, which does not hold the entry it is about.
    """
    if data.startswith(PROOF_HEAD.encode()):
        return _check_kept(data, verifiers)
    receipt = parse_receipt(data)
    if not receipt.proof or receipt.index is None:
        raise NotYetProved("This receipt has no proof yet: its batch was not published")
    proof = parse_proof(receipt.proof)
    checkpoint = read_signed(proof.note, verifiers)
    if proof.index != receipt.index:
        sentence = "The receipt and its proof are about two entries"
        raise Inconsistent(sentence, expected=receipt.index, got=proof.index)
    if checkpoint.origin != receipt.origin:
        sentence = "The receipt and its proof are about two logs"
        raise Inconsistent(sentence, expected=receipt.origin, got=checkpoint.origin)
    leaf = leaf_hash(_leaf(receipt))
    verify_inclusion(leaf, receipt.index, checkpoint.size, proof.hashes, checkpoint.root)
    return CheckedReceipt(
        receipt.index, checkpoint, bool(verifiers), ReceivedEntry.kind, receipt.content
    )


def _leaf(receipt: Receipt) -> bytes:
    """Return the leaf that a receipt's text and salt make."""
    try:
        return encode_entry(ReceivedEntry(commit(receipt.salt, receipt.content)))
    except ValueError:
        raise Malformed("The salt of a receipt does not have 32 bytes") from None


@dataclass(frozen=True, slots=True)
class Kept:
    """What the `extra` line of a kept proof holds: the entry, and its opened content if any."""

    leaf: bytes
    salt: bytes | None = None
    content: bytes | None = None


def encode_kept(proof: Proof, kept: Kept) -> str:
    """Return a `.tlog-proof` that can be checked by itself: the entry stands in its `extra` line.

    The format authenticates no `extra`; the check does, since the entry's hash must lead to the
    root and the content must open the entry's commitment.
    """
    members: dict[str, Json] = {"e": kept.leaf.decode("ascii")}
    if kept.salt is not None and kept.content is not None:
        members |= {"d": kept.content.decode("utf-8"), "s": encode_base64url(kept.salt)}
    extra = base64.b64encode(encode(members)).decode()
    return proof.text().replace(PROOF_HEAD, f"{PROOF_HEAD}{EXTRA}{extra}\n", 1)


def parse_kept(data: bytes) -> tuple[Proof, Kept | None]:
    """Return the proof and what its `extra` line holds, None without one; nothing is verified."""
    if len(data) > MAX_RECEIPT:
        raise OverLimit("A proof is longer than any proof can be", length=len(data))
    head, rest = data[: len(PROOF_HEAD)], data[len(PROOF_HEAD) :]
    if not rest.startswith(EXTRA.encode()):
        return parse_proof(data), None
    line, _, rest = rest.partition(b"\n")
    try:
        document = base64.b64decode(line[len(EXTRA) :], validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("The extra line of a proof is not base64") from None
    return parse_proof(head + rest), _kept(document)


def _kept(document: bytes) -> Kept:
    members = parse_json(document, max_depth=1)
    if not isinstance(members, dict) or members.keys() not in ({"e"}, {"d", "e", "s"}):
        raise Malformed("The extra line of a proof does not have the members d, e and s")
    if not all(isinstance(value, str) for value in members.values()):
        raise Malformed("The extra line of a proof holds something other than text")
    try:
        leaf = str(members["e"]).encode("ascii")
    except UnicodeEncodeError:
        raise Malformed("The entry of a proof is not ASCII") from None
    if "d" not in members:
        return Kept(leaf)
    content = str(members["d"]).encode()
    if len(content) > MAX_CONTENT:
        raise OverLimit("A content is longer than 16,384 bytes", length=len(content))
    return Kept(leaf, decode_base64url(str(members["s"])), content)


def _check_kept(data: bytes, verifiers: Sequence[Verifier]) -> CheckedReceipt:
    proof, kept = parse_kept(data)
    if kept is None:
        checkpoint = read_signed(proof.note, verifiers)
        raise ProofAlone(
            "This is a proof without its entry: it can show that an entry is in the log, but it "
            "does not hold the entry that it is about",
            log=checkpoint.origin,
            index=proof.index,
            size=checkpoint.size,
            signature="holds" if verifiers else "not checked",
        )
    checkpoint = read_signed(proof.note, verifiers)
    root, size = checkpoint.root, checkpoint.size
    verify_inclusion(leaf_hash(kept.leaf), proof.index, size, proof.hashes, root)
    entry = parse_entry(kept.leaf)
    if kept.salt is not None and kept.content is not None:
        if not isinstance(entry, RecordEntry | SupersedeEntry):
            raise Malformed("A proof holds a content for an entry that has none", kind=entry.kind)
        if commit(kept.salt, kept.content) != entry.commitment:
            sentence = "The content beside the proof is not the one that its entry commits to"
            raise ContentMismatch(sentence, index=proof.index)
    return CheckedReceipt(proof.index, checkpoint, bool(verifiers), entry.kind, kept.content)
