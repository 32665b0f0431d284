# SPDX-License-Identifier: AGPL-3.0-or-later
"""The town's database object; sessions, types and transactions come from `beffroi_web.database`."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flask import current_app, has_request_context, request
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


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Run a block as one write transaction of the town's database.

    What somebody does for the institution is written down at its end, in the same transaction.
    """
    with database.unit_of_work(db):
        yield
        if has_request_context() and request.method == "POST":
            current_app.extensions["beffroi"].journal()


def at_the_end(work: Callable[[Sequence[int]], None], key: int) -> None:
    """Have a work done once at the end of the unit of work that is open; at once where none is."""
    unit = database.open_unit(db)
    if unit is None:
        work([key])
    else:
        unit.at_the_end(work, key)
