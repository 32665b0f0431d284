# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keys for one purpose each, drawn from the site's one secret, and what is sealed with them."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derived(secret_key: str | bytes, purpose: str) -> bytes:
    """Return the key for one purpose: 32 bytes, by HKDF-SHA256."""
    secret = secret_key.encode() if isinstance(secret_key, str) else secret_key
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"beffroi " + purpose.encode())
    return derive.derive(secret)


class Seal:
    """Encrypts and signs short texts for one purpose (Fernet; the key by HKDF-SHA256).

    What was sealed for one purpose does not open for another, nor with another site's secret.
    """

    def __init__(self, secret_key: str | bytes, purpose: str) -> None:
        self._fernet = Fernet(base64.urlsafe_b64encode(derived(secret_key, purpose)))

    def close(self, content: dict[str, Any], now: datetime) -> str:
        """Return the content, sealed; its moment of sealing goes with it."""
        plain = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
        return self._fernet.encrypt_at_time(plain, int(now.timestamp())).decode()

    def open(self, sealed: str, now: datetime, lifetime: timedelta) -> dict[str, Any] | None:
        """Return what was sealed, or None when it is older than `lifetime` or not ours."""
        try:
            plain = self._fernet.decrypt_at_time(
                sealed.encode(), int(lifetime.total_seconds()), int(now.timestamp())
            )
        except (InvalidToken, UnicodeEncodeError):
            return None
        content = json.loads(plain)
        return content if isinstance(content, dict) else None


FOR_EVER = timedelta(days=36_500)


def sealed_anew(sealed: str, old: Seal, new: Seal, now: datetime) -> str | None:
    """Return what `old` sealed, sealed by `new`; unchanged where it is so already.

    None where neither opens it.
    """
    if new.open(sealed, now, FOR_EVER) is not None:
        return sealed
    content = old.open(sealed, now, FOR_EVER)
    return None if content is None else new.close(content, now)
