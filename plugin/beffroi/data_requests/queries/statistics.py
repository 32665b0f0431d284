# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the statistics: the sums as they are kept, and what single requests count as."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, or_, select

from beffroi.cases.models import Case
from beffroi.cases.rules import DATA_REQUEST
from beffroi.data_requests.models import (
    CountedRequest,
    DataRequest,
    LegalEvent,
    RequestSum,
)
from beffroi.data_requests.rules.statistics import (
    DEPARTMENT,
    MEASURES,
    THEME,
    TOWN,
    Counted,
    counted,
)
from beffroi.kernel.db import db

COUNTED = tuple(Counted.__dataclass_fields__)
"""The names of what a request counts as, which are columns of `CountedRequest` too."""


@dataclass(frozen=True, slots=True)
class Sums:
    """One row of the sums: how many requests, by measure, and their delays in days."""

    dimension: str
    period: int
    code: str
    received: int
    open: int
    in_time: int
    late: int
    undated: int
    given_up: int
    by_silence: int
    still_silent: int
    published: int
    refused: int
    redirected: int
    duplicate: int
    median: int | None
    ninetieth: int | None

    @property
    def answered(self) -> int:
        """How many have an official answer that closed them."""
        return self.in_time + self.late + self.undated


NAMES = tuple(Sums.__dataclass_fields__)
NOTHING = Sums("", 0, "", **dict.fromkeys(MEASURES, 0), median=None, ninetieth=None)
"""The sums of a town that was asked nothing."""


def _sums(*where: Any) -> Select[Any]:
    """Return a select of sums in the order of their key."""
    key = (RequestSum.dimension, RequestSum.period, RequestSum.code)
    return select(*(getattr(RequestSum, name) for name in NAMES)).where(*where).order_by(*key)


_PAGE = _sums(
    or_(
        RequestSum.dimension == TOWN,
        and_(RequestSum.dimension == THEME, RequestSum.period == bindparam("period")),
        and_(
            RequestSum.dimension == DEPARTMENT,
            or_(RequestSum.period == bindparam("period"), bindparam("period") == 0),
        ),
    )
)
_EVERYTHING = _sums()
_TOTAL = _sums(RequestSum.dimension == TOWN, RequestSum.period == 0)


def version() -> int:
    """Return how often the sums have changed; the same number, the same figures.

    By the driver: this is all that an answer costs to somebody who has it already.
    """
    connection = db.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT version FROM request_sums_version")
        row = cursor.fetchone()
        return int(row[0]) if row else 0
    finally:
        connection.close()


def for_page(period: int) -> list[Sums]:
    """Return all rows of the town, those of the themes in a year or ever (0), of departments."""
    return [Sums(*row) for row in db.session.execute(_PAGE, {"period": period})]


def everything() -> list[Sums]:
    """Return every row there is."""
    return [Sums(*row) for row in db.session.execute(_EVERYTHING)]


def total() -> Sums:
    """Return the sums of all listed requests."""
    row = db.session.execute(_TOTAL).first()
    return Sums(*row) if row is not None else NOTHING


def counted_as(case_ids: Sequence[int]) -> dict[int, Counted]:
    """Return what some requests count as in the sums, those that count."""
    rows = db.session.execute(
        select(CountedRequest.case_id, *(getattr(CountedRequest, name) for name in COUNTED)).where(
            CountedRequest.case_id.in_(case_ids)
        )
    )
    return {case_id: Counted(*values) for case_id, *values in rows}


def counts_as(case_ids: Sequence[int]) -> dict[int, Counted]:
    """Return what some requests should count as, by their rows as they stand; listed ones only."""
    silence = exists().where(LegalEvent.case_id == Case.id, LegalEvent.code == "implicit_refusal")
    rows = db.session.execute(
        select(
            Case.id,
            Case.received_on,
            Case.due_on,
            Case.closed_on,
            Case.status,
            DataRequest.theme,
            Case.department_id,
            silence.label("silence"),
        )
        .join(DataRequest, DataRequest.case_id == Case.id)
        .where(Case.id.in_(case_ids), Case.kind == DATA_REQUEST, Case.visibility == "public")
    ).mappings()
    return {row["id"]: counted(**{k: v for k, v in row.items() if k != "id"}) for row in rows}
