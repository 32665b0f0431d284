# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lists of cases: a page of one, its cursor, and what narrows it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, select, tuple_

from beffroi.cases.models import (
    Case,
    CaseText,
)
from beffroi.cases.rules import CONFIDENTIAL
from beffroi.kernel import driver
from beffroi.kernel.db import db
from beffroi.kernel.errors import Invalid
from beffroi_web.paging import decode_cursor, encode_cursor
from beffroi_web.words import N_

Statement = Any
"""A select; its columns are those that its maker names."""

Sort = Literal["newest", "oldest", "supported", "due"]
SORTS: tuple[Sort, ...] = ("newest", "oldest", "supported")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows and the cursor of the next, or None at the end."""

    items: Sequence[Any]
    next_cursor: str | None


def first_words(column: Any, *conditions: ColumnElement[bool]) -> Any:
    """Return a subquery: the title of the case in a row, or else what happened."""
    return (
        select(column)
        .where(CaseText.case_id == Case.id, CaseText.role.in_(("title", "description")))
        .where(*conditions)
        .order_by(CaseText.role.desc(), CaseText.id)
        .limit(1)
        .scalar_subquery()
    )


KEPT_WORDS = func.coalesce(func.nullif(CaseText.original, ""), CaseText.public)
"""A text as agents and its author read it; the public form once the original's time is over."""


_KEYS: Mapping[str, tuple[Any, bool]] = {
    "newest": (Case.received_at, True),
    "oldest": (Case.received_at, False),
    "supported": (Case.supports, True),
    "due": (func.coalesce(Case.due_on, date(9999, 12, 31)), False),
}


_READERS: Mapping[str, Any] = {
    "newest": datetime.fromisoformat,
    "oldest": datetime.fromisoformat,
    "supported": int,
    "due": date.fromisoformat,
}
_MOST = 2**31


def place(sort: str, values: Sequence[str | int | None]) -> tuple[Any, int]:
    """Return the key and id that a cursor holds, or raise Invalid: cursors come from outside."""
    try:
        at, ref = values
        key = _READERS[sort](at)
        if not isinstance(ref, str) or (isinstance(key, int) and abs(key) >= _MOST):
            raise ValueError
        if isinstance(key, datetime) and key.tzinfo is None:
            raise ValueError
        last = driver.read('SELECT id FROM "case" WHERE ref = ? AND kind <> ?', ref, CONFIDENTIAL)
        if not last:
            raise ValueError
        return key, last[0][0]
    except (ValueError, TypeError) as error:
        raise Invalid(N_("This page address is not one of ours; start from the list.")) from error


def page(statement: Statement, *, sort: str, cursor: str | None, limit: int) -> Page:
    """Return one page of a list by keyset: any page costs what the first one costs.

    A cursor names the last row by its reference, never by its id: the gaps between ids would tell
    of the cases that the list leaves out.
    """
    key, falling = _KEYS[sort]
    if cursor:
        at, last_id = place(sort, decode_cursor(cursor))
        if falling:
            statement = statement.where(tuple_(key, Case.id) < tuple_(at, last_id))
        else:
            statement = statement.where(tuple_(key, Case.id) > tuple_(at, last_id))
    order = (key.desc(), Case.id.desc()) if falling else (key.asc(), Case.id.asc())
    rows: list[Any] = list(
        db.session.execute(
            statement.add_columns(key.label("_key")).order_by(*order).limit(limit + 1)
        )
    )
    items = rows[:limit]
    more = len(rows) > limit
    token = None
    if more and items:
        at = items[-1]._mapping["_key"]
        token = encode_cursor(
            [at.isoformat() if isinstance(at, date | datetime) else at, items[-1].ref]
        )
    return Page(items, token)


def among(statement: Statement, ids: Select[int]) -> Statement:
    """Narrow a list to the cases of a select of ids."""
    return statement.where(Case.id.in_(ids))


def by_ids(statement: Statement, ids: Collection[int]) -> Statement:
    """Narrow a list to the cases of some ids."""
    return statement.where(Case.id.in_(ids))
