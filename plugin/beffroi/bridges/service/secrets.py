# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a source needs to be kept secret lies sealed in the database, with the town's own secret."""

from datetime import datetime, timedelta
from typing import Any

from beffroi_web.sign_in.seal import Seal

_PURPOSE = "bridges"
_FOR_EVER = timedelta(days=365 * 50)


def closed(secret_key: str, content: dict[str, Any], now: datetime) -> str:
    """Return a secret as it is stored."""
    return Seal(secret_key, _PURPOSE).close(content, now)


def opened(secret_key: str, sealed: str | None, now: datetime) -> dict[str, Any]:
    """Return what was sealed; empty where there is nothing, or it is another key's."""
    if not sealed:
        return {}
    return Seal(secret_key, _PURPOSE).open(sealed, now, _FOR_EVER) or {}
