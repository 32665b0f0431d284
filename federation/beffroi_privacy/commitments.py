# SPDX-License-Identifier: AGPL-3.0-or-later
"""A salted commitment: 32 bytes that bind a content and, without the salt, tell nothing of it.

The log's leaves hold commitments only. Destroying content and salt leaves a value that nobody can
test a guess against (`docs/protocol/`, erasure).
"""

import hashlib
import hmac
from collections.abc import Sequence

CONTEXT = b"beffroi/commit/v1\n"
SALT_BYTES = 32

_BLOCK = 64  # bytes of a block of SHA-256; a shorter key is filled up with zeros
_IPAD, _OPAD = b"\x36" * _BLOCK, b"\x5c" * _BLOCK
_TO_IPAD, _TO_OPAD = (bytes(pad[0] ^ byte for byte in range(256)) for pad in (_IPAD, _OPAD))


def commit(salt: bytes, content: bytes) -> bytes:
    """Return HMAC-SHA-256 of the content under the salt (32 bytes in, 32 bytes out).

    The salt has a fixed length so that HMAC's key padding cannot make two salts collide; any
    other length is refused with ValueError. The content is the exact bytes as served.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return hmac.digest(salt, CONTEXT + content, "sha256")


def commit_each(salts: Sequence[bytes], contents: Sequence[bytes]) -> list[bytes]:
    """Return the commitment of each content under its own salt, as `commit` does.

    HMAC written out for a key of 32 bytes (RFC 2104 section 2): setting up the library's HMAC costs
    more than hashing one content, and a nation opens commitments by the hundred thousand.
    """
    if not set(map(len, salts)) <= {SALT_BYTES}:
        raise ValueError(f"each salt has {SALT_BYTES} bytes")
    sha256, inside = hashlib.sha256, _IPAD[SALT_BYTES:] + CONTEXT
    outside = _OPAD[SALT_BYTES:]
    return [
        sha256(
            salt.translate(_TO_OPAD)
            + outside
            + sha256(salt.translate(_TO_IPAD) + inside + content).digest()
        ).digest()
        for salt, content in zip(salts, contents, strict=True)
    ]
