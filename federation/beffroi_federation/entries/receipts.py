# SPDX-License-Identifier: AGPL-3.0-or-later
"""The receipt's document: what the author of a received request keeps."""

from dataclasses import dataclass

from beffroi_federation.canonical import Json, encode
from beffroi_federation.canonical import parse as parse_json
from beffroi_federation.entries.base64url import encode_base64url
from beffroi_federation.entries.contents import content_of, utf8
from beffroi_federation.entries.kinds import VERSION
from beffroi_federation.entries.members import take_string
from beffroi_federation.errors import Malformed, OverLimit

MAX_RECEIPT = 131_072


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the author of a received request keeps: enough to show that it was received.

    `origin` and `index` name the `rcv` entry, salt and content open its commitment; `proof` is its
    `.tlog-proof` text once the batch is published, and empty before.
    """

    origin: str
    index: int
    salt: bytes
    content: bytes
    proof: str = ""


def encode_receipt(receipt: Receipt) -> bytes:
    """Return the receipt as a JSON document, canonical, ended by a LF."""
    members: dict[str, Json] = {
        "d": utf8(receipt.content),
        "i": receipt.index,
        "o": receipt.origin,
        "s": encode_base64url(receipt.salt),
        "t": "receipt",
        "v": VERSION,
    }
    if receipt.proof:
        members["p"] = receipt.proof
    return encode(members) + b"\n"


def parse_receipt(data: bytes) -> Receipt:
    """Return the receipt of such a document; nothing in it is verified yet."""
    if len(data) > MAX_RECEIPT:
        raise OverLimit("A receipt is longer than any receipt can be", length=len(data))
    members = parse_json(data, max_depth=1)
    if not isinstance(members, dict) or not {"d", "i", "o", "s", "t", "v"} <= members.keys():
        raise Malformed("This is not a receipt")
    if (members.pop("t"), members.pop("v")) != ("receipt", VERSION):
        raise Malformed("This is not a receipt of a version that is known here")
    origin = take_string(members, "o")
    proof = take_string(members, "p") if "p" in members else ""
    opened = content_of(members)
    if members:
        raise Malformed("A receipt has a member that is not known here")
    return Receipt(origin, opened.index, opened.salt, opened.content, proof)
