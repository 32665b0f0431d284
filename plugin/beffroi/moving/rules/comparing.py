# SPDX-License-Identifier: AGPL-3.0-or-later
"""What must be the same on both sides of a move. Plain Python."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

WHOLE = 1 << 256


@dataclass(frozen=True, slots=True)
class Content:
    """What a table holds, whatever the order: its rows, and the sum of their SHA-256 mod 2^256."""

    rows: int
    digest: int


def content_of(lines: Iterable[bytes]) -> Content:
    """Return the content of a table from its lines of JSON; the first, its columns, is skipped.

    Two databases sort texts differently, so the digest depends on no order; and spell numbers that
    are whole as they like, so 1 and 1.0 are the same.
    """
    rows = digest = 0
    every = iter(lines)
    next(every, None)
    for line in every:
        rows += 1
        digest = (digest + int.from_bytes(hashlib.sha256(_plain(line)).digest())) % WHOLE
    return Content(rows, digest)


def _plain(line: bytes) -> bytes:
    values = [int(v) if isinstance(v, float) and v.is_integer() else v for v in json.loads(line)]
    return json.dumps(values, sort_keys=True).encode()


def unlike(here: Mapping[str, Content], there: Mapping[str, Content]) -> list[str]:
    """Return the names of the tables that do not hold the same on both sides, in their order."""
    return [name for name in here if here[name] != there.get(name)]
