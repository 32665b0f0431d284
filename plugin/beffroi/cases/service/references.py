# SPDX-License-Identifier: AGPL-3.0-or-later
"""References of cases: counted where everyone sees the case, drawn where nobody does."""

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from beffroi.cases import rules
from beffroi.cases.models import (
    Case,
    RefCounter,
)
from beffroi.kernel.chance import Chance
from beffroi.kernel.db import db


def next_reference(year: int) -> str:
    """Return the next free reference of a year; the counter's row is locked by the write."""
    last = db.session.execute(
        update(RefCounter)
        .where(RefCounter.year == year)
        .values(last=RefCounter.last + 1)
        .returning(RefCounter.last)
    ).scalar()
    if last is None:
        try:
            with db.session.begin_nested():
                db.session.add(RefCounter(year=year, last=1))
        except IntegrityError:  # another process made the year's first case just now
            return next_reference(year)
        last = 1
    return rules.reference(year, last)


def new_reference(visibility: str, year: int, chance: Chance) -> str:
    """Return the reference of a new case: counted where everyone sees it, drawn where nobody does.

    Only what is listed is counted on, so that no gap between two listed cases tells of another.
    """
    if visibility != "unlisted":
        return next_reference(year)
    while True:
        ref = rules.drawn_reference(year, chance(rules.DRAWN_BYTES))
        if db.session.scalar(select(Case.id).where(Case.ref == ref)) is None:
            return ref
