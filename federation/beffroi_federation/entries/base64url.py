# SPDX-License-Identifier: AGPL-3.0-or-later
"""Base64url without padding, in its one canonical spelling: how leaves and lines hold bytes."""

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence

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


def decode_hashes(texts: Sequence[str]) -> list[bytes] | None:
    """Return the 32 bytes of each text, decoded in one go; None if one is not spelt canonically.

    A character for six zero bits between two makes 44 characters and 33 bytes of each, the last of
    them zero. What is decoded is believed because encoding it gives the same characters again.
    """
    if not texts:
        return []
    joined = ("A".join(texts) + "A").encode()
    if set(map(len, texts)) != {43} or b"+" in joined or b"/" in joined:
        return None
    standard = joined.translate(_STANDARD)
    try:
        data = a2b_base64(standard)
    except ValueError:  # not base64 at all
        return None
    if b2a_base64(data, newline=False) != standard or any(data[32::33]):
        return None
    return [data[at : at + 32] for at in range(0, len(data), 33)]
