# SPDX-License-Identifier: AGPL-3.0-or-later
"""The sums over all towns: what was folded, and what has moved since."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, union_all

from beffroi_federation.aggregator.kernel.db import db, rows_of
from beffroi_federation.aggregator.national.models import NationMove, NationTally

_SUMS = ("shown", "protected", "reported", "closed")
_OF = ("family", "category", "span")


def moves_waiting() -> int:
    """Return about how many moves are not folded yet: never 0 while there is one."""
    ends = (select(end(NationMove.id)).scalar_subquery() for end in (func.min, func.max))
    first, last = db.session.execute(select(*ends)).one()  # each by the index, on SQLite too
    return 0 if first is None else int(last - first + 1)


def of_nation(what: str) -> Sequence[Any]:
    """Return (family, category, span, shown, protected, reported, closed) over all towns.

    `what` is `cells` or `cyber`. A sum in which nothing is left is none of them.
    """
    parts = (
        select(*(getattr(table, name) for name in (*_OF, *_SUMS))).where(table.what == what)
        for table in (NationTally, NationMove)
    )
    both = union_all(*parts).subquery()
    of = [both.c[name] for name in _OF]
    sums = [func.sum(both.c[name]) for name in _SUMS]
    left = (sums[0] != 0) | (sums[1] != 0)
    return list(rows_of(select(*of, *sums).group_by(*of).having(left)))
