# SPDX-License-Identifier: AGPL-3.0-or-later
"""The receipt's document: what the author of a received request keeps."""

from dataclasses import dataclass

from beffroi_federation.canonical import Json, encode
from beffroi_federation.canonical import parse as parse_json
from beffroi_federation.entries.base64url import decode_base64url, encode_base64url
from beffroi_federation.entries.kinds import VERSION
from beffroi_federation.entries.members import take_index, take_string
from beffroi_federation.errors import Malformed, OverLimit

MAX_RECEIPT = 262_144
MAX_RECEIVED = 49_152
"""Bytes of what was received: more than a content, since it is never served."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the author of a received request keeps: enough to show that it was received.

    `origin` and `index` name the `rcv` entry, salt and content open its commitment; `proof` is its
    `.tlog-proof` text. Before the batch there is neither index (None) nor proof (empty).
    """

    origin: str
    index: int | None
    salt: bytes
    content: bytes
    proof: str = ""


def encode_receipt(receipt: Receipt) -> bytes:
    """Return the receipt as a JSON document, canonical, ended by a LF."""
    if len(receipt.content) > MAX_RECEIVED:
        raise OverLimit("What was received is longer than 49,152 bytes")
    members: dict[str, Json] = {
        "d": receipt.content.decode("utf-8"),
        "o": receipt.origin,
        "s": encode_base64url(receipt.salt),
        "t": "receipt",
        "v": VERSION,
    }
    if receipt.index is not None:
        members["i"] = receipt.index
    if receipt.proof:
        members["p"] = receipt.proof
    return encode(members) + b"\n"


def parse_receipt(data: bytes) -> Receipt:
    """Return the receipt of such a document; nothing in it is verified yet."""
    if len(data) > MAX_RECEIPT:
        raise OverLimit("A receipt is longer than any receipt can be", length=len(data))
    members = parse_json(data, max_depth=1)
    if not isinstance(members, dict) or not {"d", "o", "s", "t", "v"} <= members.keys():
        raise Malformed("This is not a receipt")
    if (members.pop("t"), members.pop("v")) != ("receipt", VERSION):
        raise Malformed("This is not a receipt of a version that is known here")
    origin = take_string(members, "o")
    proof = take_string(members, "p") if "p" in members else ""
    index = take_index(members, "i") if "i" in members else None
    content = take_string(members, "d").encode()
    salt = decode_base64url(take_string(members, "s"))
    if len(content) > MAX_RECEIVED:
        raise OverLimit("What was received is longer than 49,152 bytes", length=len(content))
    if members:
        raise Malformed("A receipt has a member that is not known here")
    if proof and index is None:
        raise Malformed("A receipt has a proof and does not say of which entry")
    return Receipt(origin, index, salt, content, proof)
