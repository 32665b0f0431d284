# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeping what the API's lists give of a case, so that a page need not put it together. Does not
commit."""

from collections.abc import Sequence
from functools import lru_cache

from beffroi.cases.queries.listing import Listing, item
from beffroi.kernel import driver
from beffroi.kernel.db import db


def keep_some_items(listings: Sequence[Listing], most: int) -> int | None:
    """Put together the items of up to `most` cases that wait for it; return how many those were.

    A case that is in no public list keeps an empty one until it changes. An item is never of a
    state that is over: on PostgreSQL whoever changes a case meanwhile waits for the end of this
    transaction, and while somebody is changing one nothing is put together, which is None.
    """
    sqlite = db.engine.dialect.name == "sqlite"
    if not sqlite and not driver.rows("SELECT pg_try_advisory_xact_lock(?)", _ALONE)[0][0]:
        return None
    return driver.execute(_keeping(tuple(listings), sqlite=sqlite), most)


_ALONE = 330_033
"""What the triggers of `case_item` hold together, and who puts items together alone."""


@lru_cache(maxsize=4)
def _keeping(listings: tuple[Listing, ...], *, sqlite: bool) -> str:
    made = "".join(
        f" WHEN c.kind = '{one.kind}' AND c.visibility = 'public' THEN {item(one, sqlite=sqlite)}"
        for one in listings
    )
    return (
        f"UPDATE case_item SET ref = c.ref, item = coalesce(CASE{made} END, '')"
        ' FROM "case" c WHERE c.id = case_item.case_id AND case_item.case_id IN'
        " (SELECT case_id FROM case_item WHERE item IS NULL ORDER BY case_id DESC LIMIT ?)"
    )
