# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a source needs to be kept secret lies sealed in the database, with the town's own secret."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from beffroi.bridges.models import BridgeSource
from beffroi.kernel.db import db
from beffroi_web.sign_in.seal import Seal, sealed_anew

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


def seal_anew(old_key: str, new_key: str, now: datetime) -> tuple[int, int]:
    """Seal what was sealed under an old secret under a new one.

    Returns how many are sealed so now, and how many neither secret opened: to be entered again.
    """
    old, new, done, lost = Seal(old_key, _PURPOSE), Seal(new_key, _PURPOSE), 0, 0
    for source in db.session.scalars(select(BridgeSource)):
        for name in ("credentials", "hook_secret"):
            sealed = getattr(source, name)
            if not sealed:
                continue
            anew = sealed_anew(sealed, old, new, now)
            setattr(source, name, anew or sealed)
            done, lost = done + (anew is not None), lost + (anew is None)
    return done, lost
