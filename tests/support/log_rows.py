# SPDX-License-Identifier: AGPL-3.0-or-later
"""The leaves of a log from the rows of its table."""

from collections.abc import Iterable
from typing import Any

from beffroi_federation.tiles import decode_leaves

LEAVES = 'SELECT leaves FROM log_bundle ORDER BY log_id, "index"'


def leaves_in(rows: Iterable[Any]) -> list[str]:
    """Return the leaves of rows that `LEAVES` gave, as text."""
    return [leaf.decode("ascii") for row in rows for leaf in decode_leaves(bytes(row.leaves))]
