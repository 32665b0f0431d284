# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checking what the author of a request keeps: that it was received, by whom, and in which log.

A receipt holds the text and salt that open the commitment of one `rcv` entry, and a proof that this
entry is in a signed log. It is checked without asking anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from beffroi_federation.auditing import read_signed
from beffroi_federation.checkpoint import PROOF_HEAD, Checkpoint, parse_proof
from beffroi_federation.entries import Receipt, ReceivedEntry, encode_entry, parse_receipt
from beffroi_federation.errors import Inconsistent, Malformed, ProtocolError
from beffroi_federation.merkle import leaf_hash, verify_inclusion
from beffroi_federation.notes import Verifier
from beffroi_privacy.commitments import commit


class NotYetProved(ProtocolError):
    """A receipt without a proof: nothing can be checked yet, and nothing is wrong."""

    advice = "Ask the town for the receipt again after its next batch, or add /log/proof/<index>."


@dataclass(frozen=True, slots=True)
class CheckedReceipt:
    """A receipt that holds: the entry's index, and the checkpoint that it is under."""

    index: int
    checkpoint: Checkpoint
    signed: bool


def check_receipt(data: bytes, verifiers: Sequence[Verifier]) -> CheckedReceipt:
    """Return what a receipt proves, or raise why it does not.

    Without verifiers the signature is not looked at (`signed` says so). Raises NotYetProved for a
    receipt without a proof, and for a bare proof, which does not hold the entry it is about.
    """
    if data.startswith(PROOF_HEAD.encode()):
        raise NotYetProved("This is a proof without its entry; verify the receipt that holds both")
    receipt = parse_receipt(data)
    if not receipt.proof:
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
    return CheckedReceipt(receipt.index, checkpoint, bool(verifiers))


def _leaf(receipt: Receipt) -> bytes:
    """Return the leaf that a receipt's text and salt make."""
    try:
        return encode_entry(ReceivedEntry(commit(receipt.salt, receipt.content)))
    except ValueError:
        raise Malformed("The salt of a receipt does not have 32 bytes") from None
