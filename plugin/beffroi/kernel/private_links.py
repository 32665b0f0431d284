# SPDX-License-Identifier: AGPL-3.0-or-later
"""Links that only the author of a case has: how somebody without an account sees it again.

The key is a keyed hash of the reference; whoever holds the link sees the state of this one case,
never its texts. The link to a receipt, which is made of them, has a key of its own. Keys stand in
the address, so other sites are told our name alone (Referrer-Policy), and no page is cached.
"""

import hashlib
import hmac


def key_for(secret: str, ref: str, purpose: str = "author") -> str:
    """Return the key of a case's private link (32 hexadecimal characters).

    A key of one purpose opens no link of another: the one in a mail's link to the `receipt` does
    not open the page of a report, nor the other way round.
    """
    return hmac.new(secret.encode(), f"{purpose}|{ref}".encode(), hashlib.sha256).hexdigest()[:32]


def fits(secrets: tuple[str, ...], ref: str, key: str, purpose: str = "author") -> bool:
    """Say whether a key opens the private link of a case: one made with any of some secrets."""
    made = [key_for(secret, ref, purpose) for secret in secrets]
    return any([hmac.compare_digest(one.encode(), key.encode()) for one in made])
