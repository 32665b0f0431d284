# SPDX-License-Identifier: AGPL-3.0-or-later
"""How an outgoing webhook is signed: as the incoming ones are, after Standard Webhooks.

X-Webhook-Id: msg_…                   the same in every attempt
X-Webhook-Timestamp: 1795289157       seconds since 1970, of this attempt
X-Webhook-Signature: v1=<64 hex>      HMAC-SHA256(secret, timestamp + "." + body)
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Return the value of `X-Webhook-Signature` for a body sent at a moment."""
    signed = str(timestamp).encode() + b"." + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def signed_headers(
    message_id: str, secret: str, body: bytes, *, now: datetime
) -> Mapping[str, str]:
    """Return the headers that go with a JSON body."""
    timestamp = int(now.timestamp())
    return {
        "Content-Type": "application/json",
        "X-Webhook-Id": message_id,
        "X-Webhook-Timestamp": str(timestamp),
        "X-Webhook-Signature": signature(secret, timestamp, body),
    }
