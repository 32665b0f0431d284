# SPDX-License-Identifier: AGPL-3.0-or-later
"""The nation's database; sessions, types and transactions come from `beffroi_web.database`."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam
from sqlalchemy.orm import DeclarativeBase

from beffroi_web import database
from beffroi_web.nightly import Nights, nightly_table

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


class Base(DeclarativeBase):
    """The declarative base of every table of the nation."""

    metadata = database.make_metadata()


db = database.make_db(Base)

NIGHTS = Nights(db, nightly_table(Base.metadata))
"""What the nation's worker does once a night."""

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


def unit_of_work() -> AbstractContextManager[None]:
    """Run a block as one write transaction of the nation's database."""
    return database.unit_of_work(db)


def rows_of(query: Any, **values: object) -> Sequence[Any]:
    """Return every row of a query of columns, in the session's transaction.

    The session itself would look in each row for objects: that costs as much again as the rows.
    `values` are those of a query that is built once (`one_of` and its like): building one costs
    as much as asking it.
    """
    session = db.session()
    session.flush()
    return session.connection().execute(query, values).all()


def one_of(name: str) -> Any:
    """Return the place of a list in a query that is built once: `column.in_(one_of("ids"))`."""
    return bindparam(name, expanding=True)
