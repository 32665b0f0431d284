# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the statistics of reports count: listed reports only, by codes and days, no words."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Integer, cast, extract, func, select

from beffroi.cases.models import Case
from beffroi.cases.rules import STREET
from beffroi.incidents.models import Incident
from beffroi.kernel.db import db


@dataclass(frozen=True, slots=True)
class Cell:
    """How many listed reports are alike: category, quarter of reception, status, days to the end.

    `quarter` is a number such as 20264; `days` is None while a report is open, and where no day is
    known on which it was closed, or one before its reception.
    """

    category: str
    quarter: int
    status: str
    days: int | None
    count: int


def cells() -> list[Cell]:
    """Return all listed reports, the alike ones together; one pass over them."""
    year, month = (cast(extract(part, Case.received_on), Integer) for part in ("year", "month"))
    quarter = year * 10 + (month + 2) // 3
    columns = (Incident.category, quarter, Case.status, _days())
    rows = db.session.execute(
        select(*columns, func.count())
        .join(Case, Case.id == Incident.case_id)
        .where(Case.kind == STREET, Case.visibility == "public")
        .group_by(*columns)
    )
    return [
        Cell(category, int(quarter), status, days if days is None or days >= 0 else None, count)
        for category, quarter, status, days, count in rows
    ]


def _days() -> ColumnElement[int]:
    if db.engine.dialect.name == "sqlite":
        spent = func.julianday(Case.closed_on) - func.julianday(Case.received_on)
        return cast(spent, Integer)
    return Case.closed_on - Case.received_on  # type: ignore[return-value]  # whole days there
