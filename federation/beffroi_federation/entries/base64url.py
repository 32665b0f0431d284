# SPDX-License-Identifier: AGPL-3.0-or-later
"""Base64url without padding, in its one canonical spelling: how leaves and lines hold bytes."""

import re
from binascii import a2b_base64, b2a_base64

from beffroi_federation.errors import Malformed
from beffroi_privacy.commitments import SALT_BYTES

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_HASH = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")  # 32 bytes; the spare bits are zero
_STANDARD = bytes.maketrans(b"-_", b"+/")
_FOR_URLS = bytes.maketrans(b"+/", b"-_")


def encode_base64url(data: bytes, length: int = SALT_BYTES) -> str:
    """Return `length` bytes (32: a commitment, a salt, a root) as base64url without padding."""
    if len(data) != length:
        raise Malformed(f"This does not have {length} bytes", length=len(data))
    return b2a_base64(data, newline=False).translate(_FOR_URLS).rstrip(b"=").decode()


def decode_base64url(text: str, length: int = SALT_BYTES) -> bytes:
    """Return the `length` bytes of base64url without padding, in its one canonical spelling."""
    if length == SALT_BYTES and _HASH.fullmatch(text):
        return a2b_base64(text.encode().translate(_STANDARD) + b"=")
    characters = -(-length * 4 // 3)
    if len(text) != characters or not _BASE64URL.fullmatch(text):
        raise Malformed(f"This is not {characters} characters of base64url")
    data = a2b_base64(text.encode().translate(_STANDARD) + b"=" * (-characters % 4))
    if encode_base64url(data, length) != text:
        raise Malformed("A text in base64url is not spelt canonically")
    return data
