# SPDX-License-Identifier: AGPL-3.0-or-later
"""The signature of webhooks (decidim-rest-full's scheme): made, and told from a forged one.

X-Webhook-Timestamp: <unix seconds>    X-Webhook-Signature: v1=<64 hex digits>
signature = HMAC-SHA256(secret, timestamp + "." + raw body)
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime

MOST_BYTES = 256 * 1024
MOST_SECONDS = 300


class BadHook(Exception):
    """A message is not taken; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What a message is about: its type, the item's id, and the mark by which it is taken once."""

    type: str
    item_id: str
    mark: str


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """Return the signature header of a message."""
    mac = hmac.new(secret.encode(), b"%d." % timestamp + body, hashlib.sha256)
    return f"v1={mac.hexdigest()}"


def verify(secret: str, timestamp: str, signature: str, body: bytes, now: datetime) -> None:
    """Raise BadHook unless a message is signed with the secret, and signed just now."""
    if len(body) > MOST_BYTES:
        raise BadHook("too large")
    if not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise BadHook("no timestamp")
    if not hmac.compare_digest(sign(secret, int(timestamp), body).encode(), signature.encode()):
        raise BadHook("the signature is not of this message")
    if abs(int(now.timestamp()) - int(timestamp)) > MOST_SECONDS:
        raise BadHook("too old, or of a clock that goes wrong")


def read(timestamp: str, body: bytes) -> Hint:
    """Return what a verified message is about; BadHook where it is no such message."""
    try:
        said = json.loads(body)
        kind, data = said["type"], said["data"]
        item = data.get("id", "") if isinstance(data, dict) else ""
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadHook("not a message of this scheme") from None
    if not isinstance(kind, str) or not re.fullmatch(r"[a-z_.]{1,100}", kind):
        raise BadHook("not a message of this scheme")
    item_id = str(item) if isinstance(item, str | int) else ""
    if not re.fullmatch(r"[0-9]{0,18}", item_id):
        raise BadHook("not the number of an item")
    mark = hashlib.sha256(f"{kind}|{item_id}|{timestamp}".encode()).hexdigest()
    return Hint(kind, item_id, mark)


def concerns_proposals(hint: Hint) -> bool:
    """Say whether an item has to be read again; drafts are nobody's business yet."""
    return bool(hint.item_id) and hint.type.startswith("proposal_")
