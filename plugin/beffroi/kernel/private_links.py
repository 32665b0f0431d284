# SPDX-License-Identifier: AGPL-3.0-or-later
"""Links that only the author of a case has: how somebody without an account sees it again.

The key is a keyed hash of the reference; whoever holds the link sees the state of this one case,
never its texts. It stands in the address, so such pages send no referrer and are not cached.
"""

import hashlib
import hmac


def key_for(secret: str, ref: str) -> str:
    """Return the key of a case's private link (32 hexadecimal characters)."""
    return hmac.new(secret.encode(), f"author|{ref}".encode(), hashlib.sha256).hexdigest()[:32]


def fits(secret: str, ref: str, key: str) -> bool:
    """Say whether a key opens the private link of a case."""
    return hmac.compare_digest(key_for(secret, ref).encode(), key.encode())
