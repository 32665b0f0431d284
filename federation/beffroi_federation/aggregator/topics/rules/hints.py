# SPDX-License-Identifier: AGPL-3.0-or-later
"""The file of hints for one town, and how it is signed: `docs/reference/hints.md`."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from beffroi_federation import canonical

VERSION = 1
MOST_REQUESTS = 100
"""Open requests of a town that a file speaks of."""
MOST_ANSWERS = 5
"""Answers of other towns to each of them."""
FIRST_LINE = "beffroi hints v1"
"""The first line of what is signed: no checkpoint of any log begins so."""


def document(
    siren: str, nation: str, day: date, requests: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what a file says: for whom, by whom, of which day, and of which requests."""
    return {
        "v": VERSION, "siren": siren, "nation": nation, "day": day.isoformat(),
        "requests": [dict(one) for one in requests],
    }  # fmt: skip


def signed_text(hints: Mapping[str, Any]) -> str:
    """Return the text that is signed as a note: four lines that name the file by its hash.

    The second is the SIREN, the third the day, the fourth the base64 of the SHA-256 of the RFC 8785
    form of `hints`.
    """
    digest = hashlib.sha256(canonical.encode(dict(hints))).digest()
    said = (FIRST_LINE, hints["siren"], hints["day"], base64.b64encode(digest).decode())
    return "".join(f"{line}\n" for line in said)


def night_of(now: datetime) -> date:
    """Return the day whose file is the newest one at a moment."""
    return now.date()
