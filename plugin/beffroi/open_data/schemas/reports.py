# SPDX-License-Identifier: AGPL-3.0-or-later
"""The figures on reports as they go out: rows of CSV and JSON, and what their page is made of."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from marshmallow import Schema, fields, validate

from beffroi.cases.rules import INCIDENT_CLOSED, INCIDENT_STATUSES, STATUS_WORDS
from beffroi.data_requests.rules.statistics import ALL_TIME, period_name, year_of
from beffroi.incidents.rules import CATEGORIES, OUTCOMES
from beffroi.open_data.rules.reports import ALL, Reports
from beffroi.open_data.rules.statistics import per_cent
from beffroi.open_data.schemas.statistics import QUARTERS_SHOWN, quarter_name
from beffroi_web.charts import Point
from beffroi_web.words import N_

Figures = Mapping[tuple[str, int], Reports]
NOTHING = Reports(ALL, ALL_TIME, {}, None, None)


STATE_WORDS: Mapping[str, str] = {
    status: OUTCOMES.get(status, STATUS_WORDS[status]) for status in INCIDENT_STATUSES
}
"""How a report stands: once it is closed, what was done."""


class ReportFigureQuery(Schema):
    """Filter of the figures on reports: one year of reception."""

    year = fields.Integer(validate=validate.Range(1900, 2999), load_default=None)


COLUMN_WORDS: Mapping[str, str] = {
    "period": N_("when the reports were received: all, a year or a quarter of it"),
    "category": N_("code of the category; empty for all of them together"),
    "received": N_("listed reports received, without those removed"),
    **{status: STATE_WORDS[status] for status in INCIDENT_STATUSES},
    "median_days": N_("days within which half of the closed ones were closed"),
    "ninetieth_days": N_("days within which nine closed ones in ten were closed"),
}
"""What each column says; those of statuses count the reports that stand so now."""

ReportFigure = Schema.from_dict(
    {
        "period": fields.String(required=True),
        "category": fields.String(required=True),
        **{name: fields.Integer(required=True) for name in ("received", *INCIDENT_STATUSES)},
        **{name: fields.Integer(allow_none=True) for name in ("median_days", "ninetieth_days")},
    },
    name="ReportFigure",
)


class ReportFigurePage(Schema):
    """All rows that fit; there is no second page."""

    items = fields.List(fields.Nested(ReportFigure), required=True)
    next_cursor = fields.String(required=True, allow_none=True)


def rows_of(figures: Figures, year: int | None) -> list[dict[str, Any]]:
    """Return every figure that fits as rows of the data: periods in order, all categories first."""
    found = sorted(figures.values(), key=lambda one: (_order(one.period), one.category))
    return [_row(one) for one in found if year in {None, year_of(one.period)}]


def _order(period: int) -> tuple[int, int]:
    return year_of(period), period


def _row(one: Reports) -> dict[str, Any]:
    return {
        "period": period_name(one.period),
        "category": one.category,
        "received": one.received,
        **{status: one.among([status]) for status in INCIDENT_STATUSES},
        "median_days": one.median,
        "ninetieth_days": one.ninetieth,
    }


def figures_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV (RFC 4180): codes, numbers, nothing that a person wrote."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(COLUMN_WORDS), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class ReportsPage:
    """What the page shows: of all, by quarter, by category; points of its charts."""

    year: int
    years: list[int]
    all: Reports
    quarters: list[tuple[str, Reports]]
    categories: list[tuple[str, str, Reports]]
    by_category: list[Point]
    by_status: list[Point]
    received: list[Point]
    older: bool


def closed_rate(one: Reports) -> int | None:
    """Return how many reports of a hundred are closed; None of nothing."""
    return per_cent(one.among(INCIDENT_CLOSED), one.received)


def closed(one: Reports) -> int:
    """Return how many reports are closed."""
    return one.among(INCIDENT_CLOSED)


def page_of(figures: Figures, year: int) -> ReportsPage:
    """Return the page of a year, or of all years (0), in the reader's language."""
    periods = sorted({period for category, period in figures if category == ALL})
    quarters = [p for p in periods if p > 9999 and year in {0, year_of(p)}]
    shown = quarters if year else quarters[-QUARTERS_SHOWN:]
    named = [(quarter_name(p), figures[ALL, p]) for p in shown]
    categories = [
        (one.category, gettext(CATEGORIES[one.category].label), one)
        for (_, period), one in figures.items()
        if period == year and one.category != ALL
    ]
    categories.sort(key=lambda row: (-row[2].received, row[1]))
    whole = figures.get((ALL, year), NOTHING)
    return ReportsPage(
        year=year,
        years=[p for p in periods if 0 < p <= 9999][::-1],
        all=whole,
        quarters=named,
        categories=categories,
        by_category=[(name, one.received) for _, name, one in categories],
        by_status=[
            (gettext(STATE_WORDS[status]), whole.among([status])) for status in INCIDENT_STATUSES
        ],
        received=[(name, one.received) for name, one in named],
        older=len(shown) < len(quarters),
    )
