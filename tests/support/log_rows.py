# SPDX-License-Identifier: AGPL-3.0-or-later
"""The leaves of a log from the rows of its tables."""

from collections.abc import Iterable
from typing import Any

from beffroi_federation.tiles import decode_leaves

LEAVES = """
    SELECT log_id, "index" * 256 AS place, 0 AS single, leaves FROM log_bundle
    UNION ALL SELECT log_id, position, 1, leaf FROM log_tail ORDER BY 1, 2
"""


def leaves_in(rows: Iterable[Any]) -> list[str]:
    """Return the leaves of rows that `LEAVES` gave, as text."""
    found: list[bytes] = []
    for row in rows:
        found += [bytes(row.leaves)] if row.single else decode_leaves(bytes(row.leaves))
    return [leaf.decode("ascii") for leaf in found]
