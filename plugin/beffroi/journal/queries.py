# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the journal: for administrators, for exports, and of oneself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from beffroi.accounts import queries as accounts
from beffroi.journal.models import Act
from beffroi.kernel.db import db

MOST = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One act; `name` is that of the account now, empty once it has ended or for a command."""

    id: int
    at: datetime
    account_id: int | None
    name: str
    roles: str
    way: str
    act: str
    on: str


def lines(
    before: int | None = None, account_id: int | None = None, most: int = MOST
) -> tuple[list[Line], int | None]:
    """Return the newest acts, of one account if asked, and by what to ask for earlier ones."""
    asked = select(Act).order_by(Act.id.desc()).limit(most + 1)
    if before is not None:
        asked = asked.where(Act.id < before)
    if account_id is not None:
        asked = asked.where(Act.account_id == account_id)
    rows = db.session.scalars(asked).all()
    names = accounts.names({row.account_id for row in rows if row.account_id is not None})
    found = [
        Line(
            row.id, row.at, row.account_id, names.get(row.account_id or 0, ""), row.roles, row.way,
            row.act, row.on,
        )
        for row in rows[:most]
    ]  # fmt: skip
    return found, found[-1].id if len(rows) > most else None


def everything() -> Iterator[Line]:
    """Yield every line, the newest first."""
    before: int | None = None
    while True:
        found, before = lines(before, most=1000)
        yield from found
        if before is None:
            return


def acts_of(account_id: int) -> Sequence[Any]:
    """Return (at, act, on) of what an account did, the oldest first."""
    mine = select(Act.at, Act.act, Act.on).where(Act.account_id == account_id)
    return db.session.execute(mine.order_by(Act.id)).all()
