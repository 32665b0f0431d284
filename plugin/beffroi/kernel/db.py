# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's database object; sessions, types and transactions come from `beffroi_web.database`."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import DeclarativeBase

from beffroi_web import database

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


class Base(DeclarativeBase):
    """The declarative base of every table of a town."""

    metadata = database.make_metadata()


db = database.make_db(Base)

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


def unit_of_work() -> AbstractContextManager[None]:
    """Run a block as one write transaction of the town's database."""
    return database.unit_of_work(db)


def at_the_end(work: Callable[[Sequence[int]], None], key: int) -> None:
    """Have a work done once at the end of the unit of work that is open; at once where none is."""
    unit = database.open_unit(db)
    if unit is None:
        work([key])
    else:
        unit.at_the_end(work, key)
